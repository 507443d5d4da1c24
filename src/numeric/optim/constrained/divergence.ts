import { isAllFinite, largest } from "../vector.ts";
import type { BoxBounds } from "../minimize/walls.ts";
import type { MatrixEntries } from "./nonlinear-program.ts";
import type { RowProgram } from "./slack-form.ts";

/** Factors by which the large parameters are multiplied; the value must fall from each factor to the next. */
const factors = [1e2, 1e4, 1e6];
/** If no parameter exceeds this, `fallsAlongRay` returns false without evaluating the problem. */
const smallestSize = 1e5;
/** Parameters below this share of the largest one stay fixed along the ray. */
const smallShare = 1e-3;
/** Violation, as a fraction of the terms of a linearised row (at least 1), up to which a point counts as feasible. */
const relativeViolation = 1e-6;

/**
 * Largest violation at which a point with diverging parameters counts as feasible. Rounding and errors of the direction
 * are proportional to the terms of the linearised rows.
 */
export function divergingViolation({ pattern, values }: MatrixEntries, x: Float64Array): number {
  let most = 1;
  for (let j = 0; j < pattern.shape[0]; j++) {
    let terms = 0;
    for (let p = pattern.rowPointers[j]!; p < pattern.rowPointers[j + 1]!; p++)
      terms += Math.abs(values[p]! * x[pattern.columns[p]!]!);
    if (terms < Infinity) most = Math.max(most, terms);
  }
  return relativeViolation * most;
}

/**
 * True if the value keeps falling along feasible points when the large parameters grow: all in proportion, or each by
 * a power of its size, as along a parabola. The problem is then treated as unbounded.
 */
export function fallsAlongRay(
  program: RowProgram,
  box: BoxBounds,
  limits: BoxBounds,
  x: Float64Array,
): boolean {
  const size = largest(x);
  // slack variables alone may be large
  if (size < smallestSize) return false;
  const inProportion = x.map((xi) => (Math.abs(xi) > smallShare * size ? 1 : 0));
  if (fallsAlong(program, box, limits, x, inProportion)) return true;
  const byPower = x.map((xi) => Math.max(0, Math.round((2 * Math.log(Math.abs(xi))) / Math.log(size)) / 2));
  return (
    byPower.some((power, i) => power !== inProportion[i]) && fallsAlong(program, box, limits, x, byPower)
  );
}

/** True if the value keeps falling along feasible points when each parameter grows by its power of the factors. */
function fallsAlong(
  program: RowProgram,
  { low, high }: BoxBounds,
  limits: BoxBounds,
  x: Float64Array,
  powers: Float64Array,
): boolean {
  let { value } = program.values(x);
  for (const factor of factors) {
    const far = x.map((xi, i) => xi * factor ** powers[i]!);
    if (far.some((xi, i) => xi < low[i]! || xi > high[i]!)) return false;
    const next = program.values(far);
    if (Number.isNaN(next.value) || !isAllFinite(next.rows)) return false;
    const slack = divergingViolation(program.jacobian(far), far);
    if (next.rows.some((row, j) => limits.low[j]! - row > slack || row - limits.high[j]! > slack))
      return false;
    if (!(next.value < value - 1e-6 * (1 + Math.abs(value)))) return false;
    if (next.value === -Infinity) return true;
    value = next.value;
  }
  return true;
}
