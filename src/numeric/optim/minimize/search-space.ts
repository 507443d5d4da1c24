import { subtract } from "../vector.ts";
import type { SparsePattern } from "../../sparse/matrix/sparse-pattern.ts";
import type { BoxBounds } from "./walls.ts";

/** Coordinates of the steps that a search may take from a point. */
export interface SearchSpace {
  /** Number of coordinates. */
  readonly size: number;
  /** Bounds by coordinate; infinite on manifolds. */
  readonly walls: BoxBounds;
  /** Parameters by coordinate, for comparing with the bounds; NaN on manifolds. */
  readonly positions: (x: Float64Array) => Float64Array;
  /** Size of the parameter, or of the point of a manifold, that a coordinate changes. */
  readonly sizes: (x: Float64Array) => Float64Array;
  /** Point that a step leads to, within the bounds. */
  readonly move: (x: Float64Array, step: Float64Array) => Float64Array;
  /** Step from x to y. */
  readonly between: (x: Float64Array, y: Float64Array) => Float64Array;
}

/** The space whose coordinates are all parameters, within bounds. */
export function boxSpace(walls: BoxBounds): SearchSpace {
  const { low, high } = walls;
  return {
    size: low.length,
    walls,
    positions: (x) => x,
    sizes: (x) => x,
    move: (x, step) => x.map((xi, i) => Math.min(Math.max(xi + step[i]!, low[i]!), high[i]!)),
    between: (x, y) => subtract(y, x),
  };
}

/** 1 for a coordinate that may move along −slope, 0 for one that is held at its bound. */
export function freeCoordinates(
  space: SearchSpace,
  x: Float64Array,
  slope: (i: number) => number,
): Float64Array {
  const positions = space.positions(x);
  const { low, high } = space.walls;
  return Float64Array.from(positions, (at, i) =>
    (at === low[i] && slope(i) > 0) || (at === high[i] && slope(i) < 0) ? 0 : 1,
  );
}

/**
 * Values of a symmetric matrix, with rows and columns of the unit matrix for the coordinates that are not free. Returns
 * the given values if all coordinates are free.
 */
export function holdCoordinates(
  values: Float64Array,
  { rowPointers, columns }: SparsePattern,
  diagonal: Int32Array,
  free: Float64Array,
): Float64Array {
  if (!free.includes(0)) return values;
  const out = values.slice();
  for (let j = 0; j < free.length; j++)
    for (let p = rowPointers[j]!; p < rowPointers[j + 1]!; p++)
      if (free[j] === 0 || free[columns[p]!] === 0) out[p] = p === diagonal[j] ? 1 : 0;
  return out;
}

/** Runs a long computation and yields `undefined` for each of its reports, as a search does within an iteration. */
export function* withoutReports<T>(steps: Iterator<unknown, T>): Generator<undefined, T, void> {
  for (;;) {
    const next = steps.next();
    if (next.done === true) return next.value;
    yield undefined;
  }
}
