// SPDX-License-Identifier: Apache-2.0
// Rows of stats.jsonl become lines to draw.
import type { StatsRow } from "../api/types";

export interface Curve {
  name: string;
  points: { x: number; y: number }[];
}

/** One curve a number that `of` finds in a row, in the order of first appearance; what is not finite is left out. */
function curves_of(rows: readonly StatsRow[], of: (row: StatsRow) => Record<string, number | null> | undefined): Curve[] {
  const curves = new Map<string, Curve>();
  for (const row of rows) {
    for (const [name, y] of Object.entries(of(row) ?? {})) {
      if (typeof y !== "number" || !Number.isFinite(y)) continue;
      let curve = curves.get(name);
      if (!curve) curves.set(name, (curve = { name, points: [] }));
      curve.points.push({ x: row.step, y });
    }
  }
  return [...curves.values()].filter((c) => c.points.length > 1);
}

export const loss_curves = (rows: readonly StatsRow[]) => curves_of(rows, (row) => row.losses);
/** "style": distance to it, less is nearer; "content": how much is kept, at most 1. */
export const score_curves = (rows: readonly StatsRow[]) =>
  curves_of(rows, (row) => row.score && { style: row.score.style, content: row.score.content });

/** At most `most` points, each the mean of its neighbours: a long run draws as quickly as a short one. */
export function thinned(points: Curve["points"], most: number): Curve["points"] {
  if (points.length <= most) return points;
  const out: Curve["points"] = [];
  for (let i = 0; i < most; i++) {
    const part = points.slice(Math.floor((i * points.length) / most), Math.floor(((i + 1) * points.length) / most));
    out.push({
      x: part.reduce((sum, p) => sum + p.x, 0) / part.length,
      y: part.reduce((sum, p) => sum + p.y, 0) / part.length,
    });
  }
  return out;
}

export interface Bounds {
  x0: number;
  x1: number;
  y0: number;
  y1: number;
}

/** What holds every point: curves that are compared are drawn in one box. */
export function bounds_of(curves: readonly Pick<Curve, "points">[]): Bounds {
  const points = curves.flatMap((c) => c.points);
  const xs = points.map((p) => p.x), ys = points.map((p) => p.y);
  return { x0: Math.min(...xs), x1: Math.max(...xs), y0: Math.min(...ys), y1: Math.max(...ys) };
}

/** An SVG path through the points, in a box of the given size; a flat curve runs through the middle. */
export function path_of(points: Curve["points"], width: number, height: number, { x0, x1, y0, y1 } = bounds_of([{ points }])): string {
  const dx = x1 - x0 || 1, dy = y1 - y0;
  return points.map((p, i) => {
    const x = ((p.x - x0) / dx) * width;
    const y = dy > 0 ? height - ((p.y - y0) / dy) * height : height / 2;
    return `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
  }).join("");
}

/** Over the seconds that were spent, not the steps: the steps of two methods are no measure of each other. */
export const over_time = (rows: readonly StatsRow[]): StatsRow[] => rows.map((row) => ({ ...row, step: row.seconds }));
