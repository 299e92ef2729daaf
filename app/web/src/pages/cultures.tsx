// SPDX-License-Identifier: Apache-2.0
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { api } from "../api/client";
import type { Collection, Study } from "../api/types";
import { t } from "../i18n";
import { Expectation } from "../parts/expectation";
import { TextField, Tick } from "../parts/fields";
import { PageHead } from "../parts/page_head";
import { JobList } from "../parts/job_list";
import { Empty, Listed, Problem } from "../parts/states";
import { language } from "../state/prefs";
import { group_names } from "../state/preregistration";
import { link } from "../state/route";
import { collections, error_text, is_over, jobs, start_job, studies } from "../state/studio";

function NewComparison({ all }: { all: Collection[] }) {
  const chosen = useSignal<string[]>([]), name = useSignal(""), expectation = useSignal(""), problem = useSignal("");
  const groups = useSignal<string[]>([]), key = chosen.value.join("/");
  useEffect(() => {
    let gone = false;
    Promise.all(chosen.value.map(api.collection)).then(
      (details) => { if (!gone) groups.value = group_names(details); }, () => (groups.value = []));
    return () => { gone = true; };
  }, [key]);
  if (all.length < 2) {
    return (
      <div class="panel">
        <h2>{t("cultures.new")}</h2>
        <p class="empty">{t("cultures.no_collections")} <a href={link("collections")}>{t("nav.collections")}</a></p>
      </div>
    );
  }
  const ready = chosen.value.length >= 2 && name.value.trim() !== "";
  const start = (event: Event) => {
    event.preventDefault();
    if (!ready) return;
    problem.value = "";
    const written = expectation.value.trim();  // ready: two are chosen, so it is in sight
    start_job({
      kind: "compare", name: name.value.trim(), collections: chosen.value, ...(written ? { preregistration: written } : {}),
    }).then(() => { name.value = ""; chosen.value = []; expectation.value = ""; }, (error: unknown) => (problem.value = error_text(error)));
  };
  return (
    <form class="panel" onSubmit={start}>
      <h2>{t("cultures.new")}</h2>
      <fieldset>
        <legend>{t("cultures.choose")}</legend>
        {all.map((c) => (
          <Tick key={c.id} label={<>{c.name} <small>{t("collections.works", { n: c.works })}</small></>}
            checked={chosen.value.includes(c.id)}
            onChange={(on) => (chosen.value = on ? [...chosen.value, c.id] : chosen.value.filter((id) => id !== c.id))} />
        ))}
        {chosen.value.length < 2 && <p class="hint">{t("cultures.need_two")}</p>}
      </fieldset>
      <TextField label={t("cultures.name")} value={name.value} onInput={(v) => (name.value = v)} />
      {groups.value.length >= 2 && (
        <Expectation groups={groups.value}
          add={(toml) => (expectation.value = `${expectation.value.trim()}\n\n${toml}`.trimStart())} />
      )}
      {chosen.value.length >= 2 && (
        <TextField label={t("cultures.expect")} hint={t("cultures.expect_hint")} lines={expectation.value ? 12 : 3}
          value={expectation.value} onInput={(v) => (expectation.value = v)} />
      )}
      <button class="primary" type="submit" disabled={!ready}>{t("cultures.start")}</button>
      {problem.value && <Problem text={problem.value} />}
    </form>
  );
}

type Works = [string, string][];

/** What a map tells of its selection: it is a stranger's page, so its word is looked at. */
function works_of(data: unknown): Works | undefined {
  if (typeof data !== "object" || data === null || (data as { linmo?: unknown }).linmo !== "works") return undefined;
  const works = (data as { works?: unknown }).works;
  if (!Array.isArray(works) || works.length === 0 || works.length > 20000) return undefined;
  const is_pair = (w: unknown) => Array.isArray(w) && w.length === 2 && w.every((part) => typeof part === "string");
  return works.every(is_pair) ? works as Works : undefined;
}

function SelectionForm({ works, close }: { works: Works; close: () => void }) {
  const name = useSignal(""), problem = useSignal("");
  const form = useRef<HTMLFormElement | null>(null);
  // The works were chosen in a frame below, which may be scrolled far down.
  useEffect(() => form.current?.querySelector("input")?.focus(), [works]);
  const make = (event: Event) => {
    event.preventDefault();
    if (!name.value.trim()) return;
    start_job({ kind: "collect", name: name.value.trim(), works })
      .then(close, (error: unknown) => (problem.value = error_text(error)));
  };
  return (
    <form class="row" ref={form} onSubmit={make}>
      <TextField label={t("cultures.selection", { n: works.length })} value={name.value} onInput={(v) => (name.value = v)} />
      <button class="primary" type="submit" disabled={!name.value.trim()}>{t("collections.make")}</button>
      <button type="button" onClick={close}>{t("app.close")}</button>
      {problem.value && <Problem text={problem.value} />}
    </form>
  );
}

function StudyView({ study }: { study: Study }) {
  // The study's pages are files of their own with scripts in them: they get no access to the studio.
  const shown = useSignal<"" | "report.html" | "map.html">("");
  const frame = useRef<HTMLIFrameElement | null>(null), selection = useSignal<Works | undefined>(undefined);
  useEffect(() => {
    const hear = (event: MessageEvent) => {
      if (frame.current && event.source === frame.current.contentWindow) selection.value = works_of(event.data);
    };
    addEventListener("message", hear);
    return () => removeEventListener("message", hear);
  }, []);
  const sides = (["report.html", "map.html"] as const).filter((file) => study.files.includes(file));
  const name = (file: "report.html" | "map.html") => t(file === "report.html" ? "cultures.report" : "cultures.map");
  return (
    <article class="study">
      <div class="job-head">
        <h3>{study.name}</h3>
        <div class="row" role="group" aria-label={study.name}>
          {sides.map((file) => (
            <button key={file} aria-pressed={shown.value === file}
              onClick={() => (shown.value = shown.value === file ? "" : file)}>{name(file)}</button>
          ))}
        </div>
      </div>
      {selection.value && <SelectionForm works={selection.value} close={() => (selection.value = undefined)} />}
      {shown.value && (
        <iframe sandbox="allow-scripts allow-downloads" ref={frame} onLoad={() => frame.current?.scrollIntoView()} title={`${name(shown.value)}: ${study.name}`}
          src={api.study_url(study.id, shown.value, language.value)} />
      )}
    </article>
  );
}

export function CulturesPage() {
  const comparing = (jobs.value.value ?? []).filter((j) => j.kind === "compare" && (!is_over(j) || j.state === "failed"));
  return (
    <div class="cultures">
      <PageHead title={t("cultures.title")} lead={t("cultures.lead")} />
      <Listed list={collections}>{(all) => <NewComparison all={all} />}</Listed>
      <JobList jobs={comparing} />
      <section>
        <h2>{t("cultures.studies")}</h2>
        <Listed list={studies}>
          {(all) => all.length === 0
            ? <Empty text={t("cultures.none")} />
            : <>{all.map((study) => <StudyView key={study.id} study={study} />)}</>}
        </Listed>
      </section>
    </div>
  );
}
