// SPDX-License-Identifier: Apache-2.0
// A studio to visit (the real binary in LINMO_BIN, else the in-memory fake behind the same security headers) and a
// Chromium of one's own to visit it with.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32_of, deflate } from "./png.mjs";

const web = fileURLToPath(new URL("../../app/web/", import.meta.url));
const require = createRequire(join(web, "package.json"));
const types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const policy = "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'self'";

export const chromium_path = process.env.LINMO_CHROMIUM ?? "/usr/bin/chromium";
const named = process.env.LINMO_BIN;
/** The program, when it has a studio. */
export const binary = named && /^ +studio /m.test(spawnSync(named, ["--help"]).stdout) ? named : undefined;

/** Why no journey can be made here, or false. */
export function why_not() {
  if (!existsSync(chromium_path)) return `no Chromium at ${chromium_path}`;
  if (!existsSync(join(web, "node_modules/playwright-core"))) return "playwright-core is missing: npm ci in app/web";
  if (!existsSync(join(web, "dist/index.html"))) return "the front end is not built: npm run build in app/web";
  return false;
}

export async function fake_studio() {
  const vite = await require("vite").createServer({
    root: web, logLevel: "error", appType: "custom", server: { middlewareMode: true, ws: false, watch: null },
  });
  const { FakeStudio } = await vite.ssrLoadModule("/src/testing/fake_studio.ts");
  const { serve_fake } = await import("../../app/web/src/testing/serve_fake.mjs");
  const fake = new FakeStudio();
  const api = serve_fake(fake);
  const server = createServer((request, response) => {
    void api(request, response, () => {
      const path = request.url.split("?")[0];
      const file = join(web, "dist", path === "/" ? "index.html" : path);
      if (!existsSync(file)) return response.writeHead(404).end();
      response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream", "content-security-policy": policy });
      response.end(readFileSync(file));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    fake,
    url: `http://127.0.0.1:${server.address().port}/`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await vite.close();
    },
  };
}

/** `linmo studio` in a data folder of its own, which outlives a kill() and start(). */
export async function real_studio(...args) {
  const data = mkdtempSync(join(tmpdir(), "linmo-studio-"));
  let child;
  const start = () => {
    child = spawn(binary, ["studio", "--no-browser", "--port", "0", "--data", data, ...args]);
    let said = "";
    return new Promise((resolve, reject) => {
      const hear = (bytes) => {
        said += bytes;
        const found = said.match(/http:\/\/127\.0\.0\.1:\d+\/\S*/);
        if (found) resolve(found[0]);
      };
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      child.on("error", reject);
      child.on("exit", (code) => reject(new Error(`linmo studio ended with ${code}: ${said}`)));
    });
  };
  const end = async (signal) => {
    child.removeAllListeners("exit");
    const ended = new Promise((resolve) => child.on("exit", resolve));
    child.kill(signal);
    await ended;
  };
  const studio = {
    url: await start(),
    data,
    kill: () => end("SIGKILL"),
    restart: async () => (studio.url = await start()),
    stop: async () => {
      await end("SIGTERM");
      rmSync(data, { recursive: true, force: true });
    },
  };
  return studio;
}

export async function open_browser() {
  const { chromium } = require("playwright-core");
  return chromium.launch({  // in a new profile of its own
    executablePath: chromium_path,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/** A page that remembers every error in its console. */
export async function visit(browser, url, options = {}) {
  const context = await browser.newContext({
    locale: "en-GB", viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", acceptDownloads: true, ...options,
  });
  const page = await context.newPage();
  const errors = [];
  page.on("console", (message) => { if (message.type() === "error") errors.push(message.text()); });
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(url);
  return { page, errors, close: () => context.close() };
}

/** What axe-core finds wrong, one line each. */
export async function axe(page) {
  // Through the debugger, as the Content-Security-Policy lets no page load it.
  await page.evaluate(readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
  const { violations } = await page.evaluate(() => globalThis.axe.run({ iframes: false }));
  return violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).slice(0, 3).join(" | ")}`);
}

/** A drawn landscape as PNG: hills under a sun. `seed` moves the hills. */
export function landscape_png(width, height, seed = 0) {
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const u = x / width, v = y / height;
      const hill = (base, rise, phase) => base - rise * Math.abs(Math.sin(u * 6 + phase + seed)) - rise * 0.25 * Math.sin(u * 21 + phase);
      let colour = [150 + 70 * v, 190 + 30 * v, 235 - 50 * v];
      if ((u - 0.72) ** 2 + ((v - 0.24) * height / width) ** 2 < 0.004) colour = [255, 226, 160];
      if (v > hill(0.62, 0.3, 0.4)) colour = [120 - 30 * v, 145 - 20 * v, 165 - 30 * v];
      if (v > hill(0.78, 0.2, 2)) colour = [88, 120 - 20 * v, 92];
      if (v > hill(0.92, 0.12, 4)) colour = [58 + 20 * v, 84 + 20 * v, 50];
      const grain = 6 * Math.sin(x * 12.9898 + y * 78.233) ;
      rows.set(colour.map((c) => Math.max(0, Math.min(255, Math.round(c + grain)))), y * (width * 3 + 1) + 1 + 3 * x);
    }
  }
  const chunk = (name, body) => {
    const head = Buffer.concat([Buffer.from(name), body]);
    const out = Buffer.alloc(8 + head.length);
    out.writeUInt32BE(body.length, 0);
    head.copy(out, 4);
    out.writeUInt32BE(crc32_of(head), 4 + head.length);
    return out;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk("IHDR", header), chunk("IDAT", deflate(rows)),
    chunk("IEND", Buffer.alloc(0))]);
}
