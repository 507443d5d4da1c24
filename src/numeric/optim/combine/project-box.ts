import { full } from "../../array/create.ts";
import { add, astype, maximum, minimum, sub } from "../../array/elementwise.ts";
import { expandTo } from "../../array/promote.ts";
import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import { checkOptions } from "../../../engine/errors/options.ts";
import { Tensor } from "../../../engine/ir/tensor.ts";
import { broadcastShapes, sameShape } from "../../../engine/util/shape.ts";
import type { GeneralOptimizer } from "../optimizer.ts";
import type { Parameters } from "../parameters.ts";
import { pathOf } from "../parameters.ts";
import { type PerParameter, valuePerParameter } from "./select.ts";
import { stateless } from "./stateless.ts";

/** A bound of `projectBox`: one number or tensor for all parameters, or a tree of them. */
export type Bound = PerParameter<number | Tensor>;

/** Options of `projectBox`. */
export interface BoxOptions {
  /** The least that a parameter may be. Default −∞. */
  readonly low?: Bound;
  /** The most that a parameter may be. Default ∞. */
  readonly high?: Bound;
}

/**
 * Last in a chain: cuts each step short at the walls of a box, `θ ← min(max(θ + update, low), high)`. Parameters end up
 * inside the box to the rounding of one addition, and exactly at a wall of 0.
 *
 * PyTorch's way is to clamp the parameters after the step; optax's `projections.projection_box`.
 *
 * @throws DownhillError `option` for an unknown option or without a wall, `tree` or `shape` for one that does not fit.
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
  return valuePerParameter(parameters, what, bound, isWall).map((value, i) => {
    const x = parameters.tensors[i]!;
    if (typeof value === "number") return full(x.shape, value, { dtype: x.dtype });
    const wall = astype(value, x.dtype);
    const shape = broadcastShapes(wall.shape, x.shape);
    if (shape !== undefined && sameShape(shape, x.shape)) return expandTo(wall, x.shape);
    throw new DownhillError(
      "shape",
      `projectBox: ${what} is ${showType(wall.type)} for ${pathOf(parameters, i)}, which is ${showType(x.type)}.`,
    );
  });
}

/** Whether a value is a bound. */
export function isWall(value: unknown): value is number | Tensor {
  return (typeof value === "number" && !Number.isNaN(value)) || value instanceof Tensor;
}
