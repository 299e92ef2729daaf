// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import type { CollectionDetail } from "../api/types";
import { group_names, hypothesis_toml } from "./preregistration";

test("an expectation becomes a block of TOML, whatever the names hold", () => {
  expect(hypothesis_toml({ descriptor: "void_share", first: "浮世絵", second: 'the "Qing"', direction: "higher" })).toBe(
    '[[hypothesis]]\ndescriptor = "void_share"\nfirst = "浮世絵"\nsecond = "the \\"Qing\\""\ndirection = "higher"\n');
});

test("a collection is called by its culture where that is its own, else by its name", () => {
  const collection = (name: string, cultures: [string, number][]): CollectionDetail => ({
    id: name, name, works: 10, facets: [{ field: "culture", values: cultures.map(([value, count]) => ({ value, count })) }] });
  expect(group_names([collection("a", [["Japan", 10]]), collection("b", [["China", 9]])])).toEqual(["Japan", "b"]);
  expect(group_names([collection("a", [["Japan", 10]]), collection("b", [["Japan", 10]])])).toEqual(["a", "b"]);
  expect(group_names([collection("a", [["Japan", 5], ["China", 5]]), { id: "c", name: "c", works: 1, facets: [] }])).toEqual(["a", "c"]);
});
