// SPDX-License-Identifier: Apache-2.0
// The only place that speaks HTTP. Every failure is a StudioError whose message may be shown as it is.
import type {
  BlendPart, Collection, CollectionDetail, FolderCheck, FolderListing, Job, JobRequest, Model, Picture, PreviewRequest, Run,
  RunSample, Session, StatsRow, Study, Video, Work,
} from "./types";

const root = "/api/v1";

export class StudioError extends Error {
  constructor(message: string, readonly kind: string, readonly status: number) {
    super(message);
  }
}

/** The request was overtaken or taken back: nothing to tell anyone. */
export function is_aborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError"
    || (error instanceof StudioError && (error.kind === "superseded" || error.kind === "cancelled"));
}

async function ask(path: string, init?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(root + path, { credentials: "same-origin", ...init });
  } catch (error) {
    if (is_aborted(error)) throw error;
    throw new StudioError("", "unreachable", 0);
  }
  if (response.ok) return response;
  let kind = "http", message = `${response.status} ${response.statusText}`;
  try {
    const body = await response.json();
    kind = String(body.error?.kind ?? kind);
    message = String(body.error?.message ?? message);
  } catch { /* not the studio's own answer: the status must do */ }
  throw new StudioError(message, kind, response.status);
}

async function json<T>(path: string, init?: RequestInit): Promise<T> {
  return (await ask(path, init)).json() as Promise<T>;
}

function sending(method: string, body: unknown, signal?: AbortSignal): RequestInit {
  return { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal: signal ?? null };
}

function raw(body: Blob): RequestInit {
  return { method: "POST", headers: { "content-type": "application/octet-stream" }, body };
}

const part = encodeURIComponent;

export const api = {
  log_in: (password: string) => ask("/login", sending("POST", { password })),
  session: () => json<Session>("/session"),

  models: () => json<Model[]>("/models"),
  card_url: (id: string, kind: "before" | "after") => `${root}/models/${part(id)}/card.jpg?kind=${kind}`,
  import_model: (file: File) => json<Model | Job>(`/models?name=${part(file.name)}`, raw(file)),
  export_url: (id: string, format: "onnx" | "safetensors" | "pth") =>
    `${root}/models/${part(id)}/export?format=${format}`,
  mix_models: (name: string, blend: BlendPart[]) => json<Model>("/models/mix", sending("POST", { name, blend })),
  remove_model: (id: string) => ask(`/models/${part(id)}`, { method: "DELETE" }),

  pictures: () => json<Picture[]>("/pictures"),
  upload: (file: File) => json<Picture>(`/pictures?name=${part(file.name)}`, raw(file)),
  upload_video: (file: File) => json<Video>(`/videos?name=${part(file.name)}`, raw(file)),
  picture_url: (id: string, size: number) => `${root}/pictures/${part(id)}?size=${size}`,
  remove_picture: (id: string) => ask(`/pictures/${part(id)}`, { method: "DELETE" }),
  preview: async (request: PreviewRequest, signal: AbortSignal) =>
    (await ask("/preview", sending("POST", request, signal))).blob(),

  jobs: () => json<Job[]>("/jobs"),
  start: (request: JobRequest) => json<Job>("/jobs", sending("POST", request)),
  job_do: (id: string, what: "cancel" | "pause" | "resume" | "first") => ask(`/jobs/${part(id)}/${what}`, { method: "POST" }),
  forget_job: (id: string) => ask(`/jobs/${part(id)}`, { method: "DELETE" }),
  zip_url: (id: string) => `${root}/jobs/${part(id)}/results.zip`,

  folder: (path: string) => json<FolderListing>(`/folders?path=${part(path)}`),
  check_folder: (path: string) => json<FolderCheck>("/folders/check", sending("POST", { path })),
  folder_thumbnail: (path: string) => `${root}/folders/thumbnail?path=${part(path)}`,

  runs: () => json<Run[]>("/runs"),
  stats: (id: string, after: number) => json<StatsRow[]>(`/runs/${part(id)}/stats?after=${after}`),
  samples: (id: string) => json<RunSample[]>(`/runs/${part(id)}/samples`),
  sample_url: (id: string, file: string) => `${root}/runs/${part(id)}/samples/${part(file)}`,
  run_report_url: (id: string) => `${root}/runs/${part(id)}/report.html`,

  collections: () => json<Collection[]>("/collections"),
  collection: (id: string) => json<CollectionDetail>(`/collections/${part(id)}?facets=1`),
  works: (id: string, offset: number, limit: number, filter: string) =>
    json<Work[]>(`/collections/${part(id)}/works?offset=${offset}&limit=${limit}&filter=${part(filter)}`),
  work_url: (id: string, file: string) => `${root}/collections/${part(id)}/works/${part(file)}/thumbnail`,
  label: (id: string, file: string, labels: Partial<Work>) =>
    ask(`/collections/${part(id)}/works/${part(file)}`, sending("PATCH", labels)),
  duplicates: (id: string) => json<string[][]>(`/collections/${part(id)}/duplicates`),

  studies: () => json<Study[]>("/studies"),
  study_url: (id: string, file: string, language: string) =>
    `${root}/studies/${part(id)}/${part(file)}?lang=${language}`,

  events_url: `${root}/events`,
};
