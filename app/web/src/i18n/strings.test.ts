// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { language } from "../state/prefs";
import { refusal_text } from "./errors";
import { bytes_text, duration_text, percent_text, strings, t, type Key } from "./index";

const names_in = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

for (const code of ["zh", "ja"] as const) {
  test(`${code} has the keys of English, with the same names to fill in`, () => {
    expect(Object.keys(strings[code]).sort()).toEqual(Object.keys(strings.en).sort());
    for (const key of Object.keys(strings.en) as Key[]) {
      expect(strings[code][key].trim(), key).not.toBe("");
      expect(names_in(strings[code][key]), key).toEqual(names_in(strings.en[key]));
    }
  });
}

test("every key is used", () => {
  const sources = Object.values(import.meta.glob(["../**/*.{ts,tsx}", "!../i18n/*.ts"], { query: "?raw", import: "default", eager: true })).join("\n")
    + Object.values(import.meta.glob("./index.ts", { query: "?raw", import: "default", eager: true })).join("\n");
  const built = /^(nav|theme|jobs|train\.method|label|style|measure|direction)\./;  // named by a value: t(`jobs.${job.state}`)
  const unused = Object.keys(strings.en).filter((key) => !built.test(key) && !sources.includes(`"${key}"`));
  expect(unused).toEqual([]);
});

test("what the server refuses is told in the reader's language, with its own words beside it", () => {
  language.value = "ja";
  expect(refusal_text("limit", "16 MB are taken.")).toBe("許された大きさまたは数を超えています（16 MB are taken.）");
  expect(refusal_text("of tomorrow", "Words.")).toBe("Words.");
  language.value = "en";
  expect(refusal_text("limit", "16 MB are taken.")).toBe("16 MB are taken.");
});

test("numbers choose the form of a phrase", () => {
  language.value = "en";
  expect(t("train.usable", { n: 1 })).toBe("1 picture can be used");
  expect(t("train.usable", { n: 1200 })).toBe("1,200 pictures can be used");
  expect(t("folder.count", { n: 0 })).toBe("no pictures");
  expect(t("stylise.paint", { n: 1 })).toBe("Paint in full size");
  language.value = "zh";
  expect(t("folder.count", { n: 1 })).toBe("1 张图片");
  language.value = "en";
});

test("a name with braces in it is not filled in again", () => {
  expect(t("stylise.show", { name: "{name}.png" })).toBe("Show {name}.png");
});

test("durations and sizes are in units that one can feel", () => {
  expect(duration_text(0.2)).toBe("1 s");
  expect(duration_text(300)).toBe("5 min");
  expect(duration_text(5400)).toBe("1.5 h");
  expect(bytes_text(3932246)).toBe("3.9 MB");
  expect(bytes_text(10)).toBe("1 kB");
  expect(percent_text(0.556)).toBe("56 %");
  language.value = "ja";
  expect(percent_text(0.556)).toBe("56%");
  language.value = "en";
});
