// SPDX-License-Identifier: Apache-2.0
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api } from "../api/client";
import type { CollectionDetail, Source, Work } from "../api/types";
import { t } from "../i18n";
import { TextField } from "../parts/fields";
import { PageHead } from "../parts/page_head";
import { JobList } from "../parts/job_list";
import { LabelEditor } from "../parts/label_editor";
import { SourceChoice } from "../parts/source_choice";
import { Empty, Listed, Loading, Problem } from "../parts/states";
import { link, route } from "../state/route";
import { collections, error_text, is_over, jobs, start_job } from "../state/studio";

const page_size = 48;

function NewCollection() {
  const name = useSignal(""), source = useSignal<Source | undefined>(undefined), problem = useSignal("");
  const ready = name.value.trim() !== "" && source.value !== undefined;
  const make = (event: Event) => {
    event.preventDefault();
    if (!ready || !source.value) return;
    problem.value = "";
    const from = "folder" in source.value ? { sources: [source.value.folder] } : { pictures: source.value.pictures };
    start_job({ kind: "collect", name: name.value.trim(), ...from }).then(
      () => (name.value = ""), (error: unknown) => (problem.value = error_text(error)));
  };
  return (
    <form class="panel" onSubmit={make}>
      <h2>{t("collections.new")}</h2>
      <TextField label={t("collections.name")} value={name.value} onInput={(v) => (name.value = v)} />
      <SourceChoice title={t("collections.folder")} hint="" source={source.value}
        set={(s) => (source.value = s)} />
      <button class="primary" type="submit" disabled={!ready}>{t("collections.make")}</button>
      {problem.value && <Problem text={problem.value} />}
    </form>
  );
}

function Duplicates({ id, groups }: { id: string; groups: string[][] }) {
  if (groups.length === 0) return null;
  return (
    <section class="resembling">
      <h2 id="resembling" tabIndex={-1}>{t("collections.duplicates")}</h2>
      <ul class="duplicates">
        {groups.map((files) => (
          <li key={files.join("|")}>
            {files.map((file) => (
              <figure key={file}>
                <img src={api.work_url(id, file)} alt={file} loading="lazy" />
                <figcaption>{file}</figcaption>
              </figure>
            ))}
          </li>
        ))}
      </ul>
    </section>
  );
}

function CollectionView({ id }: { id: string }) {
  const detail = useSignal<CollectionDetail | undefined>(undefined), works = useSignal<Work[]>([]);
  const filter = useSignal(""), more = useSignal(false), problem = useSignal(""), editing = useSignal<Work | undefined>(undefined);
  const ready = useSignal(false), resembling = useSignal<string[][]>([]);
  useEffect(() => void api.duplicates(id).then((got) => (resembling.value = got), () => (resembling.value = [])), [id]);
  const fetch_works = async (offset: number) => {
    try {
      const got = await api.works(id, offset, page_size, filter.peek());
      works.value = offset ? [...works.peek(), ...got] : got;
      more.value = got.length === page_size;
      ready.value = true;
    } catch (error) {
      problem.value = error_text(error);
    }
  };
  const fetch_detail = () => api.collection(id).then((got) => (detail.value = got),
    (error: unknown) => (problem.value = error_text(error)));
  useEffect(() => void fetch_detail(), [id]);
  useEffect(() => void fetch_works(0), [id, filter.value]);
  if (problem.value) return <Problem text={problem.value} />;
  if (!detail.value || !ready.value) return <Loading />;
  return (
    <>
      <header class="page-head">
        <a href={link("collections")}>← {t("collections.back")}</a>
        <h1>{detail.value.name}</h1>
        <p class="lead">{t("collections.works", { n: detail.value.works })}</p>
        <button onClick={() => void start_job({ kind: "describe", collection: id })
          .catch((error: unknown) => (problem.value = error_text(error)))}>{t("collections.measure")}</button>
        {resembling.value.length > 0 && (
          <button onClick={() => document.getElementById("resembling")?.focus()}>
            {t("collections.resembling", { n: resembling.value.length })}
          </button>
        )}
      </header>
      <div class="facets">
        {detail.value.facets.map((facet) => (
          <label key={facet.field}>
            <span>{facet_name(facet.field)}</span>
            <select onChange={(e) => (filter.value = e.currentTarget.value ? `${facet.field}:${e.currentTarget.value}` : "")}
              value={filter.value.startsWith(`${facet.field}:`) ? filter.value.slice(facet.field.length + 1) : ""}>
              <option value="">{t("collections.all")}</option>
              {facet.values.map((v) => <option key={v.value} value={v.value}>{v.value} ({v.count})</option>)}
            </select>
          </label>
        ))}
      </div>
      <JobList jobs={(jobs.value.value ?? []).filter((j) => j.kind === "describe" && j.request["collection"] === id)} />
      {works.value.length === 0 && <Empty text={t("collections.nothing")} />}
      <ul class="works">
        {works.value.map((work) => (
          <li key={work.file}>
            <button title={t("collections.edit", { name: work.title || work.file })} onClick={() => (editing.value = work)}>
              <img src={api.work_url(id, work.file)} alt="" loading="lazy" />
              <b>{work.title || work.file}</b>
              <small>{[work.artist, work.date, work.culture].filter(Boolean).join(", ")}</small>
            </button>
          </li>
        ))}
      </ul>
      {more.value && <button onClick={() => void fetch_works(works.value.length)}>{t("collections.more")}</button>}
      <Duplicates id={id} groups={resembling.value} />
      {editing.value && (
        <LabelEditor collection={id} work={editing.value} filter={filter.value} close={() => (editing.value = undefined)}
          saved={(work) => (works.value = works.value.map((w) => (w.file === work.file ? work : w)))}
          saved_many={() => { void fetch_detail(); void fetch_works(0); }} />
      )}
    </>
  );
}

function facet_name(field: string): string {
  switch (field) {
    case "culture": case "artist": case "category": case "source": case "licence": return t(`label.${field}`);
    default: return field;
  }
}

export function CollectionsPage() {
  const { page, id } = route.value;
  if (page === "collections" && id) return <CollectionView key={id} id={id} />;
  const making = (jobs.value.value ?? []).filter((j) => j.kind === "collect" && (!is_over(j) || j.state === "failed"));
  return (
    <div class="collections">
      <PageHead title={t("collections.title")} lead={t("collections.lead")} />
      <Listed list={collections}>
        {(all) => all.length === 0
          ? <Empty text={t("collections.none")} />
          : <ul class="shelf">{all.map((c) => (
              <li key={c.id}>
                <a href={link("collections", c.id)}><b>{c.name}</b><span>{t("collections.works", { n: c.works })}</span></a>
              </li>))}</ul>}
      </Listed>
      <NewCollection />
      <JobList jobs={making} />
    </div>
  );
}
