// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { first_look, layers_of, Paintings } from "./paintings";

/** What is seen through layers, the first at the bottom. */
const seen = (layers: { url: string; opacity: number }[]) =>
  layers.reduce((under, { url, opacity }) => under * (1 - opacity) + Number(url) * opacity, 0);

test("layers that lie on one another show the weighted mean", () => {
  const parts = [[0.2, 100], [0.5, 10], [0.3, 60]].map(([weight, value]) => ({ model: "", weight: weight!, url: String(value) }));
  expect(seen(layers_of(parts))).toBeCloseTo(0.2 * 100 + 0.5 * 10 + 0.3 * 60);
  expect(layers_of(parts)[0]!.opacity).toBe(1);
  expect(layers_of([{ model: "", weight: 0, url: "1" }, { model: "", weight: 1, url: "2" }])).toEqual([{ url: "2", opacity: 1 }]);
});

test("the newest paintings are kept, by all that they depend on", () => {
  const gone: string[] = [], paintings = new Paintings(2, (url) => gone.push(url));
  const wanted = { picture: "p", model: "m", size: 768, keepColour: false };
  paintings.keep(wanted, "one");
  paintings.keep({ ...wanted, keepColour: true }, "two");
  expect(paintings.find(wanted)).toBe("one");  // and with that it is newer than the other
  paintings.keep({ ...wanted, size: 512 }, "three");
  expect(gone).toEqual(["two"]);
  paintings.forget();
  expect([paintings.find(wanted), gone]).toEqual([undefined, ["two", "one", "three"]]);
});

test("where the whole would be waited for, something is seen in a quarter of a second", () => {
  expect(first_look(768, 300)).toBe(0);
  expect(first_look(768, 1600)).toBe(288);
  expect(first_look(768, 100_000)).toBe(192);
});
