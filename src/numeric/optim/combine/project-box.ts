import { full } from "../../array/create.ts";
import { add, astype, maximum, minimum, sub } from "../../array/elementwise.ts";
import { expandTo } from "../../array/promote.ts";
import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import { checkOptions } from "../../../engine/errors/options.ts";
import { Tensor, type TensorLike } from "../../../engine/ir/tensor.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { broadcastShapes, sameShape } from "../../../engine/util/shape.ts";
import type { GeneralOptimizer } from "../optimizer.ts";
import type { Parameters } from "../parameters.ts";
import { pathOf } from "../parameters.ts";
import { type PerParameter, valuePerParameter } from "./select.ts";
import { stateless } from "./stateless.ts";

/**
 * A bound of the parameters: one value for all, a tree of values with the structure of the parameters, or a function of
 * a parameter's path. A value is a number, or a tensor, typed array or nested array of numbers whose shape broadcasts
 * to that of the parameter.
 */
export type Bound = PerParameter<TensorLike>;

/** Options of `projectBox`. */
export interface BoxOptions {
  /** Lower bound of the parameters. Default −∞. */
  readonly low?: Bound;
  /** Upper bound of the parameters. Default ∞. */
  readonly high?: Bound;
}

/**
 * Projects each step onto a box of bounds, `θ ← min(max(θ + update, low), high)`; belongs last in a chain. Parameters
 * are inside the box up to the rounding of one addition, and exactly at a bound of 0.
 *
 * In PyTorch, clamp the parameters after the step; in optax, use `projections.projection_box`.
 *
 * @throws DownhillError `option` for an unknown option or without a bound, `range` if the number `low` exceeds the
 * number `high`, `tree` or `shape` for a bound that does not fit.
 * @example
 * const { init, update } = chain(sgd({ learningRate: 1 }), projectBox({ low: 0, high: 1 }));
 * const params = { w: tensor([0.5, 0.5]) };
 * update({ w: tensor([2, 0.25]) }, init(params), params).updates; // { w: f64[2] [-0.5, -0.25] }
 */
export function projectBox(options: BoxOptions): GeneralOptimizer<null> {
  if (arguments.length > 1) refuseExtra("projectBox", arguments, 1);
  checkOptions("projectBox", options, ["low", "high"]);
  const { low, high } = options ?? {};
  if (low === undefined && high === undefined) {
    throw new DownhillError("option", "projectBox: needs low or high, as in projectBox({ low: 0 }).");
  }
  if (typeof low === "number" && typeof high === "number" && !(low <= high)) {
    throw new DownhillError("range", `projectBox: low must be at most high, got ${low} and ${high}.`);
  }
  return stateless("projectBox", (updates, parameters) => {
    const floors = wallsOf(parameters, "low", low);
    const ceilings = wallsOf(parameters, "high", high);
    return updates.map((u, i) => {
      const x = parameters.tensors[i]!;
      const raised = floors === undefined ? add(x, u) : maximum(add(x, u), floors[i]!);
      return sub(ceilings === undefined ? raised : minimum(raised, ceilings[i]!), x);
    });
  });
}

function wallsOf(
  parameters: Parameters,
  what: string,
  bound: Bound | undefined,
): readonly Tensor[] | undefined {
  if (bound === undefined) return undefined;
  return boundPerParameter(parameters, what, bound).map((wall, i) => {
    const x = parameters.tensors[i]!;
    return typeof wall === "number"
      ? full(x.shape, wall, { dtype: x.dtype })
      : expandTo(astype(wall, x.dtype), x.shape);
  });
}

/**
 * Returns the bound of each parameter, in the order of the parameters: a number, or a tensor whose shape broadcasts to
 * that of the parameter.
 *
 * @throws DownhillError `tree` for a parameter without a bound, `shape` for a shape that does not broadcast.
 */
export function boundPerParameter(
  parameters: Parameters,
  what: string,
  bound: Bound,
): readonly (number | Tensor)[] {
  const { operation } = parameters;
  const readLeaf = (value: unknown): Tensor | undefined =>
    Array.isArray(value) || ArrayBuffer.isView(value) ? asTensor(value, operation) : undefined;
  return valuePerParameter<number | Tensor>(parameters, what, bound, isWall, readLeaf).map((wall, i) => {
    if (typeof wall === "number") return wall;
    const x = parameters.tensors[i]!;
    const shape = broadcastShapes(wall.shape, x.shape);
    if (shape !== undefined && sameShape(shape, x.shape)) return wall;
    throw new DownhillError(
      "shape",
      `${operation}: ${what} is ${showType(wall.type)} for ${pathOf(parameters, i)}, which is ${showType(x.type)}. ` +
        "Give one number, or numbers of a shape that broadcasts to it.",
    );
  });
}

function isWall(value: unknown): value is number | Tensor {
  return (typeof value === "number" && !Number.isNaN(value)) || value instanceof Tensor;
}
