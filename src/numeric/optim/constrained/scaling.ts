import { largest } from "../vector.ts";
import type { RowProgram, Scaling } from "./slack-form.ts";

/** Largest derivative that is left unscaled. */
const largestDerivative = 100;
const smallestFactor = 1e-8;

/**
 * Gradient-based scaling (section 3.8): factors of the objective and of each row so that no derivative at x exceeds 100.
 * Derivatives that are not finite count as 1.
 */
export function gradientScaling(program: RowProgram, x: Float64Array, rows: number): Scaling {
  const { pattern, values } = program.jacobian(x);
  const factors = new Float64Array(rows);
  for (let j = 0; j < rows; j++)
    factors[j] = factorFor(largest(values.subarray(pattern.rowPointers[j], pattern.rowPointers[j + 1])));
  return { objective: factorFor(largest(program.gradient(x))), rows: factors };
}

/** Factors of 1. */
export function unitScaling(rows: number): Scaling {
  return { objective: 1, rows: new Float64Array(rows).fill(1) };
}

function factorFor(derivative: number): number {
  return derivative > largestDerivative && derivative < Infinity
    ? Math.max(smallestFactor, largestDerivative / derivative)
    : 1;
}
