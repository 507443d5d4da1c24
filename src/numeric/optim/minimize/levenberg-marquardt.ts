import { dot, largest, largestPart, product, scaled, subtract } from "../vector.ts";
import { type BoundedStep, boundedStep } from "./bounded-step.ts";
import { factorizeAny } from "./compiled-qr.ts";
import { length, project } from "./project.ts";
import { backSubstitute, type ColumnMatrix, sizeFrom, type QrFactors } from "./qr.ts";
import type { DerivativeFault, DescentSearch } from "./stop.ts";
import { freeCoordinates, type SearchSpace } from "./search-space.ts";
import { type BoundedModel, TrustRadius } from "./trust-radius.ts";

/** Residuals with their derivatives. The method may overwrite a Jacobian, but neither residuals nor curvatures. */
export interface Residuals {
  readonly values: (x: Float64Array) => Float64Array;
  /** The Jacobian, one column per coordinate of the steps. */
  readonly jacobian: (x: Float64Array) => ColumnMatrix;
  /** Second derivative of the residuals along the step v: `d²r(x + tv)/dt²` at t = 0. */
  readonly curvature: (x: Float64Array, v: Float64Array) => Float64Array;
}

/**
 * The Levenberg–Marquardt method for `Σ r²` with bounds and geodesic acceleration.
 *
 * The velocity v minimises `|r + Jv|² + μ|Dv|²`. D holds the largest lengths of the columns of J so far, or multiples of
 * 1/`typical`. The acceleration a minimises `|rᵥᵥ + Ja|² + μ|Da|²`. The step `v + a/2` follows a curved valley. A step
 * whose acceleration is large compared with its velocity is refused, because the linear model is wrong there. μ is the
 * smallest for which |Dv| is at most a radius. The radius of the first step is a multiple of |Dx|. It grows if the
 * model predicted the sum well, and shrinks if it did not. Parameters at a bound do not move if their step points outwards.
 * The velocity minimises the model within the bounds (`boundedStep`), and the whole step is cut at bounds.
 *
 * Convergence is measured by the undamped Gauss-Newton step at each iterate, because a step that damping made short proves
 * nothing. `gradient` is the cosine of the angle between the residuals and the tangent space of the free parameters, less
 * its rounding error. Times the square root of the degrees of freedom, it is the distance to the minimum in standard
 * errors, so it has no units. `decrease` and `step` are the larger ones of the last step and of the Gauss-Newton step.
 *
 * @see Marquardt, An algorithm for least-squares estimation of nonlinear parameters, 1963; Moré, The Levenberg-Marquardt
 * algorithm: implementation and theory, 1978 (D, radius); Bates, Watts, A relative offset orthogonality convergence criterion for nonlinear least squares, 1981; Transtrum, Sethna, Improvements
 * to the Levenberg-Marquardt algorithm for nonlinear least-squares minimization, 2012 (a).
 */
export function* levenbergMarquardt(
  f: Residuals,
  start: Float64Array,
  space: SearchSpace,
  typical?: Float64Array,
): DescentSearch {
  let x = space.move(start, new Float64Array(space.size));
  let r = f.values(x);
  let value = dot(r, r);
  let scales: readonly ParameterScale[] = Array.from({ length: space.size }, () => unknownScale);
  let scale: Float64Array | undefined;
  const trust = new TrustRadius();
  let [decrease, moved] = [Infinity, Infinity];
  let [lastUnseen, bend] = [Infinity, Infinity];
  for (;;) {
    const sizes = space.sizes(x);
    const jacobian = f.jacobian(x);
    const fault = value > 0 ? faultIn(jacobian) : undefined;
    if (fault !== undefined)
      return yield {
        x,
        value,
        gradient: Float64Array.of(Number.NaN),
        isComplete: true,
        decrease,
        step: moved,
        fault,
      };
    yield undefined;
    const model = linearModel(jacobian, r, x, space);
    yield undefined;
    if (typical === undefined) {
      scales = scales.map((s, i) => scaleFor(s, model.sizes[i]!, Math.abs(sizes[i]!)));
      scale = Float64Array.from(scales, ({ now }) => now);
    } else scale ??= givenScale(typical, model.sizes);
    const rest = remaining(f, model, { x, sizes, r, value, scale, decrease });
    const at = { x, value, gradient: Float64Array.of(rest.gradient), isComplete: true };
    yield { ...at, decrease: Math.max(decrease, rest.decrease), step: Math.max(moved, rest.step) };
    trust.start(length(product(scale, sizes)));
    const rounding = 2 * Math.sqrt(value) * model.noise + 2 ** -48 * value;
    for (;;) {
      const step = yield* boundedStep(model, { x, scale, trust, undamped: rest.delta }, space);
      const trial = trialStep(f, model, { x, scale, step, bend, most: rest.most }, space);
      if (trial === "still") {
        // no step is left: the Gauss-Newton step alone decides, and a decrease hidden by rounding counts as 0
        yield { ...at, decrease: rest.decrease <= rounding ? 0 : rest.decrease, step: rest.step };
        return;
      }
      const { next, predicted, size } = trial;
      bend = trial.bend;
      let gain = 0;
      if (next !== undefined) {
        const values = f.values(next);
        const trialValue = dot(values, values);
        const fall = value - trialValue;
        // Below the rounding error of the values only the model can decide, as long as its predictions keep shrinking.
        const isUnseen = predicted < rounding && predicted < lastUnseen / 4;
        if (predicted > 0 && (isUnseen ? fall > -rounding : fall / predicted > 1e-4)) {
          if (isUnseen) lastUnseen = predicted;
          trust.accept(size, isUnseen ? 1 : fall / predicted);
          [decrease, moved] = [Math.max(fall, 0), largestPart(space.between(x, next), space.sizes(next))];
          [x, r, value] = [next, values, trialValue];
          break;
        }
        gain = fall / predicted;
      }
      trust.refuse(size, gain);
    }
  }
}

/** An element of a Jacobian that is not finite: the first infinite one, because it makes others NaN by products with 0. */
function faultIn(jacobian: ColumnMatrix): DerivativeFault | undefined {
  let fault: DerivativeFault | undefined;
  for (const [coordinate, column] of jacobian.entries()) {
    const residual = column.findIndex((value) => !Number.isFinite(value));
    if (residual < 0) continue;
    const infinite = column.findIndex((value) => Math.abs(value) === Infinity);
    if (infinite >= 0) return { residual: infinite, coordinate, value: column[infinite]! };
    fault ??= { residual, coordinate, value: column[residual]! };
  }
  return fault;
}

/** Scale of the changes of one parameter: an element of D. */
export interface ParameterScale {
  readonly now: number;
  /** Largest norm of the column of J so far, absolute and multiplied by the size of the parameter. */
  readonly absolute: number;
  readonly relative: number;
}

export const unknownScale: ParameterScale = { now: 0, absolute: 0, relative: 0 };

/**
 * The scale D for typical sizes of the steps, one per parameter: the reciprocal of each size, times one common factor. The
 * factor is the largest change of the residuals that a step of typical size along one parameter causes.
 */
export function givenScale(typical: Float64Array, columnLengths: Float64Array): Float64Array {
  const most = largest(product(typical, columnLengths));
  return typical.map((size) => (most > 0 ? most : 1) / size);
}

/**
 * The scale of a parameter: the smaller of the two largest norms so far. With the absolute norm alone (Moré), a
 * parameter that becomes 1e20 times larger would move as slowly as when it was smallest.
 */
export function scaleFor(before: ParameterScale, columnLength: number, size: number): ParameterScale {
  const absolute = Math.max(before.absolute, columnLength);
  const relative = Math.max(before.relative, columnLength * size);
  const now = size === 0 ? absolute : Math.max(columnLength, Math.min(absolute, relative / size));
  return { now, absolute, relative };
}

/** A linear model with further figures for the search. */
interface LinearModel extends BoundedModel {
  /** Norms of the columns of J. */
  readonly sizes: Float64Array;
  /** Rounding error of r: its change when each parameter changes by one unit in the last place. */
  readonly noise: number;
}

function linearModel(
  jacobian: ColumnMatrix,
  r: Float64Array,
  x: Float64Array,
  space: SearchSpace,
): LinearModel {
  const sizes = Float64Array.from(jacobian, (column) => sizeFrom(column, 0));
  const triangle = factorizeAny(jacobian, r.slice());
  const n = space.size;
  const free = freeCoordinates(space, x, (i) => dot(columnOf(triangle, i, n), triangle.qtb));
  const moved = space.sizes(x);
  let noise = 0;
  for (let i = 0; i < n; i++) noise += 2 ** -52 * Math.abs(moved[i]!) * sizes[i]!;
  return { ...triangle, sizes, free, noise };
}

/** Measures of the undamped step from an iterate, which are compared with the tolerances. */
interface ConvergenceMeasures {
  readonly gradient: number;
  readonly decrease: number;
  readonly step: number;
  /** Decrease that the linear model predicts for the undamped step, and that step. */
  readonly most: number;
  readonly delta: Float64Array | undefined;
}

/** Relative decrease of the sum below which a point is recognised as a minimum although J is singular. */
const slowFall = 1e-6;

function remaining(
  f: Residuals,
  model: LinearModel,
  at: {
    readonly x: Float64Array;
    /** Sizes of the parameters that the coordinates change. */
    readonly sizes: Float64Array;
    readonly r: Float64Array;
    readonly value: number;
    readonly scale: Float64Array;
    readonly decrease: number;
  },
): ConvergenceMeasures {
  const { x, sizes, r, value, scale } = at;
  if (value === 0) return { gradient: 0, decrease: 0, step: 0, most: 0, delta: undefined };
  const n = sizes.length;
  const moving = Array.from(sizes.keys()).filter((i) => model.free[i] === 1);
  // A parameter without influence may have run away. If no parameter has any influence, the start is on a plateau.
  const isFlat = moving.every((i) => model.sizes[i] === 0);
  for (const i of moving) {
    if (model.sizes[i] !== 0 || (scale[i] === 0 && !isFlat)) continue;
    const unit = new Float64Array(n);
    unit[i] = 1;
    if (!(dot(r, f.curvature(x, unit)) > 0))
      return { gradient: 1, decrease: Infinity, step: Infinity, most: Infinity, delta: undefined };
  }
  const { coefficients, size } = undampedStep(model, moving);
  const delta = new Float64Array(n);
  moving.forEach((i, k) => (delta[i] = -coefficients[k]!));
  const gradient = Math.max(0, size - model.noise) / Math.sqrt(value);
  const step = largestPart(delta, sizes);
  const most = size ** 2;
  const linear = { gradient, decrease: most, step, most, delta };
  if (at.decrease > slowFall * value || most <= at.decrease) return linear;
  // If J is nearly singular, the curvature of the residuals limits the step instead of J: Newton's step along δ.
  const curved = Math.max(0, dot(r, f.curvature(x, delta)));
  const part = most / (most + curved);
  return part * step < 1e-3 ? { ...linear, decrease: part * most, step: part * step } : linear;
}

/** Part of a column of R that does not depend linearly on the columns before it. */
const leastPart = 1e-11;

/** Coefficients of the moving columns that minimise `|Qᵀb − Σ cⱼrⱼ|`, and the length of that sum. */
function undampedStep(
  model: LinearModel,
  moving: readonly number[],
): { readonly coefficients: Float64Array; readonly size: number } {
  const n = model.qtb.length;
  const columns = (): Float64Array[] => moving.map((j) => columnOf(model, j, n));
  const some = moving.length === n ? model : factorizeAny(columns(), model.qtb.slice());
  const k = moving.length;
  if (moving.every((j, at) => Math.abs(some.r[at * k + at]!) > leastPart * model.sizes[j]!))
    return { coefficients: backSubstitute(some.r, some.qtb), size: length(some.qtb) };
  const { coefficients, rest } = project(columns(), model.qtb);
  return { coefficients, size: length(subtract(model.qtb, rest)) };
}

/** The first `count` elements of column j of R. */
function columnOf({ r, qtb }: QrFactors, j: number, count: number): Float64Array {
  const n = qtb.length;
  return Float64Array.from({ length: count }, (_, i) => r[i * n + j]!);
}

/** Ratio of the scaled lengths of acceleration and velocity above which a step is refused. */
const mostBend = 0.75;
/**
 * Ratio below which the acceleration is not worth an evaluation. It is estimated for the undamped step from the last
 * known acceleration.
 */
const leastBend = 0.1;

/** A step that may be taken. */
interface TrialStep {
  /** End of the step; `undefined` if the acceleration is too large. */
  readonly next: Float64Array | undefined;
  /** The decrease that the velocity predicts, and the scaled length of the velocity. */
  readonly predicted: number;
  readonly size: number;
  /** Ratio of acceleration to velocity, per scaled length of the velocity. */
  readonly bend: number;
}

/**
 * Computes a step. Returns `still` if the step changes no parameter, or is not finite. `at.bend` is the `bend` of the last
 * trial.
 */
function trialStep(
  f: Residuals,
  model: LinearModel,
  at: {
    readonly x: Float64Array;
    readonly scale: Float64Array;
    readonly step: BoundedStep;
    readonly bend: number;
    /** Decrease that the linear model predicts for the undamped step. */
    readonly most: number;
  },
  space: SearchSpace,
): TrialStep | "still" {
  const { x, scale, step } = at;
  const end = space.move(x, step.velocity);
  const velocity = space.between(x, end);
  const most = largest(velocity);
  if (!(most > 0 && most < Infinity)) return "still";
  const predicted = predictedFall(model, velocity);
  const size = length(product(scale, velocity));
  if (at.bend * size < leastBend && predicted > 0.9 * at.most)
    return { next: end, predicted, size, bend: at.bend };
  const acceleration = step.solve(model.transform(f.curvature(x, velocity)));
  const ratio = length(product(scale, acceleration)) / size;
  const next = ratio <= mostBend ? space.move(end, scaled(0.5, acceleration)) : undefined;
  return { next, predicted, size, bend: ratio / size };
}

/** The predicted decrease `|r|² − |r + Jδ|²`. */
function predictedFall({ r, qtb }: QrFactors, delta: Float64Array): number {
  const n = qtb.length;
  let fall = 0;
  for (let i = 0; i < n; i++) {
    let change = 0;
    for (let j = i; j < n; j++) change += r[i * n + j]! * delta[j]!;
    fall -= change * (2 * qtb[i]! + change);
  }
  return fall;
}
