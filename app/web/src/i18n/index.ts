// SPDX-License-Identifier: Apache-2.0
import { computed } from "@preact/signals";
import type { Language } from "../api/types";
import { language } from "../state/prefs";
import { en } from "./en";
import { ja } from "./ja";
import { zh } from "./zh";

export type Key = keyof typeof en;
export type Strings = Record<Key, string>;

export const strings: Record<Language, Strings> = { en, zh, ja };
export const language_names: Record<Language, string> = { en: "English", zh: "中文", ja: "日本語" };

const table = computed(() => strings[language.value]);

/** Which of "one|many" (or "none|one|many") fits n. */
function form_for(text: string, n: number): string {
  const forms = text.split("|");
  if (forms.length === 1) return text;
  const index = forms.length === 3 ? Math.min(n, 2) : n === 1 ? 0 : 1;
  return forms[Math.max(0, index)]!;
}

/** The phrase in the reader's language. Read inside a component, so that it changes with the language. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const n = values["n"];
  const text = typeof n === "number" ? form_for(table.value[key], n) : table.value[key];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? value.toLocaleString(language.value) : value;
  });
}

/** English as SI has it, with a space; Chinese and Japanese without. */
export const percent_text = (share: number) => `${Math.round(100 * share)}${language.value === "en" ? " " : ""}%`;

export function bytes_text(bytes: number): string {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return `${(bytes / 1e6).toLocaleString(language.value, { maximumFractionDigits: 1 })} MB`;
}

export function duration_text(seconds: number): string {
  if (seconds < 60) return t("time.seconds", { n: Math.max(1, Math.round(seconds)) });
  if (seconds < 5400) return t("time.minutes", { n: Math.round(seconds / 60) });
  return t("time.hours", { n: Math.round(seconds / 360) / 10 });
}
