import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const src = fileURLToPath(new URL("src", import.meta.url));
const all = ["src/**/*.test.ts", "test/**/*.test.ts"];

/**
 * Files that need a process of their own, which costs a second load of the sources. All others share one: whatever they
 * switch they put back.
 */
const alone = [
  // switch the engine's flags, or turbo mode, which stays on
  "src/backends/wasm/contract/contract.test.ts",
  "src/backends/wasm/features.test.ts",
  "src/backends/wasm/opcodes.test.ts",
  "src/backends/wasm/threads/threads.test.ts",
  "src/runtime/turbo.test.ts",
  "test/doc-examples.test.ts",
  // load the sources anew, or with a part exchanged
  "src/train/parallel/one-rank.test.ts",
  "src/train/unawaited.test.ts",
  "test/coverage.test.ts",
  // count what the engine keeps, or what it takes from the operating system
  "src/runtime/evaluate.test.ts",
  "src/runtime/executable.test.ts",
  "src/runtime/jit.test.ts",
  "test/out-of-memory.test.ts",
  // read memory of kernels that nothing has written to before
  "src/backends/wasm/vector/blocks.test.ts",
  "src/backends/wasm/vector/wide.test.ts",
  // start processes, and wait for them
  "src/distributed/*.test.ts",
  "src/io/lock-file.test.ts",
  "src/io/replace-file.test.ts",
  "src/train/checkpoint/kill.test.ts",
  "src/train/parallel/ranks.test.ts",
  ...["bench", "examples", "layers", "lost-output", "readme", "soak", "threads", "turbo", "weights"].map(
    (name) => `test/${name}.test.ts`,
  ),
];

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
    experimental: { fsModuleCache: true },
    projects: [
      {
        extends: true,
        test: {
          name: "computing",
          include: all,
          exclude: [...alone, ...outside],
          isolate: false,
          execArgv: ["--max-semi-space-size=64"],
        },
      },
      { extends: true, test: { name: "alone", include: alone } },
      { extends: true, test: { name: "outside", include: outside, isolate: false, globalSetup } },
    ],
  },
});
