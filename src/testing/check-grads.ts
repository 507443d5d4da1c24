import { refuseExtra } from "../engine/errors/arguments.ts";
import { DownhillError, showType } from "../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../engine/errors/options.ts";
import type { Tensor } from "../engine/ir/tensor.ts";
import { isFloating } from "../engine/ir/types.ts";
import { fromFlat } from "../engine/prims/lift.ts";
import {
  flattenArguments,
  flattenResult,
  requireFunction,
  unflattenArguments,
} from "../engine/transforms/arguments.ts";
import { jvp, vjp } from "../engine/transforms/index.ts";
import { leafPaths } from "../engine/tree/index.ts";
import type { LikeAll, TensorLike } from "../engine/tree/index.ts";
import { sizeOf } from "../engine/util/shape.ts";
import { errorBetween, normalLike, numbersOf, showPlace } from "./compare.ts";
import type { ListFunction } from "./differences.ts";
import { differenceQuotient } from "./differences.ts";
import { isIntegerIn } from "../engine/ir/plain-number.ts";

export type Mode = "forward" | "reverse";

export interface CheckGradsOptions {
  /**
   * Highest order of derivative to check. With 2, the derivatives of the derivatives are checked too, in every
   * combination of modes. Default 2.
   */
  readonly order?: number;
  /** Modes to check. Default: both. */
  readonly modes?: readonly Mode[];
  /** Step of the differences, multiplied by max(1, |x|). Default 1e-3, for float32 1/32. */
  readonly eps?: number;
  /** Largest allowed difference, relative to max(1, |derivative|). Default 1e-7, for float32 2e-3. */
  readonly tolerance?: number;
}

/** Number of compared numbers, and the largest difference found, relative to max(1, |derivative|). */
export interface GradReport {
  readonly comparisons: number;
  readonly worst: number;
}

/** Largest number of elements checked per argument; they are evenly spaced. */
const elementsChecked = 64;

/**
 * Checks the derivatives of `f` at `args` against central differences: forward mode along every element, and reverse
 * mode with a random cotangent. Derivatives of the derivatives are checked the same way up to `order`. Integer and
 * boolean leaves are held fixed.
 *
 * @throws DownhillError `check` at a difference, naming the argument, the element and both numbers.
 * @example
 * checkGrads((x, y) => x.mul(y).add(sin(x)), [2, 3]).worst < 1e-9; // true
 */
export function checkGrads(
  f: (...x: Tensor[]) => unknown,
  args: readonly TensorLike[],
  options?: CheckGradsOptions,
): GradReport;
export function checkGrads<A extends readonly unknown[]>(
  f: (...args: A) => unknown,
  args: LikeAll<A>,
  options?: CheckGradsOptions,
): GradReport;
export function checkGrads(
  f: (...args: never[]) => unknown,
  args: readonly unknown[],
  options: CheckGradsOptions = {},
): GradReport {
  if (arguments.length > 3) refuseExtra("checkGrads", arguments, 3);
  requireFunction("checkGrads", f);
  if (!Array.isArray(args)) {
    const got = args === null ? "null" : typeof args;
    throw new DownhillError(
      "tree",
      `checkGrads: args must be an array of the arguments, got ${got}. Write checkGrads(f, [x]).`,
    );
  }
  const { leaves, defs } = flattenArguments(args, "checkGrads");
  const paths = defs.flatMap((def, i) => leafPaths(def, `argument ${i}`));
  const active = leaves.map((x) => isFloating(x.dtype));
  if (!active.includes(true)) {
    const types = leaves.map((x) => showType(x.type)).join(", ");
    throw new DownhillError(
      "dtype",
      `checkGrads: there is nothing to check: no argument is floating-point${types === "" ? "" : ` (${types})`}. ` +
        `Integers and booleans have no derivative; convert one with astype("float64").`,
    );
  }
  const ofLeaves: ListFunction = (xs) => {
    let next = 0;
    const all = leaves.map((x, i) => (active[i] === true ? xs[next++]! : x));
    return flattenResult(f(...(unflattenArguments(defs, all) as never[])), "checkGrads").leaves;
  };
  return checkDerivatives(
    "checkGrads",
    ofLeaves,
    leaves.filter((_, i) => active[i]),
    paths.filter((_, i) => active[i]),
    options,
  );
}

/**
 * Like `checkGrads`, for a function of a list of floating-point tensors. Error messages call these tensors by the given
 * `names`.
 */
export function checkDerivatives(
  operation: string,
  f: ListFunction,
  xs: readonly Tensor[],
  names: readonly string[],
  options: CheckGradsOptions,
): GradReport {
  const { order, modes, eps, tolerance } = readOptions(operation, options, [...xs, ...f(xs)]);
  let comparisons = 0;
  let worst = 0;

  const compare = (expected: number, actual: number, where: () => string): void => {
    comparisons++;
    const error = errorBetween(expected, actual);
    worst = Math.max(worst, error);
    if (error <= tolerance) return;
    throw new DownhillError(
      "check",
      `${operation}: ${where()} is ${actual}, but ${expected} by differences ` +
        `(relative error ${error.toExponential(1)}, tolerance ${tolerance}).`,
    );
  };

  const check = (g: ListFunction, depth: number, chain: string): void => {
    const floats: ListFunction = (ys) => g(ys).filter((out) => isFloating(out.dtype));
    const outs = floats(xs);
    const cts = outs.map((out, k) => normalLike(out.type, 1000 * depth + k));
    const reverse = modes.includes("reverse") ? pullback(floats, xs, cts) : undefined;
    xs.forEach((x, i) => {
      const gradient = reverse && numbersOf(reverse[i]!);
      for (const j of spread(sizeOf(x.shape))) {
        const quotients = differenceQuotient(floats, xs, i, j, eps);
        const place = `${names[i]!}${showPlace(x.shape, j)} of ${showType(x.type)}`;
        if (modes.includes("forward")) {
          const tangents = pushforward(floats, xs, unitVectors(xs, i, j)).map(numbersOf);
          quotients.forEach((quotient, k) =>
            quotient.forEach((expected, n) =>
              compare(
                expected,
                tangents[k]![n]!,
                () =>
                  `${chain}forward mode: the derivative of result ${k}${showPlace(outs[k]!.shape, n)} in ${place}`,
              ),
            ),
          );
        }
        if (gradient !== undefined) {
          const expected = quotients
            .flatMap((quotient, k) => numbersOf(cts[k]!).map((ct, n) => ct * quotient[n]!))
            .reduce((a, b) => a + b, 0);
          compare(expected, gradient[j]!, () => `${chain}reverse mode: the cotangent of ${place}`);
        }
      }
    });
    if (depth === order) return;
    const dxs = xs.map((x, i) => normalLike(x.type, 1000 * depth + 500 + i));
    for (const mode of modes) {
      const derivative: ListFunction =
        mode === "forward" ? (ys) => pushforward(floats, ys, dxs) : (ys) => pullback(floats, ys, cts);
      check(derivative, depth + 1, `${chain}${mode} mode, then `);
    }
  };

  check(f, 1, "");
  return { comparisons, worst };
}

/** Computes the tangents of the results of `f` at `xs` from the tangents `dxs` of its arguments, by forward mode. */
export function pushforward(
  f: ListFunction,
  xs: readonly Tensor[],
  dxs: readonly Tensor[],
): readonly Tensor[] {
  return jvp((...ys: Tensor[]) => f(ys), xs as Tensor[], dxs as Tensor[])[1];
}

/**
 * Computes the cotangents of the arguments `xs` of `f` from the cotangents `cts` of its results, by reverse mode. They
 * are zeros if `f` has no results.
 */
export function pullback(f: ListFunction, xs: readonly Tensor[], cts: readonly Tensor[]): readonly Tensor[] {
  if (cts.length === 0) return xs.map((x) => fromFlat(x.type, new Float64Array(sizeOf(x.shape))));
  return vjp((...ys: Tensor[]) => f(ys), ...(xs as Tensor[]))[1](cts);
}

/** Creates tangents that are 0 except for a 1 at one element of one argument. */
function unitVectors(xs: readonly Tensor[], argument: number, element: number): Tensor[] {
  return xs.map((x, i) => {
    const numbers = new Float64Array(sizeOf(x.shape));
    if (i === argument) numbers[element] = 1;
    return fromFlat(x.type, numbers);
  });
}

/** Returns up to `elementsChecked` evenly spaced indices of 0 … n − 1. */
function spread(n: number): number[] {
  const count = Math.min(n, elementsChecked);
  return Array.from({ length: count }, (_, i) => Math.floor((i * n) / count));
}

function readOptions(
  operation: string,
  options: CheckGradsOptions,
  involved: readonly Tensor[],
): Required<CheckGradsOptions> {
  checkOptions(operation, options, ["order", "modes", "eps", "tolerance"]);
  const single = involved.some((x) => x.dtype === "float32");
  const {
    order = 2,
    modes = ["forward", "reverse"],
    eps = single ? 1 / 32 : 1e-3,
    tolerance = single ? 2e-3 : 1e-7,
  } = options;
  if (!isIntegerIn(order, { from: 1 }))
    throw new DownhillError("range", `${operation}: order must be 1, 2, 3, …, got ${String(order)}.`);
  if (!Array.isArray(modes))
    throw new DownhillError("option", `${operation}: modes must be a list, as in ["forward", "reverse"].`);
  for (const mode of modes) checkChoice(operation, "modes", mode, ["forward", "reverse"]);
  for (const [name, value] of Object.entries({ eps, tolerance })) {
    if (!(value > 0))
      throw new DownhillError("range", `${operation}: ${name} must be positive, got ${String(value)}.`);
  }
  return { order, modes, eps, tolerance };
}
