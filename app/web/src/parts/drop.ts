// SPDX-License-Identifier: Apache-2.0
import { signal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";

export const dragging = signal(false);

const has_files = (e: DragEvent) => e.dataTransfer?.types.includes("Files") ?? false;

/** Shows that what is held over this would be taken. */
export function welcome(e: DragEvent) {
  e.preventDefault();
  if (e.dataTransfer) e.dataTransfer.dropEffect = "copy";
}

/** A file that is let fall where nobody takes it would otherwise be opened by the browser in place of the studio. */
export function ward_off_drops() {
  addEventListener("dragover", (e) => {
    if (!has_files(e)) return;
    e.preventDefault();
    e.dataTransfer!.dropEffect = "none";
  }, { capture: true });
  addEventListener("drop", (e) => { if (has_files(e)) e.preventDefault(); }, { capture: true });
}

/** Files that are dropped anywhere on the page, or pasted, while the calling component is shown. */
export function useDroppedFiles(take: (files: File[]) => void) {
  // Before the page is seen, so that whoever sees it can paste.
  useLayoutEffect(() => {
    let depth = 0;
    const control = new AbortController();
    const on = <K extends keyof WindowEventMap>(name: K, handler: (e: WindowEventMap[K]) => void) =>
      addEventListener(name, handler, { signal: control.signal });
    on("dragenter", (e) => { if (has_files(e)) { depth++; dragging.value = true; } });
    on("dragleave", (e) => { if (has_files(e) && --depth <= 0) { depth = 0; dragging.value = false; } });
    on("dragover", (e) => { if (has_files(e)) welcome(e); });
    on("drop", (e) => {
      if (!has_files(e)) return;
      e.preventDefault();
      depth = 0;
      dragging.value = false;
      take([...(e.dataTransfer?.files ?? [])]);
    });
    on("paste", (e) => {
      const files = [...(e.clipboardData?.files ?? [])];
      if (files.length === 0) return;
      e.preventDefault();
      take(files);
    });
    return () => { control.abort(); dragging.value = false; };
  }, [take]);
}
