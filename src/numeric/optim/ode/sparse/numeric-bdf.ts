import {
  alpha,
  denseRows,
  differenceCount,
  errorConstants,
  harmonic,
  highest,
  mostIterations,
  rows,
  spacingRows,
  unchanged,
} from "../bdf.ts";
import { addScaled, isAllFinite } from "../../vector.ts";
import {
  combined,
  joinedRows,
  newtonProgress,
  type NumericAttempt,
  type NumericMethod,
  numericRatio,
  type NumericStart,
  type NumericSystem,
  type SparseFactors,
} from "./numeric-method.ts";

/** Memory of the method; see `bdf`. */
interface NumericBdfMemory {
  readonly differences: readonly Float64Array[];
  readonly spacing: number;
  readonly formula: number;
  readonly equalSteps: number;
  readonly jacobian: Float64Array;
  readonly isCurrent: boolean;
  readonly mustEvaluate: boolean;
  readonly factors: SparseFactors;
  readonly factoredShift: number;
}

/** Backward differences for a spacing that is larger by a factor. Those above the order remain unchanged. */
function respaced(
  differences: readonly Float64Array[],
  order: number,
  factor: number,
): readonly Float64Array[] {
  const spacing = spacingRows(factor);
  const used = differences.slice(0, order + 1);
  const moved = used.map((_, i) =>
    combined(
      used.map((_difference, k) => spacing[k]!.reduce((sum, x, m) => sum + x * unchanged[m]![i]!, 0)),
      used,
    ),
  );
  return [...moved, ...differences.slice(order + 1)];
}

/** Result of Newton's iterations: the sum of the corrections. */
interface NumericCorrection {
  readonly correction: Float64Array;
  readonly iterations: number;
  readonly isConverged: boolean;
  readonly isFinite: boolean;
}

/** Simplified Newton iterations for `M (psi + d) = c f(predicted + d, t)`, with the rules of `bdf`. */
function newton(
  system: NumericSystem,
  factors: SparseFactors,
  { predicted, psi, t, shift }: { readonly predicted: Float64Array; readonly psi: Float64Array; readonly t: number; readonly shift: number }, // prettier-ignore
): NumericCorrection {
  const { n, atol, rtol } = system;
  let correction: Float64Array = new Float64Array(n);
  if (factors === undefined) return { correction, iterations: 1, isConverged: false, isFinite: false };
  let before = 0;
  for (let iterations = 1; iterations <= mostIterations; iterations++) {
    const value = system.slope(addScaled(predicted, 1, correction), t);
    const change = factors.solve(
      addScaled(value, -shift, system.algebra().applyMass(addScaled(psi, 1, correction))),
    );
    let sum = 0;
    for (let k = 0; k < n; k++) sum += (change[k]! / (atol[k]! + rtol * Math.abs(predicted[k]!))) ** 2;
    const size = Math.sqrt(sum / n);
    if (!isAllFinite(value) || !Number.isFinite(size))
      return { correction, iterations, isConverged: false, isFinite: false };
    const { diverges, converges } = newtonProgress(rtol, size, before, iterations, mostIterations);
    if (diverges) return { correction, iterations, isConverged: false, isFinite: true };
    correction = addScaled(correction, 1, change);
    if (converges) return { correction, iterations, isConverged: true, isFinite: true };
    before = size;
  }
  return { correction, iterations: mostIterations, isConverged: false, isFinite: true };
}

/** Updates the backward differences after a step of the given order with the given correction. */
function advanced(
  differences: readonly Float64Array[],
  order: number,
  correction: Float64Array,
): readonly Float64Array[] {
  const next = [...differences];
  next[order + 2] = addScaled(correction, -1, differences[order + 1]!);
  next[order + 1] = correction;
  for (let i = order; i >= 0; i--) next[i] = addScaled(next[i + 1]!, 1, differences[i]!);
  return next;
}

/**
 * Returns by how much the order changes for the next step, −1 to 1, and the factor by which the step length changes,
 * without the safety factor.
 */
function nextFormula(
  system: NumericSystem,
  differences: readonly Float64Array[],
  order: number,
  ratio: number,
): { readonly change: number; readonly factor: number } {
  const end = differences[0]!;
  const power = (k: number, constant: number): number =>
    Math.max(Math.abs(constant) * numericRatio(system, differences[k]!, end, end), 1e-10) ** (-1 / k);
  const lower = order > 1 ? power(order, errorConstants[order - 1]!) : 0;
  const same = ratio ** (-1 / (order + 1));
  const higher = order < highest ? power(order + 2, errorConstants[order + 1]!) : 0;
  const factor = Math.max(lower, same, higher);
  return { change: factor === same ? 0 : factor === higher ? 1 : -1, factor };
}

/** Rows of `alongStep` for the backward differences after a step of the given order. */
function polynomialOf(differences: readonly Float64Array[], order: number): Float64Array {
  const used = differences.slice(0, order + 1);
  return joinedRows(
    ...Array.from({ length: rows }, (_, row) =>
      combined(
        used.map((_difference, j) => denseRows[j]![row]!),
        used,
      ),
    ),
  );
}

function attempt(
  system: NumericSystem,
  { t, y, memory }: NumericStart<NumericBdfMemory>,
  h: number,
): NumericAttempt<NumericBdfMemory> {
  const { formula: order, mustEvaluate: evaluates } = memory;
  const isRespaced = h !== memory.spacing;
  const differences = isRespaced
    ? respaced(memory.differences, order, h / memory.spacing)
    : memory.differences;
  const equalSteps = isRespaced ? 0 : memory.equalSteps;
  const used = differences.slice(0, order + 1);
  const predicted = combined(
    used.map(() => 1),
    used,
  );
  const psi = combined(
    used.map((_, j) => harmonic[j]! / alpha[order]!),
    used,
  );
  const shift = alpha[order]! / h;
  const isCurrent = evaluates || memory.isCurrent;
  const jacobian = evaluates ? system.jacobian(y, t) : memory.jacobian;
  const isValid = !evaluates && shift === memory.factoredShift;
  const factors = isValid ? memory.factors : system.algebra().factor(jacobian, shift);
  const solved = newton(system, factors, { predicted, psi, t: t + h, shift });
  const { correction, isConverged, iterations } = solved;
  const end = addScaled(predicted, 1, correction);
  const estimate = Math.abs(errorConstants[order]!) * numericRatio(system, correction, end, end);
  const ratio = isConverged ? estimate : solved.isFinite ? Infinity : Number.NaN;
  const isTaken = ratio <= 1;
  const safety = (0.9 * (2 * mostIterations + 1)) / (2 * mostIterations + iterations);
  const size = Math.max(isConverged ? estimate : 1, 1e-10);
  const following = isTaken ? advanced(differences, order, correction) : differences;
  const steps = equalSteps + 1;
  const mayChange = isTaken && steps > order;
  const { change, factor } = mayChange
    ? nextFormula(system, following, order, size)
    : { change: 0, factor: 1 };
  const shorter = Math.max(Math.min(safety * size ** (-1 / (order + 1)), 0.9), 0.2);
  const kept = { jacobian, factors, factoredShift: shift, spacing: h };
  return {
    y: end,
    ratio,
    factor: isTaken
      ? mayChange
        ? Math.min(safety * factor, 10)
        : 1
      : isConverged
        ? shorter
        : isCurrent
          ? 0.5
          : 1,
    coefficients: isTaken ? polynomialOf(following, order) : new Float64Array(0),
    stiffness: 0,
    accepted: {
      ...kept,
      differences: following,
      formula: order + change,
      equalSteps: mayChange ? 0 : steps,
      isCurrent: false,
      mustEvaluate: false,
    },
    rejected: {
      ...kept,
      differences,
      formula: order,
      equalSteps,
      isCurrent,
      mustEvaluate: !isConverged && !isCurrent,
    },
    counts: [iterations, Number(evaluates), isValid ? 0 : 1],
  };
}

/** `bdf` with sparse Jacobians. */
export const numericBdf: NumericMethod<NumericBdfMemory> = {
  begin(system, { y, slope, jacobian, length }) {
    const spacing = 1e-3 * length;
    const n = y.length;
    const change =
      system
        .algebra()
        .factor(jacobian, 1 / spacing)
        ?.solve(slope) ?? new Float64Array(n).fill(Number.NaN);
    const rest = Array.from({ length: differenceCount - 2 }, () => new Float64Array(n));
    return {
      differences: [y, change, ...rest],
      spacing,
      formula: 1,
      equalSteps: 0,
      jacobian,
      isCurrent: true,
      mustEvaluate: false,
      factors: undefined,
      factoredShift: 0,
    };
  },
  attempt,
};
