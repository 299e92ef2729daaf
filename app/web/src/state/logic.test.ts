// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { loss_curves, path_of, score_curves, thinned } from "./curves";
import { Latest } from "./latest";
import { best_language } from "./prefs";
import { parse_route } from "./route";
import { normalised } from "./stylise";
import { Turns } from "./turns";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("of many requests in quick succession only the last is made", async () => {
  const asked: number[] = [], seen: number[] = [];
  const latest = new Latest<number, number>(50, async (n) => (asked.push(n), n), (n) => seen.push(n), () => seen.push(-1));
  latest.ask(1);
  latest.ask(2);
  await vi.advanceTimersByTimeAsync(49);
  latest.ask(3);
  await vi.advanceTimersByTimeAsync(200);
  expect([asked, seen]).toEqual([[3], [3]]);
});

test("a slow answer that was overtaken is aborted and never shown", async () => {
  const seen: number[] = [], aborted: number[] = [];
  const work = (n: number, signal: AbortSignal) => new Promise<number>((resolve) => {
    signal.addEventListener("abort", () => aborted.push(n));
    setTimeout(() => resolve(n), n === 1 ? 500 : 10);  // the first answer comes after the second
  });
  const latest = new Latest<number, number>(0, work, (n) => seen.push(n), () => seen.push(-1));
  latest.ask(1);
  await vi.advanceTimersByTimeAsync(100);
  latest.ask(2);
  await vi.advanceTimersByTimeAsync(1000);
  expect([seen, aborted]).toEqual([[2], [1]]);
});

test("a failure is told, unless it was overtaken", async () => {
  const failures: string[] = [];
  const latest = new Latest<string, string>(0, async (s) => { throw new Error(s); }, () => {}, (e) => failures.push(String(e)));
  latest.ask("one");
  await vi.advanceTimersByTimeAsync(10);
  expect(failures).toEqual(["Error: one"]);
});

test("turns come one after another, and only when nothing is waited for", () => {
  let free = true;
  const went: string[] = [], turns = new Turns(() => free);
  const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => turns.join(() => went.push(name)));
  expect(went).toEqual(["a"]);
  b!();  // does not want it any more
  a!();
  a!();  // again: of no consequence
  expect(went).toEqual(["a", "c"]);
  free = false;
  c!();
  expect(went).toEqual(["a", "c"]);
  free = true;
  turns.next();
  expect(went).toEqual(["a", "c", "d"]);
  d!();
});

test("shares of a mixture add up to one, also when every slider is at nought", () => {
  const shares = (weights: number[]) => normalised(weights.map((weight, i) => ({ model: `${i}`, weight }))).map((p) => p.weight);
  expect(shares([1])).toEqual([1]);
  expect(shares([0.5, 0.5, 1])).toEqual([0.25, 0.25, 0.5]);
  expect(shares([0, 0])).toEqual([0.5, 0.5]);
  expect(shares([1, 0])).toEqual([1, 0]);
});

test("addresses lead to pages; what is unknown or mangled leads to the first", () => {
  expect(parse_route("#/models")).toEqual({ page: "models", id: "" });
  expect(parse_route("#/collections/%E5%B1%B1%E6%B0%B4")).toEqual({ page: "collections", id: "山水" });
  expect(parse_route("#/nowhere").page).toBe("stylise");
  expect(parse_route("#/collections/%E5%").id).toBe("");
  expect(parse_route("").page).toBe("stylise");
});

test("the first of the browser's languages that the studio speaks", () => {
  expect(best_language(["fr-FR", "zh-TW", "en"])).toBe("zh");
  expect(best_language(["ja"])).toBe("ja");
  expect(best_language(["de"])).toBe("en");
});

test("curves hold what is a number, one a loss", () => {
  const curves = loss_curves([
    { step: 0, seconds: 0, losses: { a: 1, b: null } }, { step: 10, seconds: 1, losses: { a: 3, b: 2 } },
    { step: 20, seconds: 2 }, { step: 30, seconds: 3, losses: { a: 2, b: Number.NaN } },
  ]);
  expect(curves).toEqual([{ name: "a", points: [{ x: 0, y: 1 }, { x: 10, y: 3 }, { x: 30, y: 2 }] }]);
});

test("scores are curves of their own", () => {
  const score = (style: number) => ({ style, content: 0.5, untouched: 9 });
  const rows = [{ step: 0, seconds: 0, losses: { a: 1 } }, { step: 5, seconds: 1, score: score(4) }, { step: 9, seconds: 2, score: score(3) }];
  expect(score_curves(rows)).toEqual([
    { name: "style", points: [{ x: 5, y: 4 }, { x: 9, y: 3 }] }, { name: "content", points: [{ x: 5, y: 0.5 }, { x: 9, y: 0.5 }] },
  ]);
  expect(loss_curves(rows)).toEqual([]);
});

test("a path fills its box, and a flat curve runs through the middle", () => {
  expect(path_of([{ x: 0, y: 1 }, { x: 5, y: 3 }, { x: 10, y: 2 }], 100, 50)).toBe("M0.0 50.0L50.0 0.0L100.0 25.0");
  expect(path_of([{ x: 0, y: 4 }, { x: 1, y: 4 }], 100, 50)).toBe("M0.0 25.0L100.0 25.0");
});

test("a long curve is thinned to its means", () => {
  const points = Array.from({ length: 1001 }, (_, i) => ({ x: i, y: 2 * i }));
  const few = thinned(points, 100);
  expect(few).toHaveLength(100);
  for (const p of few) expect(p.y).toBeCloseTo(2 * p.x);
  expect(thinned(points.slice(0, 5), 100)).toHaveLength(5);
});
