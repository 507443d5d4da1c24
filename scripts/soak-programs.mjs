// Random programs through every pass, transform and backend against the interpreter, bit for bit, in all processors.
// A fault is shown as the smallest program that has it, with the seed that draws it again. See test/support/random-*.ts.
import { fork } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { bundleSoak } from "./bundle.mjs";

const usage = `Usage: node scripts/soak-programs.mjs [OPTIONS]

  --count N      programs to draw (100000); a quarter as many routines are drawn beside them
  --from N       the program to begin with, where an earlier run of the same seed ended (0)
  --seed N       draws other programs (1)
  --jobs N       processes (one a processor)
  --keep-going   does not stop at the first fault
  --turbo        with what enableTurbo() switches on, and with code that is optimised at once
  --plain        draws programs of ordinary TypeScript, and regions beside them in the place of routines
  --nests        draws nests of loops in ordinary TypeScript
  --help         this text

A program is one to eight rules over matrices of one of two dozen shapes, in float64 or float32. Its seed draws a way:

  always         one of 16 transforms (derivatives of derivatives and batches among them); the program that comes of it
                 by the interpreter; that program optimised, by generated JavaScript (in one of 2 forms) and by
                 WebAssembly (in one of 11 settings); one to five passes by themselves, in any order, and what they give
                 by the interpreter
  1 in 4         the program as it was traced, what single passes made of it, and the optimised one again, by another
                 of those that run programs
  1 in 6         the optimised one by WebAssembly that rounds products and sums once
  1 in 8         operation by operation, without a program
  1 in 10        jitted, three times over, on its own results, half of them donated
  1 in 16        a batch against its items; forward against reverse mode (float64)

All that run one program must give the bits that the interpreter gives. Where passes sum in another order, and where
products and sums are rounded once, results may be off by eight times what they are off by when each operation is off by
an ulp; a choice between numbers that lie so near to one another may go either way.

With --plain a program must compute what JavaScript does, there and near by, and its gradient must be exact, each optimisation
switched off in one of 4; a quarter as many sum products in nests of loops; 1 in 3 has its second derivatives looked at too, 1 in 10 goes through the interpreter, generated
JavaScript and WebAssembly, to the bit, 1 in 20 through the tensors of the public API.

With --nests a program must have the value of its JavaScript function and the derivatives that hyper-dual numbers give for the same
text: by backends in turn, by the public transforms, and by tensors. Independent loops must be independent. A program that leaves the
ends of an array must throw.

Ctrl-C ends after the parts that are running, with a summary and the command that goes on from there; a second one at once.`;

/** Programs per part. Each part has its own seed. */
const perPart = 25;
/** Parts of one seed, so that no two seeds share one. */
const partsPerSeed = 1_000_000;
/** Milliseconds of processor time and of elapsed time after which a program counts as endless. */
const timeLimits = { processor: 60_000, clock: 1_200_000 };
const root = fileURLToPath(new URL("..", import.meta.url));

const read = () =>
  parseArgs({
    options: {
      count: { type: "string", default: "100000" },
      from: { type: "string", default: "0" },
      seed: { type: "string", default: "1" },
      jobs: { type: "string", default: String(availableParallelism()) },
      "keep-going": { type: "boolean", default: false },
      turbo: { type: "boolean", default: false },
      plain: { type: "boolean", default: false },
      nests: { type: "boolean", default: false },
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
const numbers = {
  count: Number(options.count),
  from: Number(options.from),
  seed: Number(options.seed),
  jobs: Number(options.jobs),
};
for (const [name, value] of Object.entries(numbers)) {
  const least = name === "seed" || name === "from" ? 0 : 1;
  const isPart = name !== "from" || value % perPart === 0;
  if (Number.isInteger(value) && value >= least && isPart) continue;
  console.error(`--${name} must be ${isPart ? "an integer" : `a multiple of ${perPart}`}.\n\n${usage}`);
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
  process.on("SIGINT", () => {}); // which a terminal sends to all processes: the parent waits for this one
  process.on("message", (/** @type {{ seed: number, count: number }} */ { seed, count }) => {
    let last = 0;
    const note = () => {
      const now = performance.now();
      if (now - last < 1000) return;
      last = now;
      process.send?.({ kind: "alive" });
    };
    process.send?.({ kind: "done", ...soakPart(seed, count, note, options.turbo) });
  });
  process.on("disconnect", () => process.exit());
  process.send?.({ kind: "ready" });
}

/** Flags of V8 for a child process. */
function engineFlags() {
  const major = Number(process.versions.v8.split(".")[0]);
  // programs are always new, so optimised code is no longer used when it is ready
  return major === 11 ? ["--interrupt-budget=1000000"] : []; // which later versions lack
}

/** Processor time of a process in milliseconds, if the system reports it. */
function processorTime(/** @type {number | undefined} */ pid) {
  try {
    const [, words = ""] = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ");
    const [user, system] = words.split(" ").slice(11, 13).map(Number);
    return 10 * ((user ?? 0) + (system ?? 0)); // in ticks of 1/100 s
  } catch {
    return undefined;
  }
}

/** Tracks finished parts: all parts before `next` that are not in work. */
function makeSchedule(/** @type {number} */ first, /** @type {number} */ parts) {
  /** @type {Set<number>} */
  const out = new Set();
  let next = first;
  return {
    take: () => (next < first + parts ? (out.add(next), next++) : undefined),
    done: (/** @type {number} */ part) => void out.delete(part),
    /** The first part that is not done. */
    reached: () => Math.min(next, ...out),
    end: first + parts,
  };
}

/** Creates the state of a run. */
function makeRun() {
  const { count, from, seed } = numbers;
  const first = from / perPart;
  const parts = Math.ceil(count / perPart);
  return {
    start: performance.now(),
    first,
    parts,
    schedule: makeSchedule(first, parts),
    finished: 0,
    programs: 0,
    routines: 0,
    faults: 0,
    /** @type {Map<string, number>} */
    tally: new Map(),
    /** @type {Set<import("node:child_process").ChildProcess>} */
    running: new Set(),
    /** Whether no more parts start, and whether running ones were ended. */
    isOver: false,
    isKilled: false,
    /** Command that draws the programs of a part again, or `length` programs from one on. */
    again: (/** @type {number} */ at, /** @type {number} */ length) =>
      `node scripts/soak-programs.mjs --seed ${seed} --from ${at} --count ${length}` +
      `${options.turbo ? " --turbo" : ""}${options.nests ? " --nests" : options.plain ? " --plain" : ""}`,
  };
}

/** @typedef {ReturnType<typeof makeRun>} Run */

/** Progress line of a run, updated in one line of a terminal. */
function makeDisplay(/** @type {Run} */ run) {
  const { count, from, seed } = numbers;
  let [width, told] = [0, 0];
  const clear = () => {
    if (process.stdout.isTTY && width > 0) process.stdout.write(`\r${" ".repeat(width)}\r`);
  };
  const progress = () => {
    const seconds = (performance.now() - run.start) / 1000;
    const line =
      `seed ${seed}: programs ${from} to ${run.schedule.reached() * perPart} of ${from + count} done, ` +
      `${run.routines} routines, ${run.faults} faults, ${seconds.toFixed(0)} s`;
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
    run.faults++;
    clear();
    console.log(`\nFAULT: ${text}\n\nagain: ${run.again(part * perPart, perPart)}\n`);
    if (!options["keep-going"]) run.isOver = true;
  };
  return { clear, progress, report };
}

/**
 * Lets a child process run parts until all are done. If the process ends early, another one takes over.
 *
 * @param {Run} run @param {ReturnType<typeof makeDisplay>} display @param {string} bundle
 * @returns {Promise<void>}
 */
function work(run, display, bundle) {
  const { count, seed } = numbers;
  const { schedule } = run;
  const words = ["--part", bundle, ...(options.turbo ? ["--turbo"] : [])];
  const worker = fork(fileURLToPath(import.meta.url), words, {
    execArgv: ["--enable-source-maps", ...engineFlags()],
  });
  run.running.add(worker);
  let part = -1;
  const watch = watchOver(worker.pid, (seconds) => {
    display.report(`a program takes longer than ${seconds.toFixed(0)} s; it may never end.`, part);
    worker.kill("SIGKILL");
  });
  const give = () => {
    watch.heard();
    const taken = run.isOver ? undefined : schedule.take();
    if (taken === undefined) return worker.disconnect();
    part = taken;
    const left = count - (part - run.first) * perPart;
    worker.send({ seed: (seed * partsPerSeed + part) | 0, count: Math.min(perPart, left) });
  };
  worker.on("message", (/** @type {any} */ message) => {
    watch.heard();
    if (message.kind === "ready") give();
    if (message.kind !== "done") return;
    run.finished++;
    run.programs += message.programs;
    run.routines += message.routines;
    for (const [what, times] of message.tally) run.tally.set(what, (run.tally.get(what) ?? 0) + times);
    if (message.fault !== undefined) display.report(message.fault, part);
    schedule.done(part);
    display.progress();
    give();
  });
  return new Promise((resolve) => {
    worker.on("exit", (code, signal) => {
      watch.end();
      run.running.delete(worker);
      if (code !== 0 && !run.isKilled) {
        if (signal !== "SIGKILL") noteEnd(run, display, part, code, signal);
        if (options["keep-going"]) schedule.done(part);
      }
      if (!run.isOver && schedule.reached() < schedule.end && code !== 0) resolve(work(run, display, bundle));
      else resolve();
    });
  });
}

/**
 * Records that a child process ended without being told to.
 *
 * @param {Run} run @param {ReturnType<typeof makeDisplay>} display @param {number} part that it did, or −1
 * @param {number | null} code @param {string | null} signal
 */
function noteEnd(run, display, part, code, signal) {
  if (code !== 3 && part >= 0)
    return display.report(`the process ended with ${signal ?? `exit code ${code}`}.`, part);
  const why = `no process can be started: it ended with ${signal ?? `exit code ${code}`}.`;
  console.error(code === 3 ? "turbo mode cannot be switched on here." : why);
  run.isOver = true;
  run.faults++;
}

/**
 * Calls `tooLong` with the seconds that a process has worked, where it has not been heard of for longer than any program takes.
 *
 * @param {number | undefined} pid @param {(seconds: number) => void} tooLong
 */
function watchOver(pid, tooLong) {
  let last = { clock: performance.now(), processor: 0 };
  const watch = setInterval(() => {
    const waited = performance.now() - last.clock;
    const worked = (processorTime(pid) ?? waited + last.processor) - last.processor;
    if (worked >= timeLimits.processor || waited >= timeLimits.clock) tooLong(worked / 1000);
  }, 5000);
  return {
    heard: () => void (last = { clock: performance.now(), processor: processorTime(pid) ?? 0 }),
    end: () => clearInterval(watch),
  };
}

async function main() {
  const { count, from, seed, jobs } = numbers;
  mkdirSync(join(root, ".tmp"), { recursive: true });
  const folder = mkdtempSync(join(root, ".tmp/soak-"));
  const soak = options.nests ? "nest-soak.ts" : options.plain ? "plain-soak.ts" : "random-soak.ts";
  const bundle = await bundleSoak(soak, folder, {
    sourcemap: "inline",
  });
  const run = makeRun();
  const display = makeDisplay(run);
  const stop = () => {
    process.exitCode = 130;
    run.isKilled = run.isOver;
    run.isOver = true;
    if (run.isKilled) for (const worker of run.running) worker.kill("SIGKILL");
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  const what = options.nests ? "nests" : options.plain ? "plain programs" : "programs";
  console.log(`seed ${seed}: ${what} ${from} to ${from + count}${options.turbo ? " in turbo mode" : ""}`);
  try {
    const workers = Array.from({ length: Math.min(jobs, run.parts) }, () => work(run, display, bundle));
    await Promise.all(workers);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  display.clear();
  summarise(run);
}

function summarise(/** @type {Run} */ run) {
  const { count, from } = numbers;
  for (const [what, times] of [...run.tally].sort(([a], [b]) => (a < b ? -1 : 1)))
    console.log(`${String(times).padStart(8)}  ${what}`);
  const seconds = ((performance.now() - run.start) / 1000).toFixed(0);
  console.log(
    `${run.programs} programs and ${run.routines} ${options.plain ? "regions" : "routines"} in ${run.finished} parts of ` +
      `${run.parts}, ${run.faults} faults, ${seconds} s, node ${process.version}`,
  );
  const reached = run.schedule.reached() * perPart;
  if (reached < from + count) console.log(`go on with: ${run.again(reached, from + count - reached)}`);
  process.exitCode ??= run.faults > 0 ? 1 : 0;
}
