import type {
  NumericAttempt,
  NumericMethod,
  NumericStart,
  NumericSystem,
  SparseFactors,
} from "./numeric-method.ts";
import { combined, newtonProgress, numericFactor, numericRatio } from "./numeric-method.ts";
import { addScaled, isAllFinite } from "../../vector.ts";
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

/** Memory of the method; see `radau`. */
interface NumericRadauMemory {
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

/** Result of Newton's iterations. */
interface NumericNewton {
  /** Stages minus the start of the step, one after the other. */
  readonly z: Float64Array;
  readonly iterations: number;
  readonly rate: number;
  readonly isConverged: boolean;
  readonly isFinite: boolean;
}

/** `Σⱼ mᵢⱼ xⱼ` for the three vectors xⱼ that x contains one after the other. */
function mixed(matrix: readonly (readonly number[])[], x: Float64Array): Float64Array {
  const n = x.length / 3;
  const out = new Float64Array(3 * n);
  matrix.forEach(([a, b, c], i) => {
    for (let k = 0; k < n; k++) out[i * n + k] = a! * x[k]! + b! * x[n + k]! + c! * x[2 * n + k]!;
  });
  return out;
}

/**
 * Computes the right-hand sides of the real system (`first`) and of the complex one (`both`) from the slopes `values`
 * of the stages. `w` are the stages in the basis of the eigenvectors.
 */
function fillSides(
  { n, algebra }: NumericSystem,
  values: Float64Array,
  w: Float64Array,
  h: number,
  { first, both }: { readonly first: Float64Array; readonly both: Float64Array },
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

/** Adds corrections to `w`, the stages in the basis of the eigenvectors, and writes the stages themselves into `z`. */
function correct(w: Float64Array, z: Float64Array, d0: Float64Array, d12: Float64Array): void {
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

/** Simplified Newton iterations, with the rules of `radau`. Overwrites `z`, their start. */
function newton(
  system: NumericSystem,
  factors: readonly [SparseFactors, SparseFactors],
  { t, y }: NumericStart<unknown>,
  h: number,
  z: Float64Array,
): NumericNewton {
  const { n, rtol, atol } = system;
  const w = mixed(toModes, z);
  let [size, rate] = [0, 0];
  const lost = { z, iterations: 1, rate, isConverged: false, isFinite: false };
  const [real, pair] = factors;
  if (real === undefined || pair === undefined) return lost;
  const sides = { first: new Float64Array(n), both: new Float64Array(2 * n) };
  for (let iterations = 1; iterations <= mostIterations; iterations++) {
    const values = system.slopes(y, z, t, h);
    if (!isAllFinite(values)) return { ...lost, iterations };
    fillSides(system, values, w, h, sides);
    const [d0, d12] = [real.solve(sides.first), pair.solve(sides.both)];
    let sum = 0;
    for (let k = 0; k < n; k++) {
      const scale = atol[k]! + rtol * Math.abs(y[k]!);
      sum += (d0[k]! ** 2 + d12[2 * k]! ** 2 + d12[2 * k + 1]! ** 2) / scale ** 2;
    }
    const before = size;
    size = Math.sqrt(sum / (3 * n));
    if (!Number.isFinite(size)) return { ...lost, iterations };
    const progress = newtonProgress(rtol, size, before, iterations, mostIterations);
    ({ rate } = progress);
    if (progress.diverges) return { z, iterations, rate, isConverged: false, isFinite: true };
    correct(w, z, d0, d12);
    if (progress.converges) return { z, iterations, rate, isConverged: true, isFinite: true };
  }
  return { z, iterations: mostIterations, rate, isConverged: false, isFinite: true };
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
function predictedStages(
  y: Float64Array,
  h: number,
  { polynomial: c, previousLength }: Pick<NumericRadauMemory, "polynomial" | "previousLength">,
): Float64Array {
  const n = y.length;
  const z = new Float64Array(3 * n);
  if (previousLength < 1e-300) return z;
  times.forEach((time, i) => {
    const part = 1 + (time * h) / previousLength;
    const rest = 1 - part;
    for (let k = 0; k < n; k++)
      z[i * n + k] = c[k]! + part * (c[n + k]! + rest * (c[2 * n + k]! + part * c[3 * n + k]!)) - y[k]!;
  });
  return z;
}

/**
 * Error of a step in units of the tolerance. If it exceeds 1 in a repeated attempt, a second estimate is made, which
 * filters out the stiff components that the first one overestimates.
 */
function estimateOf(
  system: NumericSystem,
  { t, y, memory }: NumericStart<NumericRadauMemory>,
  h: number,
  z: Float64Array,
  real: NonNullable<SparseFactors>,
): { readonly estimate: number; readonly isFiltered: boolean } {
  const { n, algebra } = system;
  const stages = [0, 1, 2].map((i) => z.subarray(i * n, (i + 1) * n));
  const end = addScaled(y, 1, stages[2]!);
  const bend = algebra().applyMass(combined(errorWeights, stages));
  const errorFrom = (slope: Float64Array): Float64Array => real.solve(addScaled(slope, 1 / h, bend));
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
  const { z, iterations, rate, isConverged, isFinite } = newton(
    system,
    [real, pair],
    from,
    h,
    predictedStages(y, h, memory),
  );
  const { estimate, isFiltered } = isConverged
    ? estimateOf(system, from, h, z, real!)
    : { estimate: isFinite ? Infinity : Number.NaN, isFiltered: false };
  const isTaken = estimate <= 1;
  const safety = (0.9 * (2 * mostIterations + 1)) / (2 * mostIterations + iterations);
  const wanted = safety * numericFactor(isConverged ? estimate : 1, h, memory, 0.25);
  const renews = iterations > 2 && rate > 1e-3;
  const grown = !renews && wanted < 1.2 && wanted > leastKept ? 1 : Math.min(wanted, 10);
  const shorter = Number.isFinite(wanted) ? Math.max(Math.min(wanted, 1), 0.2) : 0.2;
  const failed = isConverged ? shorter : isCurrent ? 0.5 : 1;
  const end = addScaled(y, 1, z.subarray(2 * system.n));
  const polynomial = polynomialOf(y, z);
  const kept = { jacobian, real, pair, factoredLength: h };
  return {
    y: end,
    ratio: estimate,
    factor: isTaken ? grown : failed,
    coefficients: polynomial,
    stiffness: h * algebra.bound(jacobian),
    accepted: {
      ...kept,
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
  begin: (_, { y, slope }) => ({
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
