import { isAllFinite } from "../vector.ts";
import {
  barrierSlope,
  barrierValue,
  fractionToBoundary,
  infeasibility,
  newtonRight,
  type Slacks,
  slacksOf,
} from "./barrier.ts";
import type { Filter, FilterPair } from "./filter.ts";
import { isFiniteStep, type KktSystem } from "./kkt.ts";
import type { Linearised, NonlinearProgram, PrimalDual, ProgramValues } from "./nonlinear-program.ts";

/** State of the barrier problem from which a line search starts. */
export interface SearchStart {
  readonly program: NonlinearProgram;
  readonly filter: Filter;
  readonly system: KktSystem;
  readonly point: Linearised;
  readonly at: PrimalDual;
  readonly slacks: Slacks;
  readonly barrier: number;
  /** Fraction τ of the distance to a bound that one step may use. */
  readonly tau: number;
}

/** A point that the line search accepted. */
export interface AcceptedStep {
  readonly x: Float64Array;
  readonly values: ProgramValues;
  /** Direction of the step: the Newton direction, or a second-order correction of it. */
  readonly step: PrimalDual;
  readonly alpha: number;
}

/** A trial point with its infeasibility and barrier value; `undefined` if the functions are not finite there. */
interface Trial {
  readonly x: Float64Array;
  readonly values: ProgramValues;
  readonly pair: FilterPair;
}

const mostCorrections = 4; // p_max
const correctionProgress = 0.99; // κ_soc
/** Step size below which rounding errors dominate. */
const negligible = 1e-14;

/** Infeasibility θ and value φ of the barrier function at x. */
export function pairOf(
  { program, barrier }: Pick<SearchStart, "program" | "barrier">,
  x: Float64Array,
  values: ProgramValues,
): FilterPair {
  return {
    infeasibility: infeasibility(values.residuals),
    value: barrierValue(slacksOf(program, x), values.value, barrier),
  };
}

/** Evaluates the functions at `x + αd`, clipped to the bounds; `undefined` if a value is not finite. */
export function tryStep(start: SearchStart, step: Float64Array, alpha: number): Trial | undefined {
  const { program, point } = start;
  const x = moveInside(program, point.x, step, alpha);
  const values = program.values(x);
  if (!Number.isFinite(values.value) || !isAllFinite(values.residuals)) return undefined;
  return { x, values, pair: pairOf(start, x, values) };
}

function moveInside(
  { low, high }: NonlinearProgram,
  x: Float64Array,
  step: Float64Array,
  alpha: number,
): Float64Array {
  const out = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) out[i] = Math.min(Math.max(x[i]! + alpha * step[i]!, low[i]!), high[i]!);
  return out;
}

/**
 * Backtracks along a Newton direction until the filter accepts a point. If the first trial is no more feasible than the
 * start, it also tries directions that compensate the curvature of the equations (second-order corrections).
 * `undefined` if no step is accepted; feasibility must then be restored.
 */
export function searchLine(start: SearchStart, step: PrimalDual): AcceptedStep | undefined {
  const { filter, point, slacks, barrier, tau } = start;
  const now = pairOf(start, point.x, point);
  const slope = barrierSlope(slacks, point.gradient, barrier, step.x);
  const largestAlpha = fractionToBoundary(slacks, step.x, tau);
  const least = Math.max(filter.smallestStep(now, slope), negligible);
  for (let alpha = largestAlpha; alpha === largestAlpha || alpha >= least; alpha /= 2) {
    const trial = tryStep(start, step.x, alpha);
    if (trial === undefined) continue;
    let accepted: (AcceptedStep & { readonly pair: FilterPair }) | undefined;
    if (filter.allows(now, trial.pair, slope, alpha)) accepted = { ...trial, step, alpha };
    else if (alpha === largestAlpha && trial.pair.infeasibility >= now.infeasibility)
      accepted = correct(start, trial, now, slope, alpha);
    if (accepted === undefined) continue;
    if (filter.mustExtend(now, accepted.pair, slope, alpha)) filter.add(now);
    return accepted;
  }
  return undefined;
}

/**
 * Tries up to four second-order corrections of the first trial step (section 2.4); `undefined` if the filter accepts
 * none.
 */
function correct(
  start: SearchStart,
  first: Trial,
  now: FilterPair,
  slope: number,
  alpha: number,
): (AcceptedStep & { readonly pair: FilterPair }) | undefined {
  const { filter, system, point, at, slacks, barrier, tau } = start;
  let residuals = point.residuals;
  let [scale, trial] = [alpha, first];
  for (let p = 0; p < mostCorrections; p++) {
    residuals = combine(scale, residuals, trial.values.residuals);
    const step = system.solve(newtonRight(point, at, slacks, barrier, residuals));
    if (step === undefined || !isFiniteStep(step)) return undefined;
    scale = fractionToBoundary(slacks, step.x, tau);
    const next = tryStep(start, step.x, scale);
    if (next === undefined) return undefined;
    if (filter.allows(now, next.pair, slope, alpha)) return { ...next, step, alpha: scale };
    if (next.pair.infeasibility > correctionProgress * trial.pair.infeasibility) return undefined;
    trial = next;
  }
  return undefined;
}

function combine(a: number, x: Float64Array, y: Float64Array): Float64Array {
  const out = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) out[i] = a * x[i]! + y[i]!;
  return out;
}
