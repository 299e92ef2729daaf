// SPDX-License-Identifier: Apache-2.0
// Node's request and response <-> the fake's.
import { Readable } from "node:stream";

export function serve_fake(studio) {
  return async (incoming, outgoing, next) => {
    if (!incoming.url.startsWith("/api/")) return next();
    const parts = [];
    for await (const part of incoming) parts.push(part);
    const has_body = incoming.method !== "GET" && incoming.method !== "HEAD";
    const answer = await studio.handle(new Request(new URL(incoming.url, "http://localhost"), {
      method: incoming.method, body: has_body ? Buffer.concat(parts) : undefined,
    }));
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (!answer.body) return outgoing.end();
    const body = Readable.fromWeb(answer.body);
    outgoing.on("close", () => body.destroy());
    body.on("error", () => outgoing.destroy());
    body.pipe(outgoing);
  };
}
