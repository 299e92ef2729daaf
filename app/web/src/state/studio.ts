// SPDX-License-Identifier: Apache-2.0
// What the server has, and the stream of events that keeps it fresh.
import { computed, signal } from "@preact/signals";
import { api, StudioError } from "../api/client";
import type { Collection, Job, JobRequest, Model, Picture, Run, Session, Study } from "../api/types";
import { strings, t, type Key } from "../i18n";
import { language } from "./prefs";
import { error_text, loaded } from "./load";
import type { Page } from "./route";

export const session = signal<Session | undefined>(undefined);
export const session_error = signal<"" | "locked" | "password" | "unreachable">("");
export const connected = signal(true);
/** Read out by screen readers. */
export const announcement = signal("");

export const models = loaded<Model[]>(api.models);
export const pictures = loaded<Picture[]>(api.pictures);
export const jobs = loaded<Job[]>(api.jobs);
export const runs = loaded<Run[]>(api.runs);
export const collections = loaded<Collection[]>(api.collections);
export const studies = loaded<Study[]>(api.studies);

/** The models that paint (a feature network only judges). */
export const styles = computed(() => models.value.value?.filter((m) => m.method !== "distil"));

export const visible_pages = computed<Page[]>(() => {
  const shown: Page[] = ["stylise"];
  if (session.value?.train && !runs.absent.value) shown.push("train");
  if (!collections.absent.value) shown.push("collections");
  if (!collections.absent.value && !studies.absent.value) shown.push("cultures");
  return [...shown, "models"];
});

export function model_title(model: Model): string {
  // Those that come with linmo have names in every language.
  const known = `style.${model.id}`;
  if (model.bundled && known in strings.en) return t(known as Key);
  if (typeof model.title === "string") return model.title || model.name;
  return model.title?.[language.value] ?? model.title?.en ?? model.name;
}

/** A method as the Train page calls it; others keep their own names. */
export function method_text(method: string | undefined): string | undefined {
  const key = `train.method.${method}`;
  return key in strings.en ? t(key as Key) : method;
}

export function job_title(job: Job): string {
  const request = job.request ?? {};
  if (job.kind === "stylise") return t("jobs.stylise", { n: ((request["pictures"] as unknown[]) ?? []).length });
  return t(`jobs.${job.kind}`, { name: String(request["name"] ?? job.id) });
}

export const is_over = (job: Job) => job.state === "done" || job.state === "failed" || job.state === "cancelled";

/** Puts a job's newest state into the list and says so when it ends. */
export function take_job(job: Job) {
  const list = jobs.value.value ?? [];
  const before = list.find((j) => j.id === job.id);
  jobs.value.value = before ? list.map((j) => (j.id === job.id ? job : j)) : [job, ...list];
  if (!before || before.state === job.state || !is_over(job)) return;
  announcement.value = t("jobs.announce", { title: job_title(job), state: t(`jobs.${job.state}`) });
  if (job.kind === "train") void Promise.all([models.load(), runs.load()]);
  if (job.kind === "import") void models.load();
  if (job.kind === "collect") void collections.load();
  if (job.kind === "compare" || job.kind === "describe") void studies.load();
}

export async function start_job(request: JobRequest): Promise<Job> {
  const job = await api.start(request);
  take_job(job);
  if (job.kind === "train") void runs.load();
  return job;
}

export async function tell_job(job: Job, what: "cancel" | "pause" | "resume" | "first" | "forget") {
  if (what === "forget") {
    await api.forget_job(job.id);
    jobs.value.value = jobs.value.value?.filter((j) => j.id !== job.id);
  } else {
    await api.job_do(job.id, what);
    await jobs.load();
  }
}

const retry_ms = 2000;
let stream: EventSource | undefined;

const load_lists = () => Promise.all([models, pictures, jobs, runs, collections, studies].map((list) => list.load()));

function listen() {
  stream?.close();
  const mine = stream = new EventSource(api.events_url);
  stream.addEventListener("open", () => {
    // Whatever happened while nobody listened is in the lists.
    if (!connected.value) void load_lists();
    connected.value = true;
  });
  stream.addEventListener("error", () => {
    connected.value = false;
    // A browser tries again where nobody answers, but not after a refusal: of a studio that was started anew, for one.
    if (mine.readyState === EventSource.CLOSED) setTimeout(() => { if (mine === stream) void come_back(); }, retry_ms);
  });
  stream.addEventListener("job", (event) => take_job(JSON.parse(event.data) as Job));
  stream.addEventListener("model", () => void models.load());
  stream.addEventListener("run", () => void runs.load());
}

/** Why there is no session, where that is so. */
async function enter(): Promise<typeof session_error.value> {
  try {
    session.value = await api.session();
    return "";
  } catch (error) {
    const locked = error instanceof StudioError && (error.status === 401 || error.status === 403);
    return !locked ? "unreachable" : error.kind === "password" ? "password" : "locked";
  }
}

async function come_back() {
  const why = await enter();
  if (why === "" || why === "unreachable") return listen();
  connected.value = true;  // it does answer: that the key is an old one
  session.value = undefined;
  session_error.value = why;
}

export async function open_studio() {
  session_error.value = await enter();
  if (session_error.value) return;
  await load_lists();
  listen();
}

export { error_text };
