import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const src = fileURLToPath(new URL("src", import.meta.url));

export default defineConfig({
  resolve: {
    // Tests import the package by its public names; these lead to the sources.
    alias: [
      { find: /^downhill$/, replacement: `${src}/index.ts` },
      { find: /^downhill\/([a-z]+)$/, replacement: `${src}/$1/index.ts` },
    ],
  },
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    maxWorkers: "100%", // of the cores; the default keeps one free, which on two cores doubles the time
    // Generous: the machine may be busy, and a slow test is not a wrong one.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
