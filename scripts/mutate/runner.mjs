// A warm process that runs tests under one mutant after another: the tests next to the mutated file, the sizes of compiled code, then
// random programs. The parent, scripts/mutate.mjs, sends the numbers of mutants, and ends this
// process if a mutant never returns.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BaseSequencer, createVitest } from "vitest/node";
import config from "../../vitest.config.mjs";
import { instrument } from "./instrument.mjs";
import { testFinder } from "./tests-of.mjs";

/** @typedef {import("./draw.mjs").DrawnMutant} DrawnMutant */
/** @typedef {{ mutants: readonly DrawnMutant[], folder: string, seconds: number, tests: readonly string[] }} Settings */

const root = fileURLToPath(new URL("../..", import.meta.url));
const here = join(root, "scripts/mutate");
const codeSizes = join(root, "test/code-sizes.test.ts");
const randomPrograms = join(here, "random-programs.test.ts");
/** Test files that need a process of their own. */
const alone = new Set(
  (config.test?.projects ?? []).flatMap((project) =>
    typeof project === "object" && "test" in project && project.test?.name === "alone"
      ? (project.test.include ?? []).map((file) => join(root, file))
      : [],
  ),
);
/** A failed comparison with an expected text of more lines is one of a whole print. Shorter ones are messages and single statements. */
const printedLines = 5;
/** Share of the time of a mutant for the tests next to its file. */
const shareOfTests = 0.6;

process.once("message", (/** @type {Settings} */ settings) => void start(settings));
process.on("disconnect", () => process.exit());

/** @param {Settings} settings */
async function start({ mutants, folder, seconds, tests }) {
  const activeFile = join(folder, `active-${process.pid}`);
  const reach = reachedMutants(join(folder, `reach-${process.pid}`));
  process.env["DOWNHILL_MUTANT_FILE"] = activeFile;
  const durations = storedDurations(join(folder, "durations.json"));
  const { run, killer, forget, failsAnyway } = await testRunner(
    mutants,
    seconds,
    tests.length === 0 ? durations.note : () => {},
    reach.collect,
  );
  const testsOf = testFinder(root, durations.seconds);

  /** Runs the tests for a mutant; returns the first that fails. @param {DrawnMutant} mutant */
  const firstFailure = async (mutant) => {
    if (tests.length > 0) {
      await run(tests.map((file) => join(root, file)), seconds); // prettier-ignore
      return killer();
    }
    const begin = performance.now();
    const elapsed = () => (performance.now() - begin) / 1000;
    for (const files of grouped(reach.ordered(testsOf(mutant.file), mutant.id))) {
      const left = shareOfTests * seconds - elapsed();
      if (left <= 0) break;
      await run(files, left);
      if (killer() !== undefined) return killer();
    }
    await run([codeSizes], seconds);
    if (killer() !== undefined) return killer();
    const left = Math.max(seconds - elapsed(), (1 - shareOfTests) * seconds);
    process.env["DOWNHILL_MUTANT_SOURCE"] = mutant.file;
    process.env["DOWNHILL_MUTANT_MILLISECONDS"] = String(Math.round(1000 * left));
    await run([randomPrograms], 2 * left);
    return killer();
  };

  /** The first test that fails for a mutant and passes without one. @param {DrawnMutant} mutant */
  const firstFault = async (mutant) => {
    for (;;) {
      writeFileSync(activeFile, String(mutant.id));
      forget();
      const by = await firstFailure(mutant);
      writeFileSync(activeFile, "-1");
      if (by === undefined || !(await failsAnyway(by))) return by;
    }
  };

  writeFileSync(activeFile, "-1");
  process.on("message", (/** @type {{ id: number }} */ { id }) => {
    const mutant = mutants[id];
    if (mutant === undefined) throw new Error(`there is no mutant ${id}`);
    void firstFault(mutant).then((by) =>
      process.send?.({ verdict: by === undefined ? { kind: "survived" } : { kind: "killed", by } }),
    );
  });
  process.send?.({ ready: true });
}

/**
 * Notes of the mutants that test files reach, which activate.ts writes. A passed test file that does not reach a mutant need not run
 * under it.
 *
 * @param {string} file
 */
function reachedMutants(file) {
  process.env["DOWNHILL_MUTANT_REACH"] = file;
  writeFileSync(file, "");
  /** Mutants that a test file reaches. @type {Map<string, Set<number>>} */
  const byTest = new Map();
  /** Mutants at the top level of modules, which any test file may depend on. @type {Set<number>} */
  const loaded = new Set();
  return {
    /** Adds the notes since the last call. @param {ReadonlySet<string>} passed test files without failures */
    collect(passed) {
      for (const line of readFileSync(file, "utf8").split("\n").filter(Boolean)) {
        const note = JSON.parse(line);
        note.loaded.forEach((/** @type {number} */ id) => loaded.add(id));
        if (passed.has(note.file)) byTest.set(note.file, new Set(note.reached));
      }
      writeFileSync(file, "");
    },
    /** The tests that may reach a mutant. Tests with a note of it come first. @param {readonly string[]} tests @param {number} id */
    ordered(tests, id) {
      const reaching = tests.filter((test) => byTest.get(test)?.has(id) === true);
      const open = tests.filter((test) => !byTest.has(test) || (loaded.has(id) && !reaching.includes(test)));
      return [...reaching, ...open];
    },
  };
}

/** Durations of test files in seconds, kept for later runs. @param {string} stored */
function storedDurations(stored) {
  /** @type {Map<string, number>} */
  const seconds = new Map(existsSync(stored) ? JSON.parse(readFileSync(stored, "utf8")) : []);
  /** Notes a duration; the longest one counts, because a run ends at the first failure. @param {string} file @param {number} milliseconds */
  const note = (file, milliseconds) => {
    seconds.set(file, Math.max(milliseconds / 1000, seconds.get(file) ?? 0));
    writeFileSync(stored, JSON.stringify([...seconds]));
  };
  return { seconds, note };
}

/**
 * Vitest over the instrumented sources.
 *
 * @param {readonly DrawnMutant[]} mutants @param {number} seconds @param {(file: string, milliseconds: number) => void} noteDuration
 * @param {(passed: ReadonlySet<string>) => void} collectReach
 */
async function testRunner(mutants, seconds, noteDuration, collectReach) {
  /** @type {string | undefined} */
  let killer;
  /** Failures without a mutant, while one file after another is checked. @type {Set<string>} */
  const broken = new Set();
  /** @type {Set<string>} */
  const checked = new Set();
  /** Test files of the current run that passed. @type {Set<string>} */
  const passed = new Set();
  /** True if the current run ends before all its tests have run. */
  let isCancelled = false;
  const cancel = (/** @type {"test-failure" | "keyboard-input"} */ reason) => {
    isCancelled = true;
    void vitest.cancelCurrentRun(reason);
  };
  let hasMutant = true;
  /** @param {string} failure */
  const note = (failure) => {
    if (!hasMutant) broken.add(failure);
    else if (!broken.has(failure) && killer === undefined) {
      killer = failure;
      cancel("test-failure");
    }
  };
  const reporter = {
    onTestCaseResult(/** @type {import("vitest/node").TestCase} */ test) {
      const result = test.result();
      if (result.state === "failed" && !result.errors.every(isPrint))
        note(`${test.module.relativeModuleId}: ${test.fullName}`);
    },
    onTestModuleEnd(/** @type {import("vitest/node").TestModule} */ module) {
      if (module.state() !== "skipped") noteDuration(module.relativeModuleId, module.diagnostic().duration);
      if (module.state() === "passed" && !isCancelled) passed.add(module.moduleId);
      const [error] = module.errors();
      if (error !== undefined) note(`${module.relativeModuleId}: ${error.message}`);
    },
  };
  const vitest = await createVitest(
    "test",
    {
      root,
      config: false,
      watch: false,
      include: ["src/**/*.test.ts", "scripts/mutate/*.test.ts", "test/*.test.ts"],
      setupFiles: [join(here, "activate.ts"), join(root, "test/support/verify-suite.ts")],
      reporters: [reporter],
      isolate: false,
      maxWorkers: 1,
      fileParallelism: false,
      sequence: { sequencer: InOrder },
      testTimeout: 120_000,
      hookTimeout: 120_000,
      update: false,
    },
    { resolve: config.resolve ?? {}, plugins: [withMutants(mutants)] },
  );
  const project = vitest.getRootProject();
  /** Runs test files in their order, for some seconds at most. @param {readonly string[]} files @param {number} limit */
  const run = async (files, limit) => {
    const timer = setTimeout(() => cancel("keyboard-input"), 1000 * limit);
    passed.clear();
    isCancelled = false;
    await vitest.runTestSpecifications(files.map((file) => project.createSpecification(file)));
    clearTimeout(timer);
    collectReach(passed);
  };
  return {
    run,
    /** The test that failed first. */
    killer: () => killer,
    /** Forgets the failures of the mutant before. */
    forget: () => (killer = undefined),
    /** True if a failure also occurs without a mutant; later runs ignore it. @param {string} failure */
    async failsAnyway(failure) {
      const file = failure.slice(0, failure.indexOf(": "));
      if (!checked.has(file) && join(root, file) !== randomPrograms) {
        hasMutant = false;
        await run([join(root, file)], 2 * seconds);
        hasMutant = true;
        checked.add(file);
      }
      return broken.has(failure);
    },
  };
}

/** A plugin that inserts the mutants of each file. @param {readonly DrawnMutant[]} mutants */
function withMutants(mutants) {
  /** @type {Map<string, DrawnMutant[]>} */
  const byFile = new Map();
  for (const mutant of mutants) {
    const file = join(root, mutant.file);
    byFile.set(file, [...(byFile.get(file) ?? []), mutant]);
  }
  return {
    name: "mutants",
    enforce: /** @type {const} */ ("pre"),
    transform(/** @type {string} */ text, /** @type {string} */ id) {
      const found = byFile.get(id.replace(/\?.*$/, ""));
      return found && { code: instrument(text, found), map: null };
    },
  };
}

/** Splits test files into groups that may share a process, in their order. @param {readonly string[]} files */
function grouped(files) {
  /** @type {string[][]} */
  const groups = [];
  let isShared = false;
  for (const file of files) {
    const mayShare = !alone.has(file);
    if (isShared && mayShare) groups.at(-1)?.push(file);
    else groups.push([file]);
    isShared = mayShare;
  }
  return groups;
}

/** Runs test files in the given order. */
class InOrder extends BaseSequencer {
  /** @override @param {import("vitest/node").TestSpecification[]} files */
  async sort(files) {
    return files;
  }
}

/**
 * True for a failed comparison of a whole print, such as a snapshot. Vitest leaves expected strings unchanged and prints expected
 * arrays and objects, which are values.
 *
 * @param {{ message?: string, expected?: unknown }} error
 */
function isPrint({ message = "", expected }) {
  if (typeof expected !== "string") return false;
  const isValue = !message.startsWith("Snapshot ") && /^\w*(?: \w+)? ?[[{]\n/.test(expected);
  return !isValue && expected.trim().split("\n").length > printedLines;
}
