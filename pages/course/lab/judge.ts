// The judge of all puzzles. It runs the code of a learner and then its checks. Each check compares a claim with numbers.
import { tensor, type Tensor } from "downhill";
import { nameProblem, noteOn, ownFunctionAdvice, undefinedName } from "./advice.ts";
import { type CodeOptions, missingName, runCode, shown } from "./code.ts";
import type { CheckResult, Puzzle, PuzzleVerdict } from "./puzzle.ts";

/** Functions that the code defines, by name. */
type Defined = Readonly<Record<string, unknown>>;

/** One claim about the code. The test throws {@link Mismatch} if the claim is false. */
export interface Check {
  readonly claim: string;
  readonly test: (mine: Defined) => void;
}

/**
 * Creates a check. `M` has the signatures of the defined functions. Their results are `unknown`, because a learner may
 * return anything.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- callers name the functions that they call
export function check<M>(claim: string, test: (mine: M) => void): Check {
  return { claim, test: (mine) => test(mine as M) };
}

/** Checks of a puzzle, and typical wrong answers, which must not pass. */
export interface PuzzleChecks {
  readonly checks: readonly Check[];
  readonly mistakes: readonly string[];
}

/** A claim that is false, with a sentence about the difference. */
class Mismatch extends Error {}

/** Runs a program and judges it. Printed lines go to `print`. */
export async function judgePuzzle(
  { names }: Pick<Puzzle, "names">,
  { checks }: Pick<PuzzleChecks, "checks">,
  text: string,
  options: Omit<CodeOptions, "names"> = {},
): Promise<PuzzleVerdict> {
  let mine: Defined;
  try {
    const absent = names.find((name) => !new RegExp(`\\b${name}\\b`).test(text));
    if (absent !== undefined) throw missingName(absent);
    mine = await runCode(text, { ...options, names });
    const other = names.find((name) => typeof mine[name] !== "function");
    if (other !== undefined) throw new Error(`${other} must be a function; it is ${shown(mine[other])}.`);
  } catch (error) {
    return { problem: wordsOf(error, text), checks: [], note: noteOn(text), isSolved: false };
  }
  const results: CheckResult[] = [];
  for (const { claim, test } of checks) {
    try {
      test(mine);
      results.push({ claim, isMet: true, found: "" });
    } catch (error) {
      results.push({ claim, isMet: false, found: wordsOf(error, text) });
    }
  }
  const isSolved = results.every(({ isMet }) => isMet);
  return { problem: "", checks: results, note: isSolved ? "" : noteOn(text), isSolved };
}

/** Message of an error that `code` threw. Errors of the code itself keep their name, as consoles show them. */
export function wordsOf(error: unknown, code: string): string {
  if (error instanceof Mismatch) return error.message;
  const name = undefinedName(error);
  if (name !== undefined) return nameProblem(name, code);
  const own = error instanceof TypeError || error instanceof RangeError ? ownFunctionAdvice(code) : undefined;
  if (own !== undefined) return own;
  if (!(error instanceof Error)) return `Your code threw ${shown(error)}.`;
  return error.name === "Error" || error.name === "DownhillError"
    ? error.message
    : `${error.name}: ${error.message}`;
}

/** Reads a number that the code returned: a number, or a tensor with one element. */
export function numberOf(value: unknown, from: string): number {
  const plain = plainOf(value);
  if (typeof plain === "number") return plain;
  throw new Mismatch(`${from} should be a number; it is ${shown(plain)}.${adviceOnResult(plain)}`);
}

/** Reads a list of numbers that the code returned: an array, a typed array or a tensor. */
export function numbersOf(value: unknown, from: string, length?: number): number[] {
  const plain = plainOf(value);
  const found = ArrayBuffer.isView(plain) ? Array.from(plain as Float64Array) : plain;
  if (!Array.isArray(found) || found.flat(3).some((one) => typeof one !== "number"))
    throw new Mismatch(
      `${from} should be an array of numbers; it is ${typeof plain === "number" ? short(plain) : shown(plain)}.${adviceOnList(plain)}`,
    );
  const flat = found.flat(3) as number[];
  if (length !== undefined && flat.length !== length)
    throw new Mismatch(`${from} should have ${length} numbers; it has ${flat.length}.`);
  return flat;
}

/** Advice on a result that is missing. */
function adviceOnResult(value: unknown): string {
  return value === undefined ? " Write return before the result of a function." : "";
}

/** Advice on a result that should be a list: `return a, b` returns only `b`. */
function adviceOnList(value: unknown): string {
  return typeof value === "number"
    ? " Write brackets around several results: return [first, second]."
    : adviceOnResult(value);
}

function plainOf(value: unknown): unknown {
  if (isTensor(value)) return value.tolist();
  return Array.isArray(value) ? value.map(plainOf) : value;
}

function isTensor(value: unknown): value is Tensor {
  return typeof value === "object" && value !== null && "tolist" in value && "dtype" in value;
}

const usualTolerance = 1e-9; // relative; code of learners computes in float64

/** Checks that a number equals the expected one, relative to the larger of 1 and its size. */
export function expectNear(got: unknown, wanted: number, from: string, tolerance = usualTolerance): void {
  const value = numberOf(got, from);
  if (Object.is(value, wanted) || Math.abs(value - wanted) <= tolerance * Math.max(1, Math.abs(wanted)))
    return;
  throw new Mismatch(`${from} is ${short(value)}; it should be ${short(wanted)}.`);
}

/** Checks a list of numbers against the expected ones. */
export function expectAllNear(
  got: unknown,
  wanted: readonly number[],
  from: string,
  tolerance = usualTolerance,
): void {
  const values = numbersOf(got, from, wanted.length);
  const at = values.findIndex(
    (value, i) => !(Math.abs(value - wanted[i]!) <= tolerance * Math.max(1, Math.abs(wanted[i]!))),
  );
  if (at < 0) return;
  throw new Mismatch(
    `${from} is ${list(values)}; it should be ${list(wanted)}${values.length > 3 ? ` (number ${at + 1} differs)` : ""}.`,
  );
}

/** Throws the mismatch unless a condition is true. */
export function expectThat(isTrue: boolean, otherwise: string): void {
  if (!isTrue) throw new Mismatch(otherwise);
}

/**
 * Derivative of a function of one number by central differences, for the comparison with rules of learners. Its error
 * is about 1e-10 for functions of size 1.
 */
export function slopeByDifference(f: (x: number) => number, x: number): number {
  const h = 1e-3 * Math.max(1, Math.abs(x));
  const difference = (step: number): number => (f(x + step) - f(x - step)) / (2 * step);
  // Richardson's extrapolation twice, which cancels the terms in h² and h⁴.
  const [a, b, c] = [difference(h), difference(h / 2), difference(h / 4)];
  const [ab, bc] = [(4 * b - a) / 3, (4 * c - b) / 3];
  return (16 * bc - ab) / 15;
}

/** Relative tolerance of a comparison with {@link slopeByDifference}. */
export const differenceTolerance = 1e-8;

/** A tensor of float64. */
export function f64(values: number | readonly number[] | readonly (readonly number[])[]): Tensor {
  return tensor(values, { dtype: "float64" });
}

/** Writes a number with at most five digits. */
export function short(value: number): string {
  if (Math.abs(value) >= 1e6 && Number.isFinite(value))
    return value.toExponential(2).replaceAll("-", "−").replace("e+", "e");
  return String(Number(value.toPrecision(5))).replace("-", "−");
}

function list(values: readonly number[]): string {
  const most = 6;
  const more = values.length > most ? ", …" : "";
  return `[${values.slice(0, most).map(short).join(", ")}${more}]`;
}
