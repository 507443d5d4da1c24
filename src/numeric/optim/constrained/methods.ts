import { isAllFinite } from "../vector.ts";
import { infeasibility, optimalityErrors, slacksOf } from "./barrier.ts";
import { endOf, interiorPoint, type InteriorOutcome, type InteriorTask } from "./interior-point.ts";
import { linearise, type NonlinearProgram, type PrimalDual } from "./nonlinear-program.ts";
import { predictorCorrector, type QuadraticTask } from "./predictor-corrector.ts";
import type { ProblemKind } from "./problem-kind.ts";
import { searchFeasible } from "./restoration.ts";
import { leaveSaddlePoint } from "./saddle-point.ts";
import type { SlackForm } from "./slack-form.ts";
import { sequentialQuadratic } from "./sqp.ts";
import { boundMultipliers, leastSquaresMultipliers, pushInside } from "./start.ts";

/** Methods for problems with constraints. */
export type ConstrainedMethod = "interior-point" | "sqp";

/** A search whose method is to be run. */
interface MethodTask extends Omit<InteriorTask, "start" | "barrier"> {
  readonly kind: ProblemKind;
  readonly method: ConstrainedMethod;
  /** Called if another method continues the search. */
  readonly setMethod: (method: ConstrainedMethod) => void;
  /** Called before the search leaves a saddle point, whose iterates are no solutions. */
  readonly forget: () => void;
  readonly program: SlackForm;
  /** Variables at the start. */
  readonly variables: Float64Array;
  /** Multipliers of an earlier solution, in the scaling of the program. */
  readonly earlier: Omit<PrimalDual, "x"> | undefined;
}

const firstBarrier = 0.1;
const smallestWarmBarrier = 1e-8;

/** Number of saddle points that a search may leave. */
const mostSaddles = 20;
/** After a last step below this size, relative to the variables, its curvature is that of the solution. */
const settledStep = 1e-3;

/**
 * Runs a method. Where it ends at a saddle point or maximum with respect to feasible directions, it continues from a
 * lower point nearby.
 */
export function* runMethod(task: MethodTask): Generator<undefined, InteriorOutcome, void> {
  const { operation, kind, program } = task;
  let { method } = task;
  let moved = Infinity;
  let latest: Float64Array | undefined;
  const watched: MethodTask = {
    ...task,
    setMethod: (used) => task.setMethod((method = used)),
    observe(at) {
      moved = at.isRestoration || latest === undefined ? Infinity : largestChange(at.at.x, latest);
      latest = at.isRestoration ? undefined : at.at.x;
      return task.observe(at);
    },
  };
  let outcome = yield* runFromStart(watched);
  if (kind === "linear") return outcome;
  for (let saddles = 0; outcome.end === "optimal"; saddles++) {
    const { point, at, regularisation, primalStep } = outcome.last;
    if (primalStep > 0 && regularisation === 0 && moved <= settledStep) break;
    const lower = yield* leaveSaddlePoint(operation, program, point, at);
    if (lower === undefined) break;
    if (saddles === mostSaddles) return { ...outcome, end: "saddle" };
    task.forget();
    const next = { ...at, x: lower.x };
    if (method === "sqp")
      outcome = yield* runFromStart({ ...watched, method, variables: lower.x, earlier: at });
    else {
      const { start, barrier } = warmStart(program, lower.x, next, Math.min(firstBarrier, lower.decrease));
      outcome = yield* rescuedSearch({ ...watched, start, barrier });
    }
  }
  return outcome;
}

/** Largest change of a variable, relative to its size (at least 1). */
function largestChange(x: Float64Array, before: Float64Array): number {
  let most = 0;
  for (let i = 0; i < x.length; i++)
    most = Math.max(most, Math.abs(x[i]! - before[i]!) / Math.max(1, Math.abs(x[i]!)));
  return most;
}

/**
 * Runs a method. Where `sqp` cannot continue, the interior point method does, so that verdicts do not depend on the
 * method.
 */
function* runFromStart(task: MethodTask): Generator<undefined, InteriorOutcome, void> {
  const { kind, method, program, earlier, variables } = task;
  let begin = variables;
  if (method === "sqp") {
    const observe: InteriorTask["observe"] = (at) => {
      begin = at.at.x;
      return task.observe(at);
    };
    const start = { ...(earlier ?? withoutForces(program)), x: variables };
    const sqp = { ...task, start, barrier: 0, observe };
    const outcome = yield* sequentialQuadratic(sqp);
    if (outcome !== undefined) return yield* checkedRay(kind, sqp, outcome);
    task.setMethod("interior-point");
  }
  const interior = { ...task, ...(earlier === undefined || method === "sqp" ? coldStart(task, begin) : warmStart(program, begin, earlier)) }; // prettier-ignore
  if (kind === "nonlinear") return yield* rescuedSearch(interior);
  return yield* quadraticSearch({ ...interior, isLinear: kind === "linear" });
}

/** Violations above this multiple of the tolerance show that a search that got stuck is not at a solution. */
const clearViolation = 100;

/**
 * The interior point method. If it gets stuck where constraints are violated, the violation is minimised from the least
 * violated point, which may show that the problem is infeasible.
 */
function* rescuedSearch(task: InteriorTask & MethodTask): Generator<undefined, InteriorOutcome, void> {
  const { operation, program, tolerance } = task;
  let nearest = { x: task.start.x, size: Infinity };
  const outcome = yield* interiorPoint({
    ...task,
    observe(at) {
      const size = infeasibility(at.point.residuals);
      if (size < nearest.size) nearest = { x: at.point.x, size };
      return task.observe(at);
    },
  });
  const isStuck = outcome.end === "stalled" || outcome.end === "singular" || outcome.end === "unbounded";
  if (!isStuck || !(nearest.size > clearViolation * tolerance)) return outcome;
  const inside = pushInside(nearest.x, program.low, program.high);
  const found = yield* searchFeasible({ operation, tolerance, observe: task.observe }, program, inside);
  const isEnd = found.kind === "end" && (found.end === "infeasible" || found.end === "stopped");
  return isEnd ? endOf(outcome.last, found, "stalled") : outcome;
}

function withoutForces({ equations, low }: SlackForm): Omit<PrimalDual, "x"> {
  const none = new Float64Array(low.length);
  return { y: new Float64Array(equations), low: none, high: none };
}

/**
 * Start of a search: the variables moved inside their bounds, bound multipliers of 1, and least-squares estimates of
 * the equation multipliers (0 if a derivative is not finite).
 */
function coldStart(
  { operation, program }: MethodTask,
  variables: Float64Array,
): Pick<InteriorTask, "start" | "barrier"> {
  const x = pushInside(variables, program.low, program.high);
  const z = boundMultipliers(program, 1);
  const y = new Float64Array(program.equations);
  const point = linearise(program, x, program.values(x));
  const hessian = program.hessian(x, 1, y);
  const isFinite = isAllFinite(point.gradient) && isAllFinite(point.jacobian.values);
  const estimate = isFinite ? leastSquaresMultipliers(operation, point, z, hessian) : y;
  return { start: { x, y: estimate, ...z }, barrier: firstBarrier };
}

/**
 * Start near an earlier solution. μ is the error of this solution in the new problem, limited to 1e-8 to `most`. Variables
 * are moved inside their bounds by a fraction of at most μ and 0.01, and bound multipliers are raised to at least
 * μ/slack.
 */
function warmStart(
  program: SlackForm,
  variables: Float64Array,
  earlier: Omit<PrimalDual, "x">,
  most: number = firstBarrier,
): Pick<InteriorTask, "start" | "barrier"> {
  const before = { x: variables, ...earlier };
  const point = linearise(program, variables, program.values(variables));
  const { total } = optimalityErrors(point, before, slacksOf(program, variables), 0);
  const barrier = Math.max(smallestWarmBarrier, Math.min(most, total));
  const x = pushInside(variables, program.low, program.high, Math.min(0.01, barrier));
  const { slackLow, slackHigh } = slacksOf(program, x);
  const raised = (z: Float64Array, slack: Float64Array): Float64Array =>
    z.map((zi, i) => (slack[i] === Infinity ? 0 : Math.max(zi, barrier / slack[i]!)));
  return { start: { x, y: earlier.y, low: raised(earlier.low, slackLow), high: raised(earlier.high, slackHigh) }, barrier }; // prettier-ignore
}

/** Runs Mehrotra's method, and the general interior point method if Mehrotra's does not converge. */
function* quadraticSearch(task: QuadraticTask): Generator<undefined, InteriorOutcome, void> {
  const outcome = (yield* predictorCorrector(task)) ?? (yield* interiorPoint(task));
  return yield* checkedRay(task.isLinear ? "linear" : "quadratic", task, outcome);
}

/**
 * Confirms the outcome `unbounded` of a problem with linear constraints by a search for a feasible point, without the
 * objective. If no point is feasible, the problem is infeasible. Other outcomes are returned unchanged.
 */
function* checkedRay(
  kind: ProblemKind,
  task: InteriorTask,
  outcome: InteriorOutcome,
): Generator<undefined, InteriorOutcome, void> {
  if (outcome.end !== "unbounded" || kind === "nonlinear") return outcome;
  const { program } = task;
  const feasibility = yield* quadraticSearch({
    ...task,
    program: withoutObjective(program),
    isLinear: true,
    isUnbounded: () => false,
    observe: (at) =>
      task.observe({ ...at, point: { ...at.point, ...program.values(at.at.x) }, isRestoration: true }),
  });
  return feasibility.end === "infeasible" || feasibility.end === "stopped" ? feasibility : outcome;
}

/** The constraints of a problem with the objective 0. */
function withoutObjective(program: NonlinearProgram): NonlinearProgram {
  return {
    ...program,
    values: (x) => ({ ...program.values(x), value: 0 }),
    gradient: (x) => new Float64Array(x.length),
    hessian: (x, _, y) => program.hessian(x, 0, y),
  };
}
