import { astype } from "../../array/elementwise.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { expandTo } from "../../array/promote.ts";
import { sizeOf } from "../../../engine/util/shape.ts";
import { type Bound, boundPerParameter } from "../combine/project-box.ts";
import { pathOf } from "../parameters.ts";
import type { FlatParameters } from "./problem.ts";

/** Bounds of the parameters, one number each. */
export interface BoxBounds {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Bounds of the parameters, as options. */
export interface Bounds {
  /**
   * Lower bounds of the parameters: one number for all, or a tree of the structure of the parameters, of numbers,
   * tensors, typed arrays or nested arrays whose shapes broadcast to those of the parameters. Default −∞.
   */
  readonly low?: Bound;
  /** Upper bounds of the parameters, in the same forms. Default ∞. */
  readonly high?: Bound;
}

/**
 * Reads bounds as one number per parameter.
 *
 * @throws DownhillError `tree`, `shape` for a bound that does not fit, `range` for bounds that cross or are NaN.
 */
export function readWalls(flat: FlatParameters, bounds: Bounds): BoxBounds {
  const walls = {
    low: wallOf(flat, "low", bounds.low, -Infinity),
    high: wallOf(flat, "high", bounds.high, Infinity),
  };
  const wrong = walls.low.findIndex((low, i) => !(low <= walls.high[i]!));
  if (wrong < 0) return walls;
  throw new DownhillError(
    "range",
    `${flat.parameters.operation}: low must be at most high, got ${walls.low[wrong]!} and ${walls.high[wrong]!} for ${parameterName(flat, wrong)}.`,
  );
}

/** Name of one element of the parameters in messages, by its index in the flat vector: `x0.w[1][0]`. */
export function parameterName({ parameters }: FlatParameters, index: number): string {
  let rest = index;
  for (const [i, { shape }] of parameters.tensors.entries()) {
    const size = sizeOf(shape);
    if (rest >= size) {
      rest -= size;
      continue;
    }
    const places = shape.map((_, axis) => Math.floor(rest / sizeOf(shape.slice(axis + 1))) % shape[axis]!);
    return pathOf(parameters, i) + places.map((at) => `[${at}]`).join("");
  }
  return `number ${index}`;
}

/** The point within the bounds that is nearest to x. */
export function inside(x: Float64Array, { low, high }: BoxBounds): Float64Array {
  return x.map((xi, i) => Math.min(Math.max(xi, low[i]!), high[i]!));
}

function wallOf(
  { parameters }: FlatParameters,
  what: string,
  bound: Bound | undefined,
  none: number,
): Float64Array {
  return Float64Array.from(
    boundPerParameter(parameters, what, bound ?? none).flatMap((wall, i) => {
      const { shape } = parameters.tensors[i]!;
      if (typeof wall === "number") return new Array<number>(sizeOf(shape)).fill(wall);
      return [...expandTo(astype(wall, "float64"), shape).data()];
    }),
  );
}
