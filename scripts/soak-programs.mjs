// Random programs through every pass, transform and backend against the interpreter, bit for bit, in all processors.
// A fault is shown as the smallest program that has it, with the seed that draws it again. See test/support/random-*.ts.
import { fork } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { bundleSoak } from "./bundle.mjs";

const usage = `Usage: node scripts/soak-programs.mjs [OPTIONS]

  --count N      programs to draw (100000); a quarter as many routines are drawn beside them
  --seed N       draws other programs (1)
  --jobs N       processes (one a processor)
  --keep-going   does not stop at the first fault
  --turbo        with what enableTurbo() switches on, and with code that is optimised at once
  --help         this text`;

/** Programs that one seed draws: the first part has the seed that was given, the next one more, and so on. */
const perPart = 25;
/** Milliseconds in which one program ends unless it never does. */
const patience = 180_000;
const root = fileURLToPath(new URL("..", import.meta.url));

const read = () =>
  parseArgs({
    options: {
      count: { type: "string", default: "100000" },
      seed: { type: "string", default: "1" },
      jobs: { type: "string", default: String(availableParallelism()) },
      "keep-going": { type: "boolean", default: false },
      turbo: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      part: { type: "string" }, // the bundle that a child runs
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
const numbers = { count: Number(options.count), seed: Number(options.seed), jobs: Number(options.jobs) };
for (const [name, value] of Object.entries(numbers)) {
  if (Number.isInteger(value) && value >= (name === "seed" ? 0 : 1)) continue;
  console.error(`--${name} must be a whole number.\n\n${usage}`);
  process.exit(2);
}

if (options.help) console.log(usage);
else if (options.part !== undefined) await child(options.part);
else await main();

/** Runs the parts that the parent names, one after the other. */
async function child(/** @type {string} */ bundle) {
  if (options.turbo) setFlagsFromString("--no-liftoff");
  else if (Number(process.versions.v8.split(".")[0]) < 12)
    setFlagsFromString("--experimental-wasm-relaxed-simd"); // on by default later
  const { soakPart, enableTurbo } = await import(pathToFileURL(bundle).href);
  if (options.turbo && !enableTurbo().enabled) process.exit(3);
  process.on("message", (/** @type {{ seed: number, count: number }} */ { seed, count }) => {
    let last = 0;
    const note = () => {
      const now = performance.now();
      if (now - last < 1000) return;
      last = now;
      process.send?.({ kind: "alive" });
    };
    process.send?.({ kind: "done", ...soakPart(seed, count, note) });
  });
  process.on("disconnect", () => process.exit());
  process.send?.({ kind: "ready" });
}

async function main() {
  const { count, seed, jobs } = numbers;
  mkdirSync(join(root, ".tmp"), { recursive: true });
  const folder = mkdtempSync(join(root, ".tmp/soak-"));
  const bundle = await bundleSoak("random-soak.ts", folder, { sourcemap: "inline" });

  const start = performance.now();
  const parts = Math.ceil(count / perPart);
  let [next, finished, programs, routines, faults] = [0, 0, 0, 0, 0];
  /** @type {Map<string, number>} */
  const tally = new Map();
  /** @type {Set<import("node:child_process").ChildProcess>} */
  const running = new Set();
  let isOver = false;
  let width = 0;
  const clear = () => {
    if (process.stdout.isTTY && width > 0) process.stdout.write(`\r${" ".repeat(width)}\r`);
  };
  let told = 0;
  const progress = () => {
    const seconds = (performance.now() - start) / 1000;
    const line = `${programs} of ${count} programs, ${routines} routines, ${faults} faults, ${seconds.toFixed(0)} s`;
    if (process.stdout.isTTY) {
      clear();
      process.stdout.write(line);
      width = line.length;
    } else if (seconds - told >= 30) {
      told = seconds;
      console.log(line);
    }
  };
  const report = (/** @type {string} */ text, /** @type {number} */ part) => {
    faults++;
    clear();
    const again = `node scripts/soak-programs.mjs --seed ${seed + part} --count ${perPart}`;
    console.log(`\nFAULT: ${text}\n\nagain: ${again}${options.turbo ? " --turbo" : ""}\n`);
    if (!options["keep-going"]) isOver = true;
  };

  const work = () =>
    new Promise((resolve) => {
      const words = ["--part", bundle, ...(options.turbo ? ["--turbo"] : [])];
      const process_ = fork(fileURLToPath(import.meta.url), words, { execArgv: ["--enable-source-maps"] });
      running.add(process_);
      let part = -1;
      /** @type {NodeJS.Timeout | undefined} */
      let watch;
      const watchOver = () => {
        clearTimeout(watch);
        watch = setTimeout(() => {
          report(`a program takes longer than ${patience / 1000} s; it may never end.`, part);
          process_.kill("SIGKILL");
        }, patience);
      };
      const give = () => {
        watchOver();
        if (isOver || next >= parts) return process_.disconnect();
        part = next++;
        process_.send({ seed: seed + part, count: Math.min(perPart, count - part * perPart) });
      };
      process_.on("message", (/** @type {any} */ message) => {
        watchOver();
        if (message.kind === "ready") give();
        if (message.kind !== "done") return;
        finished++;
        programs += message.programs;
        routines += message.routines;
        for (const [what, times] of message.tally) tally.set(what, (tally.get(what) ?? 0) + times);
        if (message.fault !== undefined) report(message.fault, part);
        progress();
        give();
      });
      process_.on("exit", (code, signal) => {
        clearTimeout(watch);
        running.delete(process_);
        if (code !== 0 && !isOver && signal !== "SIGKILL") {
          if (code === 3) {
            console.error("turbo mode cannot be switched on here.");
            isOver = true;
            faults++;
          } else report(`the process ended with ${signal ?? `exit code ${code}`}.`, part);
        }
        // another one takes the parts that are left, after a fault of this one
        if (!isOver && next < parts && code !== 0) resolve(work());
        else resolve(undefined);
      });
    });

  const stop = () => {
    isOver = true;
    process.exitCode = 130;
    for (const one of running) one.kill("SIGKILL");
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  try {
    await Promise.all(Array.from({ length: Math.min(jobs, parts) }, work));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  clear();
  for (const [what, times] of [...tally].sort(([a], [b]) => (a < b ? -1 : 1)))
    console.log(`${String(times).padStart(8)}  ${what}`);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(
    `${programs} programs and ${routines} routines in ${finished} parts of ${parts}, ${faults} faults, ${seconds} s, ` +
      `node ${process.version}`,
  );
  process.exitCode ??= faults > 0 ? 1 : 0;
}
