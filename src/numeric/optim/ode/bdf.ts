import {
  abs,
  add,
  astype,
  div,
  equal,
  isFinite,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  maximum,
  minimum,
  mul,
  pow,
  sub,
  where,
} from "../../array/elementwise.ts";
import { full, tensor, zeros } from "../../array/create.ts";
import { all, sum } from "../../array/reduce.ts";
import { at } from "../../array/at.ts";
import { concatenate, matmul, reshape, slice, stack, take, transpose } from "../../array/shape.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { cond, whileLoop } from "../../../engine/transforms/structured.ts";
import type { OdeMethod, OdeSystem } from "./method.ts";
import { alongStep, errorRatio, firstLength, rootMeanSquare } from "./method.ts";
import { newtonProgress } from "./newton.ts";
import { radau } from "./radau.ts";
import type { StageFactors } from "./stage-algebra.ts";

/** Highest order of the formulas, and the number of backward differences in memory: two more choose the next order. */
export const highest: number = 5;
export const rows: number = highest + 1;
export const differenceCount: number = highest + 3;
/** Parameters of the numerical differentiation formulas by order, which Shampine and Reichelt chose. */
const kappa = [0, -0.185, -1 / 9, -0.0823, -0.0415, 0];
/** `1 + 1/2 + … + 1/k` for the orders k. */
export const harmonic: readonly number[] = /* @__PURE__ */ kappa.map((_, k) =>
  Array.from({ length: k }, (_x, i) => 1 / (i + 1)).reduce((a, b) => a + b, 0),
);
/**
 * By order: `alpha`, the coefficient of the correction in the formula, and `errorConstants`, the factor from the
 * correction to the error of the step.
 */
export const alpha: readonly number[] = /* @__PURE__ */ kappa.map((value, k) => (1 - value) * harmonic[k]!);
/** Factor of the estimated error, because the errors of the many steps of a multistep method add up. */
const caution = 7;
export const errorConstants: readonly number[] = /* @__PURE__ */ kappa.map(
  (value, k) => caution * (value * harmonic[k]! + 1 / (k + 1)),
);
export const mostIterations: number = 4;

/** Values that the method keeps between steps. */
interface BdfMemory {
  /** Backward differences of orders 0 to 7 at the start of the step, for steps of `spacing`: `[8, n]`. */
  readonly differences: Tensor;
  readonly spacing: Tensor;
  /** Order of the next step. */
  readonly formula: Tensor;
  /** Number of steps with the same length and order. */
  readonly equalSteps: Tensor;
  readonly jacobian: Tensor;
  /** True if the Jacobian belongs to the current point. */
  readonly isCurrent: Tensor;
  readonly mustEvaluate: Tensor;
  /** LU factors with their row order, and the shift of the matrix that they belong to (0 without factors). */
  readonly packed: Tensor;
  readonly order: Tensor;
  readonly factoredShift: Tensor;
}

const flag = (value: 0 | 1): Tensor => full([], value, { dtype: "bool" });
const integer = (value: number): Tensor => full([], value, { dtype: "int32" });
/** The integers from 0 to `count` − 1 as a column. */
const indices = (count: number): Tensor => tensor(Array.from({ length: count }, (_, i) => [i]), { dtype: "int32" }); // prettier-ignore
const byOrder = (table: readonly number[], order: Tensor): Tensor => take(tensor(table), order);

/** Matrix R with the elements `Π (m − 1 − factor·j) / m` over m from 1 to i; its first column is 1, 0, 0, …. */
function spacingMatrix(factor: Tensor): Tensor {
  const columns = tensor(Array.from({ length: rows }, (_, j) => j));
  const lines = [full([rows], 1)];
  for (let i = 1; i < rows; i++) lines.push(mul(lines.at(-1)!, div(sub(i - 1, mul(factor, columns)), i)));
  return stack(lines);
}

/** The matrix of `spacingMatrix` for a number. */
export function spacingRows(factor: number): readonly (readonly number[])[] {
  const lines = [Array.from({ length: rows }, () => 1)];
  for (let i = 1; i < rows; i++) lines.push(lines[i - 1]!.map((x, j) => (x * (i - 1 - factor * j)) / i));
  return lines;
}

/** The matrix of `spacingMatrix` for the factor 1. */
export const unchanged: readonly (readonly number[])[] = /* @__PURE__ */ spacingRows(1);

/** Backward differences for a spacing that is larger by a factor. Those above the order remain unchanged. */
function respaced(differences: Tensor, order: Tensor, factor: Tensor): Tensor {
  const used = lessEqual(indices(rows), order);
  const known = slice(differences, [0, rows]);
  const change = transpose(matmul(spacingMatrix(factor), unchanged));
  const moved = matmul(change, where(used, known, 0));
  return concatenate([where(used, moved, known), slice(differences, [rows, differenceCount])]);
}

/**
 * Rows of `alongStep` for the polynomials `Π (p − 1 + m) / (m + 1)` over m below j, which are the coefficients of the
 * backward differences in the polynomial of a step. One list of rows per j.
 */
export const denseRows: readonly (readonly number[])[] =
  /* @__PURE__ */ ((): readonly (readonly number[])[] =>
    Array.from({ length: rows }, (_, j) => {
      let polynomial = [1]; // coefficients of powers of p
      for (let m = 0; m < j; m++) {
        const [constant, slope] = [(m - 1) / (m + 1), 1 / (m + 1)];
        polynomial = [...polynomial, 0].map((c, k) => c * constant + (polynomial[k - 1] ?? 0) * slope);
      }
      const found: number[] = [];
      for (let row = 0; row < rows; row++) {
        if (row % 2 === 0) {
          found.push(polynomial[0] ?? 0); // its value at p = 0; the rest is p times a polynomial
          polynomial = polynomial.slice(1);
        } else {
          const end = polynomial.reduce((a, b) => a + b, 0);
          found.push(end); // its value at p = 1; the rest is (1 − p) times a polynomial
          let carry = 0;
          polynomial = polynomial
            .slice(1)
            .reverse()
            .map((c) => (carry += c))
            .reverse()
            .map((c) => -c);
        }
      }
      return found;
    }))();

/** Result of Newton's iterations: the sum of the corrections. */
interface BdfNewton {
  readonly correction: Tensor;
  readonly iterations: Tensor;
  readonly isConverged: Tensor;
  readonly isFinite: Tensor;
}

/** Simplified Newton iterations for `M (psi + d) = c f(predicted + d, t)`. */
function newton(
  { slope: f, algebra, rules }: OdeSystem,
  factors: StageFactors,
  [predicted, psi, t, shift]: readonly [Tensor, Tensor, Tensor, Tensor],
  scale: Tensor,
): BdfNewton {
  interface BdfIteration extends BdfNewton {
    readonly size: Tensor;
    readonly isDone: Tensor;
  }
  const body = (now: BdfIteration): BdfIteration => {
    const value = f(add(predicted, now.correction), t);
    const residual = sub(value, mul(shift, algebra.applyMass(add(psi, now.correction))));
    const change = algebra.solve(factors, residual);
    const size = rootMeanSquare(div(change, scale));
    const isFiniteNow = logicalAnd(all(isFinite(value)), isFinite(size));
    const { diverges, converges } = newtonProgress(rules, size, now.size, now.iterations, mostIterations);
    const isBad = logicalOr(logicalNot(isFiniteNow), diverges);
    const isConverged = logicalAnd(logicalNot(isBad), converges);
    const iterations = add(now.iterations, 1);
    return {
      correction: where(isBad, now.correction, add(now.correction, change)),
      iterations,
      isConverged,
      isFinite: isFiniteNow,
      size,
      isDone: logicalOr(logicalOr(isBad, isConverged), lessEqual(mostIterations, iterations)),
    };
  };
  return whileLoop((now: BdfIteration) => logicalNot(now.isDone), body, {
    correction: mul(0, predicted),
    iterations: integer(0),
    isConverged: flag(0),
    isFinite: flag(1),
    size: full([], 0),
    isDone: flag(0),
  } as never);
}

/**
 * Updates the backward differences after a step of the given order, from the correction that its Newton iterations
 * found.
 */
function advanced(differences: Tensor, order: Tensor, correction: Tensor): Tensor {
  const place = indices(differenceCount);
  const next = add(order, 1);
  const above = sub(correction, take(differences, next));
  const changed = where(
    equal(place, next),
    correction,
    where(equal(place, add(order, 2)), above, differences),
  );
  const lines: Tensor[] = [];
  let sumSoFar = mul(0, correction);
  for (let i = differenceCount - 1; i >= 0; i--) {
    const line = at(changed, i);
    sumSoFar = add(sumSoFar, where(lessEqual(i, next), line, 0));
    lines.unshift(where(lessEqual(i, next), sumSoFar, line));
  }
  return stack(lines);
}

/**
 * Returns by how much the order changes for the next step, −1 to 1, and the factor by which the step length changes,
 * without the safety factor.
 */
function nextFormula(
  differences: Tensor,
  order: Tensor,
  ratio: Tensor,
  scale: Tensor,
): { readonly change: Tensor; readonly factor: Tensor } {
  const sizeOf = (k: Tensor): Tensor => rootMeanSquare(div(take(differences, k), scale));
  const power = (size: Tensor, above: number): Tensor =>
    pow(maximum(size, 1e-10), div(-1, add(astype(order, "float64"), above)));
  const lower = where(
    less(1, order),
    power(mul(abs(byOrder(errorConstants, sub(order, 1))), sizeOf(order)), 0),
    0,
  );
  const same = power(ratio, 1);
  const nextOrder = minimum(add(order, 1), highest);
  const higher = where(
    less(order, highest),
    power(mul(abs(byOrder(errorConstants, nextOrder)), sizeOf(add(order, 2))), 2),
    0,
  );
  const factor = maximum(maximum(lower, same), higher);
  const change = where(
    equal(factor, same),
    integer(0),
    where(equal(factor, higher), integer(1), integer(-1)),
  );
  return { change, factor };
}

/** A value in memory between steps, with the values that an attempt computed from the Jacobian. */
type BdfKept = Pick<BdfMemory, "jacobian" | "packed" | "order" | "factoredShift">;

function attempt(
  system: OdeSystem,
  { t, y, memory }: { readonly t: Tensor; readonly y: Tensor; readonly memory: BdfMemory },
  h: Tensor,
): ReturnType<OdeMethod<BdfMemory>["attempt"]> {
  const { slope: f, algebra, rules } = system;
  const { formula: order, mustEvaluate: evaluates } = memory;
  const isRespaced = logicalNot(equal(h, memory.spacing));
  const differences = cond(
    isRespaced,
    () => respaced(memory.differences, order, div(h, memory.spacing)),
    () => memory.differences,
  );
  const equalSteps = where(isRespaced, integer(0), memory.equalSteps);
  const weightOf = (table: readonly number[]): Tensor =>
    reshape(take(tensor(table), indices(rows)), [rows, 1]);
  const used = where(lessEqual(indices(rows), order), slice(differences, [0, rows]), 0);
  const predicted = sum(used, { axis: 0 });
  const psi = div(sum(mul(weightOf(harmonic), used), { axis: 0 }), byOrder(alpha, order));
  const shift = div(byOrder(alpha, order), h);
  const after = add(t, h);
  const isCurrent = logicalOr(evaluates, memory.isCurrent);
  const jacobian = cond(
    evaluates,
    () => algebra.jacobian(f, y, t),
    () => memory.jacobian,
  );
  const isValid = logicalAnd(logicalNot(evaluates), equal(shift, memory.factoredShift));
  const factors = cond(
    isValid,
    (): StageFactors => ({ packed: memory.packed, order: memory.order }),
    (): StageFactors => algebra.factor(algebra.matrix(jacobian, shift)),
  );
  const expected = add(rules.atol, mul(rules.rtol, abs(predicted)));
  const solved = newton(system, factors, [predicted, psi, after, shift], expected);
  const { correction, isConverged } = solved;
  const end = add(predicted, correction);
  const error = mul(byOrder(errorConstants, order), correction);
  const estimate = errorRatio(error, end, end, rules);
  const ratio = where(isConverged, estimate, where(solved.isFinite, Infinity, Number.NaN));
  const isTaken = lessEqual(ratio, 1);
  const iterations = astype(solved.iterations, "float64");
  const safety = div(0.9 * (2 * mostIterations + 1), add(2 * mostIterations, iterations));
  const following = advanced(differences, order, correction);
  const steps = add(equalSteps, 1);
  const mayChange = less(order, steps);
  const scale = add(rules.atol, mul(rules.rtol, abs(end)));
  const { change, factor } = nextFormula(
    following,
    order,
    maximum(where(isConverged, estimate, 1), 1e-10),
    scale,
  );
  const wanted = mul(safety, pow(maximum(where(isConverged, estimate, 1), 1e-10), div(-1, add(astype(order, "float64"), 1)))); // prettier-ignore
  const failed = where(isConverged, maximum(minimum(wanted, 0.9), 0.2), where(isCurrent, 0.5, 1));
  const kept: BdfKept = { jacobian, packed: factors.packed, order: factors.order, factoredShift: shift };
  return {
    y: end,
    ratio,
    factor: where(isTaken, where(mayChange, minimum(mul(safety, factor), 10), 1), failed),
    coefficients: matmul(
      transpose(denseRows),
      where(lessEqual(indices(rows), order), slice(following, [0, rows]), 0),
    ),
    stiffness: full([], 0),
    accepted: {
      ...kept,
      differences: following,
      spacing: h,
      formula: where(mayChange, add(order, change), order),
      equalSteps: where(mayChange, integer(0), steps),
      isCurrent: flag(0),
      mustEvaluate: flag(0),
    },
    rejected: {
      ...kept,
      differences,
      spacing: h,
      formula: order,
      equalSteps,
      isCurrent,
      mustEvaluate: logicalAnd(logicalNot(isConverged), logicalNot(isCurrent)),
    },
    counts: stack([iterations, astype(evaluates, "float64"), astype(logicalNot(isValid), "float64")]),
  };
}

/**
 * Numerical differentiation formulas of order 1 to 5: backward differentiation formulas with smaller errors, with a
 * constant step length while it is suitable, like MATLAB's `ode15s` and SciPy's `BDF`. The repeated steps, and so the
 * derivatives, are those of Radau IIA on the same mesh, whose error is smaller.
 *
 * @see Shampine, Reichelt, The MATLAB ODE suite, SIAM Journal on Scientific Computing 18, 1997.
 */
export const bdf: OdeMethod<BdfMemory> = {
  name: "bdf",
  rows,
  exponent: 0.5,
  isExplicit: false,
  endsAtLimit: true,
  along: alongStep,
  begin(system, y, t, slope) {
    const { algebra, slope: f } = system;
    const n = y.shape[0]!;
    // the derivative of y, by a short step of the implicit Euler method because of the mass matrix
    const short = mul(1e-3, firstLength(system, y, slope, t, 0.5));
    const jacobian = algebra.jacobian(f, y, t);
    const change = algebra.solve(algebra.factor(algebra.matrix(jacobian, div(1, short))), slope);
    return {
      differences: concatenate([stack([y, change]), zeros([differenceCount - 2, n], { dtype: "float64" })]),
      spacing: short,
      formula: integer(1),
      equalSteps: integer(0),
      jacobian,
      isCurrent: flag(1),
      mustEvaluate: flag(0),
      packed: zeros([n, n], { dtype: "float64" }),
      order: zeros([n], { dtype: "int32" }),
      factoredShift: full([], 0),
    };
  },
  attempt,
  beginRepeat: (...given) => radau.beginRepeat(...given),
  repeat(system, from, h) {
    const step = radau.repeat(system, from, h);
    const rest = zeros([rows - radau.rows, from.y.shape[0]!], { dtype: "float64" });
    return { ...step, coefficients: concatenate([step.coefficients, rest]) };
  },
};
