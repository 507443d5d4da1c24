import { isAllFinite } from "../vector.ts";
import type { BoxBounds } from "../minimize/walls.ts";
import type { RowProgram } from "./slack-form.ts";

/** Factors of the large parameters at which the value must keep falling. */
const factors = [1e2, 1e4, 1e6];
/** Parameters below this share of the largest one stay fixed along the ray. */
const smallShare = 1e-3;
/** Violation relative to the size of the parameters that counts as feasible. */
const relativeViolation = 1e-6;

/**
 * True if the value keeps falling along feasible points on the ray on which the large parameters grow: the problem is
 * unbounded as far as values can show it.
 */
export function fallsAlongRay(
  program: RowProgram,
  { low, high }: BoxBounds,
  limits: BoxBounds,
  x: Float64Array,
): boolean {
  const size = largestOf(x);
  let { value } = program.values(x);
  for (const factor of factors) {
    const far = x.map((xi) => (Math.abs(xi) > smallShare * size ? factor * xi : xi));
    if (far.some((xi, i) => xi < low[i]! || xi > high[i]!)) return false;
    const next = program.values(far);
    if (Number.isNaN(next.value) || !isAllFinite(next.rows)) return false;
    const slack = relativeViolation * factor * size;
    if (next.rows.some((row, j) => limits.low[j]! - row > slack || row - limits.high[j]! > slack))
      return false;
    if (!(next.value < value - 1e-6 * (1 + Math.abs(value)))) return false;
    if (next.value === -Infinity) return true;
    value = next.value;
  }
  return true;
}

function largestOf(x: Float64Array): number {
  let most = 0;
  for (const xi of x) most = Math.max(most, Math.abs(xi));
  return most;
}
