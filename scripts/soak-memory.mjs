// Loops over lengths, functions and operations that need a bounded amount of memory at a time, each in its own process.
// Checks that the memory they retain does not grow once caches are full.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { bundleSoak } from "./bundle.mjs";

const usage = `Usage: node scripts/soak-memory.mjs [OPTIONS]

  --size F           lengths of arrays, times what they are (1)
  --iterations F     iterations of each loop, times what they are (1)
  --loop NAME        this one only
  --list             names the loops
  --help             this text`;

const root = fileURLToPath(new URL("..", import.meta.url));
/** Megabytes of allowed fluctuation: garbage, code that V8 retains of freed modules, large results in kernel memory. */
const slack = { resident: 192, heap: 32, kernels: 72 };

const read = () =>
  parseArgs({
    options: {
      size: { type: "string", default: "1" },
      iterations: { type: "string", default: "1" },
      loop: { type: "string" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      bundle: { type: "string" }, // what the process of a loop runs
    },
  }).values;

/** @type {ReturnType<typeof read>} */
let options;
try {
  options = read();
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  process.exit(2);
}
const [size, iterations] = [Number(options.size), Number(options.iterations)];
if (options.help) console.log(usage);
else if (!(size > 0 && iterations > 0)) {
  console.error(`--size and --iterations must be above 0.\n\n${usage}`);
  process.exitCode = 2;
} else if (options.bundle !== undefined) await runLoop(options.bundle, options.loop ?? "");
else await main();

/** @param {string} file */
async function loopsOf(file) {
  const { memoryLoops, held } = await import(pathToFileURL(file).href);
  return { loops: memoryLoops(size, iterations), held };
}

async function main() {
  mkdirSync(join(root, ".tmp"), { recursive: true });
  const folder = mkdtempSync(join(root, ".tmp/soak-"));
  try {
    const bundle = await bundleSoak("memory-soak.ts", folder);
    const { loops } = await loopsOf(bundle);
    const names = Object.keys(loops).filter((name) => options.loop === undefined || name === options.loop);
    if (names.length === 0) {
      console.error(`there is no loop ${options.loop}; --list names them`);
      process.exitCode = 2;
    }
    for (const name of names) {
      if (options.list) console.log(`${name}: ${loops[name].about}`);
      else if (!(await isFlat(bundle, name))) process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} bundle
 * @param {string} name
 */
async function isFlat(bundle, name) {
  const words = [
    "--bundle",
    bundle,
    "--loop",
    name,
    "--size",
    String(size),
    "--iterations",
    String(iterations),
  ];
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), ...words], { stdio: "inherit" });
  return 0 === (await new Promise((resolve) => child.on("close", resolve)));
}

/**
 * Runs one loop in this process.
 *
 * @param {string} bundle
 * @param {string} name
 */
async function runLoop(bundle, name) {
  const { loops, held } = await loopsOf(bundle);
  const { about, iterations: count, flatFrom, begin } = loops[name];
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  const measure = async () => {
    // collects two generations of garbage; finalisers free memory one iteration of the event loop later
    for (let n = 0; n < 3; n++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return held();
  };
  const iteration = begin();
  const step = Math.max(1, Math.floor((count - flatFrom) / 10));
  /** @type {Record<string, number>[]} */
  const seen = [];
  for (let i = 0; i < count; i++) {
    iteration(i);
    if (i + 1 < flatFrom || ((i + 1 - flatFrom) % step !== 0 && i + 1 < count)) continue;
    seen.push(await measure());
  }
  const megabytes = (/** @type {number} */ bytes) => Math.ceil(bytes / 2 ** 20);
  /** @param {string} key */
  const first = (key) => megabytes(seen[0]?.[key] ?? 0);
  /** @param {string} key */
  const most = (key) => Math.max(...seen.map((each) => megabytes(each[key] ?? 0)));
  const grown = Object.entries(slack)
    .filter(([key, bytes]) => most(key) > 1.25 * first(key) + bytes)
    .map(([key]) => key);
  const figures = Object.keys(slack).map((key) => `${key} ${first(key)}, at most ${most(key)} MB`);
  const verdict = grown.length === 0 ? "flat" : `NOT flat (${grown.join(", ")})`;
  console.log(`${verdict}  ${name}: ${about}; ${count} iterations: ${figures.join("; ")}`);
  process.exit(grown.length === 0 ? 0 : 1);
}
