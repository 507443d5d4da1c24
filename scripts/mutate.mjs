// Mutation testing of the compiler: counts the small faults that its tests and random programs detect.
import { fork } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { drawMutants, mutantsOfKeys } from "./mutate/draw.mjs";

const usage = `Usage: npm run mutate -- [OPTIONS]

Draws mutants of the compiler: a file, an operator and a site, each uniformly. Under each mutant, the tests next to the file run,
then test/code-sizes.test.ts, then random programs, until the first failure. The score is the share of mutants with a failure, without
equivalent mutants and without failures of whole prints. A second score leaves out failures of code sizes. An interrupted run of a seed continues.

  --seed N       draws other mutants (1)
  --count K      number of mutants (100)
  --seconds S    time of a mutant at most (20)
  --within TEXT  only files with TEXT in their path
  --show N       prints mutant N of the seed, from 0 on, with its key for equivalent.json, and runs nothing
  --only KEY     runs the mutant with this key instead of drawn ones, each time anew; may be repeated
  --tests FILE   runs only this test file; may be repeated
  --again        also runs mutants again that survived before, such as after new tests
  --fresh        discards the results of an interrupted run
  --help         this text

scripts/mutate/equivalent.json lists mutants that change no result, with reasons. scripts/mutate/speed-only.json lists files that
affect only speed; they have a score of their own.
`;

const root = fileURLToPath(new URL("..", import.meta.url));
const neverReturned = "never returned";
const died = "ended the process";
const sizeTest = "test/code-sizes.test.ts";
/** A mutant that runs this many times its limit never returns; that is a failure too. */
const patience = 4;
/** Factor by which other processes slow this one down. */
const crowding = () => Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());

/** @typedef {import("./mutate/draw.mjs").DrawnMutant} Mutant */
/** @typedef {{ readonly kind: "killed" | "survived", readonly by?: string }} Verdict */

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "100" },
    seconds: { type: "string", default: "20" },
    within: { type: "string", default: "" },
    show: { type: "string" },
    only: { type: "string", multiple: true, default: [] },
    tests: { type: "string", multiple: true, default: [] },
    again: { type: "boolean", default: false },
    fresh: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
/** @type {readonly string[]} */
const speedOnly = JSON.parse(readFileSync(join(root, "scripts/mutate/speed-only.json"), "utf8"));
const [seed, count, seconds] = [Number(values.seed), Number(values.count), Number(values.seconds)];

if (values.help) console.log(usage);
else if (![seed, count, seconds].every((number) => Number.isInteger(number) && number > 0)) {
  console.error(`--seed, --count and --seconds must be positive integers.\n\n${usage}`);
  process.exitCode = 2;
} else if (values.show !== undefined) {
  const mutant = drawMutants(root, seed, Number(values.show) + 1, values.within).at(-1);
  if (mutant !== undefined) console.log(`${describe(mutant)}\n  key: ${JSON.stringify(mutant.key)}`);
} else await main();

async function main() {
  const { only } = values;
  const mutants = only.length > 0 ? mutantsOfKeys(root, only) : drawMutants(root, seed, count, values.within);
  const folder = join(root, ".tmp/mutate");
  mkdirSync(folder, { recursive: true });
  const draw = only.length > 0 ? "only" : `seed-${seed}${values.within.replaceAll(/\W+/g, "-")}`;
  const resultFile = join(folder, `${draw}.json`);
  const verdicts = values.fresh || only.length > 0 ? {} : stored(resultFile);
  const reasons = equivalentMutants();
  const open = mutants.filter((mutant) => {
    const verdict = verdicts[mutant.key];
    const isAgain = values.again && verdict?.kind === "survived" && !(mutant.key in reasons);
    return verdict === undefined || isAgain;
  });
  if (open.length < mutants.length)
    console.log(`${mutants.length - open.length} of ${mutants.length} mutants are done already`);

  let isInterrupted = false;
  process.once("SIGINT", () => (isInterrupted = true));
  /** @type {Runner | undefined} */
  let runner;
  for (const [at, mutant] of open.entries()) {
    if (isInterrupted) break;
    runner ??= await startRunner({ mutants, folder, seconds, tests: values.tests });
    const verdict = await runner.run(mutant.id);
    if (verdict.by === neverReturned || verdict.by === died) runner = undefined;
    verdicts[mutant.key] = verdict;
    writeFileSync(resultFile, `${JSON.stringify(verdicts, undefined, 1)}\n`);
    console.log(
      `${at + 1}/${open.length} ${verdict.kind.padEnd(8)} ${titleOf(mutant)}${verdict.by ? `  (${verdict.by})` : ""}`,
    );
  }
  runner?.stop();
  if (isInterrupted) console.log(`interrupted; npm run mutate -- --seed ${seed} --count ${count} continues`);
  report(mutants, verdicts);
}

/** @typedef {{ run: (id: number) => Promise<Verdict>, stop: () => void }} Runner */

/**
 * Starts the process that runs tests.
 *
 * @param {{ mutants: readonly Mutant[], folder: string, seconds: number, tests: readonly string[] }} settings
 * @returns {Promise<Runner>}
 */
function startRunner(settings) {
  const child = fork(join(root, "scripts/mutate/runner.mjs"), [], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    detached: true, // its own process group, so that workers end with it
  });
  const stop = () => {
    if (child.pid === undefined || child.exitCode !== null) return;
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      child.kill("SIGKILL");
    }
  };
  process.once("exit", stop);
  /** @param {number} id @returns {Promise<Verdict>} */
  const run = (id) =>
    new Promise((resolve) => {
      const end = (/** @type {Verdict} */ verdict) => {
        clearTimeout(timer);
        child.removeAllListeners("message");
        child.removeAllListeners("exit");
        resolve(verdict);
      };
      const timer = setTimeout(
        () => {
          end({ kind: "killed", by: neverReturned });
          stop();
        },
        patience * crowding() * 1000 * seconds,
      );
      child.once("exit", () => end({ kind: "killed", by: died }));
      child.once("message", (/** @type {any} */ message) => end(message.verdict));
      child.send({ id });
    });
  child.send(settings);
  return new Promise((resolve, reject) => {
    child.once("exit", (code) =>
      reject(new Error(`the test runner ended with ${code} before its first mutant`)),
    );
    child.once("message", () => {
      child.removeAllListeners("exit");
      resolve({ run, stop });
    });
  });
}

/** @param {readonly Mutant[]} mutants @param {Record<string, Verdict>} verdicts */
function report(mutants, verdicts) {
  const reasons = equivalentMutants();
  const done = mutants.filter((mutant) => verdicts[mutant.key] !== undefined);
  const isSpeedOnly = (/** @type {Mutant} */ { file }) => speedOnly.includes(file);
  const groups = {
    "files that affect results": done.filter((one) => !isSpeedOnly(one)),
    "files that affect only speed": done.filter(isSpeedOnly),
  };
  for (const [name, group] of Object.entries(groups)) {
    const killed = group.filter((mutant) => verdicts[mutant.key]?.kind === "killed");
    const equivalent = group.filter(
      (mutant) => verdicts[mutant.key]?.kind === "survived" && mutant.key in reasons,
    );
    const counted = group.length - equivalent.length;
    const survived = group.filter((mutant) => !killed.includes(mutant) && !equivalent.includes(mutant));
    for (const mutant of survived) console.log(`\nsurvived: ${describe(mutant)}`);
    if (group.length === 0) continue;
    const bySize = killed.filter((mutant) => verdicts[mutant.key]?.by?.startsWith(sizeTest) === true);
    const score = (/** @type {number} */ kills) =>
      counted === 0 ? "–" : `${((100 * kills) / counted).toFixed(1)} %`;
    console.log(
      `\n${name}: ${score(killed.length)} (${killed.length} of ${counted} killed, ${bySize.length} of them by code sizes; ` +
        `${score(killed.length - bySize.length)} without these; ${equivalent.length} of ${group.length} equivalent)`,
    );
  }
}

/** Reasons why mutants change no result, by their keys. @returns {Record<string, string>} */
function equivalentMutants() {
  return JSON.parse(readFileSync(join(root, "scripts/mutate/equivalent.json"), "utf8"));
}

/** @param {Mutant} mutant */
function titleOf({ file, line, operator }) {
  return `${file}:${line} ${operator}`;
}

/** @param {Mutant} mutant */
function describe(mutant) {
  const { original, replacement } = mutant;
  const short = (/** @type {string} */ code) => (code.length > 160 ? `${code.slice(0, 160)} …` : code);
  return `${titleOf(mutant)}\n  - ${short(original)}\n  + ${short(replacement)}`;
}

/** Verdicts of an earlier run. @param {string} file @returns {Record<string, Verdict>} */
function stored(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return {};
  }
}
