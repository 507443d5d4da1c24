import { full } from "../../array/create.ts";
import {
  abs,
  add,
  div,
  equal,
  less,
  logicalAnd,
  logicalNot,
  mul,
  notEqual,
  square,
  sub,
  where,
} from "../../array/elementwise.ts";
import { all } from "../../array/reduce.ts";
import { refuseExtra } from "../../../engine/errors/arguments.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import { makeJitted as jit } from "../../../engine/runtime/jitted.ts";
import { requireFunction } from "../../../engine/transforms/arguments.ts";
import { whileLoop } from "../../../engine/transforms/structured.ts";
import type { Like, LikeAll } from "../../../engine/tree/index.ts";
import { readArgs } from "../minimize/problem.ts";
import { count, fixed, oneOf, readOptions } from "../options.ts";
import { closed } from "./closed.ts";
import { type ImplicitEquations, implicitSolution, requireSolution } from "./implicit.ts";
import { flatVector } from "./vector.ts";

/** Options of `fixedPoint`. */
export interface FixedPointOptions<A extends readonly unknown[] = []> {
  /** Further arguments of the function after x. Default: none. */
  readonly args?: LikeAll<A>;
  /**
   * Relative tolerance: the search ends when each element of x changes by less than this fraction of it (an element of
   * 0: by less than `xtol`); above 0. Default 1e-12.
   */
  readonly xtol?: number;
  /** Maximum number of iterations, 1 or more. Default 500. */
  readonly maxIterations?: number;
  /**
   * `del2` extrapolates each element to the limit of a geometric convergence by Aitken's Δ² (Steffensen's method);
   * `iteration` only applies f. Default `del2`.
   */
  readonly method?: "del2" | "iteration";
}

/**
 * Finds an x with `f(x, ...args) = x` by iteration from `x0` (SciPy's `fixed_point`). `f` returns a value in the
 * structure of x. Computes in float64.
 *
 * The result is differentiable in `args`, and in values that f captures, by the implicit function theorem: in both
 * modes and to any order, regardless of the number of iterations. It has no derivative in `x0`. The search is compiled,
 * and works inside `jit`, `vmap`, `scan` and `grad`; a derivative in n unknowns costs n³.
 *
 * @throws DownhillError `diverged` if it does not converge; inside traced functions, where this is unknown, the result
 * is NaN instead. `option` and `range` for options, `tree` and `shape` for a result that does not have the structure of
 * `x0`.
 * @example
 * const wave = (a) => fixedPoint((x, k) => cos(mul(k, x)), 0.5, { args: [a] });
 * wave(1);       // 0.739085133215
 * grad(wave)(1); // -0.29747434151
 */
export function fixedPoint(
  f: (x: Tensor, ...args: Tensor[]) => Tensor,
  x0: TensorLike,
  options?: FixedPointOptions<Tensor[]>,
): Tensor;
export function fixedPoint<P, A extends readonly unknown[] = []>(
  f: (x: P, ...args: A) => P,
  x0: Like<P>,
  options?: FixedPointOptions<A>,
): P;
export function fixedPoint(
  f: (...given: never[]) => unknown,
  x0: unknown,
  options: FixedPointOptions<readonly unknown[]> = {},
): unknown {
  if (arguments.length > 3) refuseExtra("fixedPoint", arguments, 3);
  requireFunction("fixedPoint", f);
  const { args, ...rules } = readOptions<Required<FixedPointOptions<readonly unknown[]>>>(
    "fixedPoint",
    options as never,
    {
      args: { initial: [], check: (operation, _, value) => void readArgs(operation, value) },
      xtol: fixed(1e-12, { from: 0, above: true }),
      maxIterations: count(500, { from: 1 }),
      method: oneOf("del2", ["del2", "iteration"]),
    },
  );
  const { vector, toTree, fromTree } = flatVector("fixedPoint", x0, "x0");
  const { data, call } = closed("fixedPoint", [vector], args, ([x], own) =>
    fromTree(f(...([toTree(x!), ...own] as never[])), "the result of the function"),
  );
  const equations: ImplicitEquations = (x, own) => sub(call([x], own), x);
  const search = jit((start: Tensor, ...own: Tensor[]) => iterate((x) => call([x], own), start, rules));
  const x = implicitSolution(equations, (start, own) => search(start, ...own), vector, data);
  const repair =
    "f must be a contraction near x; start nearer to x, allow more with maxIterations, or use root.";
  return toTree(requireSolution("fixedPoint", x, repair));
}

interface FixedPointState {
  readonly x: Tensor;
  readonly iterations: Tensor;
  readonly isFound: Tensor;
}

function iterate(
  f: (x: Tensor) => Tensor,
  start: Tensor,
  { xtol, maxIterations, method }: Required<Omit<FixedPointOptions, "args">>,
): Tensor {
  const next = (x: Tensor): Tensor => {
    const once = f(x);
    if (method === "iteration") return once;
    const twice = f(once);
    const bend = add(sub(twice, mul(2, once)), x);
    const isBent = notEqual(bend, 0);
    return where(isBent, sub(x, div(square(sub(once, x)), where(isBent, bend, 1))), twice);
  };
  const begin: FixedPointState = {
    x: start,
    iterations: full([], 0, { dtype: "int32" }),
    isFound: full([], 0, { dtype: "bool" }),
  };
  const end = whileLoop(
    ({ isFound, iterations }: FixedPointState) =>
      logicalAnd(logicalNot(isFound), less(iterations, maxIterations)),
    ({ x, iterations }: FixedPointState): FixedPointState => {
      const y = next(x);
      const isFound = all(less(abs(sub(y, x)), mul(xtol, where(equal(x, 0), 1, abs(x)))));
      return { x: y, iterations: add(iterations, 1), isFound };
    },
    begin as never,
  );
  return where(end.isFound, end.x, Number.NaN);
}
