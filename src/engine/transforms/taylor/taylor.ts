import { refuseExtra } from "../../errors/arguments.ts";
import { checkOptions } from "../../errors/options.ts";
import { checkInteger } from "../../ir/plain-number.ts";
import type { Maybe } from "../../ir/primitive.ts";
import type { Tensor } from "../../ir/tensor.ts";
import { asTensor } from "../../prims/lift.ts";
import { zeros } from "../../prims/linear.ts";
import { concatenate } from "../../prims/pieces.ts";
import { reshape } from "../../prims/shape.ts";
import { withTrace } from "../../trace/bind.ts";
import { matchLeaves, unflatten } from "../../tree/tree.ts";
import type { AsTensors, OnlyPlain } from "../../tree/plain-types.ts";
import type { Like, TensorLike } from "../../tree/types.ts";
import { flattenArguments, flattenResult, unflattenArguments } from "../arguments.ts";
import { fitType, holdsZero, requireFloating, requireTensors } from "../linearize.ts";
import type { AnyFunction } from "../plain.ts";
import { plainOf, requireCompiled } from "../plain.ts";
import { taylorTools } from "./programs.ts";
import { coefficient, PowerSeries } from "./series.ts";
import { TaylorTrace } from "./trace.ts";

export interface TaylorOptions {
  /** Highest order of the coefficients, an integer from 0 to 1,000. */
  readonly order: number;
}

/** Maximum order. The powers of a direction overflow or underflow float64 long before it. */
const mostOrders = 1000;

/**
 * Taylor coefficients of a function along a line. `taylor(f, { order: K })(x, direction)` returns the normalised
 * coefficients `f⁽ᵏ⁾(x + t · direction) / k!` at t = 0. They are stacked along a new leading axis of size K + 1, and the
 * first is f(x).
 * Arguments and results may be trees, with one stack per tensor of the result. A function of plain numbers also yields
 * tensors.
 *
 * The cost is O(K²) per operation, and O(K³) for a few; docs/taylor.md lists them. At ties, and for elements that a mask
 * leaves out, coefficients are those of repeated `jvp`.
 *
 * @throws DownhillError `range` if the order is not an integer from 0 to 1,000, `dtype` if x is not floating-point, `tree`
 * or `shape` if the direction does not have the structure of x.
 * @see Griewank, Walther, Evaluating Derivatives, 2nd edition, SIAM 2008, chapter 13.
 * @example
 * taylor((x) => exp(x), { order: 3 })(0, 1); // [ 1, 1, 0.5, 0.166667 ]
 */
export function taylor(
  f: (x: Tensor) => Tensor,
  options: TaylorOptions,
): (x: TensorLike, direction: TensorLike) => Tensor;
export function taylor<P, T>(
  f: ((x: P) => T) & OnlyPlain<[P, T]>,
  options: TaylorOptions,
): (x: P, direction: P) => AsTensors<T>;
export function taylor<P, T>(f: (x: P) => T, options: TaylorOptions): (x: Like<P>, direction: Like<P>) => T;
export function taylor(
  f: (x: never) => unknown,
  options: TaylorOptions,
): (x: never, direction: never) => unknown {
  if (arguments.length > 2) refuseExtra("taylor", arguments, 2);
  requireCompiled("taylor", f, "taylor((x) => …, { order: 10 })");
  checkOptions("taylor", options, ["order"]);
  const order = checkInteger("taylor", "order", options.order, { from: 0, to: mostOrders });
  const overTensors = plainOf(f)?.overTensors ?? f;
  return (x, direction) => seriesAlong(overTensors, order, x, direction);
}

function seriesAlong(f: AnyFunction, order: number, x: unknown, direction: unknown): unknown {
  const { leaves, defs } = flattenArguments([x], "taylor");
  requireFloating("taylor", defs, leaves);
  const given = matchLeaves("taylor", defs[0]!, direction, "the direction");
  const fitted = given.map((t, i) =>
    fitType("taylor", "the direction", asTensor(t, "taylor"), leaves[i]!.type),
  );
  return withTrace(
    "taylor",
    (level) => new TaylorTrace(level, order, taylorTools),
    (trace) => {
      const ins = leaves.map((head, i) => {
        const along = fitted[i]!;
        const maskedFrom = given[i] === 0 || holdsZero(along, "taylor") ? 1 : 2;
        return trace.wrap(new PowerSeries(head, maskedFrom, (k) => (k === 1 ? along : undefined)));
      });
      const result = f(...(unflattenArguments(defs, ins) as never[]));
      const { leaves: results, def } = flattenResult(result, "taylor");
      requireTensors("taylor", result, results);
      return unflatten(def, results.map((y) => stacked(trace, y, order))); // prettier-ignore
    },
  );
}

/** Stacks the coefficients 0 to `order` of a result along a new leading axis. */
function stacked(trace: TaylorTrace, y: Tensor, order: number): Tensor {
  const layers = Array.from({ length: order + 1 }, (_, k): Maybe => coefficient(trace, y, k));
  return concatenate(layers.map((c) => reshape(c ?? zeros(y.type), [1, ...y.shape])), 0); // prettier-ignore
}
