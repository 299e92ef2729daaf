// @vitest-environment node
// SPDX-License-Identifier: Apache-2.0
import { beforeEach, expect, test, vi } from "vitest";
import { landscape } from "../testing/drawings";
import { FakeStudio } from "../testing/fake_studio";
import { api, is_aborted, StudioError } from "./client";

let fake: FakeStudio;
let asked: string[];

beforeEach(() => {
  fake = new FakeStudio();
  asked = [];
  vi.stubGlobal("fetch", (path: string, init?: RequestInit) => {
    asked.push(path);
    const { credentials: _, ...rest } = init ?? {};
    return fake.handle(new Request(new URL(path, "http://localhost"), rest));
  });
});

test("names of any script reach the server whole", async () => {
  await expect(api.upload(new File(["no picture"], "山水/雪 & 景.png"))).rejects.toThrow("not a picture");
  expect(new URL(asked[0]!, "http://x").searchParams.get("name")).toBe("山水/雪 & 景.png");
  await api.remove_model("a/b ?").catch(() => {});
  expect(asked[1]).toBe("/api/v1/models/a%2Fb%20%3F");
});

test("the server's own words explain a failure", async () => {
  const error = await api.folder("/etc").catch((e: unknown) => e) as StudioError;
  expect(error).toBeInstanceOf(StudioError);
  expect([error.kind, error.status]).toEqual(["folder", 403]);
  expect(error.message).toContain("--allow");
});

test("an answer that is not the studio's is told by its status", async () => {
  vi.stubGlobal("fetch", async () => new Response("<html>", { status: 502, statusText: "Bad Gateway" }));
  await expect(api.models()).rejects.toMatchObject({ kind: "http", status: 502, message: "502 Bad Gateway" });
});

test("a server that is gone, and a request that was taken back, are told apart", async () => {
  vi.stubGlobal("fetch", async () => { throw new TypeError("fetch failed"); });
  await expect(api.models()).rejects.toMatchObject({ kind: "unreachable" });
  vi.stubGlobal("fetch", async () => { throw new DOMException("aborted", "AbortError"); });
  const error = await api.models().catch((e: unknown) => e);
  expect(is_aborted(error)).toBe(true);
  expect(is_aborted(new StudioError("", "superseded", 409))).toBe(true);
  expect(is_aborted(new StudioError("", "http", 500))).toBe(false);
});

test("the fake's drawings are pictures in each style's colours", () => {
  expect(landscape("ink")).not.toBe(landscape("ukiyoe"));
});
