import { astype } from "../../array/elementwise.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { sizeOf } from "../../../engine/util/shape.ts";
import { type Bound, isWall } from "../combine/project-box.ts";
import { valuePerParameter } from "../combine/select.ts";
import { pathOf } from "../parameters.ts";
import type { FlatParameters } from "./problem.ts";

/** Walls of the parameters, one number each. */
export interface Walls {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Bounds, as options have them. */
export interface Bounds {
  /** The least that a parameter may be: one number for all, or a tree of numbers and tensors. Default −∞. */
  readonly low?: Bound;
  /** The most that a parameter may be. Default ∞. */
  readonly high?: Bound;
}

/**
 * Bounds as one number for each parameter.
 *
 * @throws DownhillError `tree`, `shape` for a bound that does not fit, `range` for bounds that cross.
 */
export function readWalls(flat: FlatParameters, bounds: Bounds): Walls {
  const walls = {
    low: wallOf(flat, "low", bounds.low, -Infinity),
    high: wallOf(flat, "high", bounds.high, Infinity),
  };
  const wrong = Array.from(walls.low.keys()).find((i) => !(walls.low[i]! <= walls.high[i]!));
  if (wrong === undefined) return walls;
  throw new DownhillError(
    "range",
    `${flat.parameters.operation}: low must be at most high, got ${walls.low[wrong]!} and ${walls.high[wrong]!} for number ${wrong}.`,
  );
}

/** The point within walls that is nearest. */
export function inside(x: Float64Array, { low, high }: Walls): Float64Array {
  return x.map((xi, i) => Math.min(Math.max(xi, low[i]!), high[i]!));
}

function wallOf(
  { parameters }: FlatParameters,
  what: string,
  bound: Bound | undefined,
  none: number,
): Float64Array {
  const walls = valuePerParameter(parameters, what, bound ?? none, isWall);
  return Float64Array.from(
    walls.flatMap((wall, i) => {
      const { shape } = parameters.tensors[i]!;
      const n = sizeOf(shape);
      const numbers = astype(asTensor(wall, parameters.operation), "float64").data();
      if (numbers.length !== 1 && numbers.length !== n) {
        throw new DownhillError(
          "shape",
          `${parameters.operation}: ${what} has ${numbers.length} numbers for ${pathOf(parameters, i)}, which has ${n}.`,
        );
      }
      return Array.from({ length: n }, (_, at) => numbers[numbers.length === 1 ? 0 : at]!);
    }),
  );
}
