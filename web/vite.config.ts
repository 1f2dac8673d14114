import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // Relative addresses, so that the page works below any path.
  base: "./",
  plugins: [react()],
  build: {
    outDir: "../src/assent/interfaces/web/dist",
    emptyOutDir: true,
    target: "es2022",
    // NiiVue alone is larger; it is loaded for volumes only.
    chunkSizeWarningLimit: 1200,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8642" } },
  test: { environment: "node", include: ["tests/**/*.test.ts"] },
});
