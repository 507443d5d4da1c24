import type { BoxBounds } from "../minimize/walls.ts";

/** One limit of a row: upper if `sign` is 1, lower if it is −1. */
interface RowSide {
  readonly row: number;
  readonly sign: 1 | -1;
}

/** Limits without pairs of opposite ones. */
interface JoinedRows {
  readonly limits: BoxBounds;
  /** Multipliers of the given limits, by those of the joined ones. */
  readonly split: (multipliers: Float64Array) => Float64Array;
  /** Multipliers of the joined limits, by those of the given ones. */
  readonly join: (multipliers: Float64Array) => Float64Array;
}

/** Relative difference of function values that are equal up to rounding. */
const rounding = 1e-13;
/** Number of points at which functions are compared, and sizes of the changes of parameters between them. */
const probes = 3;
const change = 0.01;
/** Number of limits with equal distances at the start that each limit is compared with. */
const mostCompared = 20;

/**
 * Joins pairs of limits that together are an equality, such as f ≤ 2 and −f ≤ −2. Such pairs leave no interior, which an
 * interior point method needs. Functions count as equal if their values are at several points. `undefined` if there is no
 * such pair.
 *
 * @param first values of the rows at the start
 */
export function joinOpposites(
  first: Float64Array,
  values: (x: Float64Array) => Float64Array,
  start: Float64Array,
  box: BoxBounds,
  limits: BoxBounds,
): JoinedRows | undefined {
  const distance = (rows: Float64Array, { row, sign }: RowSide): number =>
    sign > 0 ? limits.high[row]! - rows[row]! : rows[row]! - limits.low[row]!;
  const areOpposite = (rows: Float64Array, a: RowSide, b: RowSide): boolean => {
    const size = (side: RowSide): number => Math.abs(rows[side.row]!) + Math.abs(distance(rows, side));
    return Math.abs(distance(rows, a) + distance(rows, b)) <= rounding * (size(a) + size(b));
  };
  const candidates = oppositeSides(first, limits, distance, areOpposite);
  if (candidates.length === 0) return undefined;
  const others = Array.from({ length: probes - 1 }, (_, k) => values(near(start, box, k)));
  const used = new Set<number>();
  const [low, high] = [limits.low.slice(), limits.high.slice()];
  const joined: (readonly [RowSide, RowSide])[] = [];
  for (const [a, b] of candidates) {
    if (used.has(a.row) || used.has(b.row) || !others.every((rows) => areOpposite(rows, a, b))) continue;
    used.add(a.row).add(b.row);
    joined.push([a, b]);
    low[a.row] = high[a.row] = a.sign > 0 ? limits.high[a.row]! : limits.low[a.row]!;
    if (b.sign > 0) high[b.row] = Infinity;
    else low[b.row] = -Infinity;
  }
  if (joined.length === 0) return undefined;
  return {
    limits: { low, high },
    join(multipliers) {
      const out = multipliers.slice();
      for (const [a, b] of joined) {
        out[a.row]! += (a.sign === b.sign ? -1 : 1) * multipliers[b.row]!;
        out[b.row] = 0;
      }
      return out;
    },
    split(multipliers) {
      const out = multipliers.slice();
      for (const [a, b] of joined) {
        const force = multipliers[a.row]!;
        if (force * a.sign >= 0) continue;
        out[a.row] = 0;
        out[b.row]! += a.sign === b.sign ? -force : force;
      }
      return out;
    },
  };
}

/** Pairs of limits of different rows whose distances at a point are opposite. */
function oppositeSides(
  rows: Float64Array,
  { low, high }: BoxBounds,
  distance: (rows: Float64Array, side: RowSide) => number,
  areOpposite: (rows: Float64Array, a: RowSide, b: RowSide) => boolean,
): readonly (readonly [RowSide, RowSide])[] {
  const sides: { readonly side: RowSide; readonly size: number }[] = [];
  const push = (side: RowSide): void => void sides.push({ side, size: Math.abs(distance(rows, side)) });
  for (let row = 0; row < rows.length; row++) {
    if (low[row] === high[row]) continue;
    if (high[row]! < Infinity) push({ row, sign: 1 });
    if (low[row]! > -Infinity) push({ row, sign: -1 });
  }
  sides.sort((a, b) => a.size - b.size);
  return sides.flatMap(({ side: a }, i) =>
    sides
      .slice(i + 1, i + 1 + mostCompared)
      .filter(({ side: b }) => a.row !== b.row && areOpposite(rows, a, b))
      .map(({ side: b }) => [a, b] as const),
  );
}

/** A point near the start, within the bounds. */
function near(start: Float64Array, { low, high }: BoxBounds, k: number): Float64Array {
  return start.map((x, i) => {
    const moved = x + change * Math.max(1, Math.abs(x)) * Math.sin(1 + i + 2.3 * k);
    return Math.min(Math.max(moved, Math.min(x, low[i]!)), Math.max(x, high[i]!));
  });
}
