import type { Connect } from "vite";
export function serve_fake(studio: { handle(request: Request): Promise<Response> }): Connect.NextHandleFunction;
