import type { NumericAttempt, NumericMethod, NumericStart, NumericSystem } from "./numeric-method.ts";
import { combined, joinedRows, numericFactor, numericRatio } from "./numeric-method.ts";
import { addScaled, isAllFinite } from "../../vector.ts";
import { couplings, dense, driftWeights, gamma, times, weights } from "../rosenbrock.ts";

/** Memory of the method; see `rosenbrock`. */
interface NumericRosenbrockMemory {
  readonly slope: Float64Array;
  readonly jacobian: Float64Array;
  readonly drift: Float64Array;
  readonly isStale: boolean;
  readonly previousRatio: number;
  readonly previousLength: number;
}

/**
 * Computes the stages U of a step, and `argument`, the end of the step without the last stage. `undefined` if the
 * matrix is singular or a value is not finite.
 */
function stagesOf(
  system: NumericSystem,
  { t, y, memory }: NumericStart<NumericRosenbrockMemory>,
  h: number,
  jacobian: Float64Array,
  drift: Float64Array,
): { readonly u: readonly Float64Array[]; readonly argument: Float64Array } | undefined {
  const algebra = system.algebra();
  const factors = algebra.factor(jacobian, 1 / (gamma * h));
  if (factors === undefined) return undefined;
  const u: Float64Array[] = [];
  let argument = y;
  for (const [i, time] of times.entries()) {
    argument =
      i === 0 ? y : i < 6 ? addScaled(y, 1, combined(weights[i]!, u)) : addScaled(argument, 1, u.at(-1)!);
    const value = i === 0 ? memory.slope : system.slope(argument, t + time * h);
    const side = driftWeights[i] === 0 ? value : addScaled(value, h * driftWeights[i]!, drift);
    const coupled = i === 0 ? side : addScaled(side, 1 / h, algebra.applyMass(combined(couplings[i]!, u)));
    if (!isAllFinite(coupled)) return undefined;
    u.push(factors.solve(coupled));
  }
  return { u, argument };
}

function attempt(
  system: NumericSystem,
  from: NumericStart<NumericRosenbrockMemory>,
  h: number,
): NumericAttempt<NumericRosenbrockMemory> {
  const { t, y, memory } = from;
  const jacobian = memory.isStale ? system.jacobian(y, t) : memory.jacobian;
  const drift = memory.isStale ? system.drift(y, t) : memory.drift;
  const found = stagesOf(system, from, h, jacobian, drift);
  const error = found?.u.at(-1) ?? new Float64Array(y.length).fill(Number.NaN);
  const end = found === undefined ? y : addScaled(found.argument, 1, error);
  const ratio = numericRatio(system, error, y, end);
  const factor = Math.min(Math.max(0.9 * numericFactor(ratio, h, memory, 0.2), 0.2), 6);
  const isTaken = ratio <= 1;
  const kept = { jacobian, drift };
  return {
    y: end,
    ratio,
    factor: isTaken ? factor : Number.isFinite(ratio) ? Math.min(factor, 1) : 0.2,
    coefficients: found === undefined || !isTaken ? new Float64Array(0) : denseRows(y, end, found.u),
    stiffness: h * system.algebra().bound(jacobian),
    accepted: {
      ...kept,
      slope: isTaken ? system.slope(end, t + h) : memory.slope,
      isStale: true,
      previousRatio: ratio,
      previousLength: h,
    },
    rejected: { ...memory, ...kept, isStale: false },
    counts: [8, Number(memory.isStale), 1],
  };
}

/** Rows of `alongStep`. */
function denseRows(y: Float64Array, end: Float64Array, u: readonly Float64Array[]): Float64Array {
  const [first, second, third] = dense.map((w) => combined(w, u)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  return joinedRows(y, addScaled(end, -1, y), first, addScaled(second, 1, third), combined([-1], [third]));
}

/** `rosenbrock` with sparse Jacobians. */
export const numericRosenbrock: NumericMethod<NumericRosenbrockMemory> = {
  begin: (_, { slope }) => ({
    slope,
    jacobian: new Float64Array(0),
    drift: new Float64Array(0),
    isStale: true,
    previousRatio: 0,
    previousLength: 0,
  }),
  attempt,
};
