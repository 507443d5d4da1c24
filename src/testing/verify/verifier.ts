import { refuseExtra } from "../../engine/errors/arguments.ts";
import { sizeOf } from "../../engine/util/shape.ts";
import type { RegionArgument, RegionCall } from "../../engine/runtime/regions.ts";
import type {
  Device,
  Recipe,
  Verification,
  Verifier,
  WatchedProgram,
  WatchedRegion,
} from "../../engine/runtime/index.ts";
import type { Program } from "../../engine/ir/index.ts";
import { hashProgram, subPrograms } from "../../engine/ir/index.ts";
import { regionKey } from "../../engine/region/index.ts";
import { currentDevice, engine, isRelaxed } from "../../engine/runtime/index.ts";
import { checkChoice } from "../../engine/errors/options.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { must } from "../../engine/util/assert-never.ts";
import { withoutStaging } from "../../engine/trace/index.ts";
import { checkLowering } from "./check-passes.ts";
import { callCompared } from "./programs.ts";
import { compareRegion, compareShorter } from "./region-calls.ts";
import { derivedBy, isOfText, ownValue, stepsOf } from "./regions.ts";

/** Numbers of compared calls, by the result of the comparison. */
export interface VerifyStats {
  readonly verified: number;
  /** Calls that took too long for the oracle, even with shorter loops. */
  readonly unverified: number;
  /** Calls whose difference is explained by changing inputs or operations by an ulp. */
  readonly illConditioned: number;
}

const counts = { verified: 0, unverified: 0, illConditioned: 0 };

/** Returns the number of calls that `configure({ verify })` has compared so far in this process, by the result. */
export function verifyStats(): VerifyStats {
  if (arguments.length > 0) refuseExtra("verifyStats", arguments, 0);
  return { ...counts };
}

function count(outcome: Verification): void {
  counts[outcome === "ill-conditioned" ? "illConditioned" : outcome]++;
}

/** True while a comparison runs; calls inside it are not compared. */
let isComparing = false;

function comparing<T>(f: () => T): T {
  isComparing = true;
  try {
    return withoutStaging(f);
  } finally {
    isComparing = false;
  }
}

/** Keys of the programs and regions that were compared, if equal ones are to be compared only once. */
let compared: Set<string> | undefined;

/**
 * Switches the skipping of repeated comparisons. When on, an equal program or region with equal options is compared
 * only once. Single operations are compared once per primitive, dtypes and ranks, because the tests of primitives
 * compare all backends. The project's own test suite, which compiles the same programs thousands of times, needs it to
 * be fast.
 */
export function compareOnce(isOn: boolean): void {
  compared = isOn ? (compared ?? new Set()) : undefined;
}

/**
 * Returns the key of a program; of programs with equal keys, only one is compared. It is a hash of the program, or for
 * a single operation its name with the dtypes and ranks of its operands.
 */
function structureOf(program: Program): string {
  const [eqn, ...more] = program.eqns;
  if (eqn === undefined || more.length > 0 || subPrograms(eqn.params).length > 0) return hashProgram(program);
  return `${eqn.prim.name} ${eqn.ins.map(({ type }) => `${type.dtype} ${type.shape.length}`).join()}`;
}

/** Returns whether equal code was already compared, and a function that records that it was. */
function keyed(key: () => string): { readonly isKnown: boolean; readonly done: () => void } {
  if (compared === undefined) return { isKnown: false, done() {} };
  const { backend, reproducible } = engine.options;
  const whole = `${backend} ${reproducible} ${isRelaxed()} ${currentDevice().name} ${key()}`;
  return { isKnown: compared.has(whole), done: () => void compared?.add(whole) };
}

const modes = ["off", "first-call", "always"];
const defaultBudget = 1e7;

/**
 * Creates the verifier of the mode `verify`, which spends up to `budget` operations on one comparison. Returns
 * `undefined` for "off". @throws DownhillError `option` for an unknown mode, or a budget that is not positive.
 */
export function makeVerifier(verify: string, budget: number = defaultBudget): Verifier | undefined {
  checkChoice("configure", "verify", verify, modes);
  if (typeof budget !== "number" || !(budget > 0))
    throw new DownhillError(
      "option",
      `configure: verifyBudget must be a positive number of operations, not ${String(budget)}.`,
    );
  if (verify === "off") return undefined;
  const isEveryCall = verify === "always";
  const settled = new WeakSet<object>(); // code of regions
  return {
    watchProgram: (code, recipe, device) => watchProgram(code, recipe, device, isEveryCall, budget),
    watchRegion(known) {
      const { region, code, call } = known;
      const { isKnown, done } = keyed(() =>
        "base" in region ? `${region.steps}|${regionKey(region.base)}` : regionKey(region),
      );
      if (isKnown && !isEveryCall) return;
      known.call = (args, isLent, source) => {
        if (settled.has(code)) known.call = call;
        if (isComparing || settled.has(code)) return call(args, isLent);
        const outcomes = callRegionCompared(region, call, args, isLent, source, budget);
        if (!isEveryCall) settled.add(code);
        done();
        return outcomes;
      };
    },
  };
}

function watchProgram(
  code: WatchedProgram,
  { program, donated }: Recipe,
  device: Device,
  isEveryCall: boolean,
  budget: number,
): void {
  const run = must(code.run, "the code of a program");
  const { isKnown, done } = keyed(() => `${structureOf(program)} ${donated.join()}`);
  if (isKnown && !isEveryCall) return;
  const note = (outcome: Verification): void => {
    count(outcome);
    done();
    code.verification = outcome;
    if (!isEveryCall && code.run !== undefined) code.run = run;
  };
  const elements = [...program.ins, ...program.outs].reduce((n, v) => n + sizeOf(v.type.shape), 0);
  code.run = (inputs, captured) => {
    const call: typeof run = (given) => run(given, captured);
    if (isComparing) return call(inputs);
    if (elements > budget) {
      note("unverified");
      return call(inputs);
    }
    return comparing(() => callCompared({ program, donated, device, run: call }, inputs, budget, note));
  };
}

/** Runs and compares one call of a region; returns its results. */
function callRegionCompared(
  region: WatchedRegion["region"],
  call: RegionCall,
  args: readonly RegionArgument[],
  isLent: readonly boolean[] | undefined,
  source: Parameters<RegionCall>[2],
  budget: number,
): ReturnType<RegionCall> {
  return comparing(() => {
    const base = "base" in region ? region.base : region;
    const steps = "base" in region ? stepsOf(region) : [];
    const whole = derivedBy(base, steps).region();
    checkLowering(whole);
    const types = whole.params.map(({ type }) => type);
    const subject = { base, steps, args: args.map((x, i) => ownValue(x, types[i]!)), source };
    let outcomes: ReturnType<RegionCall>;
    try {
      outcomes = call(args, isLent);
    } catch (error) {
      if (isOfText(error)) count(compareRegion({ ...subject, end: { error } }, budget));
      throw error;
    }
    const values = outcomes.map((x) =>
      typeof x === "number" ? x : { data: x.data.slice() as never, dims: x.dims },
    );
    const end = { values: values.map(trimmed) };
    const outcome = compareRegion({ ...subject, end }, budget);
    count(outcome === "unverified" ? compareShorter(subject, call, budget) : outcome);
    return outcomes;
  });
}

/**
 * Copies a result that is shorter than the lent array that contains it, without the elements after its end. Returns
 * other results unchanged.
 */
function trimmed<T extends number | { readonly data: ArrayLike<number>; readonly dims: readonly number[] }>(
  x: T,
): T {
  if (typeof x === "number") return x;
  const { data, dims } = x;
  const n = sizeOf(dims);
  return data.length === n ? x : ({ data: Array.prototype.slice.call(data, 0, n), dims } as unknown as T);
}
