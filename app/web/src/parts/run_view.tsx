// SPDX-License-Identifier: Apache-2.0
// One training: its curves as they grow, its test paintings over time, its controls, its report.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api } from "../api/client";
import type { Job, Run, RunSample, StatsRow } from "../api/types";
import { duration_text, t } from "../i18n";
import { loss_curves, path_of, score_curves, thinned, type Curve } from "../state/curves";
import { language } from "../state/prefs";
import { error_text, jobs, tell_job } from "../state/studio";

const poll_ms = 2000;

function CurveFigure({ curve, name = curve.name }: { curve: Curve; name?: string }) {
  const last = curve.points[curve.points.length - 1]!.y;
  const value = last.toLocaleString(language.value, { maximumSignificantDigits: 3 });
  return (
    <figure class="curve">
      <svg viewBox="-2 -4 304 88" role="img" aria-label={`${name}: ${value}`} preserveAspectRatio="none">
        <path d={path_of(thinned(curve.points, 150), 300, 80)} />
      </svg>
      <figcaption>{name} <b>{value}</b></figcaption>
    </figure>
  );
}

function Controls({ job }: { job: Job }) {
  const problem = useSignal("");
  const tell = (what: "pause" | "resume" | "cancel") => {
    problem.value = "";
    tell_job(job, what).catch((error: unknown) => (problem.value = error_text(error)));
  };
  return (
    <div class="row">
      {job.state === "running" && <button onClick={() => tell("pause")}>{t("train.pause")}</button>}
      {(job.state === "paused" || job.state === "failed") && <button class="primary" onClick={() => tell("resume")}>{t("train.resume")}</button>}
      {job.state !== "done" && job.state !== "failed" && job.state !== "cancelled" &&
        <button onClick={() => tell("cancel")}>{t("train.stop")}</button>}
      {problem.value && <p class="why" role="alert">{problem.value}</p>}
    </div>
  );
}

export function RunView({ run }: { run: Run }) {
  const rows = useSignal<StatsRow[]>([]), samples = useSignal<RunSample[]>([]), problem = useSignal("");
  const job = jobs.value.value?.find((j) => j.id === run.job);
  const state = job?.state ?? run.state;
  const active = state === "running" || state === "queued" || state === "paused";
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined, gone = false;
    const refresh = async () => {
      try {
        const after = rows.peek()[rows.peek().length - 1]?.step ?? -1;
        const [fresh, seen] = await Promise.all([api.stats(run.id, after), api.samples(run.id)]);
        if (gone) return;
        if (fresh.length > 0) rows.value = [...rows.peek(), ...fresh];
        samples.value = seen;
        problem.value = "";
      } catch (error) {
        problem.value = error_text(error);
      }
      if (active && !gone) timer = setTimeout(() => void refresh(), poll_ms);
    };
    void refresh();
    return () => { gone = true; clearTimeout(timer); };
  }, [run.id, active]);
  const speed = rows.value.filter((row) => row.pictures_per_second !== undefined).at(-1)?.pictures_per_second;
  const curves = loss_curves(rows.value).slice(0, 6), scores = score_curves(rows.value);
  return (
    <article class={`run ${state}`}>
      <div class="job-head">
        <h3>{run.name}</h3>
        <span class="state">{t(`jobs.${state}`)}</span>
        {active && job?.etaSeconds != null && <span>{t("jobs.left", { time: duration_text(job.etaSeconds) })}</span>}
        {active && speed !== undefined && <span>{t("train.speed", { n: Math.round(speed * 10) / 10 })}</span>}
      </div>
      {active && job && <progress max="1" value={job.progress} aria-label={run.name} />}
      {job && <Controls job={job} />}
      {state === "failed" && job?.message && <p class="why">{job.message}</p>}
      {state === "done" && <p class="found">{t("train.done")}</p>}
      {samples.value.length > 0 && (
        <section>
          <h4>{t("train.samples")}</h4>
          <ol class="filmstrip" tabIndex={0} aria-label={t("train.samples")}>
            {samples.value.map((sample) => (
              <li key={sample.file}>
                <img src={api.sample_url(run.id, sample.file)} alt={t("train.sample_alt", { n: sample.step })} loading="lazy" />
                <small>{t("train.step", { n: sample.step })}</small>
              </li>
            ))}
          </ol>
        </section>
      )}
      {scores.length > 0 && (
        <section>
          <h4>{t("train.scores")}</h4>
          <div class="curves">
            {scores.map((curve) => (
              <CurveFigure key={curve.name} curve={curve}
                name={t(curve.name === "style" ? "train.score_style" : "train.score_content")} />
            ))}
          </div>
        </section>
      )}
      {(active || curves.length > 0) && (
        <section>
          <h4>{t("train.curves")}</h4>
          {curves.length === 0 && <p class="hint">{t("train.curves_wait")}</p>}
          <div class="curves">{curves.map((curve) => <CurveFigure key={curve.name} curve={curve} />)}</div>
        </section>
      )}
      {problem.value && <p class="why" role="alert">{problem.value}</p>}
      {state === "done" && (
        <details class="report">
          <summary>{t("train.report")}</summary>
          <iframe sandbox="allow-scripts" loading="lazy" title={t("train.report")} src={api.run_report_url(run.id)} />
        </details>
      )}
    </article>
  );
}
