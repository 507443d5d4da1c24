import { isAllFinite, largest } from "../vector.ts";
import type { Limits, StopReason } from "../minimize/stop.ts";
import type { BoxBounds } from "../minimize/walls.ts";
import { lagrangianGradient } from "./barrier.ts";
import type { BarrierRule } from "./barrier-rule.ts";
import { fallsAlongRay } from "./divergence.ts";
import type { InteriorIterate, InteriorOutcome } from "./interior-point.ts";
import { KinkWatch } from "./kinks.ts";
import { type ConstrainedMethod, runMethod } from "./methods.ts";
import type { PrimalDual, ProgramValues } from "./nonlinear-program.ts";
import { descendPenalty } from "./penalty-descent.ts";
import { type ProblemKind, withConstantDerivatives } from "./problem-kind.ts";
import { quasiNewtonForm } from "./quasi-newton.ts";
import { restoreFeasibility } from "./restoration.ts";
import { assess, type Assessment, type ConstrainedIteration } from "./result.ts";
import { gradientScaling } from "./scaling.ts";
import { type RowProgram, type Scaling, slackForm, type SlackForm } from "./slack-form.ts";
import { type ConstrainedReason, judge } from "./verdict.ts";
import { type EarlierMultipliers, scaledMultipliers } from "./warm-start.ts";

/** A constrained problem in vectors, with limits, tolerances and callbacks of its search. */
export interface ConstrainedTask {
  readonly operation: string;
  readonly program: RowProgram;
  readonly kind: ProblemKind;
  readonly method: ConstrainedMethod;
  /** Multipliers of an earlier solution. */
  readonly warmStart: EarlierMultipliers | undefined;
  /** Start strictly within the bounds. */
  readonly start: Float64Array;
  readonly box: BoxBounds;
  readonly limits: BoxBounds;
  readonly rules: Limits;
  /** Value that counts as 1 in the scaled problem. */
  readonly unit: number;
  readonly constraintTolerance: number;
  /** Hessian of the Lagrangian: exact, or approximated by steps. Problems of known kind use exact ones. */
  readonly hessian: "sparse" | "lbfgs";
  readonly barrierRule: BarrierRule;
  readonly evaluations: () => number;
  /** Called with each iteration; returns true to stop. */
  readonly watch: (x: Float64Array, iteration: ConstrainedIteration) => boolean;
  /** Returns the part of a message that names the value or row that is not finite. */
  readonly describeNotFinite: (values: { readonly value: number; readonly rows: Float64Array }) => string;
  /** Returns the names of functions, for a message. The objective has the index −1. */
  readonly describeFunctions: (indices: readonly number[]) => string;
  /** Returns the part of a message that names the rows and parameters whose limits conflict. */
  readonly describeConflict: (rows: readonly number[], parameters: readonly number[]) => string;
}

/** Outcome of a constrained search. */
export interface ConstrainedOutcome {
  /** The method that found the result. */
  readonly method: ConstrainedMethod;
  readonly assessment: Assessment;
  readonly reason: StopReason | ConstrainedReason;
  readonly message: string | undefined;
  readonly history: readonly ConstrainedIteration[];
}

/** Largest complementarity gap of a solution, relative to 1 + |value|. */
const largestGap = { linear: 1e-9, quadratic: 1e-9, nonlinear: 1e-7 };
/** Multipliers of a conflict below this share of the largest possible one are left out. */
const conflictShare = 1e-4;

/** True if the search needs no second derivatives. */
export function usesLbfgs({ hessian, kind }: Pick<ConstrainedTask, "hessian" | "kind">): boolean {
  return hessian === "lbfgs" && kind === "nonlinear";
}

/** Solves a problem, and judges the result. */
export function* constrainedSearch(given: ConstrainedTask): Generator<void, ConstrainedOutcome, void> {
  const { start, box, limits } = given;
  const values = given.program.values(start);
  if (!Number.isFinite(values.value) || !isAllFinite(values.rows)) {
    const message = `${given.describeNotFinite(values)} at the start: start elsewhere, or bound the parameters away from such points.`;
    return {
      method: given.method,
      assessment: unassessed(given, values),
      reason: "not-finite",
      message,
      history: [],
    };
  }
  const program = withConstantDerivatives(given.program, given.kind);
  const task = { ...given, program };
  const scaling = gradientScaling(program, start, limits.low.length, task.unit);
  const exact = slackForm(program, start, box, limits, scaling);
  const form = usesLbfgs(given) ? quasiNewtonForm(exact) : exact;
  return form.free.length === 0
    ? withoutVariables(task, form, scaling)
    : yield* withVariables(task, form, scaling, form.variables(start, values.rows));
}

/** Result at a start where a function is not finite: all measures except x and the value are NaN. */
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

/** Outcome if equal bounds fix all parameters, so that there is no search. */
function withoutVariables(task: ConstrainedTask, form: SlackForm, scaling: Scaling): ConstrainedOutcome {
  const { method, program, box, limits, start, constraintTolerance, describeConflict } = task;
  const none = new Float64Array(form.low.length);
  const at = { x: none, y: new Float64Array(form.equations), low: none, high: none };
  const assessment = assess(program, form, scaling, box, limits, at);
  if (assessment.violation <= constraintTolerance)
    return { method, assessment, reason: "solved", message: "All parameters are fixed by equal bounds, and the constraints hold.", history: [] }; // prettier-ignore
  const { rows } = program.values(start);
  const violated = [...rows.keys()].filter(
    (j) => Math.max(limits.low[j]! - rows[j]!, rows[j]! - limits.high[j]!) > constraintTolerance,
  );
  const message = `All parameters are fixed by equal bounds, and the constraints do not hold. ${describeConflict(violated, [])}`;
  return { method, assessment, reason: "infeasible", message, history: [] };
}

function* withVariables(
  task: ConstrainedTask,
  form: SlackForm,
  scaling: Scaling,
  variables: Float64Array,
): Generator<void, ConstrainedOutcome, void> {
  const { operation, program, kind, start, box, limits, rules, constraintTolerance } = task;
  const history: ConstrainedIteration[] = [];
  let stopped: StopReason | undefined;
  let best: InteriorIterate | undefined;
  let nearest: RankedPoint | undefined;
  let { method } = task;
  const watch = kind === "nonlinear" ? new KinkWatch(program, box, limits, start) : undefined;
  let kinked: readonly number[] = [];
  const observe = (at: InteriorIterate): boolean => {
    const iteration = describeIteration(form, scaling, at, history.length);
    history.push(iteration);
    if (!at.isRestoration && !(best !== undefined && best.errors.total <= at.errors.total)) best = at;
    nearest = nearer(nearest, at, iteration, constraintTolerance);
    const x = form.parameters(at.point.x);
    stopped = task.watch(x, iteration) ? "callback" : limitReached(task, rules, iteration.iteration);
    kinked = watch?.next(x, at.isRestoration ? Infinity : at.errors.total) ?? [];
    return stopped !== undefined || kinked.length > 0;
  };
  const search = runMethod({
    operation,
    kind,
    method,
    barrierRule: task.barrierRule,
    setMethod: (used) => (method = used),
    forget: () => (best = undefined),
    program: form,
    variables,
    earlier: task.warmStart && scaledMultipliers(form, scaling, task.warmStart),
    tolerance: rules.gradientTolerance,
    isAccurate: ({ x, residuals }) => form.violation(x, residuals) <= constraintTolerance,
    largestGap: (value) => largestGap[kind] * (scaling.objective + Math.abs(value)),
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
      // a callback stops at the point that it was shown
      if (outcome.end === "stopped" && stopped !== undefined)
        return { method, assessment: at(stopped === "callback" ? outcome.last.at : nearest!.at), reason: stopped, message: undefined, history }; // prettier-ignore
      const isStalled = outcome.end === "stopped" || outcome.end === "stalled";
      if (isStalled && kinked.length === 0) kinked = watch?.latest() ?? [];
      if (kinked.length > 0) nearest = beyondKinks(task, form, nearest!);
      const verdict = judge({
        // a search that kinks stopped is stalled
        outcome: outcome.end === "stopped" ? { ...outcome, end: "stalled" } : outcome,
        kinked: task.describeFunctions(kinked),
        best: best!,
        nearest: nearest!.at,
        nearestViolation: nearest!.violation,
        violation: (iterate) => violationAt(form, iterate.at.x),
        cancellation: (iterate) => cancellationOf(form, iterate),
        relativeSlope: relativeSlopeOf,
        tolerance: rules.gradientTolerance,
        constraintTolerance,
        hasLinearConstraints: kind !== "nonlinear",
        conflicts: () => describeConflicts(task, form, outcome),
      });
      return { method, assessment: at(verdict.at), ...verdict, history };
    }
    if (rules.signal?.aborted === true) {
      const y = new Float64Array(form.equations);
      const none = new Float64Array(form.low.length);
      const x = nearest?.at ?? { x: variables, y, low: none, high: none };
      return { method, assessment: assess(program, form, scaling, box, limits, x), reason: "aborted", message: undefined, history }; // prettier-ignore
    }
    yield;
  }
}

/** Number of evaluations of a search that kinks stopped in which it finds a better point. */
const mostEvaluations = 300;

/** The best point that a search without need for derivatives at kinks finds from another one. */
function beyondKinks(task: ConstrainedTask, form: SlackForm, from: RankedPoint): RankedPoint {
  const { program, box, limits, constraintTolerance: tolerance, rules } = task;
  const most = Math.min(mostEvaluations, rules.maxEvaluations - task.evaluations());
  const found = descendPenalty(
    { program, box, limits, tolerance, most },
    { ...from, x: form.parameters(from.at.x) },
  );
  const x = form.variables(found.x, program.values(found.x).rows);
  return { ...from, ...found, at: { ...from.at, x } };
}

/** An iterate with its violation and value, by which the iterates of a search without a solution are compared. */
interface RankedPoint {
  readonly at: PrimalDual;
  readonly violation: number;
  readonly value: number;
}

/**
 * The better of a point and an iterate: the one with the smaller violation, or with the smaller value if both violations
 * are within the tolerance. An iterate of a restoration takes the multipliers of the point before.
 */
function nearer(
  before: RankedPoint | undefined,
  { at, point, isRestoration }: InteriorIterate,
  { violation, value }: ConstrainedIteration,
  tolerance: number,
): RankedPoint {
  const beyond = (size: number): number => Math.max(0, size - tolerance);
  const multipliers = isRestoration && before !== undefined ? before.at : at;
  const next = { at: { ...multipliers, x: point.x }, violation, value };
  if (before === undefined) return next;
  if (!Number.isFinite(violation) || !Number.isFinite(value)) return before;
  const [least, now] = [beyond(before.violation), beyond(violation)];
  return now < least || (now === least && value < before.value) ? next : before;
}

function violationAt(form: SlackForm, v: Float64Array): number {
  const { residuals }: ProgramValues = form.values(v);
  return form.violation(v, residuals);
}

/** Size of variables that counts as large for a change of the Lagrangian. */
const largeVariable = 1e3;

/**
 * First-order change of the Lagrangian if a large variable changes by its size, relative to 1 + |value|. It is large if
 * a derivative meets the tolerance only because of the size of the variable.
 */
function relativeSlopeOf({ point, at }: InteriorIterate): number {
  const slope = lagrangianGradient(point, at);
  let most = 0;
  for (let i = 0; i < slope.length; i++)
    if (Math.abs(at.x[i]!) > largeVariable) most = Math.max(most, Math.abs(slope[i]! * at.x[i]!));
  return most / (1 + Math.abs(point.value));
}

/** Multipliers above this size may belong to constraints whose gradients vanish. */
const largeMultiplier = 1e4;
/** A gradient vanishes if it is below this fraction of its change along a small step of the parameters. */
const vanishingShare = 1e-2;
const smallStep = 1e-3;

/** True if a constraint with a large multiplier has a gradient that vanishes at the iterate. */
function hasVanishingGradient(form: SlackForm, { point, at }: InteriorIterate): boolean {
  if (largest(at.y) <= largeMultiplier) return false;
  const { pattern, values } = point.jacobian;
  const n = form.free.length;
  const beside = at.x.map((x, i) => {
    const step = i < n ? smallStep * Math.max(1, Math.abs(x)) : 0;
    return x + step <= form.high[i]! ? x + step : Math.max(x - step, form.low[i]!);
  });
  const { values: next } = form.jacobian(beside);
  return at.y.some((y, e) => {
    let [size, change] = [0, 0];
    for (let p = pattern.rowPointers[e]!; p < pattern.rowPointers[e + 1]!; p++) {
      if (pattern.columns[p]! >= n) continue;
      size = Math.max(size, Math.abs(values[p]!));
      change = Math.max(change, Math.abs(next[p]! - values[p]!));
    }
    return Math.abs(y) > largeMultiplier && size < vanishingShare * change;
  });
}

/**
 * Largest force of a constraint or bound on a parameter, relative to the gradient of the objective. It is large if
 * gradients of constraints cancel each other, and infinite if one that acts vanishes.
 */
function cancellationOf(form: SlackForm, iterate: InteriorIterate): number {
  if (hasVanishingGradient(form, iterate)) return Infinity;
  const { point, at } = iterate;
  const { pattern, values } = point.jacobian;
  const n = form.free.length;
  let force = 0;
  for (let e = 0; e < form.equations; e++)
    for (let p = pattern.rowPointers[e]!; p < pattern.rowPointers[e + 1]!; p++)
      if (pattern.columns[p]! < n) force = Math.max(force, Math.abs(at.y[e]! * values[p]!));
  for (let i = 0; i < n; i++) force = Math.max(force, at.low[i]!, at.high[i]!);
  return force / Math.max(1, largest(point.gradient));
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

/** Describes the constraints and bounds that share in the least violation; empty unless the search found a conflict. */
function describeConflicts(task: ConstrainedTask, form: SlackForm, { conflict }: InteriorOutcome): string {
  if (conflict === undefined) return "";
  const rows = [...form.rows].filter((_, e) => Math.abs(conflict.y[e]!) > conflictShare);
  const parameters = [...form.free].filter(
    (_, k) => Math.max(conflict.low[k]!, conflict.high[k]!) > conflictShare,
  );
  return task.describeConflict(rows, parameters);
}
