import { dot, largest, largestPart, scaled, subtract } from "../vector.ts";
import { backSubstitute, type Columns, factorize, sizeFrom, type Triangle } from "./qr.ts";
import type { Search } from "./stop.ts";
import { inside, type Walls } from "./walls.ts";

/** Residuals with their Jacobian. */
export interface Residuals {
  /** Arrays that the method may write into, as those of `jacobian`. */
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
  let scale = new Float64Array(n);
  let [mu, growth] = [1e-3, 2];
  let [decrease, step] = [Infinity, Infinity];
  let lastUnseen = Infinity;
  for (;;) {
    // |r + Jδ|² = |Qᵀr + Rδ|² + what no δ changes: all goes by the small triangle
    const triangle = factorize(f.jacobian(x), r);
    const { sizes, slopes } = columnsOfTriangle(triangle);
    scale = scale.map((s, i) => Math.max(s, sizes[i]!));
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
      const fall = value - trialValue;
      // below the rounding of the values the model alone can tell, as long as steps become shorter by it
      const isUnseen = predicted < rounding * value && predicted < lastUnseen / 4;
      const isTaken = isUnseen ? fall > -rounding * value : fall / predicted > 1e-4;
      if (predicted > 0 && isTaken) {
        if (isUnseen) lastUnseen = predicted;
        mu *= isUnseen ? 1 / 3 : Math.max(1 / 3, 1 - ((2 * fall) / predicted - 1) ** 3);
        growth = 2;
        [decrease, step] = [Math.max(fall, 0), largestPart(moved, next)];
        [x, r, value] = [next, trial, trialValue];
        break;
      }
      mu = Math.max(mu, 1e-20) * growth;
      growth *= 2;
      if (!(mu < 1e60)) return;
    }
  }
}

/** The rounding error of a sum of squares, as a part of it. */
const rounding = 2 ** -48;

/** The sizes of the columns of J, and Jᵀr. */
function columnsOfTriangle({ r, qtb }: Triangle): {
  readonly sizes: Float64Array;
  readonly slopes: Float64Array;
} {
  const n = qtb.length;
  const columns = Array.from({ length: n }, (_, j) =>
    Float64Array.from({ length: j + 1 }, (_, i) => r[i * n + j]!),
  );
  return {
    sizes: Float64Array.from(columns, (column) => sizeFrom(column, 0)),
    slopes: Float64Array.from(columns, (column) => dot(column, qtb)),
  };
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
