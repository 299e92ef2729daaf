// SPDX-License-Identifier: Apache-2.0
// What the studio's server says and is told. Sizes are bytes, times are ISO 8601.

export type Language = "en" | "zh" | "ja";

export interface Session {
  version: string;
  languages: string[];
  limits: { bodyBytes: number; pixels: number };
  train: boolean;
  folders: string[];
  cores: number;
}

export interface Model {
  id: string;
  name: string;
  title: string | Partial<Record<Language, string>>;
  licence?: string;
  credit?: string;
  method?: string;
  sizeBytes: number;
  bundled: boolean;
}

export interface Picture {
  id: string;
  name: string;
  width: number;
  height: number;
  channels: number;
  alpha: boolean;
  format: string;
  bytes: number;
}

export interface BlendPart {
  model: string;
  weight: number;
}

export interface Look {
  blend: BlendPart[];
  /** 0 is the untouched picture, 1 the full style. */
  strength: number;
  keepColour: boolean;
}

export interface PreviewRequest extends Look {
  picture: string;
  /** Longer side in pixels. */
  size: number;
}

export type JobKind = "stylise" | "video" | "train" | "collect" | "describe" | "compare" | "import";
export type JobState = "queued" | "running" | "paused" | "done" | "failed" | "cancelled";

export interface JobResult {
  name: string;
  bytes: number;
  type: string;
  href: string;
}

export interface Job {
  id: string;
  kind: JobKind;
  state: JobState;
  /** Of waiting jobs the highest is next. */
  priority?: number;
  /** 0 to 1. */
  progress: number;
  etaSeconds?: number | null;
  message?: string;
  created: string;
  started?: string | null;
  ended?: string | null;
  request: Record<string, unknown>;
  results: JobResult[];
  failures: { name: string; reason: string }[];
}

export interface StyliseRequest extends Look {
  kind: "stylise";
  pictures: string[];
  format?: "png" | "jpeg" | "webp";
}

export type Source = { folder: string } | { pictures: string[] };

export interface Video {
  id: string;
  name: string;
  bytes: number;
}

/** One style only. */
export interface VideoRequest extends Look {
  kind: "video";
  video: string;
  name: string;
}

export interface TrainRequest {
  kind: "train";
  name: string;
  /** Tuning can do without. */
  content?: Source;
  style: Source;
  method: string;
  /** With methods "tune" and "recurrent": the style to begin with. */
  model?: string;
  minutes: number;
  size: number;
  seed: number;
}

export interface CollectRequest {
  kind: "collect";
  name: string;
  sources?: string[];
  /** Instead of sources: pairs of a collection and a file. */
  works?: [string, string][];
  /** Instead of sources: uploads. */
  pictures?: string[];
}

/** Its table of features is the job's result. */
export interface DescribeRequest {
  kind: "describe";
  collection: string;
}

export interface CompareRequest {
  kind: "compare";
  name: string;
  collections: string[];
  preregistration?: string;
}

export type JobRequest = StyliseRequest | VideoRequest | TrainRequest | CollectRequest | DescribeRequest | CompareRequest;

export interface Folder {
  path: string;
  name: string;
  pictures: number;
}

export interface FolderListing {
  path: string;
  folders: Folder[];
  pictures: number;
  samples: string[];
}

export interface FolderCheck {
  usable: number;
  /** The first of them; refusedCount is how many there are. */
  refused: { file: string; reason: string }[];
  refusedCount: number;
  samples: string[];
}

export interface Run {
  id: string;
  name: string;
  state: JobState;
  job?: string;
  method?: string;
  minutes?: number;
}

/** A row of stats.jsonl (a loss that is not a number comes as null). */
export interface StatsRow {
  step: number;
  seconds: number;
  losses?: Record<string, number | null>;
  pictures_per_second?: number;
  /** A row has losses or scores. */
  score?: { style: number; content: number; untouched: number };
}

export interface RunSample {
  file: string;
  step: number;
}

export interface Collection {
  id: string;
  name: string;
  works: number;
  licence?: string;
}

export interface Facet {
  field: string;
  values: { value: string; count: number }[];
}

export interface CollectionDetail extends Collection {
  facets: Facet[];
}

export interface Work {
  file: string;
  title?: string;
  culture?: string;
  artist?: string;
  date?: string;
  category?: string;
  source?: string;
  licence?: string;
}

export interface Study {
  id: string;
  name: string;
  collections: string[];
  files: string[];
  created?: string;
}
