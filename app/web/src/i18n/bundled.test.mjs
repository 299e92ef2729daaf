// @vitest-environment node
// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { en } from "./en";

test("every model that comes with linmo has a name in each language", () => {
  const folder = new URL("../../../../models/", import.meta.url);
  const models = readdirSync(folder).filter((file) => file.endsWith(".safetensors")).map((file) => file.replace(/\.\w+$/, ""));
  expect(models.length).toBeGreaterThan(0);
  const named = Object.keys(en);  // strings.test.ts holds the other languages to these
  const nameless = models.filter((id) => id !== "features"  // judges, and is not on the wall
    && !named.some((key) => key === `style.${id}` || key.startsWith(`style.${id}:`)));
  expect(nameless).toEqual([]);
});
