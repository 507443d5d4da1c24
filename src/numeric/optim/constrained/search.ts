import { isAllFinite, largest } from "../vector.ts";
import type { Limits, StopReason } from "../minimize/stop.ts";
import type { BoxBounds } from "../minimize/walls.ts";
import { fallsAlongRay } from "./divergence.ts";
import { interiorPoint, type InteriorIterate, type InteriorOutcome } from "./interior-point.ts";
import { linearise, type PrimalDual, type ProgramValues } from "./nonlinear-program.ts";
import { restoreFeasibility } from "./restoration.ts";
import { assess, type Assessment, type ConstrainedIteration } from "./result.ts";
import { gradientScaling } from "./scaling.ts";
import { type RowProgram, type Scaling, slackForm, type SlackForm } from "./slack-form.ts";
import { boundMultipliers, leastSquaresMultipliers, pushInside } from "./start.ts";
import { type ConstrainedReason, judge } from "./verdict.ts";

/** A problem in vectors, with the rules of its search. */
export interface ConstrainedTask {
  readonly operation: string;
  readonly program: RowProgram;
  /** Start strictly within the bounds. */
  readonly start: Float64Array;
  readonly box: BoxBounds;
  readonly limits: BoxBounds;
  readonly rules: Limits;
  readonly constraintTolerance: number;
  readonly evaluations: () => number;
  /** Called with each iteration; returns true to stop. */
  readonly watch: (x: Float64Array, iteration: ConstrainedIteration) => boolean;
  /** Describes functions that are not finite at a point. */
  readonly describeNotFinite: (values: { readonly value: number; readonly rows: Float64Array }) => string;
  /** Names of rows and parameters with a multiplier in a conflict. */
  readonly describeConflict: (rows: readonly number[], parameters: readonly number[]) => string;
}

/** Outcome of a constrained search. */
export interface ConstrainedOutcome {
  readonly assessment: Assessment;
  readonly reason: StopReason | ConstrainedReason;
  readonly message: string | undefined;
  readonly history: readonly ConstrainedIteration[];
}

const firstBarrier = 0.1;
/** Largest complementarity gap of a solution, relative to 1 + |value|. */
const largestGap = 1e-7;
/** Multipliers of a conflict below this share of the largest possible one are left out. */
const conflictShare = 1e-4;

/** Solves a problem, and judges the result. */
export function* constrainedSearch(task: ConstrainedTask): Generator<void, ConstrainedOutcome, void> {
  const { program, start, box, limits } = task;
  const values = program.values(start);
  if (!Number.isFinite(values.value) || !isAllFinite(values.rows)) {
    const message = `${task.describeNotFinite(values)} at the start: start elsewhere, or bound the parameters away from such points.`;
    return { assessment: unassessed(task, values), reason: "not-finite", message, history: [] };
  }
  const scaling = gradientScaling(program, start, limits.low.length);
  const form = slackForm(program, start, box, limits, scaling);
  return form.free.length === 0
    ? withoutVariables(task, form, scaling)
    : yield* withVariables(task, form, scaling, form.variables(start, values.rows));
}

/** Result at a start whose functions are not finite. */
function unassessed({ start, limits }: ConstrainedTask, { value }: { readonly value: number }): Assessment {
  const unknown = (n: number): Float64Array => new Float64Array(n).fill(NaN);
  return {
    x: start,
    value,
    gradient: unknown(start.length),
    violation: NaN,
    optimality: NaN,
    rows: unknown(limits.low.length),
    bounds: unknown(start.length),
  };
}

/** Result if bounds fix all parameters. */
function withoutVariables(task: ConstrainedTask, form: SlackForm, scaling: Scaling): ConstrainedOutcome {
  const { program, box, limits, start, constraintTolerance, describeConflict } = task;
  const none = new Float64Array(form.low.length);
  const at = { x: none, y: new Float64Array(form.equations), low: none, high: none };
  const assessment = assess(program, form, scaling, box, limits, at);
  if (assessment.violation <= constraintTolerance)
    return { assessment, reason: "solved", message: "All parameters are fixed by equal bounds, and the constraints hold.", history: [] }; // prettier-ignore
  const { rows } = program.values(start);
  const violated = [...rows.keys()].filter(
    (j) => Math.max(limits.low[j]! - rows[j]!, rows[j]! - limits.high[j]!) > constraintTolerance,
  );
  const message = `All parameters are fixed by equal bounds, and the constraints do not hold. ${describeConflict(violated, [])}`;
  return { assessment, reason: "infeasible", message, history: [] };
}

function* withVariables(
  task: ConstrainedTask,
  form: SlackForm,
  scaling: Scaling,
  variables: Float64Array,
): Generator<void, ConstrainedOutcome, void> {
  const { operation, program, box, limits, rules, constraintTolerance } = task;
  const history: ConstrainedIteration[] = [];
  let stopped: StopReason | undefined;
  let best: InteriorIterate | undefined;
  let latest = form.parameters(variables);
  const observe = (at: InteriorIterate): boolean => {
    const iteration = describeIteration(form, scaling, at, history.length);
    history.push(iteration);
    latest = form.parameters(at.point.x);
    if (!at.isRestoration && !(best !== undefined && best.errors.total <= at.errors.total)) best = at;
    stopped = task.watch(latest, iteration) ? "callback" : limitReached(task, rules, iteration.iteration);
    return stopped !== undefined;
  };
  const search = interiorPoint({
    operation,
    program: form,
    start: startOf(operation, form, variables),
    barrier: firstBarrier,
    tolerance: rules.gradientTolerance,
    isAccurate: ({ x, residuals }) => form.violation(x, residuals) <= constraintTolerance,
    largestGap: (value) => largestGap * (scaling.objective + Math.abs(value)),
    isUnbounded: (v) => fallsAlongRay(program, box, limits, form.parameters(v)),
    observe,
    restore: (at, now) =>
      restoreFeasibility({ operation, tolerance: rules.gradientTolerance, observe }, at, now),
    isRestoration: false,
  });
  for (;;) {
    const next = search.next();
    if (next.done === true) {
      const at = (x: PrimalDual): Assessment => assess(program, form, scaling, box, limits, x);
      const outcome = next.value;
      if (outcome.end === "stopped")
        return { assessment: at(outcome.last.at), reason: stopped!, message: undefined, history };
      const verdict = judge({
        outcome,
        best: best!,
        violation: (iterate) => violationAt(form, iterate.at.x),
        cancellation: (iterate) => cancellationOf(form, iterate),
        tolerance: rules.gradientTolerance,
        constraintTolerance,
        conflicts: () => describeConflicts(task, form, outcome),
      });
      return { assessment: at(verdict.iterate.at), ...verdict, history };
    }
    if (rules.signal?.aborted === true) {
      const y = new Float64Array(form.equations);
      const none = new Float64Array(form.low.length);
      const x = best?.at ?? { x: variables, y, low: none, high: none };
      return { assessment: assess(program, form, scaling, box, limits, x), reason: "aborted", message: undefined, history }; // prettier-ignore
    }
    yield;
  }
}

function violationAt(form: SlackForm, v: Float64Array): number {
  const { residuals }: ProgramValues = form.values(v);
  return form.violation(v, residuals);
}

/**
 * Size of the forces of the constraints and bounds relative to that of the objective: large where gradients of constraints
 * cancel each other.
 */
function cancellationOf(form: SlackForm, { point, at }: InteriorIterate): number {
  const { pattern, values } = point.jacobian;
  const n = form.free.length;
  let force = 0;
  for (let e = 0; e < form.equations; e++)
    for (let p = pattern.rowPointers[e]!; p < pattern.rowPointers[e + 1]!; p++)
      if (pattern.columns[p]! < n) force = Math.max(force, Math.abs(at.y[e]! * values[p]!));
  for (let i = 0; i < n; i++) force = Math.max(force, at.low[i]!, at.high[i]!);
  return force / Math.max(1, largest(point.gradient));
}

/** Start of a search: within the bounds, with multipliers of bounds of 1 and estimates for those of equations. */
function startOf(operation: string, form: SlackForm, variables: Float64Array): PrimalDual {
  const x = pushInside(variables, form.low, form.high);
  const z = boundMultipliers(form, 1);
  const y = new Float64Array(form.equations);
  const point = linearise(form, x, form.values(x));
  const hessian = form.hessian(x, 1, y);
  if (!isAllFinite(point.gradient) || !isAllFinite(point.jacobian.values)) return { x, y, ...z };
  return { x, y: leastSquaresMultipliers(operation, point, z, hessian), ...z };
}

function describeIteration(
  form: SlackForm,
  scaling: Scaling,
  { point, errors, barrier, primalStep, regularisation, isRestoration }: InteriorIterate,
  iteration: number,
): ConstrainedIteration {
  return {
    iteration,
    value: point.value / scaling.objective,
    violation: form.violation(point.x, point.residuals),
    optimality: errors.total,
    barrier,
    step: primalStep,
    regularisation,
    phase: isRestoration ? "restoration" : "search",
  };
}

function limitReached(
  { evaluations }: ConstrainedTask,
  { maxIterations, maxEvaluations, signal }: Limits,
  iteration: number,
): StopReason | undefined {
  if (signal?.aborted === true) return "aborted";
  if (iteration >= maxIterations) return "iterations";
  return evaluations() >= maxEvaluations ? "evaluations" : undefined;
}

/** Describes the constraints and bounds that have a share in the least violation. */
function describeConflicts(task: ConstrainedTask, form: SlackForm, { conflict }: InteriorOutcome): string {
  if (conflict === undefined) return "";
  const rows = [...form.rows].filter((_, e) => Math.abs(conflict.y[e]!) > conflictShare);
  const parameters = [...form.free].filter(
    (_, k) => Math.max(conflict.low[k]!, conflict.high[k]!) > conflictShare,
  );
  return task.describeConflict(rows, parameters);
}
