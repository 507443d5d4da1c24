import { full } from "../../array/create.ts";
import {
  abs,
  add,
  div,
  greater,
  isFinite,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  maximum,
  minimum,
  mul,
  neg,
  sqrt,
  square,
  sub,
  where,
} from "../../array/elementwise.ts";
import { all, max, sum } from "../../array/reduce.ts";
import { dot, matmul, transpose } from "../../array/shape.ts";
import { refuseExtra } from "../../../engine/errors/arguments.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import { makeJitted as jit } from "../../../engine/runtime/jitted.ts";
import { requireFunction } from "../../../engine/transforms/arguments.ts";
import { jacfwd } from "../../../engine/transforms/index.ts";
import { whileLoop } from "../../../engine/transforms/structured.ts";
import type { Like, LikeAll } from "../../../engine/tree/index.ts";
import { readArgs } from "../minimize/problem.ts";
import { count, fixed, readOptions } from "../options.ts";
import { closed } from "./closed.ts";
import { type ImplicitEquations, implicitSolution, requireSolution, solveLinear } from "./implicit.ts";
import { flatVector } from "./vector.ts";

/** Options of `root`. */
export interface RootOptions<A extends readonly unknown[] = []> {
  /** Further arguments of the function after x. Default: none. */
  readonly args?: LikeAll<A>;
  /**
   * Relative tolerance: the search ends when Newton's step is no longer than this fraction of x; above 0. Default
   * 1e-12.
   */
  readonly xtol?: number;
  /** Maximum number of evaluations of the function and its Jacobian, 1 or more. Default 100. */
  readonly maxIterations?: number;
}

/**
 * Finds an x with `f(x, ...args) = 0` from `x0` by Powell's hybrid of Newton's method and steepest descent (SciPy's
 * `root` with `method="hybr"`) with exact Jacobians. `f` returns one number per number of x, in the same structure.
 * Computes in float64.
 *
 * The result is differentiable in `args`, and in values that f captures, by the implicit function theorem. This works
 * in both modes and to any order, regardless of the course of the search. It has no derivative in `x0`. The search is
 * compiled, and works inside `jit`, `vmap`, `scan` and `grad`; for n unknowns a step costs n³.
 *
 * @throws DownhillError `diverged` if no root is found; inside traced functions, where this is unknown, the result is
 * NaN instead. `option` and `range` for options, `tree` and `shape` for a result that does not have the structure of
 * `x0`.
 * @see Powell, A hybrid method for nonlinear equations, 1970.
 * @example
 * root((x, a) => sub(square(x), a), 1, { args: [2] }); // 1.41421356237
 * const circleAndLine = (p, r) => ({ x: sub(add(square(p.x), square(p.y)), square(r)), y: sub(p.y, p.x) });
 * const cut = (r) => root(circleAndLine, { x: 1, y: 0.5 }, { args: [r] }).x;
 * grad(cut)(2); // 0.707106781187
 */
export function root(
  f: (x: Tensor, ...args: Tensor[]) => Tensor,
  x0: TensorLike,
  options?: RootOptions<Tensor[]>,
): Tensor;
export function root<P, A extends readonly unknown[] = []>(
  f: (x: P, ...args: A) => P,
  x0: Like<P>,
  options?: RootOptions<A>,
): P;
export function root(
  f: (...given: never[]) => unknown,
  x0: unknown,
  options: RootOptions<readonly unknown[]> = {},
): unknown {
  if (arguments.length > 3) refuseExtra("root", arguments, 3);
  requireFunction("root", f);
  const { args, ...rules } = readOptions<Required<RootOptions<readonly unknown[]>>>(
    "root",
    options as never,
    {
      args: { initial: [], check: (operation, _, value) => void readArgs(operation, value) },
      xtol: fixed(1e-12, { from: 0, above: true }),
      maxIterations: count(100, { from: 1 }),
    },
  );
  const { vector, toTree, fromTree } = flatVector("root", x0, "x0");
  const { data, call } = closed("root", [vector], args, ([x], own) =>
    fromTree(f(...([toTree(x!), ...own] as never[])), "the result of the function"),
  );
  const equations: ImplicitEquations = (x, own) => call([x], own);
  const search = jit((start: Tensor, ...own: Tensor[]) => hybrid((x) => equations(x, own), start, rules));
  const x = implicitSolution(equations, (start, own) => search(start, ...own), vector, data);
  return toTree(requireSolution("root", x, "Start nearer to a root, or allow more with maxIterations."));
}

/** State of a search for a root. */
interface RootState {
  readonly x: Tensor;
  readonly value: Tensor;
  /** Radius of the trust region, in units of `scale`. */
  readonly radius: Tensor;
  /** The largest norm of each column of the Jacobian so far, 1 for a column that was always 0. */
  readonly scale: Tensor;
  readonly evaluations: Tensor;
  readonly isDone: Tensor;
  readonly isRoot: Tensor;
}

/** Powell's hybrid method; returns NaN if it finds no root. */
function hybrid(
  f: (x: Tensor) => Tensor,
  start: Tensor,
  { xtol, maxIterations }: { readonly xtol: number; readonly maxIterations: number },
): Tensor {
  const no = full([], 0, { dtype: "bool" });
  const begin: RootState = {
    x: start,
    value: f(start),
    radius: full([], Infinity),
    scale: full(start.shape, 0),
    evaluations: full([], 0, { dtype: "int32" }),
    isDone: no,
    isRoot: no,
  };
  const end = whileLoop(
    ({ isDone, evaluations }: RootState) => logicalAnd(logicalNot(isDone), less(evaluations, maxIterations)),
    (state: RootState): RootState => advance(f, state, xtol),
    begin as never,
  );
  return where(end.isRoot, end.x, Number.NaN);
}

function advance(f: (x: Tensor) => Tensor, state: RootState, xtol: number): RootState {
  const { x, value, evaluations } = state;
  const jacobian = jacfwd(f)(x);
  const columns = sqrt(sum(square(jacobian), { axis: 0 }));
  const largest = maximum(state.scale, columns);
  const scale = where(greater(largest, 0), largest, 1);
  const size = length(mul(scale, x));
  const newton = neg(solveLinear(jacobian, value));
  const isNewton = all(isFinite(newton));
  const newtonLength = length(mul(scale, newton));
  // the initial radius of MINPACK
  const radius = minimum(state.radius, where(greater(size, 0), mul(100, size), 100));
  const step = dogleg(jacobian, value, scale, where(isNewton, newton, 0), isNewton, radius);
  const stepLength = length(mul(scale, step));
  const next = add(x, step);
  const after = f(next);
  const [before, then] = [sum(square(value)), sum(square(after))];
  const predicted = sub(before, sum(square(add(value, matmul(jacobian, step)))));
  const gain = div(sub(before, then), predicted);
  const isBetter = logicalAnd(greater(gain, 1e-4), greater(predicted, 0)); // false if one is NaN
  const shrunk = mul(0.5, minimum(stepLength, radius));
  const wider = where(greater(gain, 0.75), maximum(radius, mul(2, stepLength)), radius);
  const isZero = lessEqual(max(abs(value)), 0);
  const isShort = (part: number): Tensor => logicalAnd(isNewton, lessEqual(newtonLength, mul(part, size)));
  // if rounding hides any improvement, a short Newton step shows that x is a root to the possible accuracy
  const isStuck = logicalAnd(logicalNot(isBetter), lessEqual(shrunk, mul(xtol, size)));
  const isRoot = logicalOr(isZero, logicalOr(isShort(xtol), logicalAnd(isStuck, isShort(Math.sqrt(xtol)))));
  return {
    x: where(logicalAnd(isBetter, logicalNot(isZero)), next, x),
    value: where(logicalAnd(isBetter, logicalNot(isZero)), after, value),
    radius: where(isBetter, where(less(gain, 0.25), shrunk, wider), shrunk),
    scale,
    evaluations: add(evaluations, 1),
    isDone: logicalOr(isRoot, isStuck),
    isRoot,
  };
}

/**
 * Returns Powell's dogleg step: the farthest point within `radius` on a path. The path leads from 0 to the minimum
 * along the gradient, and from there to Newton's step. If `isNewton` is false, it ends at the minimum along the
 * gradient.
 */
function dogleg(
  jacobian: Tensor,
  value: Tensor,
  scale: Tensor,
  newton: Tensor,
  isNewton: Tensor,
  radius: Tensor,
): Tensor {
  const gradient = div(matmul(transpose(jacobian), value), scale); // in units of the scale
  const slope = length(gradient);
  const bend = length(matmul(jacobian, div(gradient, scale)));
  const toMinimum = where(greater(bend, 0), div(square(slope), square(bend)), 0);
  const cauchy = mul(neg(toMinimum), gradient);
  const target = mul(scale, newton);
  const [cauchyLength, newtonLength] = [mul(toMinimum, slope), length(target)];
  const edge = mul(div(radius, where(greater(slope, 0), slope, 1)), neg(gradient));
  // |cauchy + t (target − cauchy)| = radius
  const difference = sub(target, cauchy);
  const [a, b, c] = [
    sum(square(difference)),
    dot(cauchy, difference),
    sub(square(radius), square(cauchyLength)),
  ];
  const discriminantRoot = sqrt(maximum(add(square(b), mul(a, c)), 0));
  const t = div(c, maximum(add(b, discriminantRoot), Number.MIN_VALUE));
  const between = add(cauchy, mul(minimum(maximum(t, 0), 1), difference));
  const isInside = logicalAnd(isNewton, lessEqual(newtonLength, radius));
  const isPast = lessEqual(radius, cauchyLength);
  const onPath = where(isPast, edge, where(isNewton, between, cauchy));
  return div(where(isInside, target, onPath), scale);
}

/** Euclidean length `|x|`. */
function length(x: Tensor): Tensor {
  return sqrt(sum(square(x)));
}
