// SPDX-License-Identifier: Apache-2.0
// The Stylise page's state: which picture, which mixture of styles, and its live preview.
import { computed, effect, signal, untracked } from "@preact/signals";
import { api, is_aborted, StudioError } from "../api/client";
import type { BlendPart, Look, Picture } from "../api/types";
import { bytes_text, t } from "../i18n";
import { Latest } from "./latest";
import { layers_of, Paintings, first_look, type Layer, type Wanted } from "./paintings";
import { Turns } from "./turns";
import { announcement, error_text, models, pictures, session, start_job, styles } from "./studio";

const preview_size = 768;
const debounce_ms = 70;

export const chosen_id = signal("");
export const blend = signal<BlendPart[]>([]);
export const strength = signal(1);
export const keep_colour = signal(false);
export const full_size = signal(false);
export const file_format = signal<"png" | "jpeg" | "webp">("png");

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

/** What is on the stage: the newest mixture of which every part has been painted. */
const shown = signal<{ picture: string; parts: (BlendPart & { url: string })[] } | undefined>(undefined);

const most_paintings = 40;
// The picture on the screen may still be decoding it.
const paintings = new Paintings(most_paintings, (url) => setTimeout(() => URL.revokeObjectURL(url), 2000));

export const layers = computed<Layer[]>(() => {
  const on_stage = shown.value;
  if (!on_stage || on_stage.picture !== chosen.value?.id) return [];
  // While a style is being painted the others keep their shares; else sliders show at once.
  const wanted = look.value.blend;
  const is_whole = wanted.length === on_stage.parts.length && wanted.every((p, i) => p.model === on_stage.parts[i]!.model);
  return layers_of(is_whole ? on_stage.parts.map((p, i) => ({ ...p, weight: wanted[i]!.weight })) : on_stage.parts);
});

interface View {
  picture: string;
  size: number;
  keepColour: boolean;
  blend: BlendPart[];
  is_full: boolean;
}

// Till something has been painted: as a slow machine takes.
let ms_per_pixel = 0.0025;

const wanted_of = (view: View, model: string): Wanted =>
  ({ picture: view.picture, model, size: view.size, keepColour: view.keepColour });

/** Shows a view, if all of it has been painted. */
function show(view: View): boolean {
  const parts = view.blend.map((p) => ({ ...p, url: paintings.find(wanted_of(view, p.model)) }));
  if (!parts.every((p): p is BlendPart & { url: string } => p.url !== undefined)) return false;
  shown.value = { picture: view.picture, parts };
  return true;
}

async function paint_part(wanted: Wanted, signal: AbortSignal) {
  const begun = performance.now();
  const { picture, model, size, keepColour } = wanted;
  const blob = await api.preview({ picture, size, keepColour, strength: 1, blend: [{ model, weight: 1 }] }, signal);
  if (signal.aborted) return;
  ms_per_pixel = Math.min(0.005, (performance.now() - begun) / size ** 2);  // some of it may have been waiting
  paintings.keep(wanted, URL.createObjectURL(blob));
}

async function paint_view(view: View, signal: AbortSignal) {
  const missing = view.blend.filter((p) => paintings.find(wanted_of(view, p.model)) === undefined);
  const quick = view.is_full ? 0 : first_look(view.size, ms_per_pixel * view.size ** 2);
  if (quick > 0 && missing.length === 1) {  // a small one first: something to see in a moment
    const small = { ...view, size: quick };
    for (const { model } of missing) await paint_part(wanted_of(small, model), signal);
    const parts = view.blend.map((p) => ({ ...p, url: paintings.find(wanted_of(view, p.model)) ?? paintings.find(wanted_of(small, p.model))! }));
    if (!signal.aborted) shown.value = { picture: view.picture, parts };
  }
  for (const { model } of missing) await paint_part(wanted_of(view, model), signal);
}

const previews = new Latest<View, void>(
  debounce_ms,
  paint_view,
  (_, view) => {
    show(view);
    previewing.value = false;
    preview_error.value = "";
    announcement.value = t("stylise.ready");
  },
  (error, view) => {
    // By another page of the same browser: of each browser the server keeps one that waits.
    if (is_aborted(error)) return previews.ask(view);
    previewing.value = false;
    preview_error.value = error_text(error);
  },
);

/** The samples on the wall are painted when nothing else is. */
export const sample_turns = new Turns(() => !previewing.peek() && !uploading.peek());
effect(() => {
  if (!previewing.value && !uploading.value) sample_turns.next();
});

/** Paints whatever shows on the stage and has not been painted yet. */
export function watch_preview() {
  let known = models.value.peek();
  return effect(() => {
    const picture = chosen.value, parts = blend.value;
    if (models.value.value !== known) {  // one of them may be another of the same name
      known = models.value.value;
      paintings.forget();
    }
    if (!picture || parts.length === 0 || known === undefined) return;
    const longer = Math.max(picture.width, picture.height);
    const view: View = {
      picture: picture.id, size: full_size.value ? longer : Math.min(longer, preview_size), keepColour: keep_colour.value,
      blend: normalised(parts), is_full: full_size.value,
    };
    untracked(() => {
      previews.stop();
      preview_error.value = "";
      previewing.value = !show(view);
      if (previewing.value) previews.ask(view);
    });
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
      // The first of many is looked at: to paint each as it comes would keep the next ones waiting.
      if (at === 1 || uploads === 1) chosen_id.value = picture.id;
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
