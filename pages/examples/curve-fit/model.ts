// An exponential decay fitted to points that the reader moves.
import { add, exp, mul, neg, type Tensor } from "downhill";
import { curveFitter } from "downhill/optim";
import * as random from "downhill/random";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";

/** True parameters of the points: y = a·exp(−k·t) + c with normal errors. */
export const truth = { a: 4, k: 0.6, c: 1, sigma: 0.25 };

const model = (t: Tensor, { a, k, c }: { a: Tensor; k: Tensor; c: Tensor }): Tensor =>
  add(mul(a, exp(neg(mul(k, t)))), c);
const fitter = curveFitter(model, { parameters: ["a", "k", "c"] });

/** The given number of measurements, at times from 0 to 8, with errors drawn from a seed. */
export function measurements(count: number, seed: number): Point[] {
  const errors = random.normal(random.key(seed), [count], { dtype: "float64" }).tolist() as number[];
  return errors.map((error, i) => {
    const t = (8 * i) / (count - 1);
    const y = truth.a * Math.exp(-truth.k * t) + truth.c + truth.sigma * error;
    return [t, y].map((z) => Number(z.toFixed(3)));
  });
}

/** A fit, and its confidence band on a grid of times. */
export interface Fitted {
  readonly values: Readonly<Record<"a" | "k" | "c", number>>;
  readonly errors: Readonly<Record<"a" | "k" | "c", number>>;
  /** Correlations of the parameters in the order a, k, c. */
  readonly correlation: readonly (readonly number[])[];
  /** Parameters that the points do not determine. */
  readonly undetermined: readonly string[];
  readonly rSquared: number;
  readonly grid: readonly number[];
  readonly curve: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/**
 * Rates of either sign, from almost no curvature over the times to decays that affect only the first or the last point.
 */
const rates = Array.from({ length: 24 }, (_, i) => (i % 2 === 0 ? 1 : -1) * 0.02 * 2 ** Math.floor(i / 2));

/**
 * Start of the search. For each of some rates k, the best a and c result from linear regression on exp(−k·t). One
 * search from the best rate finds the same result as many searches in a fifth of the time. All of this is repeated in
 * each frame of a drag.
 */
function startOf(points: readonly Point[]): Record<"a" | "k" | "c", number> {
  const mean = (of: (point: Point) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const middle = mean(([, y]) => y!);
  const lines = rates.map((k) => {
    const decay = ([t]: Point): number => Math.exp(-k * t!);
    const centre = mean(decay);
    const a =
      mean((point) => (decay(point) - centre) * (point[1]! - middle)) /
      mean((point) => (decay(point) - centre) ** 2);
    const c = middle - a * centre;
    return { a, k, c, error: mean((point) => (point[1]! - a * decay(point) - c) ** 2) };
  });
  const { a, k, c } = lines.reduce((best, line) => (line.error < best.error ? line : best));
  return { a, k, c };
}

const grid = Array.from({ length: 81 }, (_, i) => i / 10);

/**
 * Fits the points.
 *
 * @throws Error if the points do not determine the parameters
 */
export function fitPoints(points: readonly Point[]): Fitted {
  const fit = fitter(
    Float64Array.from(points, ([t]) => t!),
    Float64Array.from(points, ([, y]) => y!),
    { start: startOf(points) },
  );
  const { value, low, high } = fit.predict(grid);
  return {
    values: fit.params,
    errors: fit.standardErrors,
    correlation: fit.correlation.tolist() as number[][],
    undetermined: fit.undetermined,
    rSquared: fit.rSquared,
    grid,
    curve: value.tolist() as number[],
    low: low.tolist() as number[],
    high: high.tolist() as number[],
  };
}
