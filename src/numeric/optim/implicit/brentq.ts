import { full } from "../../array/create.ts";
import {
  abs,
  add,
  astype,
  div,
  equal,
  greater,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  minimum,
  mul,
  neg,
  sign,
  stopGradient,
  sub,
  where,
} from "../../array/elementwise.ts";
import { reshape, stack } from "../../array/shape.ts";
import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { makeJitted as jit } from "../../../engine/runtime/jitted.ts";
import { requireFunction } from "../../../engine/transforms/arguments.ts";
import { whileLoop } from "../../../engine/transforms/structured.ts";
import type { LikeAll } from "../../../engine/tree/index.ts";
import { readArgs, requireResult } from "../minimize/problem.ts";
import { count, fixed, readOptions } from "../options.ts";
import { closed } from "./closed.ts";
import { type ImplicitEquations, implicitSolution, requireSolution } from "./implicit.ts";

/** Options of `brentq`. */
export interface BrentqOptions<A extends readonly unknown[] = []> {
  /** Further arguments of the function after x. Default: none. */
  readonly args?: LikeAll<A>;
  /** Absolute tolerance: the error of the root is at most `xtol + rtol·|x|`; above 0. Default 2e-12. */
  readonly xtol?: number;
  /** Relative tolerance, at least 4·2⁻⁵², which is the default. */
  readonly rtol?: number;
  /** Maximum number of evaluations after those at the ends, 1 or more. Default 100. */
  readonly maxIterations?: number;
}

const leastPart = 4 * Number.EPSILON;

/**
 * Finds the root of a function of one number between `low` and `high`, where it has different signs, by Brent's method
 * (SciPy's `brentq`): bisection, secants and inverse quadratic interpolation. Computes in float64.
 *
 * The result is differentiable in `args`, and in values that f captures, by the implicit function theorem: in both
 * modes and to any order. It has no derivative in `low` and `high`. The search is compiled, and works inside `jit`,
 * `vmap`, `scan` and `grad`.
 *
 * @throws DownhillError `diverged` if the signs at the ends are equal or `maxIterations` is reached; inside traced
 * functions, where this is unknown, the result is NaN instead. `shape` if f does not return a scalar, `option` and
 * `range` for options.
 * @see Brent, Algorithms for minimization without derivatives, 1973, chapter 4.
 * @example
 * brentq((x) => sub(cos(x), x), 0, 1);                              // 0.739085133215
 * const implied = (price) => brentq((x, p) => sub(x.mul(exp(x)), p), 0, 10, { args: [price] });
 * grad(implied)(1);                                                 // 0.361896256635
 */
export function brentq<A extends readonly unknown[] = Tensor[]>(
  f: (x: Tensor, ...args: A) => Tensor,
  low: number | Tensor,
  high: number | Tensor,
  options: BrentqOptions<A> = {},
): Tensor {
  if (arguments.length > 4) refuseExtra("brentq", arguments, 4);
  requireFunction("brentq", f);
  const { args, ...rules } = readOptions<Required<BrentqOptions<readonly unknown[]>>>(
    "brentq",
    options as never,
    {
      args: { initial: [], check: (operation, _, value) => void readArgs(operation, value) },
      xtol: fixed(2e-12, { from: 0, above: true }),
      rtol: fixed(leastPart, { from: leastPart }),
      maxIterations: count(100, { from: 1 }),
    },
  );
  const ends = [readEnd("low", low), readEnd("high", high)] as const;
  const { data, call } = closed("brentq", [ends[0]], args, ([x], own) =>
    requireResult("brentq", f(x!, ...(own as unknown as A)), 0),
  );
  const equations: ImplicitEquations = (x, own) => reshape(call([reshape(x, [])], own), [1]);
  const search = jit((from: Tensor, ...own: Tensor[]) =>
    reshape(
      brent((x) => call([x], own), from.at(0), from.at(1), rules),
      [1],
    ),
  );
  const x = implicitSolution(equations, (start, own) => search(start, ...own), stack(ends), data);
  const repair = `f must have different signs at ${show(ends[0])} and ${show(ends[1])}, and the search must end within maxIterations.`;
  return reshape(requireSolution("brentq", x, repair), []);
}

function readEnd(name: string, end: TensorLike): Tensor {
  const x = asTensor(end, "brentq");
  if (x.ndim === 0) return stopGradient(astype(x, "float64"));
  throw new DownhillError("shape", `brentq: ${name} must be a scalar, got ${showType(x.type)}.`);
}

function show(end: Tensor): string {
  return end.tracer === undefined ? String(end.item()) : "the lower and the upper end";
}

/** State of the search: the root is between `x`, the best point so far, and `other`. */
interface BracketState {
  readonly x: Tensor;
  readonly value: Tensor;
  /** The best point of the previous iteration. */
  readonly last: Tensor;
  readonly lastValue: Tensor;
  readonly other: Tensor;
  readonly otherValue: Tensor;
  /** Step of the previous iteration. `stepBefore` is the step of the iteration before it. */
  readonly step: Tensor;
  readonly stepBefore: Tensor;
  readonly evaluations: Tensor;
  readonly isFound: Tensor;
}

function brent(
  f: (x: Tensor) => Tensor,
  low: Tensor,
  high: Tensor,
  {
    xtol,
    rtol,
    maxIterations,
  }: { readonly xtol: number; readonly rtol: number; readonly maxIterations: number },
): Tensor {
  const [atLow, atHigh] = [f(low), f(high)];
  const begin = ordered({
    x: high,
    value: atHigh,
    last: low,
    lastValue: atLow,
    other: low,
    otherValue: atLow,
    step: sub(high, low),
    stepBefore: sub(high, low),
    evaluations: full([], 0, { dtype: "int32" }),
    isFound: full([], 0, { dtype: "bool" }),
  });
  const isEnclosed = lessEqual(mul(sign(atLow), sign(atHigh)), 0);
  const tolerance = ({ x }: BracketState): Tensor => mul(0.5, add(xtol, mul(rtol, abs(x))));
  const end = whileLoop(
    ({ isFound, evaluations }: BracketState) =>
      logicalAnd(logicalNot(isFound), logicalAnd(isEnclosed, less(evaluations, maxIterations + 1))),
    (state: BracketState): BracketState => advance(f, state, tolerance(state)),
    begin as never,
  );
  return where(end.isFound, end.x, Number.NaN);
}

/**
 * The state with `x` and `other` exchanged where `other` is the better end of the bracket, so that `x` is the best
 * point.
 */
function ordered(state: BracketState): BracketState {
  const isWorse = less(abs(state.otherValue), abs(state.value));
  return {
    ...state,
    x: where(isWorse, state.other, state.x),
    value: where(isWorse, state.otherValue, state.value),
    last: where(isWorse, state.x, state.last),
    lastValue: where(isWorse, state.value, state.lastValue),
    other: where(isWorse, state.x, state.other),
    otherValue: where(isWorse, state.value, state.otherValue),
  };
}

function advance(f: (x: Tensor) => Tensor, state: BracketState, tolerance: Tensor): BracketState {
  const { x, value, last, lastValue, other, otherValue, stepBefore } = state;
  const middle = mul(0.5, sub(other, x));
  const isFound = logicalOr(equal(value, 0), lessEqual(abs(middle), tolerance));
  // secant or inverse quadratic interpolation through three points, as p/q
  const s = div(value, lastValue);
  const [q0, r] = [div(lastValue, otherValue), div(value, otherValue)];
  const isSecant = equal(last, other);
  const p0 = where(
    isSecant,
    mul(2, mul(middle, s)),
    mul(s, sub(mul(2, mul(middle, mul(q0, sub(q0, r)))), mul(sub(x, last), sub(r, 1)))),
  );
  const q1 = where(isSecant, sub(1, s), mul(sub(q0, 1), mul(sub(r, 1), sub(s, 1))));
  const q = where(greater(p0, 0), neg(q1), q1);
  const p = abs(p0);
  const isClose = less(
    mul(2, p),
    minimum(sub(mul(3, mul(middle, q)), abs(mul(tolerance, q))), abs(mul(stepBefore, q))),
  );
  const mayInterpolate = logicalAnd(
    logicalNot(less(abs(stepBefore), tolerance)),
    less(abs(value), abs(lastValue)),
  );
  const isInterpolated = logicalAnd(mayInterpolate, isClose); // false where it is NaN
  const step = where(isInterpolated, div(p, q), middle);
  const least = mul(where(less(middle, 0), -1, 1), tolerance);
  const next = add(x, where(greater(abs(step), tolerance), step, least));
  const after = f(next);
  // the root stays between the new point and an end with the other sign
  const isSameSide = equal(sign(after), sign(otherValue));
  const moved = ordered({
    ...state,
    x: next,
    value: after,
    last: x,
    lastValue: value,
    other: where(isSameSide, x, other),
    otherValue: where(isSameSide, value, otherValue),
    step: where(isSameSide, sub(next, x), step),
    stepBefore: where(isSameSide, sub(next, x), where(isInterpolated, state.step, middle)),
    evaluations: add(state.evaluations, 1),
  });
  return {
    ...moved,
    x: where(isFound, x, moved.x),
    isFound,
  };
}
