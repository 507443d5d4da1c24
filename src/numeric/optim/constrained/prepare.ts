import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { type Shape, sizeOf } from "../../../engine/util/shape.ts";
import { requireCompiled } from "../../../engine/transforms/plain.ts";
import { fixed, flag, oneOf, readOptions } from "../options.ts";
import type { ConstrainedResult, SolverOptions } from "../minimize/minimize.ts";
import { flatParameters, type FlatParameters, pick, requireResult } from "../minimize/problem.ts";
import { closeTracedCaptures, isTraced, refuseTracedBounds } from "../minimize/traced-captures.ts";
import { explanationOf, type Limits, readLimits, type StopReason } from "../minimize/stop.ts";
import { type Bounds, type BoxBounds, inside, parameterName, readWalls } from "../minimize/walls.ts";
import type { Constraint, PrepareConstrained } from "./constraint.ts";
import type { BarrierRule } from "./barrier-rule.ts";
import { objectiveIndex } from "./kinks.ts";
import type { ConstrainedMethod } from "./methods.ts";
import type { ProblemKind } from "./problem-kind.ts";
import { assessAt, assessFree, recordOf, shapeMultipliers } from "./result.ts";
import { type CostOf, nameOf, requireRow, type RowFunctions, rowFunctions } from "./row-functions.ts";
import { elementName, readRowLimits, rowName } from "./row-limits.ts";
import { type ConstrainedOutcome, constrainedSearch, usesLbfgs } from "./search.ts";
import { type ConcreteRun, differentiableResult } from "./differentiable-result.ts";
import type { SolvedProgram } from "./sensitivity.ts";
import { inUnits, spreadUnits } from "./units.ts";
import { joinOpposites } from "./opposite-rows.ts";
import { pushInside } from "./start.ts";
import { shiftTracedLimits } from "./traced-limits.ts";
import { readWarmStart } from "./warm-start.ts";

/** Checked options of a search under constraints. */
interface ConstrainedSettings {
  readonly rules: Limits;
  readonly constraintTolerance: number;
  readonly barrierRule: BarrierRule;
  readonly hessian: "sparse" | "lbfgs";
  /** The method that was asked for. */
  readonly method: ConstrainedMethod | undefined;
}

const ownOptions = [
  "method",
  "jit",
  "low",
  "high",
  "constraints",
  "constraintTolerance",
  "hessian",
  "warmStart",
  "barrier",
] as const;
const methods = ["interior-point", "sqp"] as const;

function readSettings(operation: string, options: SolverOptions<never>): ConstrainedSettings {
  const rules = readLimits(operation, options, [...ownOptions]);
  const refused = (["valueTolerance", "stepTolerance"] as const).find((name) => options[name] !== undefined);
  if (refused !== undefined)
    throw new DownhillError(
      "option",
      `${operation}: ${refused} does not apply with constraints. gradientTolerance and constraintTolerance decide.`,
    );
  if (options.hessian === "dense")
    throw new DownhillError(
      "option",
      `${operation}: hessian "dense" does not apply with constraints. Use "sparse" (the default) or "lbfgs".`,
    );
  const { method } = options;
  if (method !== undefined && !methods.some((name) => name === method))
    throw new DownhillError(
      "option",
      `${operation}: ${method} does not support constraints. Omit method, or use "interior-point" or "sqp".`,
    );
  const { jit, constraintTolerance, barrier, hessian } = readOptions<
    Pick<SolverOptions, "jit" | "constraintTolerance" | "method" | "barrier" | "hessian">
  >(operation, pick(options, ["jit", "constraintTolerance", "method", "barrier", "hessian"]), {
    hessian: oneOf("auto", ["auto", "sparse", "lbfgs"]),
    barrier: oneOf<BarrierRule>("monotone", ["monotone", "adaptive"]),
    jit: flag(true),
    constraintTolerance: fixed(1e-8, { from: 0 }),
    method: oneOf<ConstrainedMethod>("interior-point", methods),
  });
  if (!jit)
    throw new DownhillError(
      "option",
      `${operation}: constraints need compiled functions, in which sparse patterns are found, so jit must not be false.`,
    );
  return {
    rules,
    constraintTolerance,
    barrierRule: barrier,
    hessian: hessian === "lbfgs" ? "lbfgs" : "sparse",
    method: method as ConstrainedMethod | undefined,
  };
}

/** Largest numbers of parameters and of rows for which `sqp` is the default. */
const fewParameters = 50;
const fewRows = 200;

/** `sqp` for small problems. For linear ones Mehrotra's method takes fewer iterations. */
function defaultMethod(kind: ProblemKind, parameters: number, rows: number): ConstrainedMethod {
  return kind !== "linear" && parameters <= fewParameters && rows <= fewRows ? "sqp" : "interior-point";
}

/** A problem with constraints whose cost `costOf` computes from the result of the function `f`. */
export interface ConstrainedTaskOptions {
  readonly operation: string;
  readonly f: (...given: never[]) => unknown;
  readonly options: object;
  readonly costOf: CostOf;
  /** Method to use if the user's options name none. Default: chosen by the size and kind of the problem. */
  readonly method?: ConstrainedMethod;
  /** Returns true for each element of the parameters that keeps its value. */
  readonly fixed?: ((flat: FlatParameters) => readonly boolean[]) | undefined;
}

/**
 * One of several searches for the same problem, with its own limits of iterations and evaluations, and its own start.
 */
export interface SearchStage {
  /** Further arguments of `f`. The constraints receive other ones. */
  readonly own: readonly unknown[];
  /** Parameters at the start of the search. Default: x0. */
  readonly from?: Float64Array;
  readonly rules: Limits;
  /**
   * Returns the units of the scaled problem, given the start and its value: the value of the function, and the change
   * of each parameter, that count as 1.
   */
  readonly units: (start: Float64Array, value: number) => ProblemUnits;
  readonly counts: { evaluations: number; hessianProducts: number };
  /** Number of iterations of earlier stages. */
  readonly iterationsBefore: number;
  /** Decides by the violation at `from` whether the search ends there, with a reason and a message. Default: it does not. */
  readonly endAt?: (violation: number) => Pick<ConstrainedOutcome, "reason" | "message"> | undefined;
}

/** Values that count as 1 in the scaled problem. */
export interface ProblemUnits {
  readonly cost: number;
  /** One per parameter. Default: 1. */
  readonly parameters?: Float64Array;
}

/** A finished search: its result, the solved problem, and names of its rows. */
export interface FinishedSearch extends SolvedProgram {
  readonly result: ConstrainedResult<unknown>;
  readonly rowName: (row: number) => string;
}

/** Prepares searches under constraints, with their options checked. */
export function prepareSearch({
  operation,
  f,
  options: given,
  costOf,
  method: usual,
  fixed: held,
}: ConstrainedTaskOptions): {
  readonly rules: Limits;
  readonly constraintTolerance: number;
  readonly run: (
    x0: unknown,
    args: readonly unknown[],
    stage: SearchStage,
  ) => Generator<void, FinishedSearch, void>;
} {
  requireCompiled(operation, f);
  const options = given as SolverOptions<never> & { readonly constraints: readonly Constraint[] };
  const settings = readSettings(operation, options);
  const { constraints, callback } = options;
  const functionsFor = rowFunctions(operation, f, constraints, costOf);
  const run = function* (
    x0: unknown,
    args: readonly unknown[],
    stage: SearchStage,
  ): Generator<void, FinishedSearch, void> {
    const flat = flatParameters(operation, x0, f);
    const box = holdFixed(readWalls(flat, options), flat.start, held?.(flat));
    const cold = pushInside(inside(stage.from ?? flat.start, box), box.low, box.high);
    const uncounted = functionsFor({ ...flat, start: cold }, args, stage.own);
    const functions = counted(uncounted, stage.counts);
    const { shapes } = functions;
    const warmStart =
      stage.from === undefined ? readWarmStart(flat, f, shapes, options.warmStart) : undefined;
    const start = warmStart === undefined ? cold : inside(warmStart.x, box);
    const written = readRowLimits(operation, constraints, shapes);
    const joined = joinOpposites(functions.values(start).rows, (x) => uncounted.values(x).rows, start, box, written); // prettier-ignore
    const limits = joined?.limits ?? written;
    const { counts, iterationsBefore } = stage;
    const searched = { program: functions, box, limits, rowName: (row: number) => rowName(constraints, shapes, row) }; // prettier-ignore
    const form = usesLbfgs({ ...settings, kind: functions.kind }) ? "lbfgs" : "sparse";
    if (stage.endAt !== undefined && stage.from !== undefined) {
      const assessment = assessFree(functions, box, limits, inside(stage.from, box));
      const end = stage.endAt(assessment.violation);
      if (end !== undefined) {
        const outcome = { ...end, method: settings.method ?? "interior-point", assessment, history: [recordOf(assessment, 0)] }; // prettier-ignore
        return { ...searched, assessment, result: report(flat, constraints, functions, outcome, { ...counts, hessian: form }) }; // prettier-ignore
      }
    }
    const units = stage.units(start, functions.values(start).value);
    const scaled = inUnits(
      functions,
      start,
      box,
      units.parameters ?? (functions.kind === "linear" ? undefined : spreadUnits(functions, start)),
    );
    const outcome = yield* constrainedSearch({
      operation,
      ...scaled,
      kind: functions.kind,
      limits,
      ...settings,
      rules: stage.rules,
      unit: units.cost,
      method: settings.method ?? usual ?? defaultMethod(functions.kind, flat.start.length, limits.low.length),
      warmStart: warmStart && scaled.multipliers({ ...warmStart, rows: joined?.join(warmStart.rows) ?? warmStart.rows }), // prettier-ignore
      evaluations: () => counts.evaluations,
      watch: (x, { iteration, value, optimality }) =>
        callback?.({
          iteration: iterationsBefore + iteration,
          value,
          slope: optimality,
          params: flat.fromVector(scaled.parameters(x)) as never,
        }) === true,
      describeNotFinite: ({ value, rows }) => describeNotFinite(value, rows, constraints, shapes),
      describeFunctions: (indices) => listFunctions(constraints, shapes, indices).join(" and "),
      describeConflict: (rows, parameters) => describeConflict(flat, constraints, shapes, rows, parameters),
    });
    const assessment = scaled.assess(outcome.assessment, limits);
    const { x, rows, bounds } = assessment;
    const shown = joined === undefined ? assessment : assessAt(functions, box, written, { x, rows: joined.split(rows), bounds }); // prettier-ignore
    return {
      ...searched,
      result: report(
        flat,
        constraints,
        functions,
        { ...outcome, assessment: shown },
        { ...counts, hessian: form },
      ),
      assessment,
    };
  };
  return { rules: settings.rules, constraintTolerance: settings.constraintTolerance, run };
}

/** Replaces both bounds of each fixed parameter by its value at the start, so that it keeps this value. */
function holdFixed(box: BoxBounds, at: Float64Array, isFixed: readonly boolean[] | undefined): BoxBounds {
  if (isFixed === undefined) return box;
  const hold = (bounds: Float64Array): Float64Array =>
    bounds.map((bound, i) => (isFixed[i]! ? at[i]! : bound));
  return { low: hold(box.low), high: hold(box.high) };
}

/** Checks the options of `minimize` with constraints, and returns the function that runs the search. */
export const prepareConstrained: PrepareConstrained = (operation, f, given) => {
  const { constraints, ...bounds } = given as Bounds & { readonly constraints: readonly Constraint[] };
  refuseTracedBounds(operation, bounds);
  const shifted = shiftTracedLimits(operation, f, constraints);
  if (shifted !== undefined) {
    const search = prepareConstrained(operation, shifted.f, { ...given, constraints: shifted.constraints });
    return function* (x0, args) {
      const result = yield* search(x0, [...args, ...shifted.limits]);
      return shifted.restore(result as ConstrainedResult<unknown>);
    };
  }
  const costOf = (out: unknown): Tensor => requireResult(operation, out, 0);
  const { rules, run: search } = prepareSearch({ operation, f, options: given, costOf });
  const run: ConcreteRun = (x0, args) =>
    search(x0, args, {
      own: args,
      rules,
      units: () => ({ cost: 1 }),
      counts: { evaluations: 0, hessianProducts: 0 },
      iterationsBefore: 0,
    });
  return function* (x0, args): Generator<void, ConstrainedResult<unknown>, void> {
    const rows = constraints.map((constraint, k) => ({
      f: constraint.f as typeof f,
      check: (out: unknown) => requireRow(operation, nameOf(constraints, k), out),
    }));
    const closed = closeTracedCaptures(operation, [{ f, check: costOf }, ...rows], x0, args);
    if (closed !== undefined) {
      const [cost, ...ofRows] = closed.functions;
      const own = constraints.map((constraint, k) => ({ ...constraint, f: ofRows[k] as Constraint["f"] }));
      const closedSearch = prepareConstrained(operation, cost as typeof f, { ...given, constraints: own });
      return (yield* closedSearch(x0, [...args, ...closed.captured])) as ConstrainedResult<unknown>;
    }
    if (isTraced([x0, args])) return differentiableResult({ operation, f, constraints, run }, x0, args);
    return (yield* run(x0, args)).result;
  };
};

interface Counts {
  evaluations: number;
  hessianProducts: number;
}

/**
 * Wraps functions so that evaluations and products with Hessians are counted. Repeated evaluations and derivatives at
 * the latest point are cached and not counted.
 */
function counted(functions: RowFunctions, counts: Counts): RowFunctions {
  return {
    ...functions,
    values: latestOf((x) => {
      counts.evaluations++;
      return functions.values(x);
    }),
    gradient: latestOf((x) => functions.gradient(x)),
    jacobian: latestOf((x) => functions.jacobian(x)),
    hessian(x, weight, y) {
      const found = functions.hessian(x, weight, y);
      counts.hessianProducts += functions.hessianPasses();
      return found;
    },
  };
}

/** Caches the result of a function for its latest argument. */
function latestOf<T>(f: (x: Float64Array) => T): (x: Float64Array) => T {
  let latest: { readonly x: Float64Array; readonly out: T } | undefined;
  return (x) => {
    if (latest === undefined || !latest.x.every((xi, i) => xi === x[i])) latest = { x: x.slice(), out: f(x) };
    return latest.out;
  };
}

function report(
  flat: FlatParameters,
  constraints: readonly Constraint[],
  { shapes, kind }: RowFunctions,
  { method, assessment, reason, message, history }: ConstrainedOutcome,
  counts: Counts & Pick<ConstrainedResult<unknown>, "hessian">,
): ConstrainedResult<unknown> {
  const { x, value, gradient, violation, optimality } = assessment;
  return {
    params: flat.fromVector(x),
    value,
    gradient: flat.fromVector(gradient),
    reason,
    converged: reason === "solved",
    message:
      message ??
      `${explanationOf(reason as StopReason)} The largest violation is ${violation.toExponential(2)}.`,
    iterations: Math.max(0, history.length - 1),
    ...counts,
    method,
    problem: kind,
    multipliers: shapeMultipliers(flat, constraints, shapes, assessment),
    violation,
    optimality,
    history,
  };
}

function describeNotFinite(
  value: number,
  rows: Float64Array,
  constraints: readonly Constraint[],
  shapes: readonly Shape[],
): string {
  if (!Number.isFinite(value)) return `The value is ${value}`;
  const j = rows.findIndex((row) => !Number.isFinite(row));
  return `${rowName(constraints, shapes, j)} is ${rows[j]}`;
}

/**
 * Maximum number of constraints that a message lists (`mostListed`), and of elements of one constraint that it names
 * (`mostNamed`).
 */
const mostListed = 8;
const mostNamed = 4;

/** Names of rows for a message. Of a constraint with many of the rows, only their number is reported. */
function listRows(
  constraints: readonly Constraint[],
  shapes: readonly Shape[],
  rows: readonly number[],
): readonly string[] {
  let end = 0;
  return shapes.flatMap((shape, k) => {
    const from = end;
    end += sizeOf(shape);
    const own = rows.filter((j) => j >= from && j < end);
    if (own.length <= mostNamed) return own.map((j) => elementName(nameOf(constraints, k), shape, j - from));
    return [`${nameOf(constraints, k)} (${own.length} of ${end - from} values)`];
  });
}

/** Names of functions for a message: the cost has the index −1, rows have their own. */
function listFunctions(
  constraints: readonly Constraint[],
  shapes: readonly Shape[],
  indices: readonly number[],
): readonly string[] {
  const rows = listRows(
    constraints,
    shapes,
    indices.filter((j) => j !== objectiveIndex),
  );
  return indices.includes(objectiveIndex) ? ["the cost", ...rows] : rows;
}

function describeConflict(
  flat: FlatParameters,
  constraints: readonly Constraint[],
  shapes: readonly Shape[],
  rows: readonly number[],
  parameters: readonly number[],
): string {
  const names = [
    ...listRows(constraints, shapes, rows),
    ...(parameters.length > mostNamed
      ? [`${parameters.length} bounds of parameters`]
      : parameters.map((i) => `the bound of ${parameterName(flat, i)}`)),
  ];
  if (names.length === 0) return "";
  const more = names.length - mostListed;
  const listed = names.slice(0, mostListed).join(", ") + (more > 0 ? `, and ${more} more` : "");
  return names.length === 1 ? `It violates ${listed}.` : `In conflict are: ${listed}.`;
}
