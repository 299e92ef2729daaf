// SPDX-License-Identifier: Apache-2.0
// Hash routes: #/page or #/page/id.
import { signal } from "@preact/signals";

export const pages = ["stylise", "train", "collections", "cultures", "models"] as const;
export type Page = (typeof pages)[number];

export interface Route {
  page: Page;
  id: string;
}

export function parse_route(hash: string): Route {
  const [page, id] = hash.replace(/^#\/?/, "").split("/");
  let decoded = "";
  try {
    decoded = decodeURIComponent(id ?? "");
  } catch { /* a mangled address shows the page itself */ }
  return { page: pages.find((p) => p === page) ?? "stylise", id: decoded };
}

export const route = signal<Route>(parse_route(location.hash));
addEventListener("hashchange", () => (route.value = parse_route(location.hash)));

export const link = (page: Page, id = "") => `#/${page}${id ? `/${encodeURIComponent(id)}` : ""}`;
export const go = (page: Page, id = "") => (location.hash = link(page, id));
