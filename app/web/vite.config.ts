// SPDX-License-Identifier: Apache-2.0
// `npm run dev` speaks to the studio at LINMO_STUDIO_URL (the link that it printed, with its token), or to the
// in-memory fake when that is not set.
import { defineConfig } from "vitest/config";
import type { Plugin } from "vite";

const studio = process.env.LINMO_STUDIO_URL ? new URL(process.env.LINMO_STUDIO_URL) : undefined;
const token = studio?.searchParams.get("token");

const fake_studio: Plugin = {
  name: "fake-studio",
  apply: "serve",
  async configureServer(server) {
    if (studio || process.env.VITEST) return;
    const { serve_fake } = await import("./src/testing/serve_fake.mjs");
    const module = await server.ssrLoadModule("/src/testing/fake_studio.ts");
    server.middlewares.use(serve_fake(new module.FakeStudio()));
  },
};

export default defineConfig({
  base: "./",
  plugins: [fake_studio],
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  server: studio ? {
    proxy: {
      "/api": {
        target: studio.origin,
        changeOrigin: true,
        headers: { origin: studio.origin, ...(token ? { authorization: `Bearer ${token}` } : {}) },
      },
    },
  } : {},
  // No data: URLs: the studio's Content-Security-Policy is `default-src 'self'`.
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx,mjs}"] },
});
