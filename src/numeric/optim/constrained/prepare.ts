import { DownhillError } from "../../../engine/errors/index.ts";
import { Tensor } from "../../../engine/ir/tensor.ts";
import { type Shape, sizeOf } from "../../../engine/util/shape.ts";
import { requireCompiled } from "../../../engine/transforms/plain.ts";
import { fixed, flag, oneOf, readOptions } from "../options.ts";
import type { ConstrainedResult, SolverOptions } from "../minimize/minimize.ts";
import { flatParameters, type FlatParameters, pick } from "../minimize/problem.ts";
import { explanationOf, type Limits, readLimits, type StopReason } from "../minimize/stop.ts";
import { inside, parameterName, readWalls } from "../minimize/walls.ts";
import type { Constraint, PrepareConstrained } from "./constraint.ts";
import { shapeMultipliers } from "./result.ts";
import { nameOf, type RowFunctions, rowFunctions } from "./row-functions.ts";
import { elementName, readRowLimits, rowName } from "./row-limits.ts";
import { type ConstrainedOutcome, constrainedSearch } from "./search.ts";
import { type ConcreteRun, differentiableResult } from "./differentiable-result.ts";
import { pushInside } from "./start.ts";

/** Options of a search under constraints, checked. */
interface ConstrainedSettings {
  readonly rules: Limits;
  readonly constraintTolerance: number;
}

const ownOptions = ["method", "jit", "low", "high", "constraints", "constraintTolerance", "hessian"] as const;

function readSettings(operation: string, options: SolverOptions<never>): ConstrainedSettings {
  const rules = readLimits(operation, options, [...ownOptions]);
  const refused = (["hessian", "valueTolerance", "stepTolerance"] as const).find(
    (name) => options[name] !== undefined,
  );
  if (refused !== undefined) {
    const instead =
      refused === "hessian" ? "The Hessian is sparse." : "gradientTolerance and constraintTolerance decide.";
    throw new DownhillError("option", `${operation}: ${refused} does not apply with constraints. ${instead}`);
  }
  const { method } = options;
  if (method !== undefined && method !== "interior-point")
    throw new DownhillError(
      "option",
      `${operation}: ${method} does not support constraints. Omit method, or use method: "interior-point".`,
    );
  const { jit, constraintTolerance } = readOptions<
    Pick<SolverOptions, "jit" | "constraintTolerance" | "method">
  >(operation, pick(options, ["jit", "constraintTolerance", "method"]), {
    jit: flag(true),
    constraintTolerance: fixed(1e-8, { from: 0 }),
    method: oneOf("interior-point", ["interior-point"]),
  });
  if (!jit)
    throw new DownhillError(
      "option",
      `${operation}: constraints need compiled functions, in which sparse patterns are found, so jit must not be false.`,
    );
  return { rules, constraintTolerance };
}

/** Prepares a search under constraints. */
export const prepareConstrained: PrepareConstrained = (operation, f, given) => {
  requireCompiled(operation, f);
  const options = given as SolverOptions<never> & { readonly constraints: readonly Constraint[] };
  const settings = readSettings(operation, options);
  const { constraints, callback } = options;
  const functionsFor = rowFunctions(operation, f, constraints);
  const run: ConcreteRun = function* (x0, args) {
    const flat = flatParameters(operation, x0, f);
    const box = readWalls(flat, options);
    const start = pushInside(inside(flat.start, box), box.low, box.high);
    const functions = functionsFor({ ...flat, start }, args);
    const { shapes } = functions;
    const limits = readRowLimits(operation, constraints, shapes);
    const counts = { evaluations: 0, hessianProducts: 0 };
    const outcome = yield* constrainedSearch({
      operation,
      program: counted(functions, counts),
      start,
      box,
      limits,
      ...settings,
      evaluations: () => counts.evaluations,
      watch: (x, { iteration, value, optimality }) =>
        callback?.({ iteration, value, slope: optimality, params: flat.fromVector(x) as never }) === true,
      describeNotFinite: ({ value, rows }) => describeNotFinite(value, rows, constraints, shapes),
      describeConflict: (rows, parameters) => describeConflict(flat, constraints, shapes, rows, parameters),
    });
    const { assessment } = outcome;
    const result = report(flat, constraints, shapes, outcome, counts);
    return { result, assessment, program: functions, box, limits };
  };
  return function* (x0, args): Generator<void, ConstrainedResult<unknown>, void> {
    if (isTraced(args)) return differentiableResult({ operation, f, constraints, run }, x0, args);
    return (yield* run(x0, args)).result;
  };
};

/** True if a tree of arguments contains a tensor of an enclosing transform. */
function isTraced(value: unknown): boolean {
  if (value instanceof Tensor) return value.tracer !== undefined;
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return false;
  return Object.values(value).some(isTraced);
}

interface Counts {
  evaluations: number;
  hessianProducts: number;
}

/** Counts evaluations of the functions. The values of the latest point are remembered. */
function counted(functions: RowFunctions, counts: Counts): RowFunctions {
  let latest: { readonly x: Float64Array; readonly values: ReturnType<RowFunctions["values"]> } | undefined;
  return {
    ...functions,
    values(x) {
      if (latest === undefined || !latest.x.every((xi, i) => xi === x[i])) {
        counts.evaluations++;
        latest = { x: x.slice(), values: functions.values(x) };
      }
      return latest.values;
    },
    hessian(x, weight, y) {
      const found = functions.hessian(x, weight, y);
      counts.hessianProducts += functions.hessianPasses();
      return found;
    },
  };
}

function report(
  flat: FlatParameters,
  constraints: readonly Constraint[],
  shapes: readonly Shape[],
  { assessment, reason, message, history }: ConstrainedOutcome,
  counts: Counts,
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
    hessian: "sparse",
    method: "interior-point",
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

/** Number of constraints that a message lists, and of elements of one constraint that it names. */
const mostListed = 8;
const mostNamed = 4;

/** Names of rows; constraints with many of them only with their number. */
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
