import { largest } from "../vector.ts";
import type { RowProgram, Scaling } from "./slack-form.ts";

/** Largest absolute derivative that is left unscaled. */
const largestDerivative = 100;
const smallestFactor = 1e-8;

/**
 * Gradient-based scaling (section 3.8). Returns factors of the objective and of each row that limit the derivatives at
 * x to 100, but not below 1e-8. The factor is 1 if a derivative is not finite. The objective is first divided by `unit`.
 */
export function gradientScaling(program: RowProgram, x: Float64Array, rows: number, unit: number): Scaling {
  const { pattern, values } = program.jacobian(x);
  const factors = new Float64Array(rows);
  for (let j = 0; j < rows; j++)
    factors[j] = factorFor(largest(values.subarray(pattern.rowPointers[j], pattern.rowPointers[j + 1])));
  return { objective: factorFor(largest(program.gradient(x)) / unit) / unit, rows: factors };
}

/** Scaling with all factors equal to 1. */
export function unitScaling(rows: number): Scaling {
  return { objective: 1, rows: new Float64Array(rows).fill(1) };
}

function factorFor(derivative: number): number {
  return derivative > largestDerivative && derivative < Infinity
    ? Math.max(smallestFactor, largestDerivative / derivative)
    : 1;
}
