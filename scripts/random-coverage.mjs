// Measures which branches of the compiler random programs reach: those of passes, code generation, regions, loops and backends that do
// not end in a throw.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { SourceMap } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { branchesIn, executionCounts, neverReturning } from "./branches.mjs";
import { bundleSoak } from "./bundle.mjs";

const usage = `Usage: node scripts/random-coverage.mjs [OPTIONS]

Runs random programs and prints the part of the branches of src/engine/{passes,codegen,region,loops,backends} that they reach, per file
and per folder. Branches that end in a throw do not count, nor do those of a few files that are printed with the reason.

  --tensors N    programs of tensors, and a quarter as many routines (1000)
  --plain N      plain functions and regions (1000)
  --nests N      loop nests (1000)
  --seed N       draws other programs (1)
  --rounds N     repeats with the next seeds, and prints the part reached after each round (1)
  --missing      lists the branches that were not reached
  --least N      exits with 1 if less than N percent are reached
  --help         this text
`;

const { values } = parseArgs({
  options: {
    tensors: { type: "string", default: "1000" },
    plain: { type: "string", default: "1000" },
    nests: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    rounds: { type: "string", default: "1" },
    missing: { type: "boolean", default: false },
    least: { type: "string", default: "0" },
    help: { type: "boolean", default: false },
  },
});
const root = fileURLToPath(new URL("..", import.meta.url));
/** Sources that random programs on one thread of one process cannot reach, with the reasons. An entry without branches is an error. */
const excluded = [
  {
    files: /^src\/engine\/backends\/wasm\/host\/threads\//,
    reason:
      "worker threads: they start between turns of the event loop, and random programs run within one turn",
  },
  {
    files: /^src\/engine\/backends\/wasm\/host\/engine\.ts$/,
    reason: "differences between engines: one process has one engine",
  },
  {
    files: /^src\/engine\/backends\/webgpu\//,
    reason:
      "shaders for a GPU: random programs run without one; agreement.test.ts of the folder runs random routines on it",
  },
];
const measured = /^src\/engine\/(passes|codegen|region|loops|backends)\/.*\.ts$/;

if (values.help) console.log(usage);
else await main();

async function main() {
  mkdirSync(join(root, ".tmp"), { recursive: true });
  const folder = mkdtempSync(join(root, ".tmp/coverage-"));
  try {
    const bundle = await bundleSoak("all-soaks.ts", folder, { sourcemap: "external" });
    if (Number(process.versions.v8.split(".")[0]) < 12)
      setFlagsFromString("--experimental-wasm-relaxed-simd");
    const text = readFileSync(bundle, "utf8");
    const map = new SourceMap(JSON.parse(readFileSync(`${bundle}.map`, "utf8")));
    const counts = new Float64Array(text.length);
    const session = new Session();
    session.connect();
    await session.post("Profiler.enable");
    await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
    const url = pathToFileURL(bundle).href;
    const soaks = await import(url);
    const rounds = Number(values.rounds);
    for (let round = 0; round < rounds; round++) {
      runPrograms(soaks, Number(values.seed) + round);
      const { result } = await session.post("Profiler.takePreciseCoverage");
      const functions = result.find((script) => script.url === url)?.functions ?? [];
      for (const [at, count] of executionCounts(text.length, functions).entries())
        counts[at] = (counts[at] ?? 0) + count;
      if (round < rounds - 1) console.log(textOf(total(measure(text, map, folder, counts).files)));
    }
    session.disconnect();
    report(measure(text, map, folder, counts));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the programs of a seed. */
function runPrograms(/** @type {any} */ soaks, /** @type {number} */ seed) {
  for (const name of /** @type {const} */ (["tensors", "plain", "nests"])) {
    const count = Number(values[name]);
    if (count === 0) continue;
    const { fault } = soaks[name](seed, count, () => {});
    if (fault !== undefined) console.log(`FAULT among ${name}: ${fault}`);
  }
}

/** @typedef {{ reached: number, all: number, missing: string[] }} Share */

/**
 * Counts the branches by file, and the excluded ones by exclusion.
 *
 * @param {string} text @param {SourceMap} sources @param {string} folder @param {Float64Array} counts
 */
function measure(text, sources, folder, counts) {
  const never = new Set(
    readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && !/\.test(-d)?\.ts$/.test(file))
      .flatMap((file) => neverReturning(readFileSync(join(root, "src", file), "utf8"))),
  );
  // esbuild adds a number to names that are used twice
  const neverReturns = (/** @type {string} */ name) => never.has(name) || never.has(name.replace(/\d+$/, ""));
  const branches = branchesIn(text, counts, neverReturns);
  const starts = lineStarts(text);
  /** @type {Map<string, Share>} */
  const files = new Map();
  /** Number of excluded branches by exclusion. @type {Map<(typeof excluded)[number], number>} */
  const left = new Map();
  for (const { kind, start, count } of branches) {
    const line = lineOf(starts, start);
    const entry = /** @type {any} */ (sources.findEntry(line, start - (starts[line] ?? 0)));
    if (entry.originalSource === undefined) continue;
    const file = relative(root, join(folder, entry.originalSource));
    if (!measured.test(file)) continue;
    const exclusion = excluded.find(({ files: one }) => one.test(file));
    if (exclusion !== undefined) {
      left.set(exclusion, (left.get(exclusion) ?? 0) + 1);
      continue;
    }
    const known = files.get(file) ?? { reached: 0, all: 0, missing: [] };
    files.set(file, known);
    known.all++;
    if (count > 0) known.reached++;
    else known.missing.push(`${entry.originalLine + 1} ${kind}`);
  }
  return { files, left };
}

/** Branches of all files. */
function total(/** @type {ReadonlyMap<string, Share>} */ files) {
  let [reached, all] = [0, 0];
  for (const one of files.values()) {
    reached += one.reached;
    all += one.all;
  }
  return { reached, all };
}

function textOf(/** @type {ReturnType<typeof total>} */ { reached, all }) {
  return `${((100 * reached) / all).toFixed(2)} %  ${reached} of ${all} branches that do not end in a throw`;
}

function report(/** @type {ReturnType<typeof measure>} */ { files, left }) {
  /** The counts by folder. @type {Map<string, { reached: number, all: number }>} */
  const folders = new Map();
  for (const [file, one] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const name = dirname(file);
    const sums = folders.get(name) ?? { reached: 0, all: 0 };
    folders.set(name, { reached: sums.reached + one.reached, all: sums.all + one.all });
    const share = ((100 * one.reached) / one.all).toFixed(1).padStart(5);
    console.log(`${share} %  ${one.reached}/${one.all}  ${file}`);
    if (values.missing && one.missing.length > 0) console.log(`           ${one.missing.join(", ")}`);
  }
  console.log("");
  for (const [name, one] of folders) {
    const share = ((100 * one.reached) / one.all).toFixed(1).padStart(5);
    console.log(`${share} %  ${one.reached}/${one.all}  ${name}`);
  }
  for (const one of excluded) {
    const count = left.get(one) ?? 0;
    console.log(`left out: ${count} branches of ${one.files.source}, ${one.reason}`);
    if (count === 0) process.exitCode = 2;
  }
  const sums = total(files);
  console.log(textOf(sums));
  if ((100 * sums.reached) / sums.all < Number(values.least)) process.exitCode = 1;
}

/** Index of the last of ascending offsets that is at most an offset. */
function lineOf(/** @type {readonly number[]} */ starts, /** @type {number} */ offset) {
  let [low, high] = [0, starts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? Infinity) <= offset) low = middle;
    else high = middle;
  }
  return low;
}

/** Offsets at which lines begin. */
function lineStarts(/** @type {string} */ text) {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
