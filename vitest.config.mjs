import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const src = fileURLToPath(new URL("src", import.meta.url));
/** @type {{ order: string[] }} */
const { order } = JSON.parse(readFileSync(new URL("layers.json", import.meta.url), "utf8"));
const all = ["src/**/*.test.ts", "pages/**/*.test.ts", "test/**/*.test.ts"];

/**
 * Files that need their own process, which costs another load of the sources. All other files share one process, so
 * they restore every setting that they change.
 */
const alone = [
  // switch the engine's flags, or turbo mode, which stays on, or give tensors more methods
  "src/engine/backends/wasm/emit/contract/contract.test.ts",
  "src/engine/backends/wasm/host/features.test.ts",
  "src/engine/backends/wasm/encode/opcodes.test.ts",
  "src/engine/backends/wasm/host/threads/threads.test.ts",
  "src/engine/runtime/turbo.test.ts",
  "test/public-names.test.ts",
  "test/doc-examples.test.ts",
  "src/numeric/methods/methods.test.ts",
  // load the sources again, or with a replaced part
  "src/training/train/parallel/one-rank.test.ts",
  "src/training/train/unawaited.test.ts",
  "test/coverage.test.ts",
  // count objects that the engine retains, or memory from the operating system
  "src/engine/runtime/evaluate.test.ts",
  "src/engine/runtime/executable.test.ts",
  "src/engine/runtime/jit.test.ts",
  "test/out-of-memory.test.ts",
  // has the engine count calls of functions
  "test/plain/first-call.test.ts",
  // read kernel memory that must be unwritten
  "src/engine/backends/wasm/emit/vector/blocks.test.ts",
  "src/engine/backends/wasm/emit/vector/wide.test.ts",
  // start processes, and wait for them
  "src/training/distributed/*.test.ts",
  "src/training/io/lock-file.test.ts",
  "src/training/io/replace-file.test.ts",
  "src/training/train/checkpoint/kill.test.ts",
  "src/training/train/parallel/ranks.test.ts",
  ...["bench", "examples", "lost-output", "readme", "soak", "threads", "turbo", "weights"].map(
    (name) => `test/${name}.test.ts`,
  ),
];

/** Tests of browsers, bundlers, other engines and Python. Their results do not depend on the version of Node. */
const outside = [
  "src/training/data/bundle.test.ts",
  "src/training/io/bundle.test.ts",
  "src/pictures/landscapes/page/page.test.ts",
  "src/pictures/viz/page/folds.test.ts",
  "src/pictures/plot/page/page.test.ts",
  "src/pictures/viz/page/mount.test.ts",
  "src/pictures/viz/to-html.test.ts",
  ...[
    "browser",
    "bundle",
    "csp",
    "distributed",
    "distributed-training",
    "engines",
    "export",
    "learn",
    "live-pages",
    "memory",
    "not-found",
    "onnx",
    "onnx-in-page",
    "pages",
    "pictures",
    "prefetch-in-page",
    "report",
    "subpaths",
    "threads-in-page",
    "train-in-page",
  ].map((name) => `test/${name}.test.ts`),
  "pages/**/*.browser.test.ts",
];

/**
 * Tests of documentation, pages, pictures and settings, and of the repository itself. Their numbers come from the library,
 * whose tests run on every version of Node. A run on a second version skips these.
 */
const told = [
  "pages/**",
  "src/pictures/**",
  "test/{doc-examples,docs-links,examples,features,guides,how-it-works,moving-picture,numpy-names,ops-page,site,soak}.test.ts",
  "test/{architecture,coverage,layers,lint-settings,module-state,replace-folder,train-tables,up-to-date}.test.ts",
];
const left = process.env.DOWNHILL_SECOND_NODE === "1" ? told : [];

/**
 * Flags of V8. The code of a test runs only briefly. With the default bytecode budget before a function is optimised,
 * compiling took two fifths of all processor time, so the budget is ten times as large. Later versions of Node have no such flag.
 */
const execArgv = process.versions.node.startsWith("20.") ? ["--interrupt-budget=1500000"] : [];

/**
 * Has the files that share a process compare what they compile with the interpreter. The others count what the engine keeps, switch its
 * flags, or start processes; each of them would load the oracle anew.
 */
const setupFiles = "test/support/verify-suite.ts";

/** Set by scripts/test.mjs for the whole suite: long tables of tests run in part. */
const runner = process.env.DOWNHILL_SAMPLE === "1" ? "test/support/sampling-runner.ts" : undefined;

const globalSetup = "test/support/chromium-server.ts"; // one browser for all

export default defineConfig({
  resolve: {
    // Tests import the package by its public names; these lead to the sources.
    alias: [
      { find: /^downhill$/, replacement: `${src}/index.ts` },
      // of two folders of one name the later one is public: `engine/tree` serves `numeric/tree`
      ...order.toReversed().map((folder) => ({
        find: new RegExp(`^downhill/${basename(folder)}$`),
        replacement: `${src}/${folder}/index.ts`,
      })),
    ],
  },
  test: {
    maxWorkers: "100%", // of the cores; the default keeps one free, which on two cores doubles the time
    // Generous: the machine may be busy, and a slow test is not a wrong one.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } }, // a second by default, which a page on a busy machine does not keep
    experimental: { fsModuleCache: true },
    ...(runner === undefined ? {} : { runner }),
    execArgv,
    projects: [
      {
        extends: true,
        test: {
          name: "computing",
          include: all,
          exclude: [...alone, ...outside, ...left],
          isolate: false,
          setupFiles,
          execArgv: [...execArgv, "--max-semi-space-size=64"],
        },
      },
      { extends: true, test: { name: "alone", include: alone, exclude: left } },
      { extends: true, test: { name: "outside", include: outside, isolate: false, globalSetup } },
      // A package of its own, which scripts/plugin.mjs installs and builds; bundlers say the same on every version of Node.
      { extends: true, test: { name: "plugin", include: ["plugin/test/*.test.ts"], globalSetup } },
    ],
  },
});
