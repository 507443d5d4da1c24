import { multiplyColumns } from "../../sparse/matrix/products.ts";
import { diagonalPattern } from "../../sparse/matrix/combine.ts";
import { SparsePattern } from "../../sparse/matrix/sparse-pattern.ts";
import { addScaled, dot, largest, scaled, subtract } from "../vector.ts";
import { LowRankTerm } from "./low-rank.ts";
import type { HessianEntries, MatrixEntries } from "./nonlinear-program.ts";
import type { SlackForm } from "./slack-form.ts";

/** Number of remembered steps. */
const memory = 10;
/**
 * Powell's damping: a step changes the approximation at most so that the curvature along the step falls to this
 * fraction.
 */
const damping = 0.2;
const smallestScale = 1e-8;
const largestScale = 1e8;

/** First derivatives at a point. */
interface Slopes {
  readonly x: Float64Array;
  readonly gradient: Float64Array;
  readonly jacobian: MatrixEntries;
}

/**
 * The same problem, with an approximation of the Hessian of the Lagrangian by the last steps (L-BFGS) instead of second
 * derivatives. It is positive definite for the parameters. The restoration uses exact Hessians of `yᵀc`, so that verdicts
 * do not depend on the approximation.
 *
 * @see Byrd, Nocedal, Schnabel, Representations of quasi-Newton matrices and their use in limited memory methods,
 * Mathematical Programming 63, 1994; Nocedal, Wright, Numerical optimization, 2nd edition, 2006, section 18.3.
 */
export function quasiNewtonForm(form: SlackForm): SlackForm {
  const size = form.low.length;
  const n = form.free.length;
  const pattern = diagonalRows(n, size);
  const slopesAt = rememberedSlopes(form);
  let steps: readonly Step[] = [];
  let scale = 1;
  let before: Slopes | undefined;
  const current = (): HessianEntries => {
    const values = new Float64Array(n).fill(scale);
    return steps.length === 0 ? { pattern, values } : { pattern, values, lowRank: lowRankOf(steps, scale) };
  };
  return {
    ...form,
    gradient: (v) => slopesAt(v).gradient,
    jacobian: (v) => slopesAt(v).jacobian,
    hessian(v, weight, y) {
      if (weight === 0) return form.hessian(v, 0, y);
      const now = slopesAt(v);
      if (before !== undefined) {
        const s = subtract(now.x.subarray(0, n), before.x.subarray(0, n));
        const change = subtract(lagrangianSlope(now, y, n), lagrangianSlope(before, y, n));
        const step = largest(s) === 0 ? undefined : dampedStep(s, change, current(), scale);
        if (step !== undefined) {
          steps = [...steps, step].slice(-memory);
          scale = Math.min(Math.max(dot(step.r, step.r) / dot(step.s, step.r), smallestScale), largestScale);
        }
      }
      before = now;
      return current();
    },
  };
}

/** Evaluates first derivatives, and remembers those of the latest point. */
function rememberedSlopes(form: SlackForm): (v: Float64Array) => Slopes {
  let latest: Slopes | undefined;
  return (v) => {
    if (latest === undefined || !latest.x.every((xi, i) => xi === v[i]))
      latest = { x: v.slice(), gradient: form.gradient(v), jacobian: form.jacobian(v) };
    return latest;
  };
}

/** Gradient of `f + yᵀc` for the first n variables. */
function lagrangianSlope({ gradient, jacobian }: Slopes, y: Float64Array, n: number): Float64Array {
  const out = gradient.slice();
  const { rowPointers, columns } = jacobian.pattern;
  multiplyColumns(rowPointers, columns, jacobian.values, y, out);
  return out.subarray(0, n);
}

/** A step of the parameters with the change of the gradient. */
interface Step {
  readonly s: Float64Array;
  readonly r: Float64Array;
}

/**
 * Returns the step with the change of the gradient, mixed with the change that the approximation predicts if needed for
 * a positive curvature (`damping`). `undefined` if a number is not finite or the predicted curvature is not positive.
 */
function dampedStep(
  s: Float64Array,
  change: Float64Array,
  { lowRank }: HessianEntries,
  scale: number,
): Step | undefined {
  const product = scaled(scale, s);
  lowRank?.subtractFrom(product, s);
  const expected = dot(s, product);
  const found = dot(s, change);
  if (!(expected > 0 && Number.isFinite(found))) return undefined;
  if (found >= damping * expected) return { s, r: change };
  const share = ((1 - damping) * expected) / (expected - found);
  return { s, r: addScaled(scaled(share, change), 1 - share, product) };
}

/** The term `W M⁻¹ Wᵀ` of `B = σI − W M⁻¹ Wᵀ`, with W = [σS R] (equation 2.17 of Byrd, Nocedal and Schnabel). */
function lowRankOf(steps: readonly Step[], scale: number): LowRankTerm {
  const k = steps.length;
  const middle = new Float64Array(4 * k * k);
  steps.forEach(({ s }, i) =>
    steps.forEach((other, j) => {
      middle[i * 2 * k + j] = scale * dot(s, other.s);
      const product = dot(s, other.r);
      if (i === j) middle[(k + i) * 2 * k + k + j] = -product;
      if (i <= j) return;
      middle[i * 2 * k + k + j] = product;
      middle[(k + j) * 2 * k + i] = product;
    }),
  );
  return new LowRankTerm([...steps.map(({ s }) => scaled(scale, s)), ...steps.map(({ r }) => r)], middle);
}

/** Pattern of the diagonal of the first n of `size` rows. */
function diagonalRows(n: number, size: number): SparsePattern {
  const { rowPointers, columns } = diagonalPattern(n);
  const pointers = new Int32Array(size + 1).fill(n, n);
  pointers.set(rowPointers);
  return SparsePattern.fromChecked([size, size], pointers, columns);
}
