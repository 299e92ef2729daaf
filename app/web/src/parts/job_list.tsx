// SPDX-License-Identifier: Apache-2.0
import { useSignal } from "@preact/signals";
import { api } from "../api/client";
import type { Job } from "../api/types";
import { bytes_text, duration_text, t } from "../i18n";
import { remove_item } from "./focus";
import { error_text, is_over, job_title, jobs, tell_job } from "../state/studio";

function Results({ job }: { job: Job }) {
  if (job.results.length === 0) return null;
  return (
    <div class="results">
      <ul>
        {job.results.map((result) => (
          <li key={result.name}>
            <a href={result.href} download={result.name} title={t("jobs.download", { name: result.name })}>
              {result.type.startsWith("image/") && <img src={`${result.href}?size=320`} alt="" loading="lazy" />}
              <span>{result.name}</span>
              <small>{bytes_text(result.bytes)}</small>
            </a>
          </li>
        ))}
      </ul>
      {job.results.length > 1 && <a class="button" href={api.zip_url(job.id)} download>{t("jobs.zip")}</a>}
    </div>
  );
}

export function JobCard({ job }: { job: Job }) {
  const problem = useSignal("");
  const title = job_title(job);
  const waiting = (jobs.value.value ?? []).filter((other) => other.state === "queued").length;
  const tell = (what: Parameters<typeof tell_job>[1]) => {
    problem.value = "";
    return tell_job(job, what).catch((error: unknown) => (problem.value = error_text(error)));
  };
  const active = job.state === "running" || job.state === "paused";
  return (
    <li class={`job ${job.state}`}>
      <div class="job-head">
        <h3>{title}</h3>
        <span class="state">{t(`jobs.${job.state}`)}</span>
        {active && job.etaSeconds != null && <span>{t("jobs.left", { time: duration_text(job.etaSeconds) })}</span>}
        {job.state === "queued" && waiting > 1 &&
          <button onClick={() => void tell("first")} aria-label={`${t("jobs.first")}: ${title}`}>{t("jobs.first")}</button>}
        {is_over(job)
          ? <button class="quiet" onClick={(e) => void remove_item(e.currentTarget, () => tell("forget"), "h2")} aria-label={`${t("jobs.forget")}: ${title}`}>×</button>
          : <button onClick={() => void tell("cancel")} aria-label={`${t("jobs.cancel")}: ${title}`}>{t("jobs.cancel")}</button>}
      </div>
      {!is_over(job) && <progress max="1" value={job.state === "queued" ? 0 : job.progress} aria-label={title} />}
      {job.state === "failed" && job.message && <p class="why">{job.message}</p>}
      {problem.value && <p class="why" role="alert">{problem.value}</p>}
      {job.failures.length > 0 && (
        <ul class="failures">
          {job.failures.map((f, i) => (
            <li key={i}>{f.name ? t("drop.failed", { name: f.name, reason: f.reason }) : f.reason}</li>))}
        </ul>
      )}
      <Results job={job} />
    </li>
  );
}

export function JobList({ jobs }: { jobs: Job[] }) {
  if (jobs.length === 0) return null;
  return (
    <section class="jobs">
      <h2 tabIndex={-1}>{t("jobs.title")}</h2>
      <ul>{jobs.map((job) => <JobCard key={job.id} job={job} />)}</ul>
    </section>
  );
}
