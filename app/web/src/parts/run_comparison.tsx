// SPDX-License-Identifier: Apache-2.0
// Trainings side by side: their figures in a table, their curves in one box over the time they took, their newest paintings.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api } from "../api/client";
import type { Run, RunSample, StatsRow } from "../api/types";
import { duration_text, t } from "../i18n";
import { bounds_of, loss_curves, over_time, path_of, score_curves, thinned, type Curve } from "../state/curves";
import { language } from "../state/prefs";
import { error_text, jobs, method_text } from "../state/studio";
import { Tick } from "./fields";
import { Problem } from "./states";

const most = 4, poll_ms = 4000;

interface Figures {
  rows: StatsRow[];
  sample: RunSample | undefined;
}

const short = (value: number | undefined) =>
  value === undefined ? "–" : value.toLocaleString(language.value, { maximumSignificantDigits: 3 });

function last_of<T>(rows: readonly StatsRow[], of: (row: StatsRow) => T | undefined): T | undefined {
  for (let i = rows.length - 1; i >= 0; i--) {
    const value = of(rows[i]!);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** A line as it is drawn in the figures: told apart by its dashes too, not by colour alone. */
function LineMark({ number }: { number: number }) {
  return <svg class={`line-mark line-${number}`} viewBox="0 0 28 8" aria-hidden="true"><path d="M0 4L28 4" /></svg>;
}

function SharedFigure({ name, curves }: { name: string; curves: { run: Run; number: number; curve: Curve }[] }) {
  const bounds = bounds_of(curves.map((c) => c.curve));
  const said = curves.map(({ run, curve }) => `${run.name} ${short(curve.points.at(-1)!.y)}`).join(", ");
  return (
    <figure class="curve">
      <svg viewBox="-2 -4 304 88" role="img" aria-label={`${name}: ${said}`} preserveAspectRatio="none">
        {curves.map(({ run, number, curve }) => (
          <path key={run.id} class={`line-${number}`} d={path_of(thinned(curve.points, 150), 300, 80, bounds)} />
        ))}
      </svg>
      <figcaption>{name} <span>{t("train.compare_until", { time: duration_text(bounds.x1) })}</span></figcaption>
    </figure>
  );
}

/** What the runs have in common: their scores, and the losses that at least two of them have. */
function shared_figures(chosen: { run: Run; number: number; rows: StatsRow[] }[]) {
  const named = new Map<string, { run: Run; number: number; curve: Curve }[]>();
  for (const { run, number, rows } of chosen) {
    const timed = over_time(rows);
    const scores = score_curves(timed).map((curve) =>
      ({ curve, name: t(curve.name === "style" ? "train.score_style" : "train.score_content") }));
    for (const { curve, name } of [...scores, ...loss_curves(timed).map((curve) => ({ curve, name: curve.name }))]) {
      named.set(name, [...(named.get(name) ?? []), { run, number, curve }]);
    }
  }
  return [...named].filter(([, curves]) => curves.length > 1);
}

export function RunComparison({ all }: { all: Run[] }) {
  const chosen_ids = useSignal<string[]>([]), figures = useSignal<Record<string, Figures>>({}), problem = useSignal("");
  const chosen = all.filter((run) => chosen_ids.value.includes(run.id));
  const key = chosen.map((run) => run.id).join(" ");
  const state_of = (run: Run) => jobs.value.value?.find((j) => j.id === run.job)?.state ?? run.state;
  const growing = chosen.some((run) => state_of(run) === "running");
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined, gone = false;
    const refresh = async () => {
      try {
        const got = await Promise.all(chosen.map(async ({ id }): Promise<[string, Figures]> => {
          const [rows, samples] = await Promise.all([api.stats(id, -1), api.samples(id)]);
          return [id, { rows, sample: samples.at(-1) }];
        }));
        if (gone) return;
        figures.value = Object.fromEntries(got);
        problem.value = "";
      } catch (error) {
        problem.value = error_text(error);
      }
      if (growing && !gone) timer = setTimeout(() => void refresh(), poll_ms);
    };
    if (chosen.length > 1) void refresh();
    return () => { gone = true; clearTimeout(timer); };
  }, [key, growing]);
  const drawn = chosen.map((run, number) => ({ run, number, rows: figures.value[run.id]?.rows ?? [] }));
  const head: [string, (run: Run, rows: StatsRow[]) => string][] = [
    [t("models.method"), (run) => method_text(run.method) ?? "–"],
    [t("train.compare_state"), (run) => t(`jobs.${state_of(run)}`)],
    [t("train.compare_time"), (_, rows) => rows.length > 0 ? duration_text(rows.at(-1)!.seconds) : "–"],
    [t("train.compare_speed"), (_, rows) => short(last_of(rows, (row) => row.pictures_per_second))],
    [t("train.score_style"), (_, rows) => short(last_of(rows, (row) => row.score?.style))],
    [t("train.score_content"), (_, rows) => short(last_of(rows, (row) => row.score?.content))],
  ];
  return (
    <section class="panel comparison">
      <h2>{t("train.compare")}</h2>
      <fieldset>
        <legend>{t("train.compare_hint")}</legend>
        <div class="row">
          {all.map((run) => {
            const on = chosen_ids.value.includes(run.id);
            return (
              <Tick key={run.id} label={run.name} checked={on} disabled={!on && chosen.length >= most}
                onChange={(now) => (chosen_ids.value = now ? [...chosen_ids.value, run.id] : chosen_ids.value.filter((id) => id !== run.id))} />
            );
          })}
        </div>
      </fieldset>
      {problem.value && <Problem text={problem.value} />}
      {chosen.length > 1 && (
        <>
          <div class="wide" tabIndex={0} role="group" aria-label={t("train.compare")}>
            <table>
              <thead>
                <tr><td />{head.map(([name]) => <th key={name} scope="col">{name}</th>)}</tr>
              </thead>
              <tbody>
                {drawn.map(({ run, number, rows }) => (
                  <tr key={run.id}>
                    <th scope="row"><LineMark number={number} /> {run.name}</th>
                    {head.map(([name, value]) => <td key={name}>{value(run, rows)}</td>)}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <div class="curves">
            {shared_figures(drawn).map(([name, curves]) => <SharedFigure key={name} name={name} curves={curves} />)}
          </div>
          <ul class="newest">
            {drawn.map(({ run }) => {
              const sample = figures.value[run.id]?.sample;
              return sample && (
                <li key={run.id}>
                  <img src={api.sample_url(run.id, sample.file)} alt={t("train.sample_alt", { n: sample.step })} loading="lazy" />
                  <small>{run.name}, {t("train.step", { n: sample.step })}</small>
                </li>
              );
            })}
          </ul>
        </>
      )}
    </section>
  );
}
