// SPDX-License-Identifier: Apache-2.0
// A list of the server's: asked for once, then kept fresh by whoever hears that it changed.
import { signal, type Signal } from "@preact/signals";
import { StudioError } from "../api/client";
import { t } from "../i18n";
import { refusal_text } from "../i18n/errors";

export interface Loaded<T> {
  value: Signal<T | undefined>;
  error: Signal<string>;
  /** This studio has no such thing: its page is left out. */
  absent: Signal<boolean>;
  load: () => Promise<void>;
}

export function error_text(error: unknown): string {
  if (error instanceof StudioError)
    return error.kind === "unreachable" ? t("app.unreachable") : refusal_text(error.kind, error.message);
  return error instanceof Error ? error.message : String(error);
}

export function loaded<T>(ask: () => Promise<T>): Loaded<T> {
  const value = signal<T | undefined>(undefined), error = signal(""), absent = signal(false);
  let newest = 0;
  const load = async () => {
    const mine = ++newest;
    try {
      const got = await ask();
      if (mine !== newest) return;
      value.value = got;
      error.value = "";
      absent.value = false;
    } catch (problem) {
      if (mine !== newest) return;
      absent.value = problem instanceof StudioError && (problem.status === 404 || problem.status === 501);
      error.value = error_text(problem);
    }
  };
  return { value, error, absent, load };
}
