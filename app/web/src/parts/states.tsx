// SPDX-License-Identifier: Apache-2.0
import { t } from "../i18n";
import type { Loaded } from "../state/load";
import type { ComponentChildren } from "preact";

export function Loading({ text = t("app.loading") }: { text?: string }) {
  return <p class="loading" role="status"><span class="brushstroke" aria-hidden="true" />{text}</p>;
}

export function Problem({ text, retry }: { text: string; retry?: () => void }) {
  return (
    <div class="problem" role="alert">
      <p>{text}</p>
      {retry && <button onClick={retry}>{t("app.retry")}</button>}
    </div>
  );
}

export function Empty({ text }: { text: string }) {
  return <p class="empty">{text}</p>;
}

/** A list of the server's, or why it is not there. */
export function Listed<T>({ list, children }: { list: Loaded<T>; children: (value: T) => ComponentChildren }) {
  if (list.value.value !== undefined) return <>{children(list.value.value)}</>;
  if (list.error.value) return <Problem text={list.error.value} retry={() => void list.load()} />;
  return <Loading />;
}
