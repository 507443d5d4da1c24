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
 * Coordinates that end a step at a bound, for steps that minimise a model within the bounds. A coordinate whose step
 * crosses a bound ends at this bound. It is released if the model falls when it leaves the bound.
 *
 * @see Hintermüller, Ito, Kunisch, The primal-dual active set strategy as a semismooth Newton method, 2002.
 */
export class HeldCoordinates {
  /** 1 for a coordinate that the model determines, 0 for one that is held. */
  readonly free: Float64Array;
  /** Part of the step for each held coordinate; 0 for other ones. */
  readonly held: Float64Array;
  readonly #below: Float64Array;
  readonly #above: Float64Array;
  /** −1 for a coordinate at its lower bound, 1 for one at its upper bound. */
  readonly #side: Int8Array;

  constructor(space: SearchSpace, x: Float64Array, free: Float64Array) {
    const positions = space.positions(x);
    const { low, high } = space.walls;
    this.#below = distances(low, positions);
    this.#above = distances(high, positions);
    this.#side = Int8Array.from(positions, (at, i) => (at === low[i] ? -1 : 1));
    this.free = free.slice();
    this.held = new Float64Array(free.length);
  }

  /** Adapts the set to a step; `slopes` returns the gradient of the model after it. False if nothing changed. */
  update(step: Float64Array, slopes: () => Float64Array): boolean {
    const { free, held } = this;
    if (!step.every(Number.isFinite)) return false;
    const gradient = free.includes(0) ? slopes() : undefined;
    let isChanged = false;
    for (let i = 0; i < free.length; i++) {
      const [below, above] = [this.#below[i]!, this.#above[i]!];
      if (free[i] === 1) {
        if (step[i]! >= below && step[i]! <= above) continue;
        this.#side[i] = step[i]! < below ? -1 : 1;
        // a unit in the last place further, so that the move, which is cut at the bound, ends at it exactly
        held[i] = (this.#side[i]! < 0 ? below : above) * (1 + 2 ** -52);
        free[i] = 0;
      } else {
        if (this.#side[i]! * gradient![i]! <= 0 || below === above) continue;
        held[i] = 0;
        free[i] = 1;
      }
      isChanged = true;
    }
    return isChanged;
  }
}

/** Distances of bounds from positions, infinite for infinite bounds. Positions on manifolds are NaN. */
function distances(walls: Float64Array, positions: Float64Array): Float64Array {
  return walls.map((wall, i) => (Math.abs(wall) === Infinity ? wall : wall - positions[i]!));
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
