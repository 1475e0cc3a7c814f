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

/**
 * emoji-picker-react renders a `<style>`, which `style-src 'self'` forbids. The same rules are adopted as a constructed stylesheet,
 * which is no inline style.
 */
function emojiPickerWithoutInlineStyle(): Plugin {
  const renders = "function DedupedStyle({css, nonce}) {";
  const adopts = `const adopted = new Set();
function DedupedStyle({css}) {
    React2.useInsertionEffect(() => {
        if (!css || adopted.has(css)) return;
        adopted.add(css);
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(css);
        document.adoptedStyleSheets.push(sheet);
    }, [css]);
    return null;
}
function InlineStyle({css, nonce}) {`;
  return {
    name: "emoji-picker-without-inline-style",
    enforce: "pre",
    transform(code, id) {
      if (!/node_modules\/emoji-picker-react\/dist\/esm\//.test(id) || !code.includes("DedupedStyle")) return null;
      const changed = code.replace(renders, adopts);
      if (changed === code) throw new Error("emoji-picker-react has changed: its run-time style was not found");
      return { code: changed, map: null };
    },
  };
}

/**
 * One script holds all that the page needs at its start. Else whatever a later script shares with it would be a file of its own, each
 * with its request and its headers, and compressed by itself.
 */
function startChunk(id: string, build: ModuleGraph): string | null {
  const seen = new Set<string>();
  const atStart = (module: string): boolean => {
    const info = build.getModuleInfo(module);
    if (info === null || seen.has(module)) return false;
    seen.add(module);
    // Importers are static: what comes by `import()` is not reached.
    return info.isEntry || info.importers.some(atStart);
  };
  return atStart(id) ? "page" : null;
}

interface ModuleGraph {
  getModuleInfo(id: string): { isEntry: boolean; importers: string[] } | null;
}

const server = env["STAFFLINE_DEV_SERVER"] ?? "http://localhost:8080";

export default defineConfig({
  plugins: [sonnerWithoutInlineStyle(), emojiPickerWithoutInlineStyle(), react(), tailwindcss()],
  build: {
    target: "es2022",
    // Nothing may be inlined as data: into the page.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Not of one file, but of the whole first load: `make bench-chat`.
    chunkSizeWarningLimit: 1_000,
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: startChunk, debugName: "page" }] } } },
  },
  optimizeDeps: { exclude: ["sonner", "emoji-picker-react"] },
  server: {
    proxy: {
      "/api": { target: server, ws: true, changeOrigin: true, rewriteWsOrigin: true, headers: { origin: server } },
    },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    // Pages are looked through by role, which takes long where the machine is busy.
    testTimeout: 60_000,
  },
});
