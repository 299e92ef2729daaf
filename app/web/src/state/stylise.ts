// SPDX-License-Identifier: Apache-2.0
// The Stylise page's state: which picture, which mixture of styles, and its live preview.
import { computed, effect, signal } from "@preact/signals";
import { api, is_aborted, StudioError } from "../api/client";
import type { BlendPart, Look, Picture, PreviewRequest } from "../api/types";
import { bytes_text, t } from "../i18n";
import { Latest } from "./latest";
import { announcement, error_text, pictures, session, start_job, styles } from "./studio";

const preview_size = 768;
const debounce_ms = 70;

export const chosen_id = signal("");
export const blend = signal<BlendPart[]>([]);
export const strength = signal(1);
export const keep_colour = signal(false);
export const full_size = signal(false);
export const file_format = signal<"png" | "jpeg" | "webp">("png");

export const preview_url = signal("");
export const previewing = signal(false);
export const preview_error = signal("");
export const upload_notes = signal<{ name: string; problem: string }[]>([]);
/** What is being done, in words; empty: nothing. */
export const uploading = signal("");

export const chosen = computed<Picture | undefined>(() => {
  const all = pictures.value.value ?? [];
  return all.find((p) => p.id === chosen_id.value) ?? all[0];
});

/** Weights that add up to 1, so that two sliders at the same place mean equal shares. */
export function normalised(parts: readonly BlendPart[]): BlendPart[] {
  const sum = parts.reduce((total, p) => total + Math.max(0, p.weight), 0);
  return parts.map((p) => ({ model: p.model, weight: sum > 0 ? Math.max(0, p.weight) / sum : 1 / parts.length }));
}

export const look = computed<Look>(() =>
  ({ blend: normalised(blend.value), strength: strength.value, keepColour: keep_colour.value }));

export function choose_style(id: string) {
  blend.value = [{ model: id, weight: 1 }];
}
export function mix_in(id: string) {
  if (!blend.value.some((p) => p.model === id)) blend.value = [...blend.value, { model: id, weight: 1 }];
}
export function leave_out(id: string) {
  if (blend.value.length > 1) blend.value = blend.value.filter((p) => p.model !== id);
}
export function set_weight(id: string, weight: number) {
  blend.value = blend.value.map((p) => (p.model === id ? { ...p, weight } : p));
}

function show(url: string) {
  const old = preview_url.peek();
  preview_url.value = url;
  if (old) setTimeout(() => URL.revokeObjectURL(old), 2000);  // the picture on the screen may still be decoding it
}

const previews = new Latest<PreviewRequest, Blob>(
  debounce_ms,
  (request, signal) => api.preview(request, signal),
  (blob) => {
    show(URL.createObjectURL(blob));
    previewing.value = false;
    preview_error.value = "";
    announcement.value = t("stylise.ready");
  },
  (error) => {
    // By another page of the same browser: of each browser the server keeps one that waits.
    if (error instanceof StudioError && error.kind === "superseded" && last_asked) return previews.ask(last_asked);
    previewing.value = false;
    if (!is_aborted(error)) preview_error.value = error_text(error);
  },
);
let last_asked: PreviewRequest | undefined;

/** Asks for a preview whenever something that shows in it changes. */
export function watch_preview() {
  let last_picture = "";
  return effect(() => {
    const picture = chosen.value, wanted = look.value;
    if (!picture || wanted.blend.length === 0) return;
    if (picture.id !== last_picture) show("");
    last_picture = picture.id;
    previewing.value = true;
    const longer = Math.max(picture.width, picture.height);
    last_asked = { ...wanted, picture: picture.id, size: full_size.value ? longer : Math.min(longer, preview_size) };
    previews.ask(last_asked);
  });
}

/** Before anything is chosen, the first style is. */
export function choose_default_style() {
  return effect(() => {
    const known = styles.value ?? [];
    const kept = blend.value.filter((p) => known.some((m) => m.id === p.model));
    if (known.length === 0) return;
    if (kept.length === 0) blend.value = [{ model: known[0]!.id, weight: 1 }];
    else if (kept.length < blend.value.length) blend.value = kept;
  });
}

const to_upload: File[] = [];
let uploads = 0;  // of this row, with those that are done

/** One after another; what is dropped meanwhile joins the row, and the notes on what was refused stay. */
export async function upload(files: readonly File[]) {
  to_upload.push(...files);
  uploads += files.length;
  if (uploading.value) return;
  upload_notes.value = [];
  for (let file = to_upload.shift(); file; file = to_upload.shift()) {
    const at = uploads - to_upload.length;
    uploading.value = uploads === 1 ? t("drop.uploading", { name: file.name })
      : t("drop.uploading_many", { name: file.name, at, all: uploads });
    try {
      const limit = session.value?.limits.bodyBytes ?? Infinity;
      if (file.size > limit) throw new Error(t("drop.too_large", { size: bytes_text(limit) }));
      if (is_video(file)) {
        await paint_video(file);
        continue;
      }
      const picture = await api.upload(file);
      const rest = (pictures.value.value ?? []).filter((p) => p.id !== picture.id);
      pictures.value.value = [...rest, picture];
      chosen_id.value = picture.id;
    } catch (error) {
      upload_notes.value = [...upload_notes.value, { name: file.name, problem: error_text(error) }];
    }
  }
  uploading.value = "";
  uploads = 0;
}

/** Browsers know no type for some of the containers that are read. */
const is_video = (file: File) =>
  file.type.startsWith("video/") || (!file.type.startsWith("image/") && /\.(mp4|m4v|mov|mkv|webm|avi|y4m|mpg|ts)$/i.test(file.name));

/** Painted at once, in the style that is chosen: there is no preview to wait for. */
async function paint_video(file: File) {
  const { id, name } = await api.upload_video(file);
  await start_job({ kind: "video", video: id, name, ...look.value });
}

export async function remove_picture(id: string) {
  try {
    await api.remove_picture(id);
  } catch (error) {
    if (!(error instanceof StudioError && error.status === 404)) {  // gone already: by another page
      const name = pictures.value.value?.find((p) => p.id === id)?.name ?? id;
      upload_notes.value = [{ name, problem: error_text(error) }];
      return;
    }
  }
  pictures.value.value = pictures.value.value?.filter((p) => p.id !== id);
}

export function paint_all() {
  const ids = (pictures.value.value ?? []).map((p) => p.id);
  return start_job({ kind: "stylise", pictures: ids, format: file_format.value, ...look.value });
}
