// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from "preact";

/** What a page is and what it is for; `children` are its actions. */
export function PageHead({ title, lead, children }: { title: string; lead: string; children?: ComponentChildren }) {
  return (
    <header class="page-head">
      <h1>{title}</h1>
      <p class="lead">{lead}</p>
      {children}
    </header>
  );
}
