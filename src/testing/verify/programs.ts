// Compares a call of a compiled program with the interpreter on the program as traced.
import { DownhillError } from "../../engine/errors/index.ts";
import { copyOfElements } from "../../engine/ir/elements.ts";
import { hostMemory, printProgram } from "../../engine/ir/index.ts";
import type { ConcreteValue, Program } from "../../engine/ir/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import type { ArrayType } from "../../engine/ir/types.ts";
import { scalarTypeOf } from "../../engine/ir/types.ts";
import type { TypedArray } from "../../engine/kernel/executable.ts";
import { lowerProgram, optimize } from "../../engine/passes/index.ts";
import { compileProgram, engine, isTurbo } from "../../engine/runtime/index.ts";
import type { Device, Executable, Recipe, Verification } from "../../engine/runtime/index.ts";
import { withoutStaging } from "../../engine/trace/index.ts";
import { must } from "../../engine/util/assert-never.ts";
import { now } from "../../engine/util/now.ts";
import { sizeOf } from "../../engine/util/shape.ts";
import { differentBits, differentErrors, showDifference } from "./compare.ts";
import { literalProgram } from "./literal.ts";
import type { OracleOutcome, ProgramValue } from "./oracle.ts";
import { interpret, runProgram, slotOf } from "./oracle.ts";
import { differenceError } from "./report.ts";
import { roundingOf } from "./rounding.ts";
import { withShorterLoops } from "./shorter.ts";

/** A call to compare: the program, copies of its inputs, and its results or the error that ended it. */
export interface ProgramCall {
  readonly program: Program;
  readonly inputs: readonly ProgramValue[];
  readonly outcome: NonNullable<OracleOutcome>;
  /** True if results must equal those of the interpreter on the optimised program bit by bit. */
  readonly isExact: boolean;
}

/**
 * Milliseconds after which a comparison makes no more runs with random errors, even if these have not explained the
 * difference yet.
 */
const mostTime = 700;
/** Numbers of iterations to which the loops of a program are cut, one after the other, if it takes too long. */
const fewIterations = [16, 3];
/** Factor by which a difference must exceed the error explained by rounding to count as wrong, even if time ran out. */
const gross = 1000;

/**
 * Compares a call with the oracle within a budget of scalar operations. Returns "unverified" if the budget is exceeded,
 * or if time runs out before a small difference is certain.
 *
 * @throws DownhillError `internal` for a difference.
 */
export function compareProgram(call: ProgramCall, budget: number): Verification {
  const start = now();
  const { program, inputs, outcome, isExact } = call;
  const expected = interpret(program, inputs, budget);
  if (expected === undefined) return "unverified";
  const fail = (difference: string): DownhillError => programError(call, expected, difference);
  if ("error" in outcome || "error" in expected) {
    if (!("error" in outcome)) throw fail("it ends without an error, but the oracle ends with one");
    if (!("error" in expected)) throw fail("it ends with an error, but the oracle does not");
    const difference = differentErrors(outcome.error, expected.error);
    if (difference !== undefined) throw fail(difference);
    return "verified";
  }
  const got = outcome.values;
  if (differentBits(got, expected.values) === undefined) return "verified";
  const own = isExact ? runProgram(optimize(program), inputs, budget).outcome : undefined;
  if (own !== undefined && "values" in own) {
    const difference = differentBits(got, own.values);
    if (difference !== undefined) throw fail(`${difference} after the same passes`);
  }
  const { routine } = lowerProgram(literalProgram(program));
  const arrays = (values: readonly ProgramValue[]): TypedArray[] =>
    values.map((x) => (typeof x === "number" ? Float64Array.of(x) : x));
  const wanted = arrays(expected.values);
  const failures = routine.outputs.slice(program.outs.length).map(() => Float64Array.of(0));
  const rounding = roundingOf(routine, inputs.map(slotOf), [...wanted, ...failures]);
  const found = rounding.find([...arrays(got), ...failures], () => now() - start < mostTime);
  if (found === undefined) return "verified";
  const { result, at, got: have, want, allowed, isSure } = found;
  if (!isSure && Math.abs(have - want) < gross * allowed) return "unverified";
  throw fail(
    `${showDifference(result, at, have, want)}: off by ${Math.abs(have - want)}, but rounding explains only ${allowed}`,
  );
}

function programError(
  { program, inputs, outcome }: ProgramCall,
  expected: NonNullable<OracleOutcome>,
  difference: string,
): DownhillError {
  const listed = (one: NonNullable<OracleOutcome>): readonly unknown[] =>
    "error" in one ? [one.error] : one.values;
  const { backend = "auto", reproducible = false } = engine.options;
  return differenceError({
    kind: "program",
    name: program.name,
    difference,
    printed: printProgram(program),
    options: { backend, reproducible },
    subject: program,
    inputs,
    got: listed(outcome),
    expected: listed(expected),
  });
}

/**
 * Copies the first `n` elements of an operand. Returns a promise if its memory is that of a device that must be
 * awaited.
 */
function copyOf(held: ConcreteValue, n: number): ProgramValue | Promise<TypedArray> {
  if (typeof held === "number") return held;
  const memory = must(held.memory, "the memory of an operand");
  return memory.isImmediate ? memory.copy(held, n) : memory.read(held, n);
}

/**
 * True for errors with which a program itself can end. All other errors concern memory or donated tensors, and prove
 * nothing.
 */
function isOfProgram(error: unknown): boolean {
  return error instanceof DownhillError && (error.code === "range" || error.code === "thrown");
}

/** A compiled program with its device. */
interface CompiledProgram extends Pick<Recipe, "program" | "donated"> {
  readonly device: Device;
  readonly run: Executable["run"];
}

/**
 * Runs and compares one call of a compiled program; returns its results. Results of a device are compared later, when
 * they are read. `note` receives the result of the comparison.
 */
export function callCompared(
  { program, device, donated, run }: CompiledProgram,
  inputs: readonly ConcreteValue[],
  budget: number,
  note: (outcome: Verification) => void,
): readonly Tensor[] {
  const isReadable = inputs.every((held) => typeof held === "number" || held.memory !== undefined);
  if (!isReadable) return run(inputs); // throws the right error
  const copies = inputs.map((held, i) => copyOf(held, sizeOf(program.ins[i]!.type.shape)));
  const isExact = device.bits === "exact" && !isTurbo();
  let outs: readonly Tensor[];
  try {
    outs = run(inputs);
  } catch (error) {
    for (const copy of copies) if (copy instanceof Promise) copy.catch(() => {}); // of a device that failed
    if (isOfProgram(error) && !copies.some((x) => x instanceof Promise))
      note(
        compareProgram({ program, inputs: copies as ProgramValue[], outcome: { error }, isExact }, budget),
      );
    throw error;
  }
  if (!device.memory.isImmediate || copies.some((x) => x instanceof Promise)) {
    compareLater(program, copies, outs, isExact, budget, note);
    return outs;
  }
  const values = outs.map((x): ProgramValue =>
    typeof x.slot === "number" ? x.slot : copyOfElements(x, "verify"),
  );
  const known = copies as readonly ProgramValue[];
  const outcome = compareProgram({ program, inputs: known, outcome: { values }, isExact }, budget);
  note(outcome === "unverified" ? compareShorter(program, known, donated, isExact, budget) : outcome);
  return outs;
}

/**
 * Compiles the program again with at most 16, then 3 iterations per loop, and compares that with the oracle. Returns
 * "unverified" if no loop can be shortened, or if this still exceeds the budget.
 */
function compareShorter(
  program: Program,
  inputs: readonly ProgramValue[],
  donated: readonly boolean[],
  isExact: boolean,
  budget: number,
): Verification {
  for (const most of fewIterations) {
    const shorter = withoutStaging(() => withShorterLoops(program, most));
    if (shorter === undefined) return "unverified";
    if (interpret(shorter, inputs, budget) === undefined) continue;
    const { run, drop } = compileProgram(shorter, undefined, donated);
    try {
      const outcome = outcomeOf(run, shorter, inputs);
      return compareProgram({ program: shorter, inputs, outcome, isExact }, budget);
    } finally {
      drop();
    }
  }
  return "unverified";
}

/**
 * Calls a compiled program with copies of the inputs. Returns its results, or the error with which the program itself
 * ended; other errors are thrown.
 */
export function outcomeOf(
  run: Executable["run"],
  program: Program,
  inputs: readonly ProgramValue[],
): NonNullable<OracleOutcome> {
  const held = inputs.map((x, i): ConcreteValue => {
    if (typeof x === "number") return x;
    const { memory } = engine.device ?? { memory: undefined };
    const type = scalarTypeOf(program.ins[i]!.type.dtype);
    return (memory ?? hostMemory).store(type, x, 0, x.length);
  });
  try {
    const values = run(held).map((x): ProgramValue =>
      typeof x.slot === "number" ? x.slot : copyOfElements(x, "verify"),
    );
    return { values };
  } catch (error) {
    if (!isOfProgram(error)) throw error;
    return { error };
  }
}

/**
 * Compares each result in the memory of a device when it is first read. Results that are never read are not compared.
 */
function compareLater(
  program: Program,
  inputs: readonly (ProgramValue | Promise<TypedArray>)[],
  outs: readonly Tensor[],
  isExact: boolean,
  budget: number,
  note: (outcome: Verification) => void,
): void {
  for (const promise of inputs) if (promise instanceof Promise) promise.catch(() => {}); // the read of a result fails with the error
  let expected: OracleOutcome;
  outs.forEach((out, k) => {
    const { slot } = out;
    if (typeof slot !== "object") return;
    slot.onRead = async (elements) => {
      slot.onRead = undefined;
      const given = await Promise.all(inputs.map((x) => Promise.resolve(x)));
      const known = given.map((x, i) => valueOfType(x, program.ins[i]!.type));
      expected ??= interpret(program, known, budget);
      if (expected === undefined || "error" in expected) {
        note("unverified");
        return elements;
      }
      // only one result is read; the others count as correct
      const values = expected.values.with(k, valueOfType(elements, out.type));
      note(compareProgram({ program, inputs: known, outcome: { values }, isExact }, budget));
      return elements;
    };
  });
}

/** Converts a scalar, which a device stores as an array of one element, to a number. */
function valueOfType(x: ProgramValue, { shape }: ArrayType): ProgramValue {
  return typeof x === "number" || shape.length > 0 ? x : x[0]!;
}
