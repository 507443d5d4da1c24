import { isAllFinite, largest } from "../vector.ts";
import {
  fractionToZero,
  infeasibility,
  newtonRight,
  optimalityErrors,
  type OptimalityErrors,
  resetMultipliers,
  slacksOf,
} from "./barrier.ts";
import { BarrierParameter, type BarrierRule } from "./barrier-rule.ts";
import { Filter, type FilterPair } from "./filter.ts";
import { isFiniteStep, KktSystem } from "./kkt.ts";
import { type AcceptedStep, pairOf, searchLine, type SearchStart, tryStep } from "./line-search.ts";
import {
  linearise,
  type Linearised,
  type HessianEntries,
  type NonlinearProgram,
  type PrimalDual,
} from "./nonlinear-program.ts";

/** State of an interior point search after an iteration. */
export interface InteriorIterate {
  readonly point: Linearised;
  readonly at: PrimalDual;
  readonly errors: OptimalityErrors;
  readonly barrier: number;
  /** Sizes of the last step, as fractions of the Newton step: of the variables, and of the multipliers of bounds. */
  readonly primalStep: number;
  readonly dualStep: number;
  /** δ_w of the last step, the multiple of the identity that was added to the Hessian. */
  readonly regularisation: number;
  readonly isRestoration: boolean;
}

/**
 * End of an interior point search.
 *
 * - `optimal`: E₀, the sum of slack · multiplier and `isAccurate` meet the tolerances.
 * - `saddle`: E₀ meets the tolerance, but feasible points nearby have lower values.
 * - `stopped`: `observe` returned true.
 * - `infeasible`: the violation has a local minimum near the point.
 * - `unbounded`: the iterates diverge along feasible points of ever lower value.
 * - `stalled`: no step is accepted, up to rounding.
 * - `singular`: no regularisation makes the equations of a step solvable.
 * - `not-finite`: a value or derivative is not finite.
 */
export interface InteriorOutcome {
  readonly end:
    "optimal" | "saddle" | "stopped" | "infeasible" | "unbounded" | "stalled" | "singular" | "not-finite";
  readonly last: InteriorIterate;
  /** With `infeasible`: for each equation and bound, its share in the least violation, a multiplier from −1 to 1. */
  readonly conflict?: Pick<PrimalDual, "y" | "low" | "high">;
}

/** Result of a restoration phase: a point from which the search continues, or the end of the search. */
export type Restoration =
  | { readonly kind: "point"; readonly x: Float64Array; readonly at?: Pick<PrimalDual, "low" | "high"> }
  | { readonly kind: "end"; readonly end: InteriorOutcome["end"]; readonly conflict?: Pick<PrimalDual, "y" | "low" | "high">; readonly x: Float64Array }; // prettier-ignore

/** A search by an interior point method. */
export interface InteriorTask {
  readonly operation: string;
  readonly program: NonlinearProgram;
  /** Start strictly within the bounds, with a positive multiplier for each bound. */
  readonly start: PrimalDual;
  readonly barrier: number;
  /** Default `monotone`. */
  readonly barrierRule?: BarrierRule;
  readonly tolerance: number;
  /** Further condition for the end `optimal`. */
  readonly isAccurate?: (point: Linearised) => boolean;
  /**
   * Largest sum of the products slack · multiplier that is accepted at a solution, given the value of the objective.
   * The sum estimates the distance of the value from the minimum. Default ∞.
   */
  readonly largestGap?: (value: number) => number;
  /** True if the value keeps falling beyond x, a point with large variables. */
  readonly isUnbounded?: (x: Float64Array) => boolean;
  /** Called with each iterate; returns true to stop. */
  readonly observe: (at: InteriorIterate) => boolean;
  /** Restores feasibility from a point at which no step is accepted. */
  readonly restore: (search: SearchStart, now: FilterPair) => Generator<undefined, Restoration, void>;
  /** True if the search itself minimises the violation, as part of a restoration. */
  readonly isRestoration: boolean;
}

const smallestTau = 0.99; // τ_min
/**
 * Sizes of variables above which `isUnbounded` is called: `largeSolution` at a solution, `largeIterate` at other
 * iterates.
 */
const largeSolution = 1e6;
const largeIterate = 1e10;
/** The search ends as unbounded if a variable exceeds this size, or the value falls below its negative. */
const divergence = 1e20;
/** Steps below this fraction of the variables are rounding errors. */
const tinyStep = 10 * 2 ** -52;
/** After this number of steps in a row below this fraction of Newton's step, as at a kink, feasibility is restored. */
const mostShortSteps = 20;
const shortStep = 1e-4;
/** After this number of iterations in a row with equal errors, rounding hides all progress. */
const mostRepeats = 20;
/** Number of such restorations after which the search ends. */
const mostRescues = 2;

/**
 * A primal-dual interior point method with a filter line search.
 *
 * Each iteration takes a Newton step for the optimality conditions of a barrier problem `f(x) − μ Σ log(slacks)`,
 * c(x) = 0. μ falls when the barrier problem is solved up to a multiple of μ.
 *
 * @see Wächter, Biegler, On the implementation of an interior-point filter line-search algorithm for large-scale
 * nonlinear programming, Mathematical Programming 106, 2006.
 */
export function* interiorPoint(task: InteriorTask): Generator<undefined, InteriorOutcome, void> {
  const { program } = task;
  const system = new KktSystem(task.operation);
  const parameter = new BarrierParameter(task.barrierRule ?? "monotone", task.barrier, task.tolerance);
  let barrier = task.barrier;
  program.setBarrier?.(barrier);
  let at = task.start;
  let point = linearise(program, at.x, program.values(at.x));
  const filter = new Filter(infeasibility(point.residuals));
  let taken = { alpha: 0, dual: 0 };
  let tinySteps = 0;
  let [shortSteps, rescues] = [0, 0];
  let [repeats, before] = [0, Number.NaN];
  for (;;) {
    let slacks = slacksOf(program, at.x);
    const errors = optimalityErrors(point, at, slacks, 0);
    const last: InteriorIterate = {
      point,
      at,
      errors,
      barrier,
      primalStep: taken.alpha,
      dualStep: taken.dual,
      regularisation: system.regularisation,
      isRestoration: task.isRestoration,
    };
    const end = endOfIterate(task, last);
    if (end !== undefined) return { end, last };
    const { total } = errors;
    repeats = total === before ? repeats + 1 : 0;
    before = total;
    if (repeats > mostRepeats) return { end: "stalled", last };
    const gap = largestGapOf(task, point);
    const size = largest(at.x);
    if (size > divergence || point.value < -divergence) return { end: "unbounded", last };
    const most = gap / (2 * errors.bounds);
    if (parameter.update({ point, at, slacks, error: errors.total, isStuck: tinySteps > 1, most })) {
      barrier = parameter.value;
      filter.reset();
      if (program.setBarrier !== undefined) {
        program.setBarrier(barrier);
        point = linearise(program, at.x, program.values(at.x));
      }
    } else if (tinySteps > 1) return { end: "stalled", last };
    const hessian = program.hessian(at.x, 1, at.y);
    if (!isAllFinite(hessian.values)) return { end: "not-finite", last };
    yield undefined;
    const tau = Math.max(smallestTau, 1 - barrier);
    const search: SearchStart = { program, filter, system, point, at, slacks, barrier, tau };
    const step = yield* newtonStep(search, hessian);
    if (step === undefined) {
      const next = yield* task.restore(search, pairOf(search, point.x, point));
      if (next.kind === "end") return endOf(last, next, "singular");
      ({ point, at } = restored(program, at, next));
      continue;
    }
    const isTiny =
      isTinyStep(at.x, step.x) && infeasibility(point.residuals) < 1e-4 * Math.max(1, 1e-4 * size);
    tinySteps = isTiny ? tinySteps + 1 : 0;
    const isCreeping = shortSteps >= mostShortSteps;
    const accepted = isTiny ? fullStep(search, step) : isCreeping ? undefined : searchLine(search, step);
    if (isCreeping && rescues++ >= mostRescues) return { end: "stalled", last };
    shortSteps = accepted !== undefined && accepted.alpha < shortStep ? shortSteps + 1 : 0;
    if (accepted === undefined) {
      const next = yield* task.restore(search, pairOf(search, point.x, point));
      if (next.kind === "end") return endOf(last, next, "stalled");
      ({ point, at } = restored(program, at, next));
      continue;
    }
    const dual = Math.min(
      fractionToZero(at.low, accepted.step.low, tau),
      fractionToZero(at.high, accepted.step.high, tau),
    );
    taken = { alpha: accepted.alpha, dual };
    at = {
      x: accepted.x,
      y: along(at.y, accepted.alpha, accepted.step.y),
      low: along(at.low, dual, accepted.step.low),
      high: along(at.high, dual, accepted.step.high),
    };
    slacks = slacksOf(program, at.x);
    resetMultipliers(at, slacks, barrier);
    point = linearise(program, accepted.x, accepted.values);
  }
}

function largestGapOf({ largestGap }: InteriorTask, { value }: Linearised): number {
  return largestGap?.(value) ?? Infinity;
}

/** Shows an iterate to the observer. Returns the reason if the search ends at this iterate, otherwise `undefined`. */
export function endOfIterate(task: InteriorTask, last: InteriorIterate): InteriorOutcome["end"] | undefined {
  const { point, at, errors } = last;
  const isStopped = task.observe(last);
  const isOptimal =
    errors.total <= task.tolerance &&
    errors.gap <= largestGapOf(task, point) &&
    task.isAccurate?.(point) !== false;
  const size = largest(at.x);
  const isSuspect = size > (isOptimal ? largeSolution : largeIterate);
  if (isSuspect && task.isUnbounded?.(at.x) === true) return "unbounded";
  if (isOptimal) return "optimal";
  if (isStopped) return "stopped";
  return isFinitePoint(point) ? undefined : "not-finite";
}

/** The Newton step of the barrier problem; `undefined` if the equations stay singular or inaccurate. */
function* newtonStep(
  { system, point, at, slacks, barrier }: SearchStart,
  hessian: HessianEntries,
): Generator<undefined, PrimalDual | undefined, void> {
  const coefficients = { hessian, jacobian: point.jacobian, ...slacks, low: at.low, high: at.high };
  const right = newtonRight(point, at, slacks, barrier);
  if (!(yield* system.factorise(coefficients, barrier))) return undefined;
  for (;;) {
    const step = system.solve(right);
    if (step !== undefined && isFiniteStep(step)) return step;
    if (!(yield* system.strengthen(barrier))) return undefined;
  }
}

function fullStep(search: SearchStart, step: PrimalDual): AcceptedStep | undefined {
  const trial = tryStep(search, step.x, 1);
  return trial && { ...trial, step, alpha: 1 };
}

function isTinyStep(x: Float64Array, step: Float64Array): boolean {
  for (let i = 0; i < x.length; i++) if (Math.abs(step[i]!) > tinyStep * (1 + Math.abs(x[i]!))) return false;
  return true;
}

function isFinitePoint({ value, residuals, gradient, jacobian }: Linearised): boolean {
  return (
    Number.isFinite(value) && isAllFinite(residuals) && isAllFinite(gradient) && isAllFinite(jacobian.values)
  );
}

/**
 * Point and multipliers with which the search continues after a restoration. The multipliers of the equations are 0.
 * Those of the bounds come from the restoration, or remain those before it.
 */
function restored(
  program: NonlinearProgram,
  before: PrimalDual,
  { x, at }: Restoration & { readonly kind: "point" },
): { readonly point: Linearised; readonly at: PrimalDual } {
  const y = new Float64Array(before.y.length);
  return {
    point: linearise(program, x, program.values(x)),
    at: { x, y, low: at?.low ?? before.low, high: at?.high ?? before.high },
  };
}

/**
 * Outcome of a search that ended during a restoration, at the point x of the restoration. `stalled` is the end to
 * report if the restoration stalled.
 */
export function endOf(
  last: InteriorIterate,
  { end, conflict, x }: Restoration & { readonly kind: "end" },
  stalled: "stalled" | "singular",
): InteriorOutcome {
  const outcome: InteriorOutcome = {
    end: end === "stalled" ? stalled : end,
    last: { ...last, at: { ...last.at, x } },
  };
  return conflict === undefined ? outcome : { ...outcome, conflict };
}

function along(x: Float64Array, alpha: number, step: Float64Array): Float64Array {
  const out = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) out[i] = x[i]! + alpha * step[i]!;
  return out;
}
