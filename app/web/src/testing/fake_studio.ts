// SPDX-License-Identifier: Apache-2.0
// The studio's API in memory, for Vitest, `npm run dev` without a server, and the journeys that need no real model.
import type {
  Collection, Facet, Folder, Job, JobRequest, JobResult, Model, Picture, Run, Study, StatsRow, Work,
} from "../api/types";
import { landscape, tinted } from "./drawings";

const prefix = "/api/v1";

interface Stored extends Picture {
  content: Uint8Array;
  type: string;
}

const reply = (body: unknown, status = 200) => Response.json(body, { status });
const problem = (status: number, kind: string, message: string) => reply({ error: { kind, message } }, status);
const svg = (text: string) => new Response(text, { headers: { "content-type": "image/svg+xml" } });
const page = (text: string) => new Response(
  `<!doctype html><html lang="en"><title>Report</title><body><h1>${text}</h1></body></html>`,
  { headers: { "content-type": "text/html; charset=utf-8" } });

function png_size(bytes: Uint8Array): [number, number] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return bytes.length > 24 && view.getUint32(0) === 0x89504e47 ? [view.getUint32(16), view.getUint32(20)] : undefined;
}

const model = (id: string, en: string, zh: string, ja: string, credit: string): Model => ({
  id, name: id, title: { en, zh, ja }, licence: "CC BY-SA 4.0", credit, method: "swift", sizeBytes: 3932246, bundled: true,
});

export class FakeStudio {
  models: Model[] = [
    model("ink", "Chinese landscape", "中国山水", "中国山水画", "281 old-master landscape paintings"),
    model("ukiyoe", "Ukiyo-e", "浮世绘", "浮世絵", "woodblock prints in the public domain"),
    model("impressionism", "Impressionism", "印象派", "印象派", "2,223 paintings in the public domain"),
  ];
  pictures: Stored[] = [];
  jobs: Job[] = [];
  runs: Run[] = [];
  collections: Collection[] = [];
  studies: Study[] = [];
  folders = ["/pictures"];
  /** Seconds that each kind of job takes. */
  durations: Partial<Record<Job["kind"], number>> = { stylise: 0.6, train: 6, collect: 1, compare: 1 };
  train = true;
  private locked = false;
  private labels = new Map<string, Partial<Work>>();
  private next = 1;
  private outlets = new Set<ReadableStreamDefaultController<Uint8Array>>();

  async handle(request: Request): Promise<Response> {
    const url = new URL(request.url, "http://localhost");
    const [what = "", id = "", part = "", file = ""] = url.pathname.slice(prefix.length + 1).split("/").map(decodeURIComponent);
    const query = url.searchParams, method = request.method;
    if (this.locked) return problem(401, "token", "Open the studio with the link that it printed when it was started.");
    switch (what) {
      case "session":
        return reply({ version: "0.0-fake", languages: ["en", "zh", "ja"], limits: { bodyBytes: 1 << 28, pixels: 1 << 28 },
          train: this.train, folders: this.folders, cores: 2 });
      case "events": return this.events();
      case "models": return this.on_models(request, id, part, query);
      case "pictures": return this.on_pictures(request, id, query);
      case "videos": return reply({ id: "v1.mp4", name: query.get("name") ?? "", bytes: 1 }, 201);
      case "preview": return this.preview(await request.json());
      case "jobs": return this.on_jobs(request, id, part, file);
      case "folders": return this.on_folders(id, query, method === "POST" ? (await request.json()).path : query.get("path"));
      case "runs": return this.on_runs(id, part, file, query);
      case "collections": return this.on_collections(request, id, part, file, query);
      case "studies": return id ? page(`${id} ${part} ${query.get("lang") ?? ""}`) : reply(this.studies);
      default: return problem(404, "not_found", "There is nothing at this address.");
    }
  }

  /** As one that was ended and started again: streams break, and the old key opens nothing. */
  begin_anew() {
    this.locked = true;
    for (const outlet of this.outlets) outlet.close();
    this.outlets.clear();
  }

  private async on_models(request: Request, id: string, part: string, query: URLSearchParams): Promise<Response> {
    if (request.method === "POST") {
      const name = query.get("name") ?? "model";
      if (!/\.(pth|pt|safetensors)$/.test(name)) return problem(422, "model", "this is not a checkpoint that linmo knows");
      const plain = name.replace(/\.\w+$/, "");
      const made: Model = { id: plain, name: plain, title: plain, sizeBytes: (await request.arrayBuffer()).byteLength, bundled: false };
      this.models.push(made);
      return reply(made, 201);
    }
    if (!id) return reply(this.models);
    if (request.method === "DELETE") {
      this.models = this.models.filter((m) => m.id !== id);
      return new Response(null, { status: 204 });
    }
    if (part === "card.jpg") return svg(landscape(query.get("kind") === "before" ? "photo" : id));
    return new Response("model", { headers: { "content-type": "application/octet-stream" } });
  }

  private async on_pictures(request: Request, id: string, query: URLSearchParams): Promise<Response> {
    if (request.method === "POST") {
      const content = new Uint8Array(await request.arrayBuffer());
      const size = png_size(content);
      if (!size) return problem(422, "picture", "this is not a picture that linmo can read");
      const made: Stored = {
        id: `p${this.next++}`, name: query.get("name") ?? "picture", width: size[0], height: size[1], channels: 3, alpha: false,
        format: "png", bytes: content.length, content, type: "image/png",
      };
      this.pictures.push(made);
      return reply(this.public(made), 201);
    }
    if (!id) return reply(this.pictures.map((p) => this.public(p)));
    const found = this.pictures.find((p) => p.id === id);
    if (!found) return problem(404, "not_found", "There is no such picture.");
    if (request.method === "DELETE") {
      this.pictures = this.pictures.filter((p) => p !== found);
      return new Response(null, { status: 204 });
    }
    return new Response(found.content.slice().buffer, { headers: { "content-type": found.type } });
  }

  private public({ content: _, type: __, ...picture }: Stored): Picture {
    return picture;
  }

  private preview(wanted: { picture: string; blend: { model: string }[]; strength: number }): Response {
    const found = this.pictures.find((p) => p.id === wanted.picture);
    if (!found) return problem(404, "not_found", "There is no such picture.");
    return svg(tinted(found.content, found.type, found.width, found.height, wanted.blend[0]?.model ?? "ink", wanted.strength));
  }

  private async on_jobs(request: Request, id: string, part: string, file: string): Promise<Response> {
    if (request.method === "POST" && !id) return reply(this.begin((await request.json()) as JobRequest), 202);
    if (!id) return reply(this.jobs);
    const job = this.jobs.find((j) => j.id === id);
    if (!job) return problem(404, "not_found", "There is no such job.");
    if (request.method === "DELETE") {
      this.jobs = this.jobs.filter((j) => j !== job);
      return new Response(null, { status: 204 });
    }
    if (part === "results" && file) return svg(landscape("ink"));
    if (part === "results.zip") return new Response("zip", { headers: { "content-type": "application/zip" } });
    if (part === "cancel") job.state = "cancelled";
    else if (part === "pause") job.state = "paused";
    else if (part === "resume") job.state = "running";
    this.tell("job", job);
    return reply(job);
  }

  /** As a command that was killed. */
  break_off(id: string, message: string) {
    const job = this.jobs.find((j) => j.id === id)!;
    Object.assign(job, { state: "failed", message });
    this.tell("job", job);
  }

  begin(request: JobRequest): Job {
    const job: Job = {
      id: `j${this.next++}`, kind: request.kind, state: "queued", progress: 0, etaSeconds: null, created: "2026-01-01T00:00:00Z",
      request: { ...request, ...(request.kind === "describe" ? { name: request.collection } : {}) }, results: [], failures: [],
    };
    this.jobs.unshift(job);
    if (request.kind === "train") {
      this.runs.unshift({ id: `r${job.id}`, name: request.name, state: "running", job: job.id, method: request.method });
    }
    const total = this.durations[request.kind] ?? 1, tick = 0.1;
    let done = 0;
    const timer = setInterval(() => {
      if (job.state === "paused" || job.state === "failed") return;
      if (job.state === "cancelled") return clearInterval(timer);
      done += tick;
      job.state = done < total ? "running" : "done";
      job.progress = Math.min(1, done / total);
      job.etaSeconds = Math.max(0, total - done);
      if (job.state === "done") {
        clearInterval(timer);
        this.finish(job, request);
      }
      this.tell("job", job);
    }, tick * 1000);
    return { ...job };
  }

  private finish(job: Job, request: JobRequest) {
    const name = "name" in request ? request.name : "";
    if (request.kind === "stylise") {
      job.results = request.pictures.map((id): JobResult => {
        const base = this.pictures.find((p) => p.id === id)?.name.replace(/\.\w+$/, "") ?? id;
        const file = `${base}.${request.format ?? "png"}`;
        return { name: file, bytes: 12345, type: "image/png", href: `${prefix}/jobs/${job.id}/results/${encodeURIComponent(file)}` };
      });
    } else if (request.kind === "video") {
      const file = `${name.replace(/\.\w+$/, "")}.mp4`;
      job.results = [{ name: file, bytes: 12345, type: "video/mp4", href: `${prefix}/jobs/${job.id}/results/${file}` }];
    } else if (request.kind === "train") {
      this.runs = this.runs.map((r) => (r.job === job.id ? { ...r, state: "done" } : r));
      this.models.push({ id: name, name, title: name, method: request.method, sizeBytes: 3932246, bundled: false });
    } else if (request.kind === "collect") {
      this.collections.push({ id: name, name, works: 12 });
    } else if (request.kind === "describe") {
      const file = `${request.collection}.csv`;
      job.results = [{ name: file, bytes: 12345, type: "text/csv", href: `${prefix}/jobs/${job.id}/results/${encodeURIComponent(file)}` }];
    } else {
      this.studies.push({ id: name, name, collections: request.collections, files: ["report.html", "map.html"] });
    }
  }

  private on_folders(part: string, query: URLSearchParams, path: string | null): Response {
    if (part === "thumbnail") return svg(landscape("photo", (query.get("path") ?? "").length));
    if (!path || !this.folders.some((root) => path.startsWith(root))) {
      return problem(403, "folder", "The studio may not read this folder. Start it with --allow to let it.");
    }
    const samples = [1, 2, 3, 4].map((i) => `${path}/${"x".repeat(i)}.jpg`);
    if (part === "check") return reply({ usable: 58, refused: [{ file: "notes.txt", reason: "not a picture" }], refusedCount: 1, samples });
    const at_root = path === "/pictures";
    const folders: Folder[] = at_root
      ? ["山水", "photographs", "浮世絵"].map((name) => ({ path: `${path}/${name}`, name, pictures: 58 })) : [];
    return reply({ path, folders, pictures: at_root ? 0 : 58, samples: at_root ? [] : samples });
  }

  private on_runs(id: string, part: string, file: string, query: URLSearchParams): Response {
    if (!id) return reply(this.runs);
    if (part === "report.html") return page(`Report of ${id}`);
    if (file) return svg(landscape("ink", Number.parseInt(file)));
    const job = this.jobs.find((j) => `r${j.id}` === id);
    const steps = Math.floor((job?.progress ?? 1) * 60);
    if (part === "samples") {
      return reply(Array.from({ length: Math.floor(steps / 12) }, (_, i) => ({ file: `${i}.png`, step: i * 120 })));
    }
    const rows: StatsRow[] = [];
    for (let i = 0; i < steps; i++) {
      if (i * 10 <= Number(query.get("after"))) continue;
      rows.push({ step: i * 10, seconds: i, pictures_per_second: 4.4,
        losses: { content: 2 / (1 + i / 9) + 0.1 * Math.sin(i), style: 5 / (2 + i / 5) + 0.15 * Math.sin(3 * i) } });
      if (i % 10 === 9) rows.push({ step: i * 10, seconds: i, score: { style: 4 / (1 + i / 20), content: 0.5 + i / 200, untouched: 9 } });
    }
    return reply(rows);
  }

  private async on_collections(request: Request, id: string, part: string, file: string, query: URLSearchParams): Promise<Response> {
    if (!id) return reply(this.collections);
    const found = this.collections.find((c) => c.id === id);
    if (!found) return problem(404, "not_found", "There is no such collection.");
    if (file && request.method === "PATCH") {
      const labels = (await request.json()) as Partial<Work>;
      this.labels.set(`${id}/${file}`, { ...this.labels.get(`${id}/${file}`), ...labels });
      return new Response(null, { status: 204 });
    }
    if (file) return svg(landscape("ink", file.length));
    const works: Work[] = Array.from({ length: found.works }, (_, i) => ({
      file: `${"w".repeat(i + 1)}.png`, title: `Mountain ${i + 1}`, artist: "Unknown", culture: i % 2 ? "China" : "Japan" }))
      .map((work) => ({ ...work, ...this.labels.get(`${id}/${work.file}`) }));
    const [, wanted] = (query.get("filter") ?? "").split(":");
    if (part === "works") return reply(works.filter((w) => !wanted || w.culture === wanted));
    if (part === "duplicates") return reply([["w.png", "ww.png"]]);
    const facets: Facet[] = [{ field: "culture", values: [{ value: "China", count: 6 }, { value: "Japan", count: 6 }] }];
    return reply({ ...found, facets });
  }

  private events(): Response {
    let outlet: ReadableStreamDefaultController<Uint8Array>;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.outlets.add((outlet = controller));
        controller.enqueue(new TextEncoder().encode(": here\n\n"));
      },
      cancel: () => void this.outlets.delete(outlet),
    });
    return new Response(stream, { headers: { "content-type": "text/event-stream" } });
  }

  private tell(event: string, data: unknown) {
    const bytes = new TextEncoder().encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    for (const outlet of this.outlets) outlet.enqueue(bytes);
  }
}
