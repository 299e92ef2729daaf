// SPDX-License-Identifier: Apache-2.0
import { useSignal } from "@preact/signals";
import type { Source } from "../api/types";
import { duration_text, t } from "../i18n";
import { Slider, TextField } from "../parts/fields";
import { PageHead } from "../parts/page_head";
import { RunComparison } from "../parts/run_comparison";
import { RunView } from "../parts/run_view";
import { SourceChoice } from "../parts/source_choice";
import { Empty, Listed, Problem } from "../parts/states";
import { route } from "../state/route";
import { error_text, model_title, runs, start_job, styles } from "../state/studio";

const methods = ["swift", "tune", "multi", "recurrent", "cut", "cyclegan"] as const;
// The slider's stops: minutes that differ by something one can feel.
const stops = [1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480];
const size = 128, seed = 1;

function NewRun() {
  // #/train/MODEL, from a model's card: that one is to be tuned.
  const { id: to_tune } = route.value;
  const name = useSignal(""), method = useSignal<(typeof methods)[number]>(to_tune ? "tune" : "swift");
  const stop = useSignal(to_tune ? stops.indexOf(5) : stops.indexOf(20));
  const style = useSignal<Source | undefined>(undefined), content = useSignal<Source | undefined>(undefined);
  const problem = useSignal(""), busy = useSignal(false), from = useSignal(to_tune);
  const begin_with = styles.value ?? [];
  const tuned = begin_with.find((m) => m.id === from.value) ?? begin_with[0];
  const begins = method.value === "tune" || method.value === "recurrent";
  // Several styles are a folder of folders: single pictures would not say whose they are.
  const several = method.value === "multi";
  const missing = [
    name.value.trim() ? "" : t("train.name"),
    style.value && !(several && "pictures" in style.value) ? "" : t("train.style"),
    content.value || method.value === "tune" ? "" : t("train.content"),
  ].filter(Boolean);
  const minutes = stops[stop.value]!;
  const start = async (event: Event) => {
    event.preventDefault();
    if (missing.length > 0 || busy.value) return;
    problem.value = "";
    busy.value = true;
    try {
      await start_job({
        kind: "train", name: name.value.trim(), style: style.value!, method: method.value, minutes, size, seed,
        ...(content.value ? { content: content.value } : {}),
        ...(begins && tuned ? { model: tuned.id } : {}),
      });
      name.value = "";
      document.getElementById("runs")?.focus();  // and into sight: that it has begun is told further down
    } catch (error) {
      problem.value = error_text(error);
    }
    busy.value = false;
  };
  return (
    <form class="panel" onSubmit={(event) => void start(event)}>
      <h2>{t("train.new")}</h2>
      <TextField label={t("train.name")} hint={t("train.name_hint")} value={name.value} onInput={(v) => (name.value = v)} />
      <div class="two">
        <SourceChoice title={t("train.style")} hint={t(several ? "train.styles_hint" : "train.style_hint")} uploads={!several}
          source={style.value} set={(s) => (style.value = s)} />
        <SourceChoice title={t("train.content")} hint={t("train.content_hint")} source={content.value}
          set={(s) => (content.value = s)} />
      </div>
      <fieldset class="methods">
        <legend>{t("train.method")}</legend>
        {methods.map((key) => (
          <label key={key} class="method">
            <input type="radio" name="method" checked={method.value === key} onChange={() => (method.value = key)} />
            <span><b>{t(`train.method.${key}`)}</b> {t(`train.method.${key}_is`)}</span>
          </label>
        ))}
        {begins && (
          <label>
            <span>{t("train.begin_with")}</span>
            <select value={tuned?.id ?? ""} onChange={(e) => (from.value = e.currentTarget.value)}>
              {begin_with.map((m) => <option key={m.id} value={m.id}>{model_title(m)}</option>)}
            </select>
          </label>
        )}
      </fieldset>
      <Slider label={t("train.minutes")} min={0} max={stops.length - 1} step={1} value={stop.value}
        text={duration_text(minutes * 60)} onInput={(value) => (stop.value = value)} />
      <div class="row">
        <button class="primary" type="submit" disabled={missing.length > 0 || busy.value}>{t("train.start")}</button>
        {missing.length > 0 && <span class="hint">{t("train.missing", { what: missing.join(" · ") })}</span>}
      </div>
      {problem.value && <Problem text={problem.value} />}
    </form>
  );
}

export function TrainPage() {
  return (
    <div class="train">
      <PageHead title={t("train.title")} lead={t("train.lead")} />
      <NewRun key={route.value.id} />
      <section>
        <h2 id="runs" tabIndex={-1}>{t("train.runs")}</h2>
        <Listed list={runs}>
          {(all) => all.length === 0
            ? <Empty text={t("train.no_runs")} />
            : <div class="runs">{all.map((run) => <RunView key={run.id} run={run} />)}</div>}
        </Listed>
      </section>
      {(runs.value.value ?? []).length > 1 && <RunComparison all={runs.value.value!} />}
    </div>
  );
}
