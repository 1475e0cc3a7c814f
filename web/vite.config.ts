/** Builds the page: one script, one stylesheet, nothing fetched from outside, nothing inline (the server's CSP forbids it). */
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { env } from "node:process";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** sonner inserts a `<style>` at run time, which `style-src 'self'` forbids. Its stylesheet is imported in theme.css instead. */
function sonnerWithoutInlineStyle(): Plugin {
  return {
    name: "sonner-without-inline-style",
    enforce: "pre",
    transform(code, id) {
      if (!/node_modules\/sonner\/dist\/index\.mjs/.test(id)) return null;
      const stripped = code.replace(/^__insertCSS\(.*\);?$/m, "");
      if (stripped === code) throw new Error("sonner has changed: its run-time style was not found");
      return { code: stripped, map: null };
    },
  };
}

const server = env["STAFFLINE_DEV_SERVER"] ?? "http://localhost:8080";

export default defineConfig({
  plugins: [sonnerWithoutInlineStyle(), react(), tailwindcss()],
  build: {
    target: "es2022",
    // Nothing may be inlined as data: into the page.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  optimizeDeps: { exclude: ["sonner"] },
  server: {
    proxy: {
      "/api": { target: server, ws: true, changeOrigin: true, rewriteWsOrigin: true, headers: { origin: server } },
    },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
  },
});
