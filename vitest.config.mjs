import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const src = fileURLToPath(new URL("src", import.meta.url));

/**
 * Folders whose tests only compute: they set no switch of the engine and do not count what it keeps, so their files can
 * share a process, in which the sources are loaded once. It takes a third of the time.
 */
const onlyComputing = [
  "array",
  "data",
  "errors",
  "ir",
  "kernel",
  "landscapes",
  "nn",
  "optim",
  "passes",
  "prims",
  "random",
  "syntax",
  "transforms",
  "tree",
  "util",
  "viz",
].map((folder) => `src/${folder}/**/*.test.ts`);

/** Tests of what is not Node: browsers, bundlers, other engines, Python. They say the same on every version of Node. */
const outside = [
  "src/data/bundle.test.ts",
  "src/io/bundle.test.ts",
  "src/landscapes/page/page.test.ts",
  "src/viz/to-html.test.ts",
  ...[
    "browser",
    "bundle",
    "csp",
    "distributed",
    "distributed-training",
    "engines",
    "export",
    "memory",
    "onnx",
    "onnx-in-page",
    "pages",
    "pictures",
    "playground",
    "prefetch-in-page",
    "report",
    "subpaths",
    "threads-in-page",
    "train-in-page",
  ].map((name) => `test/${name}.test.ts`),
];

const globalSetup = "test/support/chromium-server.ts"; // one browser for all

export default defineConfig({
  resolve: {
    // Tests import the package by its public names; these lead to the sources.
    alias: [
      { find: /^downhill$/, replacement: `${src}/index.ts` },
      { find: /^downhill\/([a-z]+)$/, replacement: `${src}/$1/index.ts` },
    ],
  },
  test: {
    maxWorkers: "100%", // of the cores; the default keeps one free, which on two cores doubles the time
    // Generous: the machine may be busy, and a slow test is not a wrong one.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: { name: "computing", include: onlyComputing, exclude: outside, isolate: false },
      },
      {
        extends: true,
        test: {
          name: "alone",
          include: ["src/**/*.test.ts", "test/**/*.test.ts"],
          exclude: [...onlyComputing, ...outside],
        },
      },
      { extends: true, test: { name: "outside", include: outside, isolate: false, globalSetup } },
    ],
  },
});
