// SPDX-License-Identifier: Apache-2.0
// What the reader chose for good: language and theme, kept in this browser.
import { effect, signal } from "@preact/signals";
import type { Language } from "../api/types";

export type Theme = "system" | "light" | "dark";

function kept<T extends string>(name: string, allowed: readonly T[], otherwise: T): T {
  try {
    const value = localStorage.getItem(name) as T | null;
    return value !== null && allowed.includes(value) ? value : otherwise;
  } catch {
    return otherwise;  // storage is switched off: the choice lasts as long as the page
  }
}

function keep(name: string, value: string) {
  try {
    localStorage.setItem(name, value);
  } catch { /* see kept() */ }
}

/** The first of the browser's languages that the studio speaks. */
export function best_language(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const base = tag.toLowerCase().split("-")[0];
    if (base === "en" || base === "zh" || base === "ja") return base;
  }
  return "en";
}

export const language = signal<Language>(kept("linmo.language", ["en", "zh", "ja"], best_language(navigator.languages ?? [])));
export const theme = signal<Theme>(kept("linmo.theme", ["system", "light", "dark"], "system"));

export function apply_prefs() {
  effect(() => {
    document.documentElement.lang = language.value === "zh" ? "zh-Hans" : language.value;
    keep("linmo.language", language.value);
  });
  effect(() => {
    if (theme.value === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme.value;
    keep("linmo.theme", theme.value);
  });
}
