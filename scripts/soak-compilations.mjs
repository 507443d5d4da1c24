// Compiles different functions for the requested time, and checks that memory stays at its size with full caches:
// resident memory, the JavaScript heap, the memory of kernels, and cached programs.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { bundleSoak } from "./bundle.mjs";

const usage = `Usage: node scripts/soak-compilations.mjs [OPTIONS]

  --minutes N   how long, from the time that all caches are full (60)
  --count N     stops after as many compilations, if the time is not over before
  --seed N      compiles other functions (1)
  --warm-up N   compilations after which all caches are full (2100: twice as many as are kept)
  --json        prints one line of JSON at the end
  --help        this text`;

const root = fileURLToPath(new URL("..", import.meta.url));

const read = () =>
  parseArgs({
    options: {
      minutes: { type: "string", default: "60" },
      count: { type: "string", default: "Infinity" },
      seed: { type: "string", default: "1" },
      "warm-up": { type: "string", default: "2100" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
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
const { minutes, count, seed, warmUp } = {
  minutes: Number(options.minutes),
  count: Number(options.count),
  seed: Number(options.seed),
  warmUp: Number(options["warm-up"]),
};
if (options.help) console.log(usage);
else if (minutes > 0 && count > 0 && warmUp > 0 && Number.isInteger(seed) && seed >= 0) await main();
else {
  console.error(`--minutes, --count and --warm-up must be above 0, --seed an integer.\n\n${usage}`);
  process.exitCode = 2;
}

async function load() {
  mkdirSync(join(root, ".tmp"), { recursive: true });
  const folder = mkdtempSync(join(root, ".tmp/soak-"));
  try {
    return await import(pathToFileURL(await bundleSoak("compile-soak.ts", folder)).href);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main() {
  const { held, makeCompilations } = await load();
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  const compile = makeCompilations(seed);
  const interrupt = new AbortController();
  const stop = () => {
    interrupt.abort();
    process.exitCode = 130;
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);

  const megabytes = (/** @type {number} */ bytes) => `${(bytes / 2 ** 20).toFixed(0)} MB`;
  const measure = async () => {
    // collects two generations of garbage; finalisers free memory one iteration of the event loop later
    for (let n = 0; n < 3; n++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return held();
  };
  /** Compiles until `isEnough`, and yields to the event loop regularly. */
  const go = async (/** @type {() => boolean} */ isEnough) => {
    while (!interrupt.signal.aborted && !isEnough()) {
      for (let n = 0; n < 20; n++) compile();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  await go(() => held().compiled >= warmUp);
  const first = await measure();
  const most = { ...first };
  const start = performance.now();
  const end = start + minutes * 60_000;
  const step = Math.max(1000, (minutes * 60_000) / 60);
  const isDone = () => performance.now() >= end || held().compiled - first.compiled >= count;
  while (!interrupt.signal.aborted && !isDone()) {
    const until = Math.min(end, performance.now() + step);
    await go(() => performance.now() >= until || isDone());
    const now = await measure();
    for (const key of Object.keys(most)) most[key] = Math.max(most[key], now[key]);
    if (!options.json)
      console.log(
        `${((performance.now() - start) / 1000).toFixed(0)} s: ${now.compiled} compiled, ${now.kept} kept, ` +
          `${megabytes(now.resident)} resident, ${megabytes(now.heap)} heap, ` +
          `${megabytes(now.arenaUsed)} of ${megabytes(now.arenaSize)} for kernels`,
      );
  }

  // caches filled with programs of other sizes differ by up to a quarter, garbage not yet collected included
  const resting = 64 * 2 ** 20; // budget of large results in kernel memory
  // what V8 does not give back of modules that are gone: Node 20 grows by 330 MB over 1,700,000 of one instruction each, most of
  // it over the first 500,000; a program that stayed would show as ten times that
  const ofEngine = 384 * 2 ** 20;
  /** @type {[string, number, number][]} */
  const bounds = [
    ["resident memory", most.resident, first.resident * 1.25 + resting + ofEngine],
    ["heap of JavaScript", most.heap, first.heap * 1.25 + 32 * 2 ** 20],
    ["memory in use by kernels", most.arenaUsed, first.arenaUsed * 1.25 + 16 * 2 ** 20],
    ["large results", most.resting, resting],
    ["memory of kernels", most.arenaSize, first.arenaSize * 1.5 + resting + 32 * 2 ** 20],
    ["programs kept", most.kept, 1024],
  ];
  const grown = bounds.filter(([, value, bound]) => value > bound);
  for (const [name, value, bound] of grown)
    console.error(`${name} grew to ${value}, beyond ${bound.toFixed(0)}`);
  const compiled = most.compiled - first.compiled;
  if (options.json) console.log(JSON.stringify({ first, most, compiled, bounded: grown.length === 0 }));
  else
    console.log(
      `${compiled} compilations after ${first.compiled}: resident ${megabytes(first.resident)}, at most ` +
        `${megabytes(most.resident)}; kernels ${megabytes(first.arenaSize)}, at most ${megabytes(most.arenaSize)}: ` +
        (grown.length === 0 ? "bounded" : "NOT bounded"),
    );
  process.exitCode ??= grown.length === 0 ? 0 : 1;
}
