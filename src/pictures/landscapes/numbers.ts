/** True if all coordinates are finite numbers. */
export function isFinitePoint(point: readonly number[]): boolean {
  return point.every((x) => Number.isFinite(x));
}

/** Returns the Euclidean distance between two points. */
export function distance(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(...a.map((x, i) => x - b[i]!));
}

/** Returns the arithmetic mean; NaN for an empty array. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Returns the element of sorted values at the fraction `part` (0 to 1) of their length, rounded to the nearest index;
 * NaN for an empty array.
 */
export function quantile(sorted: ArrayLike<number>, part: number): number {
  return (
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(part * (sorted.length - 1))))] ?? Number.NaN
  );
}

/** Returns a geometric sequence of `count` numbers from `from` to `to`, both included; only `from` if `count` is 1. */
export function geometric(from: number, to: number, count: number): number[] {
  if (count === 1) return [from];
  return Array.from({ length: count }, (_, i) => from * (to / from) ** (i / (count - 1)));
}
