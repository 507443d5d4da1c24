import { multiplyRows } from "../../sparse/matrix/products.ts";
import { addScaled, dot, isAllFinite, largest, scaled } from "../vector.ts";
import { infeasibility, lagrangianGradient } from "./barrier.ts";
import { symmetricEigen } from "../dense-matrix.ts";
import { KktSystem } from "./kkt.ts";
import type { HessianEntries, Linearised, PrimalDual, ProgramValues } from "./nonlinear-program.ts";
import type { SlackForm } from "./slack-form.ts";

/** A feasible point near a saddle point, with a lower value. */
export interface LowerPoint {
  readonly x: Float64Array;
  /** Difference of the values. */
  readonly decrease: number;
}

/** Multipliers of bounds below this size count as 0. */
const negligibleForce = 1e-6;
/** Distance from a bound, relative to the variable, below which the bound counts as active. */
const nearBound = 1e-4;
/** Curvature, relative to the sum of the sizes of its terms, that rounding can cause. */
const curvatureError = 1e-6;
/** Smallest new part of a vector, relative to its size, that is added to a basis: errors of solutions are smaller. */
const leastNewPart = 1e-4;
/** Weight of a variable at an active bound, relative to the Hessian. */
const heldWeight = 1e8;
/** Largest dimension of the space in which a direction is searched for, and smaller ones that may be enough. */
const largestSpace = 30;
const ritzSizes = /* @__PURE__ */ new Set([2, 4, 8, 16]);
/** The direction is accurate if its curvature changes by less than this fraction. */
const settledChange = 0.01;
/** Largest changes of a variable that are tried, relative to its size (at least 1). */
const trialSteps = [0.5, 0.125, 0.03, 8e-3, 2e-3, 5e-4, 1e-4];
/** Needed decrease, as a fraction of the decrease that the curvature predicts. */
const sufficientDecrease = 0.1;
/** Smallest decrease that counts, relative to the value. */
const leastDecrease = 1e-10;
/** Decrease of the value, relative to 1 + |value|, that shows that a point is no minimum. */
const clearDecrease = 1e-6;
const mostCorrections = 6;
const correctedResidual = 1e-9;

/**
 * Searches for a feasible point with a lower value near a point that satisfies the first-order conditions up to their
 * tolerance. The point may be a saddle point, which is left along a direction of negative curvature of the Lagrangian that
 * keeps equations and active bounds. If the curvature is positive, a Newton step may still lower the value where
 * parameters have very different scales. `undefined` if no such point is found.
 *
 * @see Nocedal, Wright, Numerical optimization, 2nd edition, 2006, section 12.5.
 */
export function* leaveSaddlePoint(
  operation: string,
  program: SlackForm,
  point: Linearised,
  at: PrimalDual,
): Generator<undefined, LowerPoint | undefined, void> {
  const hessian = program.hessian(at.x, 1, at.y);
  // approximations by steps are positive definite
  if (hessian.lowRank !== undefined || !isAllFinite(hessian.values)) return undefined;
  const loose = activeBounds(program, at, false);
  const strict = activeBounds(program, at, true);
  // a bound without force may be left, but only to one side
  for (const held of loose.some((isHeld, i) => isHeld !== strict[i]) ? [loose, strict] : [loose]) {
    const system = new KktSystem(operation);
    if (!(yield* system.factorise(tangentCoefficients(hessian, point, held), 1))) continue;
    const way =
      system.regularisation === 0
        ? newtonWay(system, point, at, held)
        : curvedWay(system, hessian, point, held, program.free.length);
    const lower = way && lowerPoint(program, system, point, at, held, way);
    if (lower !== undefined) return lower;
  }
  return undefined;
}

/** A direction to try, with its largest element 1 or −1. */
interface DescentWay {
  readonly d: Float64Array;
  /** Step sizes to try along d, in this order. */
  readonly steps: readonly number[];
  /** Returns the decrease of the value that makes a step acceptable. */
  readonly needed: (step: number) => number;
}

/** Coefficients of a KKT matrix whose steps keep the linearised equations and the held variables. */
function tangentCoefficients(
  hessian: HessianEntries,
  { jacobian }: Linearised,
  held: readonly boolean[],
): Parameters<KktSystem["factorise"]>[0] {
  const n = held.length;
  const weight = heldWeight * Math.max(1, largest(hessian.values));
  return {
    hessian,
    jacobian,
    slackLow: new Float64Array(n).fill(1),
    slackHigh: new Float64Array(n).fill(Infinity),
    low: Float64Array.from(held, (isHeld) => (isHeld ? weight : 0)),
    high: new Float64Array(n),
  };
}

/** The Newton step, if it would lower the value clearly. */
function newtonWay(
  system: KktSystem,
  point: Linearised,
  at: PrimalDual,
  held: readonly boolean[],
): DescentWay | undefined {
  const none = new Float64Array(held.length);
  const slope = lagrangianGradient(point, { y: at.y, low: none, high: none });
  for (let i = 0; i < slope.length; i++) if (held[i]!) slope[i] = 0;
  const y = point.residuals.map((c) => -c);
  const step = system.solve({ x: scaled(-1, slope), y, low: none, high: none })?.x;
  const size = step === undefined ? 0 : largest(step);
  const decrease = step === undefined ? 0 : -0.5 * dot(slope, step);
  if (!(size > 0 && decrease > clearDecrease * (1 + Math.abs(point.value)))) return undefined;
  return {
    d: scaled(1 / size, step!),
    steps: [size, size / 4, size / 16, size / 64],
    needed: (t) => sufficientDecrease * decrease * Math.min(1, Math.abs(t) / size),
  };
}

/** True for each variable at a bound: at one with a force, and if `withoutForce`, at any. */
function activeBounds({ low, high }: SlackForm, at: PrimalDual, withoutForce: boolean): readonly boolean[] {
  const isActive = (distance: number, force: number, size: number): boolean =>
    force > Math.max(distance, negligibleForce) || (withoutForce && distance < nearBound * size);
  return Array.from(at.x, (x, i) => {
    const size = Math.max(1, Math.abs(x));
    return isActive(x - low[i]!, at.low[i]!, size) || isActive(high[i]! - x, at.high[i]!, size);
  });
}

/** A direction with its curvature `dᵀHd`. Its largest element is 1 or −1. */
interface CurvedDirection {
  readonly d: Float64Array;
  readonly curvature: number;
}

/** The direction of least curvature, if its curvature is negative. The first `free` variables are no slacks. */
function curvedWay(
  system: KktSystem,
  hessian: HessianEntries,
  point: Linearised,
  held: readonly boolean[],
  free: number,
): DescentWay | undefined {
  const found = leastCurvature(system, hessian, point, held);
  if (found === undefined) return undefined;
  const { d, curvature } = found;
  if (curvature >= -curvatureError * termsAlong(hessian, d)) return undefined;
  let relative = 0;
  for (let i = 0; i < free; i++)
    relative = Math.max(relative, Math.abs(d[i]!) / Math.max(1, Math.abs(point.x[i]!)));
  if (relative === 0) return undefined;
  return {
    d,
    steps: trialSteps.flatMap((step) => [step / relative, -step / relative]),
    needed: (t) =>
      Math.max(-sufficientDecrease * 0.5 * curvature * t * t, leastDecrease * Math.abs(point.value)),
  };
}

/**
 * Direction of least curvature that keeps the linearised equations and the held variables: the best one in a
 * Krylov space of the inverse of a shifted KKT matrix.
 */
function leastCurvature(
  system: KktSystem,
  hessian: HessianEntries,
  { residuals }: Linearised,
  held: readonly boolean[],
): CurvedDirection | undefined {
  const none = new Float64Array(held.length);
  const noResiduals = new Float64Array(residuals.length);
  const [basis, images]: [Float64Array[], Float64Array[]] = [[], []];
  // a start without symmetry has a part in every direction
  let side: Float64Array = Float64Array.from(held, (isHeld, i) =>
    isHeld ? 0 : 1 + 0.5 * Math.sin(1 + 7 * i),
  );
  let best: ReturnType<typeof combination> | undefined;
  let before = Infinity;
  for (let size = 1; ; size++) {
    const next = system.solve({ x: side, y: noResiduals, low: none, high: none })?.x;
    const moving = next?.map((value, i) => (held[i]! ? 0 : value));
    const unit = size > largestSpace ? undefined : moving && orthogonalised(moving, basis);
    const isWhole = unit === undefined;
    if (isWhole ? basis.length > 0 : ritzSizes.has(basis.length)) {
      best = combination(basis, images);
      const { value } = best;
      const isNegative = best.curvature < -curvatureError * termsAlong(hessian, best.d);
      if (isNegative && Math.abs(value - before) <= settledChange * Math.abs(value)) return best;
      before = value;
    }
    if (isWhole) return best;
    basis.push(unit);
    images.push(product(hessian, unit));
    side = unit;
  }
}

/** The unit vector of the part of v that is orthogonal to a basis; `undefined` if rounding dominates it. */
function orthogonalised(v: Float64Array, basis: readonly Float64Array[]): Float64Array | undefined {
  const before = Math.sqrt(dot(v, v));
  let rest = v;
  // the second pass removes the rounding errors of the first one
  for (let pass = 0; pass < 2; pass++) for (const b of basis) rest = addScaled(rest, -dot(b, rest), b);
  const size = Math.sqrt(dot(rest, rest));
  return size > leastNewPart * before && before < Infinity ? scaled(1 / size, rest) : undefined;
}

/** The combination of a basis with the least curvature, given the products of the Hessian with the basis. */
function combination(
  basis: readonly Float64Array[],
  images: readonly Float64Array[],
): CurvedDirection & { readonly value: number } {
  const k = basis.length;
  const projected = new Float64Array(k * k);
  for (let i = 0; i < k; i++)
    for (let j = 0; j <= i; j++) projected[i * k + j] = projected[j * k + i] = dot(basis[i]!, images[j]!);
  const { values, vectors } = symmetricEigen(projected, k);
  const lowest = values.indexOf(Math.min(...values));
  let d: Float64Array = new Float64Array(basis[0]!.length);
  for (let i = 0; i < k; i++) d = addScaled(d, vectors[i * k + lowest]!, basis[i]!);
  const size = largest(d);
  const value = values[lowest]!;
  return { d: scaled(1 / size, d), curvature: value / (size * size), value };
}

function product({ pattern, values }: HessianEntries, d: Float64Array): Float64Array {
  const out = new Float64Array(d.length);
  multiplyRows(pattern.rowPointers, pattern.columns, values, d, out);
  return out;
}

/** Sum of the sizes of the terms of `dᵀHd`. */
function termsAlong({ pattern, values }: HessianEntries, d: Float64Array): number {
  let terms = 0;
  for (let i = 0; i < d.length; i++)
    for (let p = pattern.rowPointers[i]!; p < pattern.rowPointers[i + 1]!; p++)
      terms += Math.abs(values[p]! * d[i]! * d[pattern.columns[p]!]!);
  return terms;
}

/** Tries the steps of a way, each corrected until the equations hold. */
function lowerPoint(
  program: SlackForm,
  system: KktSystem,
  point: Linearised,
  at: PrimalDual,
  held: readonly boolean[],
  { d, steps, needed }: DescentWay,
): LowerPoint | undefined {
  for (const t of steps) {
    const x = at.x.map((value, i) => value + t * d[i]!);
    const lower = corrected(program, system, x, at, held);
    if (lower === undefined) continue;
    const { values } = lower;
    let unpaid = 0;
    for (let e = 0; e < at.y.length; e++) unpaid += Math.abs(at.y[e]! * values.residuals[e]!);
    const decrease = point.value - values.value - unpaid;
    const allowed = infeasibility(point.residuals) + correctedResidual + 0.01 * decrease;
    if (decrease >= needed(t) && infeasibility(values.residuals) <= allowed) return { x: lower.x, decrease };
  }
  return undefined;
}

/**
 * Moves a point within the bounds and to the equations, by Newton steps with the Jacobian at the saddle point. Held
 * variables keep their values there. `undefined` where a function is not finite.
 */
function corrected(
  program: SlackForm,
  system: KktSystem,
  from: Float64Array,
  at: PrimalDual,
  held: readonly boolean[],
): { readonly x: Float64Array; readonly values: ProgramValues } | undefined {
  const { low, high, slackOf, equations } = program;
  const none = new Float64Array(from.length);
  let x = from;
  for (let k = 0; ; k++) {
    const moved = x.map((value, i) => (held[i]! ? at.x[i]! : Math.min(Math.max(value, low[i]!), high[i]!)));
    const { value, residuals: rows } = program.values(moved);
    if (!Number.isFinite(value) || !isAllFinite(rows)) return undefined;
    const residuals = rows.slice();
    for (let e = 0; e < equations; e++) {
      const s = slackOf[e]!;
      if (s < 0 || held[s]!) continue;
      const row = rows[e]! + moved[s]!;
      moved[s] = Math.min(Math.max(row, low[s]!), high[s]!);
      residuals[e] = row - moved[s];
    }
    if (k === mostCorrections || largest(residuals) <= correctedResidual)
      return { x: moved, values: { value, residuals } };
    const step = system.solve({ x: none, y: residuals.map((c) => -c), low: none, high: none });
    if (step === undefined || !isAllFinite(step.x)) return undefined;
    x = moved.map((value_, i) => value_ + step.x[i]!);
  }
}
