import type { ConstrainedResult } from "../minimize/minimize.ts";
import type { ConstrainedFields } from "../minimize/least-squares.ts";
import { length } from "../minimize/project.ts";
import type { ColumnMatrix } from "../minimize/qr.ts";
import type { StopReason } from "../minimize/stop.ts";
import type { TangentSpace } from "./constraint.ts";
import {
  type ConstrainedTaskOptions,
  type ProblemUnits,
  type FinishedSearch,
  prepareSearch,
  type SearchStage,
} from "./prepare.ts";
import type { ConstrainedIteration } from "./result.ts";
import { tangentSpaceAt } from "./tangent-space.ts";

/** A solution of a fit under constraints. */
export interface ConstrainedFit {
  readonly x: Float64Array;
  /** Result of the search. Its value is the sum of squares. */
  readonly solved: Omit<ConstrainedResult<unknown>, "method"> & Pick<ConstrainedFields<unknown>, "method">;
  /**
   * The tangent space of the active constraints and bounds, and the derivatives of the residuals with respect to each
   * parameter.
   */
  readonly tangentSpace: TangentSpace;
  readonly columns: ColumnMatrix;
}

/** One fit: its starts, the arguments of the constraints, and those of the residuals. */
export interface FitCall {
  readonly x0: unknown;
  readonly args: readonly unknown[];
  readonly own: readonly unknown[];
  /** Derivatives of the residuals with respect to each parameter. */
  readonly columns: (x: Float64Array) => ColumnMatrix;
  /** Starts in the order in which they are searched from. Default: x0. */
  readonly starts?: readonly FitStart[];
  /** Numbers of iterations and evaluations of searches before. Default 0. */
  readonly before?: { readonly iterations: number; readonly evaluations: number };
}

/** A start of a fit. */
export interface FitStart {
  readonly x: Float64Array;
  /** True if x minimises the sum of squares without the constraints. Then it is the result if they hold there. */
  readonly isMinimum: boolean;
  /** Reason to end the fit at x in any case. */
  readonly stopped?: StopReason | undefined;
}

/**
 * If the first search reduces the sum of squares below this fraction of the sum at the start, a second search follows.
 */
const smallSum = 0.01;
/**
 * The tolerances of the second search refer to the sum that the first one reached, but at least to this fraction of the
 * sum at the start.
 */
const leastShare = 1e-6;
/** Maximum number of iterations of the second search. Because of rounding errors, it may never reach its tolerances. */
const mostRefinements = 60;
/** Violations below this one are rounding. */
const negligible = 1e-10;

/** Reasons that end a fit, although starts are left. */
const limitReasons: readonly string[] = ["iterations", "evaluations", "aborted", "callback"];

/**
 * Minimises a sum of squares under constraints. A minimum without constraints is the result if the constraints hold there;
 * otherwise the best result of the searches from all starts.
 */
export function fitUnderConstraints(
  task: ConstrainedTaskOptions,
): (call: FitCall) => Generator<void, ConstrainedFit, void> {
  // active constraints are found by their multipliers near, not at, their limits
  const prepared = prepareSearch({ method: "interior-point", ...task });
  const { rules, constraintTolerance } = prepared;
  return function* (call) {
    const { columns, starts = [undefined], before = { iterations: 0, evaluations: 0 } } = call;
    const counts = { evaluations: before.evaluations, hessianProducts: 0 };
    const history: ConstrainedIteration[] = [];
    let { iterations } = before;
    let found: FinishedSearch | undefined;
    let endsAtStart = false;
    for (const start of starts) {
      const next = yield* refinedSearch(prepared, call, {
        own: call.own,
        counts,
        iterationsBefore: iterations,
        rules: { ...rules, maxIterations: Math.max(1, rules.maxIterations - iterations) },
        ...(start === undefined ? {} : { from: start.x }),
        endAt(violation) {
          const end = start && endOf(start, violation <= constraintTolerance);
          endsAtStart = end !== undefined;
          return end;
        },
      });
      const numbered = next.result.history.map((at) => ({ ...at, iteration: at.iteration + iterations }));
      history.push(...(found === undefined ? numbered : numbered.slice(1)));
      iterations += next.result.iterations;
      found = found === undefined ? next : better(found, next);
      if (endsAtStart || limitReasons.includes(next.result.reason)) break;
    }
    const { x } = found!.assessment;
    const derivatives = columns(x);
    return {
      x,
      solved: {
        ...found!.result,
        ...counts,
        iterations,
        history,
        method: endsAtStart ? "levenberg-marquardt" : "interior-point",
      },
      tangentSpace: tangentSpaceAt(found!, derivatives, found!.rowName),
      columns: derivatives,
    };
  };
}

function endOf({ isMinimum, stopped }: FitStart, isFeasible: boolean): ReturnType<StartVerdict> {
  if (stopped !== undefined) return { reason: stopped, message: undefined };
  if (!isMinimum || !isFeasible) return undefined;
  return { reason: "solved", message: "The constraints hold at the minimum without constraints." };
}

type StartVerdict = NonNullable<SearchStage["endAt"]>;

/**
 * Returns the better of two results: a solved one rather than an unsolved one. Of two solved results, the one with the
 * smaller sum of squares is better; of two unsolved ones, the one with the smaller violation.
 */
function better(a: FinishedSearch, b: FinishedSearch): FinishedSearch {
  const [first, second] = [a.result, b.result];
  if (first.converged !== second.converged) return first.converged ? a : b;
  if (!first.converged && first.violation !== second.violation)
    return second.violation < first.violation ? b : a;
  return second.value < first.value ? b : a;
}

/**
 * Runs a search from one start. Its tolerances refer to the sum of squares at the start. If the sum falls far below
 * (`smallSum`), a second search continues with tolerances that refer to the sum reached.
 */
function* refinedSearch(
  { run }: ReturnType<typeof prepareSearch>,
  { x0, args, columns }: FitCall,
  stage: Omit<SearchStage, "units">,
): Generator<void, FinishedSearch, void> {
  const unitsOf = (at: Float64Array, cost: number): ProblemUnits => ({
    cost,
    parameters: parameterUnits(at, columns(at), cost),
  });
  let unit = 1;
  const found = yield* run(x0, args, {
    ...stage,
    units: (start, value) => {
      unit = value > 0 && value < Infinity ? value : 1;
      return unitsOf(start, unit);
    },
  });
  const { value, iterations, converged } = found.result;
  const left = stage.rules.maxIterations - iterations;
  if (!converged || value >= smallSum * unit || left <= 0 || found.result.history.length === 1) return found;
  const again = yield* run(x0, args, {
    own: stage.own,
    counts: stage.counts,
    from: found.assessment.x,
    rules: { ...stage.rules, maxIterations: Math.min(left, mostRefinements) },
    iterationsBefore: stage.iterationsBefore + iterations,
    units: (start) => unitsOf(start, Math.max(value, leastShare * unit)),
  });
  return joined(found, again, left <= mostRefinements);
}

/**
 * For each parameter, the change that changes the residuals by about their norm, but at most the parameter itself (or
 * 1, if that is larger). They make the steps of a search independent of the units of parameters.
 */
function parameterUnits(at: Float64Array, columns: ColumnMatrix, cost: number): Float64Array {
  return at.map((x, i) => {
    const change = Math.sqrt(cost) / length(columns[i]!);
    const most = Math.max(1, Math.abs(x));
    return change > 0 && change < most ? change : most;
  });
}

/**
 * Combines a search with a second one that continued it. If the second one got stuck, or used up an iteration limit
 * other than the user's (`isLimited`), the better of both points counts, with the verdict of the first search.
 */
function joined(first: FinishedSearch, second: FinishedSearch, isLimited: boolean): FinishedSearch {
  const { iterations, reason, converged, message } = first.result;
  const isStuck =
    ["acceptable", "numerical", "infeasible"].includes(second.result.reason) ||
    (second.result.reason === "iterations" && !isLimited);
  const isBetter =
    second.result.value <= first.result.value &&
    second.result.violation <= Math.max(first.result.violation, negligible);
  const kept = isStuck && !isBetter ? first : second;
  const result: ConstrainedResult<unknown> = {
    ...kept.result,
    ...(isStuck ? { reason, converged, message } : {}),
    iterations: iterations + second.result.iterations,
    evaluations: second.result.evaluations,
    hessianProducts: second.result.hessianProducts,
    history: [
      ...first.result.history,
      ...second.result.history.slice(1).map((at) => ({ ...at, iteration: at.iteration + iterations })),
    ],
  };
  return { ...kept, result };
}
