// Comparison of a call of a compiled region with the oracle, and criteria for a difference.
import type { DownhillError } from "../../engine/errors/index.ts";
import { isFloating } from "../../engine/region/form/build.ts";
import type { Region } from "../../engine/region/form/region.ts";
import { printRegion } from "../../engine/region/index.ts";
import { engine } from "../../engine/runtime/index.ts";
import type { RegionCall } from "../../engine/runtime/regions.ts";
import type { PlainSource, Verification } from "../../engine/runtime/index.ts";
import { resultTypes } from "../../numeric/plain/call/regions.ts";
import { showNumber } from "../compare.ts";
import { differentErrors } from "./compare.ts";
import { callJavaScript } from "./plain.ts";
import type { OracleComparison, Quantity, RegionEnd, RegionValue, DerivationStep } from "./regions.ts";
import { comparisonOf, derivedBy, interpreted, isOfText, numbersIn, ownValue } from "./regions.ts";
import { differenceError } from "./report.ts";

/** A call to compare: a region given by its base and derivation steps, its arguments, and its results or error. */
export interface RegionSubject {
  readonly base: Region;
  readonly steps: readonly DerivationStep[];
  readonly args: readonly RegionValue[];
  readonly end: RegionEnd;
  /** The plain function from which the base was built, if it can be called. */
  readonly source: PlainSource | undefined;
  /** Recorded results of the plain function, if it can no longer be called. */
  readonly recorded?: JavaScriptValues | undefined;
}

interface JavaScriptValues {
  readonly javaScript: string;
  readonly values: readonly RegionValue[];
}

/**
 * Differences that are always accepted, relative to the largest number of a result. They are caused by reordered sums
 * and by functions whose last bits may differ.
 */
const tolerance = { double: 1e-11, single: 1e-4 };
/**
 * Numbers of runs of the oracle with inputs moved by an ulp (`moved`), and with errors in its operations (`shaken`).
 * The second stage is used if the first does not explain a difference.
 */
const stagesOfRuns = [
  { moved: 2, shaken: 4 },
  { moved: 8, shaken: 32 },
];
/** Factor by which the difference of a result may exceed the oracle's own variation. */
const factor = 8;

/**
 * Moves each floating-point number of the arguments by about an ulp, up or down depending on `salt`. Integers and
 * booleans stay.
 */
function moved(args: readonly RegionValue[], types: readonly string[], salt: number): RegionValue[] {
  return args.map((arg, i) => {
    if (!isFloating(types[i] as never)) return arg;
    const ulp = types[i] === "f32" ? 2 ** -23 : 2 ** -52;
    const move = (x: number, j: number): number => {
      const y = x + (Math.sin(1 + 12.9898 * j + 78.233 * i + 37.719 * salt) > 0 ? 1 : -1) * Math.abs(x) * ulp;
      return types[i] === "f32" ? Math.fround(y) : y;
    };
    if (typeof arg === "number") return move(arg, 0);
    return { data: Array.from(arg.data, move), dims: arg.dims };
  });
}

interface RegionDifference {
  readonly text: string;
  readonly isIllConditioned: boolean;
}

function scaleOf({ numbers, scale }: Quantity, want: ArrayLike<number>): number {
  if (scale !== undefined) return Math.max(scale, Math.abs(want[0]!));
  let largest = 0;
  for (const list of [numbers, want])
    for (let i = 0; i < list.length; i++)
      if (Number.isFinite(list[i])) largest = Math.max(largest, Math.abs(list[i]!));
  return largest;
}

/**
 * True if both numbers are equal; 0 equals −0, and NaN equals NaN. Two sums also count as equal if both are infinite or
 * NaN.
 */
function isSame(got: number, want: number, isSum: boolean): boolean {
  return Object.is(got, want) || got === want || (isSum && !Number.isFinite(got) && !Number.isFinite(want));
}

/**
 * Returns the first number that is off by more than allowed, or the first quantity with a wrong length; `undefined` if
 * all agree. `spread` contains the variation of each of the oracle's own numbers.
 */
function findDifference(
  quantities: readonly Quantity[],
  expected: readonly ArrayLike<number>[],
  spread?: readonly Float64Array[],
):
  | { readonly quantity: number; readonly at: number; readonly off: number; readonly isMoving: boolean }
  | undefined {
  for (const [q, quantity] of quantities.entries()) {
    const want = expected[q]!;
    const { numbers, isSingle } = quantity;
    if (numbers.length !== want.length) return { quantity: q, at: -1, off: Infinity, isMoving: false };
    const bound = (isSingle ? tolerance.single : tolerance.double) * scaleOf(quantity, want);
    for (let i = 0; i < want.length; i++) {
      const off = Math.abs(numbers[i]! - want[i]!);
      const moves = spread?.[q]![i] ?? 0;
      if (isSame(numbers[i]!, want[i]!, quantity.scale !== undefined)) continue;
      if (quantity.mayBeNaN === true && Number.isNaN(numbers[i])) continue;
      if (!(off <= Math.max(bound, factor * moves)) && moves !== Infinity)
        return { quantity: q, at: i, off, isMoving: moves > bound };
    }
  }
  return undefined;
}

/**
 * Compares quantities with the oracle. If they differ, also runs the oracle with slightly moved inputs and with errors
 * in its operations, to learn how much its results vary. `isIllConditioned` reports whether this variation explains the
 * difference. `interpretedOnce` is the result of the interpreter without errors, to which the runs with errors are
 * compared.
 */
function compareQuantities(
  quantities: readonly Quantity[],
  args: readonly RegionValue[],
  types: readonly string[],
  expected: readonly ArrayLike<number>[],
  oracle: OracleComparison["expected"],
  interpretedOnce: readonly ArrayLike<number>[] = expected,
): { readonly difference?: RegionDifference; readonly isIllConditioned: boolean } {
  if (findDifference(quantities, expected) === undefined) return { isIllConditioned: false };
  const spread = expected.map((list) => new Float64Array(list.length));
  const learn = (
    there: ReturnType<OracleComparison["expected"]>,
    base: readonly ArrayLike<number>[],
  ): void => {
    if (there === undefined) return;
    spread.forEach((most, q) => {
      for (let i = 0; i < most.length; i++) {
        const x = "error" in there ? NaN : there.numbers[q]![i]!;
        if (Object.is(x, base[q]![i])) continue;
        const off = Math.abs(x - base[q]![i]!);
        most[i] = Math.max(most[i]!, Number.isNaN(off) ? Infinity : off);
      }
    });
  };
  const done = { moved: 0, shaken: 0 };
  for (const runs of stagesOfRuns) {
    for (; done.moved < runs.moved; done.moved++) learn(oracle(moved(args, types, done.moved)), expected);
    while (done.shaken < runs.shaken) learn(oracle(args, ++done.shaken), interpretedOnce);
    if (findDifference(quantities, expected, spread) === undefined) return { isIllConditioned: true };
  }
  const { quantity: q, at, off, isMoving } = findDifference(quantities, expected, spread)!;
  const { name, numbers } = quantities[q]!;
  const text =
    at < 0
      ? `${name} has ${numbers.length} numbers, but that of the oracle ${expected[q]!.length}`
      : `${name}${expected[q]!.length > 1 ? ` [${at}]` : ""} is ${showNumber(numbers[at]!)}, but the oracle computes ` +
        `${showNumber(expected[q]![at]!)}: off by ${off}`;
  return { difference: { text, isIllConditioned: isMoving }, isIllConditioned: isMoving };
}

/**
 * Compares a call with the oracle within a budget of scalar operations. Returns "unverified" if the budget is exceeded,
 * "ill-conditioned" if tiny changes of the inputs explain the differences, otherwise "verified".
 *
 * @throws DownhillError `internal` for a difference.
 */
export function compareRegion(subject: RegionSubject, budget: number): Verification {
  const { base, steps, args, end } = subject;
  const comparison = comparisonOf(base, steps, args, budget);
  const expected = comparison.expected(args);
  if (expected === undefined) return "unverified";
  const fail = (text: string, want: readonly unknown[]): DownhillError => regionError(subject, text, want);
  if ("error" in expected || "error" in end) {
    if (!("error" in end))
      throw fail("it ends without an error, but the oracle ends with one", [
        "error" in expected ? expected.error : undefined,
      ]);
    if (!("error" in expected))
      throw fail("it ends with an error, but the oracle does not", expected.numbers);
    const difference = differentErrors(end.error, expected.error);
    if (difference !== undefined) throw fail(difference, [expected.error]);
    return "verified";
  }
  const types = derivedBy(base, steps)
    .region()
    .params.map(({ type }) => type);
  const compared = compareQuantities(
    comparison.got(end.values),
    args,
    types,
    expected.numbers,
    comparison.expected,
  );
  const { difference } = compared;
  if (difference !== undefined) throw fail(wordsOf(difference), expected.numbers);
  const isJavaScriptMoving = compareWithJavaScript(subject, budget);
  return compared.isIllConditioned || isJavaScriptMoving ? "ill-conditioned" : "verified";
}

const wordsOf = ({ text, isIllConditioned }: RegionDifference): string =>
  isIllConditioned
    ? `${text} (ill-conditioned: the oracle disagrees with itself if inputs move by an ulp)`
    : text;

/**
 * Compares the values of the base region with the results of the JavaScript function from which it was built. Returns
 * true if they differ only because the function is ill-conditioned; false also if there is nothing to compare.
 */
function compareWithJavaScript(subject: RegionSubject, budget: number): boolean {
  const { base, steps, end, source, recorded } = subject;
  if (source === undefined && recorded === undefined) return false;
  const args = subject.args.slice(0, base.params.length);
  const types = base.params.map(({ type }) => type);
  const region = interpreted(base, budget);
  const values = steps.length === 0 && "values" in end ? end : region(args);
  if (values === undefined || "error" in values) return false;
  const wanted = recorded ?? callJavaScript(source!, args);
  if (wanted === undefined) return false;
  if ("error" in wanted)
    throw regionError(subject, "JavaScript throws, but the region does not", [wanted.error]);
  const own = resultTypes(base);
  const { difference, isIllConditioned } = compareQuantities(
    values.values.map((value, k) => ({
      name: `result ${k}`,
      numbers: numbersIn(value),
      isSingle: own[k] === "f32",
    })),
    args,
    types,
    wanted.values.map(numbersIn),
    (there, seed) => {
      const ended = seed === undefined ? source && callJavaScript(source, there) : region(there, seed);
      return ended === undefined || "error" in ended ? ended : { numbers: ended.values.map(numbersIn) };
    },
    values.values.map(numbersIn),
  );
  if (difference !== undefined)
    throw regionError(
      subject,
      wordsOf(difference),
      wanted.values,
      recorded ?? { javaScript: source!.f.toString(), values: wanted.values },
    );
  return isIllConditioned;
}

function regionError(
  { base, steps, args, end }: RegionSubject,
  difference: string,
  expected: readonly unknown[],
  javaScript?: JavaScriptValues,
): DownhillError {
  const { backend = "auto", reproducible = false } = engine.options;
  const derived = steps.map((step) => (step.kind === "gradient" ? step.wanted : step.kind));
  const name = [...derived.toReversed(), base.name].join(" of ");
  return differenceError({
    kind: "region",
    name,
    difference,
    printed: printRegion(base),
    options: { backend, reproducible },
    subject: { base, steps, ...javaScript },
    inputs: args,
    got: "error" in end ? [end.error] : end.values,
    expected,
  });
}

/** Lengths to which arrays are cut, one after the other, if a call takes too long. */
const fewElements = [16, 4];

/** Shortens arrays to at most `most` elements along each axis. Integers equal to a shortened length are reduced too. */
function shortened(args: readonly RegionValue[], most: number): RegionValue[] {
  const lengths = new Set<number>();
  for (const x of args) if (typeof x === "object") for (const n of x.dims) if (n > most) lengths.add(n);
  return args.map((x) => {
    if (typeof x === "number") return lengths.has(x) ? most : x;
    const dims = x.dims.map((n) => Math.min(n, most));
    const size = dims.reduce((a, b) => a * b, 1);
    const data = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      let [rest, at, stride] = [i, 0, 1];
      for (let axis = dims.length - 1; axis >= 0; axis--) {
        at += (rest % dims[axis]!) * stride;
        rest = Math.floor(rest / dims[axis]!);
        stride *= x.dims[axis]!;
      }
      data[i] = x.data[at]!;
    }
    return { data: Array.from(data), dims };
  });
}

/**
 * Calls a compiled region with copies of the arguments. Returns its results, or the error with which the user's
 * function itself ended; other errors are thrown.
 */
export function endOf(call: RegionCall, args: readonly RegionValue[], types: Region["params"]): RegionEnd {
  try {
    return { values: call(args.map((x, i) => ownValue(x, types[i]!.type))) };
  } catch (error) {
    if (!isOfText(error)) throw error;
    return { error };
  }
}

/**
 * Calls the region with shorter arrays and compares that with the oracle. Returns "unverified" if no array can be
 * shortened, or if the shorter calls fail or exceed the budget.
 */
export function compareShorter(
  subject: Omit<RegionSubject, "end">,
  call: RegionCall,
  budget: number,
): Verification {
  const { base, steps, args } = subject;
  const { params } = derivedBy(base, steps).region();
  for (const most of fewElements) {
    const short = shortened(args, most).map((x, i) => ownValue(x, params[i]!.type));
    if (
      short.every(
        (x, i) =>
          typeof x === "number" || x.data.length === (args[i] as { data: ArrayLike<number> }).data.length,
      )
    )
      continue;
    const end = endOf(call, short, params);
    if ("error" in end) continue; // an index that is out of range for shorter arrays
    const outcome = compareRegion({ ...subject, args: short, end }, budget);
    if (outcome !== "unverified") return outcome;
  }
  return "unverified";
}
