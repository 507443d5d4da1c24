import {
  abs,
  add,
  astype,
  div,
  equal,
  greater,
  isFinite,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  maximum,
  minimum,
  mul,
  neg,
  sub,
  where,
} from "../../array/elementwise.ts";
import { full, zeros } from "../../array/create.ts";
import { all } from "../../array/reduce.ts";
import { at } from "../../array/at.ts";
import { concatenate, matmul, slice, stack } from "../../array/shape.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { cond, whileLoop } from "../../../engine/transforms/structured.ts";
import type { OdeMethod, OdeSystem } from "./method.ts";
import { alongStep, errorRatio, predictedFactor, rootMeanSquare } from "./method.ts";
import { newtonProgress } from "./newton.ts";
import { implicitStages } from "./implicit-stages.ts";
import type { StageFactors } from "./stage-algebra.ts";

/**
 * Constants of Radau IIA of order 5, whose last stage is at the end of the step. `times` are those of the stages. The
 * inverse of its matrix has the eigenvalues `mu` and `re ± im·i`; `fromModes` has the eigenvectors as columns, and
 * `toModes` is its inverse.
 *
 * @see Hairer, Wanner, Solving ordinary differential equations II, 2nd edition, IV.8.
 */
const root6 = /* @__PURE__ */ Math.sqrt(6);
export const times: readonly number[] = [(4 - root6) / 10, (4 + root6) / 10, 1];
export const mu: number = 3 + 3 ** (2 / 3) - 3 ** (1 / 3);
export const re: number = 3 + (3 ** (1 / 3) - 3 ** (2 / 3)) / 2;
export const im: number = -(3 ** (5 / 6) + 3 ** (7 / 6)) / 2;
export const fromModes: readonly (readonly number[])[] = [
  [0.09443876248897524, -0.14125529502095421, 0.03002919410514742],
  [0.25021312296533332, 0.20412935229379994, -0.38294211275726192],
  [1, 1, 0],
];
export const toModes: readonly (readonly number[])[] = [
  [4.17871859155190428, 0.32768282076106237, 0.52337644549944951],
  [-4.17871859155190428, -0.32768282076106237, 0.47662355450055044],
  [0.50287263494578682, -2.57192694985560522, 0.59603920482822492],
];
/** Weights of the stages in the error estimate. */
export const errorWeights: readonly number[] = [(-13 - 7 * root6) / 3, (-13 + 7 * root6) / 3, -1 / 3];
/** Coefficients of θ, θ² and θ³ in the polynomial through the stages, one row per stage. */
export const collocation: readonly (readonly number[])[] = [
  [13 / 3 + (7 * root6) / 3, -23 / 3 - (22 * root6) / 3, 10 / 3 + 5 * root6],
  [13 / 3 - (7 * root6) / 3, -23 / 3 + (22 * root6) / 3, 10 / 3 - 5 * root6],
  [1 / 3, -8 / 3, 10 / 3],
];
/** Runge–Kutta matrix, used when stages are recomputed for derivatives. */
const rungeKutta = [
  [(88 - 7 * root6) / 360, (296 - 169 * root6) / 1800, (-2 + 3 * root6) / 225],
  [(296 + 169 * root6) / 1800, (88 + 7 * root6) / 360, (-2 - 3 * root6) / 225],
  [(16 - root6) / 36, (16 + root6) / 36, 1 / 9],
];
export const mostIterations: number = 6;
/** Smallest factor of the step length that is not applied, so that the factors of the matrices remain valid. */
export const leastKept = 0.9;

/** Values that the method keeps between steps. */
interface RadauMemory {
  readonly slope: Tensor;
  readonly jacobian: Tensor;
  /** True if the Jacobian was evaluated at the current point. */
  readonly isCurrent: Tensor;
  /** True if the next attempt must evaluate the Jacobian. */
  readonly mustEvaluate: Tensor;
  /**
   * LU factors of the real matrix and of that of the complex pair, and the step length for which they are valid
   * (`factoredLength`, 0 for none).
   */
  readonly packed: Tensor;
  readonly order: Tensor;
  readonly pairPacked: Tensor;
  readonly pairOrder: Tensor;
  readonly factoredLength: Tensor;
  readonly previousRatio: Tensor;
  readonly previousLength: Tensor;
  /** Coefficients of the dense output of the previous step, which predicts the stages of the next one. */
  readonly polynomial: Tensor;
  /** True if the previous attempt was rejected because of its error. */
  readonly isRetry: Tensor;
}

/** LU factors of the real matrix, and of the matrix of the pair of complex eigenvalues. */
interface RadauFactors {
  readonly real: StageFactors;
  readonly pair: StageFactors;
}

/** Result of Newton's iterations. */
interface NewtonResult {
  /** Stages minus the start of the step: `[3, n]`. */
  readonly z: Tensor;
  readonly iterations: Tensor;
  /** Ratio of the sizes of the last two corrections. */
  readonly rate: Tensor;
  readonly isConverged: Tensor;
  readonly isFinite: Tensor;
}

const yes = (): Tensor => full([], 1, { dtype: "bool" });
const no = (): Tensor => full([], 0, { dtype: "bool" });

/** Slopes f of all stages: `[3, n]`. */
function slopes({ slope: f }: OdeSystem, y: Tensor, z: Tensor, t: Tensor, h: Tensor): Tensor {
  return stack(times.map((c, i) => f(add(y, at(z, i)), add(t, mul(c, h)))));
}

/**
 * Solves for the stages by simplified Newton iterations from `start`. In the basis of the eigenvectors, the system of
 * 3n equations separates into one of n and one of 2n.
 */
function newton(
  system: OdeSystem,
  { real, pair }: RadauFactors,
  [y, t, h]: readonly [Tensor, Tensor, Tensor],
  start: Tensor,
): NewtonResult {
  const { algebra, rules } = system;
  const n = y.shape[0]!;
  const scale = add(rules.atol, mul(rules.rtol, abs(y)));
  interface NewtonState extends NewtonResult {
    /** Stages in the basis of the eigenvectors. */
    readonly w: Tensor;
    readonly size: Tensor;
    readonly isDone: Tensor;
  }
  const mass = (w: Tensor): Tensor => algebra.applyMass(w);
  const body = (now: NewtonState): NewtonState => {
    const values = slopes(system, y, now.z, t, h);
    const f = matmul(toModes, values);
    const [w0, w1, w2] = [mass(at(now.w, 0)), mass(at(now.w, 1)), mass(at(now.w, 2))];
    const first = sub(at(f, 0), mul(div(mu, h), w0));
    const second = sub(at(f, 1), div(sub(mul(re, w1), mul(im, w2)), h));
    const third = sub(at(f, 2), div(add(mul(re, w2), mul(im, w1)), h));
    const d0 = algebra.solve(real, first);
    const d12 = algebra.solve(pair, concatenate([second, third]));
    const dw = stack([d0, slice(d12, [0, n]), slice(d12, [n, 2 * n])]);
    const size = rootMeanSquare(div(dw, scale));
    const isFiniteNow = logicalAnd(all(isFinite(values)), isFinite(size));
    const { rate, diverges, converges } = newtonProgress(
      rules,
      size,
      now.size,
      now.iterations,
      mostIterations,
    );
    const isBad = logicalOr(logicalNot(isFiniteNow), diverges);
    const isConverged = logicalAnd(logicalNot(isBad), converges);
    const w = where(isBad, now.w, add(now.w, dw));
    const iterations = add(now.iterations, 1);
    return {
      w,
      z: where(isBad, now.z, matmul(fromModes, w)),
      iterations,
      rate,
      size,
      isConverged,
      isFinite: isFiniteNow,
      isDone: logicalOr(logicalOr(isBad, isConverged), lessEqual(mostIterations, iterations)),
    };
  };
  return whileLoop((now: NewtonState) => logicalNot(now.isDone), body, {
    w: matmul(toModes, start),
    z: start,
    iterations: full([], 0, { dtype: "int32" }),
    rate: full([], 0),
    size: full([], 0),
    isConverged: no(),
    isFinite: yes(),
    isDone: no(),
  } as never);
}

/** Coefficients for `alongStep` of the polynomial through the stages. */
function polynomialOf(y: Tensor, z: Tensor): Tensor {
  const power = (k: number): Tensor =>
    [0, 1, 2].map((i) => mul(collocation[i]![k]!, at(z, i))).reduce((sum, term) => add(sum, term));
  const [square, cube] = [power(1), power(2)];
  return stack([y, at(z, 2), neg(add(square, cube)), neg(cube)]);
}

/** LU factors for the step length h: those in memory if `isValid`, otherwise new ones. */
function factorsFor(
  { algebra }: OdeSystem,
  jacobian: Tensor,
  memory: RadauMemory,
  h: Tensor,
  isValid: Tensor,
): RadauFactors {
  return cond(
    isValid,
    (): RadauFactors => ({
      real: { packed: memory.packed, order: memory.order },
      pair: { packed: memory.pairPacked, order: memory.pairOrder },
    }),
    (): RadauFactors => ({
      real: algebra.factor(algebra.matrix(jacobian, div(mu, h))),
      pair: algebra.factor(algebra.pair(jacobian, div(re, h), div(im, h))),
    }),
  );
}

/** Predicts the stages by extrapolating the polynomial of the previous step; 0 for the first step. */
function predictedStages(
  y: Tensor,
  h: Tensor,
  { polynomial, previousLength }: Pick<RadauMemory, "polynomial" | "previousLength">,
): Tensor {
  const isFirst = less(previousLength, 1e-300);
  const ratio = div(h, where(isFirst, 1, previousLength));
  const ahead = stack(times.map((c) => sub(alongStep(polynomial, add(1, mul(c, ratio))), y)));
  return where(isFirst, 0, ahead);
}

function attempt(
  system: OdeSystem,
  { t, y, memory }: { readonly t: Tensor; readonly y: Tensor; readonly memory: RadauMemory },
  h: Tensor,
): ReturnType<OdeMethod<RadauMemory>["attempt"]> {
  const { slope: f, algebra, rules } = system;
  const evaluates = memory.mustEvaluate;
  const isCurrent = logicalOr(evaluates, memory.isCurrent);
  const jacobian = cond(
    evaluates,
    () => algebra.jacobian(f, y, t),
    () => memory.jacobian,
  );
  const isValid = logicalAnd(logicalNot(evaluates), equal(h, memory.factoredLength));
  const factors = factorsFor(system, jacobian, memory, h, isValid);
  const solved = newton(system, factors, [y, t, h], predictedStages(y, h, memory));
  const { z, isConverged, rate } = solved;
  const end = add(y, at(z, 2));
  const weighted = errorWeights.map((e, i) => mul(e, at(z, i))).reduce((sum, term) => add(sum, term));
  const bend = div(algebra.applyMass(weighted), h);
  const errorFrom = (slope: Tensor): Tensor => algebra.solve(factors.real, add(slope, bend));
  const error = errorFrom(memory.slope);
  const raw = errorRatio(error, y, end, rules);
  // the second estimate filters the stiff components, which are too large in the first
  const isFiltered = logicalAnd(memory.isRetry, greater(raw, 1));
  const estimate = cond(
    isFiltered,
    () => errorRatio(errorFrom(f(add(y, error), t)), y, end, rules),
    () => raw,
  );
  const ratio = where(isConverged, estimate, where(solved.isFinite, Infinity, Number.NaN));
  const isTaken = lessEqual(ratio, 1);
  const iterations = astype(solved.iterations, "float64");
  const safety = div(0.9 * (2 * mostIterations + 1), add(2 * mostIterations, iterations));
  const wanted = mul(safety, predictedFactor(where(isConverged, estimate, 1), h, memory, 0.25));
  const renews = logicalAnd(less(2, solved.iterations), greater(rate, 1e-3));
  const keeps = logicalAnd(logicalNot(renews), less(wanted, 1.2));
  const grown = where(logicalAnd(keeps, greater(wanted, leastKept)), 1, minimum(wanted, 10));
  const shorter = where(isFinite(wanted), maximum(minimum(wanted, 1), 0.2), 0.2);
  const failed = where(isConverged, shorter, where(isCurrent, 0.5, 1));
  const coefficients = polynomialOf(y, z);
  const kept = {
    jacobian,
    packed: factors.real.packed,
    order: factors.real.order,
    pairPacked: factors.pair.packed,
    pairOrder: factors.pair.order,
    factoredLength: h,
  };
  return {
    y: end,
    ratio,
    factor: where(isTaken, grown, failed),
    coefficients,
    stiffness: mul(h, algebra.bound(jacobian)),
    accepted: {
      ...kept,
      slope: f(end, add(t, h)),
      isCurrent: no(),
      mustEvaluate: renews,
      previousRatio: ratio,
      previousLength: h,
      polynomial: coefficients,
      isRetry: no(),
    },
    rejected: {
      ...memory,
      ...kept,
      isCurrent,
      mustEvaluate: logicalAnd(logicalNot(isConverged), logicalNot(isCurrent)),
      isRetry: logicalOr(memory.isRetry, isConverged),
    },
    counts: stack([
      add(mul(3, iterations), add(1, astype(isFiltered, "float64"))),
      astype(evaluates, "float64"),
      mul(2, astype(logicalNot(isValid), "float64")),
    ]),
  };
}

/** Coefficients for `alongStep` of the constant polynomial y. */
function restingPolynomial(y: Tensor): Tensor {
  const nothing = mul(0, y);
  return stack([y, nothing, nothing, nothing]);
}

/** Radau IIA of order 5 with simplified Newton iterations, like RADAU5 and SciPy's `Radau`. */
export const radau: OdeMethod<RadauMemory> = {
  name: "radau",
  rows: 4,
  exponent: 0.25,
  isExplicit: false,
  endsAtLimit: true,
  along: alongStep,
  begin(_system, y, _t, slope) {
    const n = y.shape[0]!;
    const nothing = full([], 0);
    return {
      slope,
      jacobian: zeros([n, n], { dtype: "float64" }),
      isCurrent: no(),
      mustEvaluate: yes(),
      packed: zeros([n, n], { dtype: "float64" }),
      order: zeros([n], { dtype: "int32" }),
      pairPacked: zeros([2 * n, 2 * n], { dtype: "float64" }),
      pairOrder: zeros([2 * n], { dtype: "int32" }),
      factoredLength: nothing,
      previousRatio: nothing,
      previousLength: nothing,
      polynomial: restingPolynomial(y),
      isRetry: no(),
    };
  },
  attempt,
  beginRepeat: (_system, y) => ({ polynomial: restingPolynomial(y), previousLength: full([], 0) }),
  repeat(system, { t, y, memory }, h) {
    const { polynomial, previousLength } = memory as unknown as RadauMemory;
    const start = predictedStages(y, h, { polynomial, previousLength });
    const z = implicitStages(system, { times, matrix: rungeKutta }, [y, t, h], start);
    const coefficients = polynomialOf(y, z);
    return { y: add(y, at(z, 2)), memory: { polynomial: coefficients, previousLength: h }, coefficients };
  },
};
