import { dot, largest, largestPart, scaled, subtract } from "../vector.ts";
import { backSubstitute, type Columns, factorize, sizeFrom, type Triangle } from "./qr.ts";
import type { Search } from "./stop.ts";
import { inside, type Walls } from "./walls.ts";

/** Residuals with their Jacobian. */
export interface Residuals {
  readonly values: (x: Float64Array) => Float64Array;
  /** A column for each number of x. */
  readonly jacobian: (x: Float64Array) => Columns;
}

/**
 * Levenberg and Marquardt's method for `Σ r²` within walls. A step minimises `|r + Jδ|² + μ|Dδ|²`, D being the largest
 * sizes of the columns of J so far; μ falls where the model was right and rises where it was not. Parameters at a wall that
 * want to leave through it stand still, and steps are cut short at walls.
 *
 * The gradient it yields is that of `|r|` along each parameter, as the cosine between r and its column of J times
 * `min(1, |r|)`: without units.
 *
 * @see Marquardt, An algorithm for least-squares estimation of nonlinear parameters, 1963; Moré, The Levenberg-Marquardt
 * algorithm: implementation and theory, 1978 (D); Nielsen, Damping parameter in Marquardt's method, 1999 (μ).
 */
export function* levenbergMarquardt(f: Residuals, start: Float64Array, walls: Walls): Search {
  const n = start.length;
  const { low, high } = walls;
  let x = inside(start, walls);
  let r = f.values(x);
  let value = dot(r, r);
  let jacobian = f.jacobian(x);
  let scale = new Float64Array(n);
  let [mu, growth] = [1e-3, 2];
  let [decrease, step] = [Infinity, Infinity];
  for (;;) {
    const sizes = jacobian.map((column) => sizeFrom(column, 0));
    // |r + Jδ|² = |Qᵀr + Rδ|² + what no δ changes: steps of any damping go by the small triangle
    const triangle = factorize(jacobian, r);
    scale = scale.map((s, i) => Math.max(s, sizes[i]!));
    const slopes = Float64Array.from(jacobian, (column) => dot(column, r)); // Jᵀr
    const free = slopes.map((g, i) => ((x[i] === low[i] && g > 0) || (x[i] === high[i] && g < 0) ? 0 : 1));
    const length = Math.max(1, Math.sqrt(value));
    const gradient = slopes.map((g, i) => (free[i] === 0 || sizes[i] === 0 ? 0 : g / sizes[i]! / length));
    yield { x, value, gradient, decrease, step };
    for (;;) {
      const delta = dampedStep(triangle, free, scale, mu);
      const next = inside(
        x.map((xi, i) => xi + delta[i]!),
        walls,
      );
      const moved = subtract(next, x);
      if (largest(moved) === 0) return;
      const predicted = predictedFall(triangle, moved);
      const trial = f.values(next);
      const trialValue = dot(trial, trial);
      const gain = (value - trialValue) / predicted;
      if (predicted > 0 && gain > 1e-4) {
        mu *= Math.max(1 / 3, 1 - (2 * gain - 1) ** 3);
        growth = 2;
        [decrease, step] = [value - trialValue, largestPart(moved, next)];
        [x, r, value] = [next, trial, trialValue];
        jacobian = f.jacobian(x);
        break;
      }
      mu = Math.max(mu, 1e-20) * growth;
      growth *= 2;
      if (!(mu < 1e60)) return;
    }
  }
}

/** The δ that minimises `|r + Jδ|² + μ|Dδ|²`, 0 where a parameter is not free. */
function dampedStep({ r, qtb }: Triangle, free: Float64Array, scale: Float64Array, mu: number): Float64Array {
  const n = qtb.length;
  const augmented = Array.from({ length: n }, (_, j) => {
    const column = new Float64Array(2 * n);
    for (let i = 0; i <= j; i++) column[i] = r[i * n + j]! * free[j]!;
    column[n + j] = free[j] === 0 || scale[j] === 0 ? 1 : scale[j]! * Math.sqrt(mu);
    return column;
  });
  const rightSide = new Float64Array(2 * n);
  rightSide.set(scaled(-1, qtb));
  const damped = factorize(augmented, rightSide);
  return backSubstitute(damped.r, damped.qtb);
}

/** `|r|² − |r + Jδ|²` */
function predictedFall({ r, qtb }: Triangle, delta: Float64Array): number {
  const n = qtb.length;
  let fall = 0;
  for (let i = 0; i < n; i++) {
    let change = 0;
    for (let j = i; j < n; j++) change += r[i * n + j]! * delta[j]!;
    fall -= change * (2 * qtb[i]! + change);
  }
  return fall;
}
