import { dot, largest, largestPart, product, scaled, subtract } from "../vector.ts";
import { length, project } from "./project.ts";
import { backSubstitute, type ColumnMatrix, factorize, sizeFrom, type QrFactors } from "./qr.ts";
import type { DescentSearch } from "./stop.ts";
import { freeCoordinates, type SearchSpace } from "./search-space.ts";

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
 * whose acceleration is large compared with its velocity is refused, because the linear model is wrong there. μ falls if
 * the model predicted the sum well, and rises if it did not. Parameters at a bound do not move if their step points
 * outwards. Steps are cut at bounds.
 *
 * Convergence is measured by the undamped Gauss-Newton step at each iterate, because a step that damping made short proves
 * nothing. `gradient` is the cosine of the angle between the residuals and the tangent space of the free parameters, less
 * its rounding error. Times the square root of the degrees of freedom, it is the distance to the minimum in standard
 * errors, so it has no units. `decrease` and `step` are the larger ones of the last step and of the Gauss-Newton step.
 *
 * @see Marquardt, An algorithm for least-squares estimation of nonlinear parameters, 1963; Moré, The Levenberg-Marquardt
 * algorithm: implementation and theory, 1978 (D); Nielsen, Damping parameter in Marquardt's method, 1999 (μ); Bates, Watts,
 * A relative offset orthogonality convergence criterion for nonlinear least squares, 1981; Transtrum, Sethna, Improvements
 * to the Levenberg-Marquardt algorithm for nonlinear least-squares minimization, 2012 (a).
 */
export function* levenbergMarquardt(
  f: Residuals,
  start: Float64Array,
  space: SearchSpace,
  typical?: Float64Array,
): DescentSearch {
  const { size } = space;
  let x = space.move(start, new Float64Array(size));
  let r = f.values(x);
  let value = dot(r, r);
  let scales: readonly ParameterScale[] = Array.from({ length: size }, () => unknownScale);
  let scale: Float64Array | undefined;
  let [mu, growth] = [1e-3, 2];
  let [decrease, step] = [Infinity, Infinity];
  let [lastUnseen, bend] = [Infinity, Infinity];
  for (;;) {
    const sizes = space.sizes(x);
    const model = linearModel(f.jacobian(x), r, x, space);
    if (typical === undefined) {
      scales = scales.map((s, i) => scaleFor(s, model.sizes[i]!, Math.abs(sizes[i]!)));
      scale = Float64Array.from(scales, ({ now }) => now);
    } else scale ??= givenScale(typical, model.sizes);
    const rest = remaining(f, model, { x, sizes, r, value, scale, decrease });
    const at = { x, value, gradient: Float64Array.of(rest.gradient), isComplete: true };
    yield { ...at, decrease: Math.max(decrease, rest.decrease), step: Math.max(step, rest.step) };
    const rounding = 2 * Math.sqrt(value) * model.noise + 2 ** -48 * value;
    for (;;) {
      const trial = trialStep(f, model, { x, scale, mu, bend, most: rest.most }, space);
      if (trial === "still" || !(mu < 1e60)) {
        // no step is left: the Gauss-Newton step alone decides, and a decrease hidden by rounding counts as 0
        yield { ...at, decrease: rest.decrease <= rounding ? 0 : rest.decrease, step: rest.step };
        return;
      }
      const { next, predicted } = trial;
      bend = trial.bend;
      if (next !== undefined) {
        const values = f.values(next);
        const trialValue = dot(values, values);
        const fall = value - trialValue;
        // Below the rounding error of the values only the model can decide, as long as its predictions keep shrinking.
        const isUnseen = predicted < rounding && predicted < lastUnseen / 4;
        if (predicted > 0 && (isUnseen ? fall > -rounding : fall / predicted > 1e-4)) {
          if (isUnseen) lastUnseen = predicted;
          mu *= isUnseen ? 1 / 3 : Math.max(1 / 3, 1 - ((2 * fall) / predicted - 1) ** 3);
          growth = 2;
          [decrease, step] = [Math.max(fall, 0), largestPart(space.between(x, next), space.sizes(next))];
          [x, r, value] = [next, values, trialValue];
          break;
        }
      }
      mu = Math.max(mu, 1e-20) * growth;
      growth *= 2;
    }
  }
}

/** Scale of the changes of one parameter: an element of D. */
export interface ParameterScale {
  readonly now: number;
  /** Largest norm of the column of J so far, absolute and multiplied by the size of the parameter. */
  readonly absolute: number;
  readonly relative: number;
}

export const unknownScale: ParameterScale = { now: 0, absolute: 0, relative: 0 };

/** D for given typical sizes of the steps: their reciprocals, times the largest change of the residuals by one of them. */
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

/** The residuals near a point: `|r + Jδ|² = |Qᵀr + Rδ|²` + a constant. */
interface LinearModel extends QrFactors {
  /** Norms of the columns of J. */
  readonly sizes: Float64Array;
  /** 1 for a parameter that may move, 0 for one that is held at a bound. */
  readonly free: Float64Array;
  /** Rounding error of r: its change when each parameter changes by one unit in the last place. */
  readonly noise: number;
}

function linearModel(
  jacobian: ColumnMatrix,
  r: Float64Array,
  x: Float64Array,
  space: SearchSpace,
): LinearModel {
  const triangle = factorize(jacobian, r.slice());
  const n = space.size;
  const columns = Array.from({ length: n }, (_, j) => columnOf(triangle, j, j + 1));
  const sizes = Float64Array.from(columns, (column) => sizeFrom(column, 0));
  const free = freeCoordinates(space, x, (i) => dot(columns[i]!, triangle.qtb));
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
  /** Decrease that the linear model predicts for the undamped step. */
  readonly most: number;
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
  if (value === 0) return { gradient: 0, decrease: 0, step: 0, most: 0 };
  const n = sizes.length;
  const moving = Array.from(sizes.keys()).filter((i) => model.free[i] === 1);
  // A parameter without influence may have run away. If no parameter has any influence, the start is on a plateau.
  const isFlat = moving.every((i) => model.sizes[i] === 0);
  for (const i of moving) {
    if (model.sizes[i] !== 0 || (scale[i] === 0 && !isFlat)) continue;
    const unit = new Float64Array(n);
    unit[i] = 1;
    if (!(dot(r, f.curvature(x, unit)) > 0))
      return { gradient: 1, decrease: Infinity, step: Infinity, most: Infinity };
  }
  const { coefficients, rest } = project(
    moving.map((j) => columnOf(model, j, n)),
    model.qtb,
  );
  const delta = new Float64Array(n);
  moving.forEach((i, k) => (delta[i] = -coefficients[k]!));
  const size = length(subtract(model.qtb, rest));
  const gradient = Math.max(0, size - model.noise) / Math.sqrt(value);
  const step = largestPart(delta, sizes);
  const most = size ** 2;
  const linear = { gradient, decrease: most, step, most };
  if (at.decrease > slowFall * value || most <= at.decrease) return linear;
  // If J is nearly singular, the curvature of the residuals limits the step instead of J: Newton's step along δ.
  const curved = Math.max(0, dot(r, f.curvature(x, delta)));
  const part = most / (most + curved);
  return part * step < 1e-3 ? { gradient, decrease: part * most, step: part * step, most } : linear;
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
  /** The decrease that the velocity predicts. */
  readonly predicted: number;
  /** Ratio of acceleration to velocity, per scaled length of the velocity. */
  readonly bend: number;
}

/**
 * Computes the step for the damping μ. Returns `still` if the step changes no parameter. `at.bend` is the `bend` of the
 * last trial.
 */
function trialStep(
  f: Residuals,
  model: LinearModel,
  at: {
    readonly x: Float64Array;
    readonly scale: Float64Array;
    readonly mu: number;
    readonly bend: number;
    /** Decrease that the linear model predicts for the undamped step. */
    readonly most: number;
  },
  space: SearchSpace,
): TrialStep | "still" {
  const { x, scale } = at;
  const solve = damped(model, scale, at.mu);
  const end = space.move(x, solve(model.qtb));
  const velocity = space.between(x, end);
  if (largest(velocity) === 0) return "still";
  const predicted = predictedFall(model, velocity);
  const size = length(product(scale, velocity));
  if (at.bend * size < leastBend && predicted > 0.9 * at.most) return { next: end, predicted, bend: at.bend };
  const acceleration = solve(model.transform(f.curvature(x, velocity)));
  const ratio = length(product(scale, acceleration)) / size;
  const next = ratio <= mostBend ? space.move(end, scaled(0.5, acceleration)) : undefined;
  return { next, predicted, bend: ratio / size };
}

/**
 * Returns the δ that minimises `|b + Jδ|² + μ|Dδ|²` for a given `Qᵀb`. Elements of parameters that are not free are 0.
 */
function damped(
  { r, free }: LinearModel,
  scale: Float64Array,
  mu: number,
): (qtb: Float64Array) => Float64Array {
  const n = free.length;
  const augmented = Array.from({ length: n }, (_, j) => {
    const column = new Float64Array(2 * n);
    for (let i = 0; i <= j; i++) column[i] = r[i * n + j]! * free[j]!;
    column[n + j] = free[j] === 0 || scale[j] === 0 ? 1 : scale[j]! * Math.sqrt(mu);
    return column;
  });
  const factored = factorize(augmented);
  return (qtb) => {
    const rightSide = new Float64Array(2 * n);
    rightSide.set(scaled(-1, qtb));
    return backSubstitute(factored.r, factored.transform(rightSide));
  };
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
