import type {
  NumericAttempt,
  NumericMethod,
  NumericStart,
  NumericSystem,
  SparseFactors,
} from "./numeric-method.ts";
import { newtonProgress, numericFactor, numericRatio } from "./numeric-method.ts";
import { addScaled } from "../../vector.ts";
import {
  collocation,
  errorWeights,
  fromModes,
  im,
  leastKept,
  mostIterations,
  mu,
  re,
  times,
  toModes,
} from "../radau.ts";

/** Arrays that all attempts of an integration overwrite, because allocating them takes longer than filling them. */
interface RadauWork {
  /** Stages minus the start of the step, one after the other; and these in the basis of the eigenvectors. */
  readonly z: Float64Array;
  readonly w: Float64Array;
  /** Reciprocal tolerances of the elements. */
  readonly weights: Float64Array;
  /** Right-hand sides of the real system and of the complex one, and their solutions. */
  readonly first: Float64Array;
  readonly both: Float64Array;
  readonly d0: Float64Array;
  readonly d12: Float64Array;
}

/** Memory of the method; see `radau`. */
interface NumericRadauMemory {
  readonly work: RadauWork;
  readonly slope: Float64Array;
  readonly jacobian: Float64Array;
  readonly isCurrent: boolean;
  readonly mustEvaluate: boolean;
  readonly real: SparseFactors;
  readonly pair: SparseFactors;
  /** Step length of the factors; 0 for none. */
  readonly factoredLength: number;
  readonly previousRatio: number;
  readonly previousLength: number;
  readonly polynomial: Float64Array;
  readonly isRetry: boolean;
}

/** Result of Newton's iterations, which write the stages into `RadauWork.z`. */
interface NumericNewton {
  readonly iterations: number;
  readonly rate: number;
  readonly isConverged: boolean;
  readonly isFinite: boolean;
}

/** Writes the stages in the basis of the eigenvectors into `w`. */
function changeBasis({ z, w }: RadauWork): void {
  const n = z.length / 3;
  const [[a0, a1, a2], [b0, b1, b2], [c0, c1, c2]] = toModes as [Row, Row, Row];
  for (let k = 0; k < n; k++) {
    const [x, u, v] = [z[k]!, z[n + k]!, z[2 * n + k]!];
    w[k] = a0 * x + a1 * u + a2 * v;
    w[n + k] = b0 * x + b1 * u + b2 * v;
    w[2 * n + k] = c0 * x + c1 * u + c2 * v;
  }
}

/** Computes the right-hand sides of the real system and of the complex one from the slopes `values` of the stages. */
function fillSides(
  { n, algebra }: NumericSystem,
  values: Float64Array,
  h: number,
  { w, first, both }: RadauWork,
): void {
  const matrices = algebra();
  const [w0, w1, w2] = [0, 1, 2].map((i) => matrices.applyMass(w.subarray(i * n, (i + 1) * n))) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const [[a0, a1, a2], [b0, b1, b2], [c0, c1, c2]] = toModes as [Row, Row, Row];
  const [real, x, y] = [mu / h, re / h, im / h];
  for (let k = 0; k < n; k++) {
    const f0 = values[k]!;
    const f1 = values[n + k]!;
    const f2 = values[2 * n + k]!;
    const u = w1[k]!;
    const v = w2[k]!;
    first[k] = a0 * f0 + a1 * f1 + a2 * f2 - real * w0[k]!;
    both[2 * k] = b0 * f0 + b1 * f1 + b2 * f2 - (x * u - y * v);
    both[2 * k + 1] = c0 * f0 + c1 * f1 + c2 * f2 - (x * v + y * u);
  }
}

type Row = readonly [number, number, number];

/** Adds the corrections `d0` and `d12` to the stages in both bases. */
function correct({ w, z }: RadauWork, d0: Float64Array, d12: Float64Array): void {
  const n = d0.length;
  const [[a0, a1, a2], [b0, b1, b2], [c0, c1, c2]] = fromModes as [Row, Row, Row];
  for (let k = 0; k < n; k++) {
    const x = w[k]! + d0[k]!;
    const u = w[n + k]! + d12[2 * k]!;
    const v = w[2 * n + k]! + d12[2 * k + 1]!;
    w[k] = x;
    w[n + k] = u;
    w[2 * n + k] = v;
    z[k] = a0 * x + a1 * u + a2 * v;
    z[n + k] = b0 * x + b1 * u + b2 * v;
    z[2 * n + k] = c0 * x + c1 * u + c2 * v;
  }
}

/** Root mean square of the corrections in units of the tolerance. */
function sizeOf(d0: Float64Array, d12: Float64Array, weights: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < d0.length; k++) {
    const [x, u, v, weight] = [d0[k]!, d12[2 * k]!, d12[2 * k + 1]!, weights[k]!];
    sum += (x * x + u * u + v * v) * (weight * weight);
  }
  return Math.sqrt(sum / (3 * d0.length));
}

/** Simplified Newton iterations from the stages in `work`, with the rules of `radau`. */
function newton(
  system: NumericSystem,
  factors: readonly [SparseFactors, SparseFactors],
  { t, y, memory: { work } }: NumericStart<NumericRadauMemory>,
  h: number,
): NumericNewton {
  const { n, rtol, atol } = system;
  const { z, weights } = work;
  let [size, rate] = [0, 0];
  const lost = { iterations: 1, rate, isConverged: false, isFinite: false };
  const [real, pair] = factors;
  if (real === undefined || pair === undefined) return lost;
  changeBasis(work);
  for (let k = 0; k < n; k++) weights[k] = 1 / (atol[k]! + rtol * Math.abs(y[k]!));
  for (let iterations = 1; iterations <= mostIterations; iterations++) {
    fillSides(system, system.slopes(y, z, t, h), h, work);
    const [d0, d12] = [real.solve(work.first, work.d0), pair.solve(work.both, work.d12)];
    const before = size;
    size = sizeOf(d0, d12, weights);
    if (!Number.isFinite(size)) return { ...lost, iterations }; // as after a slope that is not finite
    const progress = newtonProgress(rtol, size, before, iterations, mostIterations);
    ({ rate } = progress);
    if (progress.diverges) return { iterations, rate, isConverged: false, isFinite: true };
    correct(work, d0, d12);
    if (progress.converges) return { iterations, rate, isConverged: true, isFinite: true };
  }
  return { iterations: mostIterations, rate, isConverged: false, isFinite: true };
}

/** Coefficients of the polynomial through the stages, in the rows that `alongStep` expects. */
function polynomialOf(y: Float64Array, z: Float64Array): Float64Array {
  const n = y.length;
  const rows = new Float64Array(4 * n);
  const [[, a1, a2], [, b1, b2], [, c1, c2]] = collocation as [Row, Row, Row];
  for (let k = 0; k < n; k++) {
    const [u, v, w] = [z[k]!, z[n + k]!, z[2 * n + k]!];
    const cube = a2 * u + b2 * v + c2 * w;
    rows[k] = y[k]!;
    rows[n + k] = w;
    rows[2 * n + k] = -(a1 * u + b1 * v + c1 * w + cube);
    rows[3 * n + k] = -cube;
  }
  return rows;
}

/** Predicts the stages by extrapolating the polynomial of the previous step; 0 for the first step. */
function predictStages(
  y: Float64Array,
  h: number,
  { polynomial: c, previousLength, work: { z } }: NumericRadauMemory,
): void {
  const n = y.length;
  if (previousLength < 1e-300) {
    z.fill(0);
    return;
  }
  const [p0, p1, p2] = times.map((time) => 1 + (time * h) / previousLength) as [number, number, number];
  for (let k = 0; k < n; k++) {
    const [a, b, d] = [c[n + k]!, c[2 * n + k]!, c[3 * n + k]!];
    const change = c[k]! - y[k]!;
    z[k] = change + p0 * (a + (1 - p0) * (b + p0 * d));
    z[n + k] = change + p1 * (a + (1 - p1) * (b + p1 * d));
    z[2 * n + k] = change + p2 * (a + (1 - p2) * (b + p2 * d));
  }
}

/**
 * Error of a step in units of the tolerance. If it exceeds 1 in a repeated attempt, a second estimate is made, which
 * filters out the stiff components that the first one overestimates.
 */
function estimateOf(
  system: NumericSystem,
  { t, y, memory }: NumericStart<NumericRadauMemory>,
  h: number,
  end: Float64Array,
  real: NonNullable<SparseFactors>,
): { readonly estimate: number; readonly isFiltered: boolean } {
  const { n, algebra } = system;
  const { z, w, first, d0 } = memory.work;
  const [a, b, c] = errorWeights as Row;
  const sum = w.subarray(0, n); // no longer in use
  for (let k = 0; k < n; k++) sum[k] = a * z[k]! + b * z[n + k]! + c * z[2 * n + k]!;
  const bend = algebra().applyMass(sum);
  const errorFrom = (slope: Float64Array): Float64Array => {
    for (let k = 0; k < n; k++) first[k] = slope[k]! + bend[k]! / h;
    return real.solve(first, d0);
  };
  const error = errorFrom(memory.slope);
  const raw = numericRatio(system, error, y, end);
  if (!(memory.isRetry && raw > 1)) return { estimate: raw, isFiltered: false };
  const filtered = errorFrom(system.slope(addScaled(y, 1, error), t));
  return { estimate: numericRatio(system, filtered, y, end), isFiltered: true };
}

function attempt(
  system: NumericSystem,
  from: NumericStart<NumericRadauMemory>,
  h: number,
): NumericAttempt<NumericRadauMemory> {
  const { t, y, memory } = from;
  const evaluates = memory.mustEvaluate;
  const isCurrent = evaluates || memory.isCurrent;
  const jacobian = evaluates ? system.jacobian(y, t) : memory.jacobian;
  const isValid = !evaluates && h === memory.factoredLength;
  const algebra = system.algebra();
  const real = isValid ? memory.real : algebra.factor(jacobian, mu / h);
  const pair = isValid ? memory.pair : algebra.factorPair(jacobian, re / h, im / h);
  predictStages(y, h, memory);
  const { iterations, rate, isConverged, isFinite } = newton(system, [real, pair], from, h);
  const { z } = memory.work;
  const end = addScaled(y, 1, z.subarray(2 * system.n));
  const { estimate, isFiltered } = isConverged
    ? estimateOf(system, from, h, end, real!)
    : { estimate: isFinite ? Infinity : Number.NaN, isFiltered: false };
  const isTaken = estimate <= 1;
  const safety = (0.9 * (2 * mostIterations + 1)) / (2 * mostIterations + iterations);
  const wanted = safety * numericFactor(isConverged ? estimate : 1, h, memory, 0.25);
  const renews = iterations > 2 && rate > 1e-3;
  const grown = !renews && wanted < 1.2 && wanted > leastKept ? 1 : Math.min(wanted, 10);
  const shorter = Number.isFinite(wanted) ? Math.max(Math.min(wanted, 1), 0.2) : 0.2;
  const failed = isConverged ? shorter : isCurrent ? 0.5 : 1;
  const polynomial = isTaken ? polynomialOf(y, z) : memory.polynomial;
  const kept = { jacobian, real, pair, factoredLength: h };
  return {
    y: end,
    ratio: estimate,
    factor: isTaken ? grown : failed,
    coefficients: polynomial,
    stiffness: h * algebra.bound(jacobian),
    accepted: {
      ...kept,
      work: memory.work,
      slope: isTaken ? system.slope(end, t + h) : memory.slope,
      isCurrent: false,
      mustEvaluate: renews,
      previousRatio: estimate,
      previousLength: h,
      polynomial,
      isRetry: false,
    },
    rejected: {
      ...memory,
      ...kept,
      isCurrent,
      mustEvaluate: !isConverged && !isCurrent,
      isRetry: memory.isRetry || isConverged,
    },
    counts: [3 * iterations + 1 + Number(isFiltered), Number(evaluates), isValid ? 0 : 2],
  };
}

/** `radau` with sparse Jacobians. */
export const numericRadau: NumericMethod<NumericRadauMemory> = {
  begin: ({ n }, { y, slope }) => ({
    work: {
      z: new Float64Array(3 * n),
      w: new Float64Array(3 * n),
      weights: new Float64Array(n),
      first: new Float64Array(n),
      both: new Float64Array(2 * n),
      d0: new Float64Array(n),
      d12: new Float64Array(2 * n),
    },
    slope,
    jacobian: new Float64Array(0),
    isCurrent: false,
    mustEvaluate: true,
    real: undefined,
    pair: undefined,
    factoredLength: 0,
    previousRatio: 0,
    previousLength: 0,
    polynomial: new Float64Array(4 * y.length),
    isRetry: false,
  }),
  attempt,
};
