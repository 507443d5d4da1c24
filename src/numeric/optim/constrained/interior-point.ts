import { isAllFinite, largest } from "../vector.ts";
import {
  fractionToZero,
  infeasibility,
  newtonRight,
  optimalityErrors,
  type OptimalityErrors,
  resetMultipliers,
  type Slacks,
  slacksOf,
} from "./barrier.ts";
import { Filter, type FilterPair } from "./filter.ts";
import { isFiniteStep, KktSystem } from "./kkt.ts";
import { type AcceptedStep, pairOf, searchLine, type SearchStart, tryStep } from "./line-search.ts";
import {
  linearise,
  type Linearised,
  type MatrixEntries,
  type NonlinearProgram,
  type PrimalDual,
} from "./nonlinear-program.ts";

/** State of an interior point search after an iteration. */
export interface InteriorIterate {
  readonly point: Linearised;
  readonly at: PrimalDual;
  readonly errors: OptimalityErrors;
  readonly barrier: number;
  /** Sizes of the last step, as fractions of Newton's: of the variables and of the multipliers of bounds. */
  readonly primalStep: number;
  readonly dualStep: number;
  /** δ_w of the last step. */
  readonly regularisation: number;
  readonly isRestoration: boolean;
}

/**
 * End of an interior point search.
 *
 * - `optimal`: E₀ is at most the tolerance.
 * - `stopped`: the observer asked for it.
 * - `infeasible`: the violation has a local minimum near the point.
 * - `unbounded`: the iterates diverge along feasible points of ever lower value.
 * - `stalled`: no step is accepted, up to rounding.
 * - `singular`: no regularisation makes the equations of a step solvable.
 * - `not-finite`: a derivative is not finite.
 */
export interface InteriorOutcome {
  readonly end: "optimal" | "stopped" | "infeasible" | "unbounded" | "stalled" | "singular" | "not-finite";
  readonly last: InteriorIterate;
  /** Multipliers of the equations for the least violation, between −1 and 1, with `infeasible`. */
  readonly conflict?: Pick<PrimalDual, "y" | "low" | "high">;
}

/** Point that a restoration phase returns to the search, or its verdict. */
export type Restoration =
  | { readonly kind: "point"; readonly x: Float64Array; readonly at?: Pick<PrimalDual, "low" | "high"> }
  | { readonly kind: "end"; readonly end: InteriorOutcome["end"]; readonly conflict?: Pick<PrimalDual, "y" | "low" | "high">; readonly x: Float64Array }; // prettier-ignore

/** A search by an interior point method. */
export interface InteriorTask {
  readonly operation: string;
  readonly program: NonlinearProgram;
  /** Start strictly within the bounds, with positive multipliers of the bounds. */
  readonly start: PrimalDual;
  readonly barrier: number;
  readonly tolerance: number;
  /** Further condition for `optimal`. */
  readonly isAccurate?: (point: Linearised) => boolean;
  /**
   * Largest sum of the products of slacks and multipliers at a solution, for a value of the objective: about its distance
   * from the minimum. Default ∞.
   */
  readonly largestGap?: (value: number) => number;
  /** True if the value falls without limit beyond a point with large variables. */
  readonly isUnbounded?: (x: Float64Array) => boolean;
  /** Called with each iterate; returns true to stop. */
  readonly observe: (at: InteriorIterate) => boolean;
  /** Continues where no step is accepted. */
  readonly restore: (search: SearchStart, now: FilterPair) => Generator<undefined, Restoration, void>;
  /** Multipliers of the equations after a restoration. */
  readonly isRestoration: boolean;
}

const barrierFactor = 10; // κ_ε
const barrierShrink = 0.2; // κ_μ
const barrierExponent = 1.5; // θ_μ
const smallestBarrier = 1e-14;
const smallestTau = 0.99; // τ_min
/** Variables beyond these sizes may show that the problem is unbounded: at a solution, and at other iterates. */
const largeSolution = 1e6;
const largeIterate = 1e10;
/** Variables beyond this size, and values below its negative, diverge. */
const divergence = 1e20;
/** Relative steps below this are rounding errors. */
const tinyStep = 10 * 2 ** -52;

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
  const { program, tolerance } = task;
  const system = new KktSystem(task.operation);
  let barrier = task.barrier;
  program.setBarrier?.(barrier);
  let at = task.start;
  let point = linearise(program, at.x, program.values(at.x));
  const filter = new Filter(infeasibility(point.residuals));
  let taken = { alpha: 0, dual: 0 };
  let tinySteps = 0;
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
    const isStopped = task.observe(last);
    const gap = task.largestGap?.(point.value) ?? Infinity;
    const isOptimal = errors.total <= tolerance && errors.gap <= gap && task.isAccurate?.(point) !== false;
    const size = largest(at.x);
    const isSuspect = size > (isOptimal ? largeSolution : largeIterate);
    if (isSuspect && task.isUnbounded?.(at.x) === true) return { end: "unbounded", last };
    if (isOptimal) return { end: "optimal", last };
    if (isStopped) return { end: "stopped", last };
    if (!isFinitePoint(point)) return { end: "not-finite", last };
    if (size > divergence || point.value < -divergence) return { end: "unbounded", last };
    const lowered = lowerBarrier(task, point, at, slacks, barrier, tinySteps > 1, gap / (2 * errors.bounds));
    if (lowered < barrier) {
      barrier = lowered;
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
    const accepted = isTiny ? fullStep(search, step) : searchLine(search, step);
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

/** The Newton step of the barrier problem; `undefined` if the equations stay singular or inaccurate. */
function* newtonStep(
  { system, point, at, slacks, barrier }: SearchStart,
  hessian: MatrixEntries,
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

/** The next barrier parameter: lower while the barrier problem counts as solved. */
function lowerBarrier(
  { tolerance }: InteriorTask,
  point: Linearised,
  at: PrimalDual,
  slacks: Slacks,
  barrier: number,
  isStuck: boolean,
  most: number,
): number {
  const least = Math.max(smallestBarrier, Math.min(tolerance / (barrierFactor + 1), most));
  let mu = barrier;
  let isSolved = isStuck;
  while (mu > least) {
    isSolved ||= optimalityErrors(point, at, slacks, mu).total <= barrierFactor * mu;
    if (!isSolved) break;
    mu = Math.max(least, Math.min(barrierShrink * mu, mu ** barrierExponent));
    isSolved = false;
  }
  return mu;
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

/** The point and multipliers with which the search continues after a restoration. */
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

/** The outcome of a search that a restoration ended, at the point of the restoration. */
function endOf(
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
