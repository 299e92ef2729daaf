// @vitest-environment node
// SPDX-License-Identifier: Apache-2.0
// What the browser loads: small, from this machine only, and nothing inline that the security policy would refuse.
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { build } from "vite";

const most_bytes = 60_000;

test("the bundle is small, self-contained and free of inline code", async () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const { output } = await build({ root, logLevel: "error", build: { write: false } });
  const text = (file) => String(file.type === "chunk" ? file.code : file.source);
  const bytes = output.reduce((sum, file) => sum + gzipSync(text(file)).length, 0);
  expect(bytes).toBeLessThan(most_bytes);
  for (const file of output) {
    const hosts = (text(file).match(/https?:\/\/[\w.-]+/g) ?? []).filter((host) => !host.endsWith("www.w3.org"));
    expect(hosts, file.fileName).toEqual([]);
    expect(text(file), file.fileName).not.toContain("FakeStudio");
  }
  const page = text(output.find((file) => file.fileName === "index.html"));
  expect(page).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/);
}, 60_000);
