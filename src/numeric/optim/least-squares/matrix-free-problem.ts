import { now } from "../../../engine/util/now.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { tensor } from "../../array/create.ts";
import { lsmrInSteps } from "../../sparse/lsmr.ts";
import { dot } from "../vector.ts";
import { type LargeProblem, type Linearisation, overflowIn, type SolverSeconds } from "./linearisation.ts";
import type { StepSpace } from "./step-space.ts";
import { fromCoordinates, toCoordinates } from "./tangent-jacobian.ts";

/** Number of random vectors that estimate the norms of the columns of J. */
const probes = 12;
/** Accuracy of the solutions of the linear problems. */
const tolerance = 1e-8;

/** Products with the Jacobian by the parameters and with its transpose. */
export interface JacobianProducts {
  readonly forward: (x: Float64Array, v: Float64Array) => Float64Array;
  readonly backward: (x: Float64Array, u: Float64Array) => Float64Array;
}

/** A problem that is solved by products with the Jacobian and its transpose alone, by LSMR. */
export function matrixFreeProblem(task: {
  readonly values: (x: Float64Array) => Float64Array;
  readonly products: JacobianProducts;
  readonly space: StepSpace;
  readonly seconds: SolverSeconds;
  /** Called at each linearisation. */
  readonly count: () => void;
}): LargeProblem {
  const { values, products, space, seconds, count } = task;
  return {
    values,
    linearise(x) {
      count();
      const residuals = values(x);
      const factors = space.charts.values(x);
      const begin = now();
      const multiply = (step: Float64Array): Float64Array =>
        products.forward(x, space.charts.isIdentity ? step : fromCoordinates(space.charts, factors, step));
      const multiplyTransposed = (u: Float64Array): Float64Array => {
        const back = products.backward(x, u);
        return space.charts.isIdentity ? back : toCoordinates(space.charts, factors, back, space.size);
      };
      const gradient = multiplyTransposed(residuals);
      const columnSizes = estimateSizes(multiplyTransposed, residuals.length, space.size);
      seconds.jacobian += (now() - begin) / 1000;
      return linearisation(residuals, gradient, columnSizes, multiply, multiplyTransposed, seconds);
    },
  };
}

/**
 * Estimates the norms of the columns of J. For vectors z of random signs, the mean of (Jᵀz)² approximates the squared
 * norms.
 */
function estimateSizes(
  multiplyTransposed: (u: Float64Array) => Float64Array,
  rows: number,
  size: number,
): Float64Array {
  const squares = new Float64Array(size);
  let state = 1;
  const nextSign = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0; // Knuth's linear congruential generator
    return state < 0 ? -1 : 1;
  };
  for (let k = 0; k < probes; k++) {
    const product = multiplyTransposed(Float64Array.from({ length: rows }, nextSign));
    for (let j = 0; j < size; j++) squares[j]! += product[j]! ** 2 / probes;
  }
  return squares.map(Math.sqrt);
}

function linearisation(
  residuals: Float64Array,
  gradient: Float64Array,
  columnSizes: Float64Array,
  multiply: (step: Float64Array) => Float64Array,
  multiplyTransposed: (u: Float64Array) => Float64Array,
  seconds: SolverSeconds,
): Linearisation {
  const floats = (x: Tensor): Float64Array => x.data() as Float64Array;
  return {
    residuals,
    gradient,
    columnSizes,
    fault: () => overflowIn(gradient.every(Number.isFinite) ? columnSizes : gradient),
    squaredChange(step) {
      const change = multiply(step);
      return dot(change, change);
    },
    gradientAfter: (step) => {
      const change = multiplyTransposed(multiply(step));
      return gradient.map((g, j) => g + change[j]!);
    },
    *solve(free, shift, held) {
      yield undefined;
      const begin = now();
      // with y = √shift δ, the problem is |r + J shift^(−1/2) y|² + |y|²
      const factor = shift.map((s, j) => (free[j] === 0 || s === 0 ? 0 : 1 / Math.sqrt(s)));
      const operator = {
        shape: [residuals.length, gradient.length] as const,
        matvec: (y: Tensor) => tensor(multiply(floats(y).map((yi, j) => yi * factor[j]!))),
        rmatvec: (u: Tensor) => tensor(multiplyTransposed(floats(u).slice()).map((g, j) => g * factor[j]!)),
      };
      const change = held.some((d) => d !== 0) ? multiply(held) : undefined;
      const side = tensor(residuals.map((r, i) => -r - (change?.[i] ?? 0)));
      const { x } = yield* lsmrInSteps(operator, side, {
        damping: 1,
        matrixTolerance: tolerance,
        sideTolerance: tolerance,
      });
      seconds.solve += (now() - begin) / 1000;
      const step = floats(x);
      return step.map((y, j) => y * factor[j]! + held[j]!);
    },
  };
}
