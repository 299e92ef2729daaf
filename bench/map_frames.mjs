// SPDX-License-Identifier: Apache-2.0
// How fluid a study's map.html is with many works:
//
//     node bench/map_frames.mjs [WORKS [LINMO]]        20000, build/release/linmo
//
// Makes a table of numbers drawn by lot in two groups, compares them, opens the map in Chromium without a graphics
// card and prints, in milliseconds: what a frame takes to draw while the map is dragged and zoomed, how far apart the
// frames are that the browser then shows, a filter and a lasso. Needs app/web's packages (./run build) and Chromium.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { open_browser, visit } from "../tests/web/support.mjs";

const works = Number(process.argv[2] ?? 20000);
const linmo = resolve(process.argv[3] ?? "build/release/linmo");
const folder = mkdtempSync(join(tmpdir(), "linmo-map-"));

// A generator of its own (Park & Miller 1988), so that every run draws the same numbers.
let state = 1;
const uniform = () => (state = state * 48271 % 2147483647) / 2147483647;
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());

try {
  const schema = JSON.parse(execFileSync(linmo, ["describe", "--list", "--json"], { maxBuffer: 1 << 28 }));
  const core = Object.keys(schema.properties).filter((name) => schema.properties[name].core);
  const rows = [["file", "culture", "artist", "title", "source", ...core].join(",")];
  for (let i = 0; i < works; ++i) {
    const group = i % 2;
    rows.push([`work${i}.jpg`, "AB"[group], `painter ${i % 997}`, `view ${i}`, `museum ${i % 7}`,
      ...core.map(() => (normal() + group / 2).toFixed(4))].join(","));
  }
  writeFileSync(join(folder, "table.csv"), rows.join("\n") + "\n");
  execFileSync(linmo, ["compare", join(folder, "table.csv"), "--by", "culture", "-o", join(folder, "study"), "--bootstrap",
    100, "--permutations", 99, "--multivariate-permutations", 99, "--max-units", 200, "--quiet"], { stdio: "ignore" });
  const map = join(folder, "study", "map.html");
  console.log(`${works} works, map.html ${(statSync(map).size / 1e6).toFixed(1)} MB`);

  const browser = await open_browser();
  for (const viewport of [{ width: 1280, height: 720 }, { width: 1920, height: 937 }]) {
    const { page, errors, close } = await visit(browser, pathToFileURL(map).href, { viewport });
    const found = await page.evaluate(async () => {
      const sorted = (v) => [...v].sort((a, b) => a - b);
      const share = (v, q) => sorted(v)[Math.floor(q * (v.length - 1))];
      const said = (v) => `${share(v, .5).toFixed(1)} (95 % under ${share(v, .95).toFixed(1)})`;
      const timed = (f) => { const start = performance.now(); f(); return performance.now() - start; };
      const canvas = document.getElementById("over");
      const drawn = [], apart = [];
      let last = 0;
      for (let i = 0; i < 240; ++i) {
        if (i % 3 < 2) linmoMap.pan(i % 2 ? 9 : -7, 4);
        else linmoMap.zoom(i % 2 ? 1.08 : 1 / 1.07, canvas.width / 2, canvas.height / 2);
        const now = await new Promise(requestAnimationFrame);
        if (last) apart.push(now - last);
        last = now;
        drawn.push(timed(linmoMap.draw));
      }
      const search = document.getElementById("text");
      const filters = ["painter 1", "museum 3", "view 77", ""].map((text) => timed(() => {
        search.value = text;
        linmoMap.filter();
        linmoMap.draw();
      }));
      const ring = [];
      for (let k = 0; k < 120; ++k)
        ring.push([canvas.width * (.5 + .35 * Math.cos(k / 60 * Math.PI)), canvas.height * (.5 + .35 * Math.sin(k / 60 * Math.PI))]);
      const lassos = [0, 1, 2, 3].map(() => { linmoMap.release(); return timed(() => { linmoMap.take(ring); linmoMap.draw(); }); });
      const span = (v) => `${Math.min(...v).toFixed(0)} to ${Math.max(...v).toFixed(0)}`;
      return { size: `${canvas.width} x ${canvas.height}`, drawn: said(drawn), apart: said(apart), filter: span(filters), lasso: span(lassos) };
    });
    console.log(`${found.size} px: a frame ${found.drawn} ms, frames ${found.apart} ms apart, filter ${found.filter}, lasso ${found.lasso}`);
    if (errors.length) throw new Error(errors.join("\n"));
    await close();
  }
  await browser.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
