import { largest } from "../vector.ts";
import {
  fractionToBoundary,
  fractionToZero,
  newtonRight,
  optimalityErrors,
  type Slacks,
  slacksOf,
} from "./barrier.ts";
import {
  endOfIterate,
  type InteriorIterate,
  type InteriorOutcome,
  type InteriorTask,
} from "./interior-point.ts";
import { isFiniteStep, KktSystem } from "./kkt.ts";
import { linearise, type Linearised, type MatrixEntries, type PrimalDual } from "./nonlinear-program.ts";

const mostIterations = 100;
const smallestTau = 0.99;
/** The method gives up if a variable or a multiplier of an equation exceeds this size. */
const divergence = 1e12;
/** The method gives up if the error has not fallen by a tenth within this number of iterations. */
const patience = 12;

/** Options of the method for one problem. */
export interface QuadraticTask extends InteriorTask {
  /** True if the objective is linear, so that variables and multipliers may take steps of different sizes. */
  readonly isLinear: boolean;
}

/**
 * Mehrotra's predictor-corrector method for linear and convex quadratic problems. Each iteration factorises once and
 * solves twice: the predictor aims at complementarity 0, and its success decides the centre that the corrector aims at.
 * `undefined` if the problem is not convex or the iterates do not converge. A method with verdicts must follow then.
 *
 * @see Mehrotra, On the implementation of a primal-dual interior point method, SIAM Journal on Optimization 2, 1992.
 */
export function* predictorCorrector(
  task: QuadraticTask,
): Generator<undefined, InteriorOutcome | undefined, void> {
  const { program, isLinear } = task;
  const system = new KktSystem(task.operation);
  const hessian = program.hessian(task.start.x, 1, task.start.y);
  const first = iterateAt(task, task.start, { primal: 0, dual: 0 }, 0);
  const endAtStart = endOfIterate(task, first);
  if (endAtStart !== undefined) return { end: endAtStart, last: first };
  let at = yield* balancedStart(task, system, hessian, first.point);
  if (at === undefined) return undefined;
  let taken = { primal: 1, dual: 1 };
  let [least, since] = [Infinity, 0];
  for (let iteration = 0; iteration <= mostIterations; iteration++) {
    const last = iterateAt(task, at, taken, system.regularisation);
    const { point, barrier, errors } = last;
    const slacks = slacksOf(program, at.x);
    const end = endOfIterate(task, last);
    if (end !== undefined) return { end, last };
    if (largest(at.x) > divergence || largest(at.y) > divergence) return undefined;
    if (errors.total < 0.9 * least) [least, since] = [errors.total, iteration];
    else if (iteration - since > patience) return undefined;
    if (!(yield* system.factorise(coefficientsOf(hessian, point, slacks, at), Math.max(barrier, 1e-8))))
      return undefined;
    if (!isLinear && system.regularisation > 0) return undefined;
    yield undefined;
    const step = correctedStep(system, point, at, slacks, barrier, errors.bounds);
    if (step === undefined) return undefined;
    const tau = Math.max(smallestTau, 1 - barrier);
    taken = stepSizes(at, slacks, step, tau);
    if (!isLinear) taken.primal = taken.dual = Math.min(taken.primal, taken.dual);
    at = advance(program, at, step, taken);
  }
  return undefined;
}

/** Fractions of a step that variables and multipliers take. */
interface StepSizes {
  primal: number;
  dual: number;
}

function iterateAt(
  { program }: InteriorTask,
  at: PrimalDual,
  { primal, dual }: StepSizes,
  regularisation: number,
): InteriorIterate {
  const point = linearise(program, at.x, program.values(at.x));
  const errors = optimalityErrors(point, at, slacksOf(program, at.x), 0);
  const barrier = errors.bounds === 0 ? 0 : errors.gap / errors.bounds;
  return {
    point,
    at,
    errors,
    barrier,
    primalStep: primal,
    dualStep: dual,
    regularisation,
    isRestoration: false,
  };
}

function coefficientsOf(
  hessian: MatrixEntries,
  { jacobian }: Pick<Linearised, "jacobian">,
  slacks: Slacks,
  { low, high }: Pick<PrimalDual, "low" | "high">,
): Parameters<KktSystem["factorise"]>[0] {
  return { hessian, jacobian, ...slacks, low, high };
}

/**
 * Computes the predictor step and, if there are bounds, corrects it by a second step. `undefined` if the equations
 * cannot be solved.
 */
function correctedStep(
  system: KktSystem,
  point: Linearised,
  at: PrimalDual,
  slacks: Slacks,
  barrier: number,
  bounds: number,
): PrimalDual | undefined {
  const right = newtonRight(point, at, slacks, 0);
  const predictor = system.solve(right);
  if (predictor === undefined || !isFiniteStep(predictor)) return undefined;
  if (bounds === 0) return predictor;
  const { primal, dual } = stepSizes(at, slacks, predictor, 1);
  const reached = gapAfter(at, slacks, predictor, primal, dual) / bounds;
  const centre = barrier * Math.min(1, (reached / barrier) ** 3);
  const { slackLow, slackHigh } = slacks;
  const [low, high] = [right.low.slice(), right.high.slice()];
  for (let i = 0; i < low.length; i++) {
    const dx = predictor.x[i]!;
    if (slackLow[i] !== Infinity) low[i]! += centre - dx * predictor.low[i]!;
    if (slackHigh[i] !== Infinity) high[i]! += centre + dx * predictor.high[i]!;
  }
  const corrector = system.solve({ x: right.x, y: right.y, low, high });
  return corrector === undefined || !isFiniteStep(corrector) ? undefined : corrector;
}

function stepSizes(at: PrimalDual, slacks: Slacks, step: PrimalDual, tau: number): StepSizes {
  const dual = Math.min(fractionToZero(at.low, step.low, tau), fractionToZero(at.high, step.high, tau));
  return { primal: fractionToBoundary(slacks, step.x, tau), dual };
}

/** Sum of the products of slacks and multipliers after a step. */
function gapAfter(
  at: PrimalDual,
  { slackLow, slackHigh }: Slacks,
  step: PrimalDual,
  primal: number,
  dual: number,
): number {
  let gap = 0;
  for (let i = 0; i < step.x.length; i++) {
    const moved = primal * step.x[i]!;
    if (slackLow[i] !== Infinity) gap += (slackLow[i]! + moved) * (at.low[i]! + dual * step.low[i]!);
    if (slackHigh[i] !== Infinity) gap += (slackHigh[i]! - moved) * (at.high[i]! + dual * step.high[i]!);
  }
  return gap;
}

function advance(
  { low, high }: InteriorTask["program"],
  at: PrimalDual,
  step: PrimalDual,
  { primal, dual }: StepSizes,
): PrimalDual {
  const along = (x: Float64Array, alpha: number, d: Float64Array): Float64Array =>
    x.map((xi, i) => xi + alpha * d[i]!);
  return {
    x: at.x.map((xi, i) => Math.min(Math.max(xi + primal * step.x[i]!, low[i]!), high[i]!)),
    y: along(at.y, dual, step.y),
    low: along(at.low, dual, step.low),
    high: along(at.high, dual, step.high),
  };
}

/**
 * Mehrotra's starting point. The variables are the nearest solution to the given start without bounds, moved inside the
 * bounds. The multipliers of bounds make the products with the slacks similar.
 */
function* balancedStart(
  { program, start, isLinear }: QuadraticTask,
  system: KktSystem,
  hessian: MatrixEntries,
  point: Linearised,
): Generator<undefined, PrimalDual | undefined, void> {
  const { low, high } = program;
  const n = start.x.length;
  const [none, ones] = [new Float64Array(n), new Float64Array(n).fill(1)];
  const free = new Float64Array(n).fill(Infinity);
  // distance 1 from every bound makes the diagonal 1 or 2
  const slacks = {
    slackLow: free.map((_, i) => (low[i] === -Infinity ? Infinity : 1)),
    slackHigh: free.map((_, i) => (high[i] === Infinity ? Infinity : 1)),
  };
  const unit = { low: ones, high: ones };
  if (!(yield* system.factorise(coefficientsOf(hessian, point, slacks, unit), 1e-8))) return undefined;
  if (!isLinear && system.regularisation > 0) return undefined;
  const right = newtonRight(point, { ...start, low: none, high: none, y: new Float64Array(start.y.length) }, slacks, 0); // prettier-ignore
  const step = system.solve({ ...right, low: none, high: none });
  if (step === undefined || !isFiniteStep(step)) return undefined;
  const x = start.x.map((xi, i) => xi + step.x[i]!);
  const reduced = newtonRight(linearise(program, x, program.values(x)), { x, y: step.y, low: none, high: none }, slacks, 0).x.map((r) => -r); // prettier-ignore
  return balance(program, x, step.y, reduced);
}

/**
 * Shifts all variables by one distance inside their bounds and raises all multipliers of bounds by one amount, so that
 * slacks and multipliers are positive. Both values are then increased, so that the products of slacks and multipliers
 * become similar.
 */
function balance(
  { low, high }: InteriorTask["program"],
  x: Float64Array,
  y: Float64Array,
  reduced: Float64Array,
): PrimalDual {
  let [shift, lift] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    const [hasLow, hasHigh] = [low[i] !== -Infinity, high[i] !== Infinity];
    if (hasLow === hasHigh) continue;
    shift = Math.max(shift, -1.5 * (hasLow ? x[i]! - low[i]! : high[i]! - x[i]!));
    lift = Math.max(lift, -1.5 * (hasLow ? reduced[i]! : -reduced[i]!));
  }
  const first = shiftInside(low, high, x, reduced, shift, lift);
  const slacks = slacksOf({ low, high } as InteriorTask["program"], first.x);
  let [gap, distances, forces] = [0, 0, 0];
  const add = (slack: number, z: number): void => {
    if (slack === Infinity) return;
    gap += slack * z;
    distances += slack;
    forces += z;
  };
  for (let i = 0; i < x.length; i++) {
    add(slacks.slackLow[i]!, first.low[i]!);
    add(slacks.slackHigh[i]!, first.high[i]!);
  }
  const moreShift = gap > 0 ? (0.5 * gap) / forces : 1;
  const moreLift = gap > 0 ? (0.5 * gap) / distances : 1;
  return { ...shiftInside(low, high, x, reduced, shift + moreShift, lift + moreLift), y };
}

/**
 * Moves a variable with one bound by `shift` away from it, and a variable with two bounds at least `max(shift, 0.01)`,
 * but at most a quarter of the interval, inside both. Raises the multipliers of bounds by `lift`.
 */
function shiftInside(
  low: Float64Array,
  high: Float64Array,
  x: Float64Array,
  reduced: Float64Array,
  shift: number,
  lift: number,
): Omit<PrimalDual, "y"> {
  const [inner, zLow, zHigh] = [x.slice(), new Float64Array(x.length), new Float64Array(x.length)];
  for (let i = 0; i < x.length; i++) {
    const [hasLow, hasHigh] = [low[i] !== -Infinity, high[i] !== Infinity];
    if (hasLow && hasHigh) {
      const margin = Math.min(Math.max(shift, 1e-2), (high[i]! - low[i]!) / 4);
      inner[i] = Math.min(Math.max(x[i]!, low[i]! + margin), high[i]! - margin);
      zLow[i] = Math.max(reduced[i]!, 0) + lift;
      zHigh[i] = Math.max(-reduced[i]!, 0) + lift;
    } else if (hasLow) {
      inner[i]! += shift;
      zLow[i] = reduced[i]! + lift;
    } else if (hasHigh) {
      inner[i]! -= shift;
      zHigh[i] = lift - reduced[i]!;
    }
  }
  return { x: inner, low: zLow, high: zHigh };
}
