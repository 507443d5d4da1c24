import { mul, neg } from "../../array/elementwise.ts";
import { zeros } from "../../../engine/prims/linear.ts";
import { reshape, slice } from "../../array/shape.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { arrayType } from "../../../engine/ir/types.ts";
import { traceProgram } from "../../../engine/trace/index.ts";
import { grad } from "../../../engine/transforms/index.ts";
import { flattenArguments, unflattenArguments } from "../../../engine/transforms/arguments.ts";
import { bound } from "../../../engine/transforms/plain.ts";
import { sizeOf } from "../../../engine/util/shape.ts";
import type { ConstrainedResult } from "../minimize/minimize.ts";
import { flatParameters, requireResult } from "../minimize/problem.ts";
import { readParameters, rebuild } from "../parameters.ts";
import { finish } from "../minimize/stop.ts";
import { parameterName } from "../minimize/walls.ts";
import type { Constraint } from "./constraint.ts";
import { nameOf, requireRow } from "./row-functions.ts";
import { rowName } from "./row-limits.ts";
import {
  differentiableSolution,
  lagrangianSlope,
  refuseStaging,
  type ProgramOfData,
  type SolvedProgram,
} from "./sensitivity.ts";

/** Fields that results of all searches have. */
type AnySearchResult = Pick<
  ConstrainedResult<unknown>,
  "gradient" | "reason" | "message" | "iterations" | "evaluations" | "hessianProducts"
>;

/** Runs a search with concrete numbers. Returns its result and the problem that it solved. */
export type ConcreteRun<R = ConstrainedResult<unknown>> = (
  x0: unknown,
  args: readonly unknown[],
) => Generator<void, SolvedProgram & { readonly result: R }, void>;

/** A search whose result is differentiated with respect to the arguments. */
interface DifferentiatedTask<R> {
  readonly operation: string;
  readonly f: (...given: never[]) => unknown;
  readonly constraints: readonly Constraint[];
  readonly run: ConcreteRun<R>;
  /** True if the search ended at a point whose derivatives are those of a solution. */
  readonly isSolution: (result: R) => boolean;
}

/** A solution whose start or arguments are traced. */
interface DifferentiableSearch<R> {
  readonly params: unknown;
  readonly value: Tensor;
  /** Results of the searches with concrete numbers, one per item of a batch. */
  readonly results: readonly R[];
  /** Gradient of the function at the solution: of numbers, unless the search is one of a batch. */
  readonly gradient: unknown;
  readonly multipliers: () => { readonly constraints: readonly Tensor[]; readonly bounds: unknown };
}

/**
 * Runs a search whose start or arguments are traced: one search with concrete numbers, or one per item of a batch.
 *
 * @throws DownhillError `diverged` unless all searches end at solutions, `trace` while a function is being compiled.
 */
export function differentiableSearch<R extends AnySearchResult>(
  { operation, f, constraints, run, isSolution }: DifferentiatedTask<R>,
  x0: unknown,
  args: readonly unknown[],
): DifferentiableSearch<R> {
  refuseStaging(operation);
  const { leaves: data, defs } = flattenArguments(args, operation);
  const begin = readParameters(operation, x0, "x0");
  const isStartTraced = begin.tensors.some(({ tracer }) => tracer !== undefined);
  const like = isStartTraced ? rebuild(begin, begin.tensors.map(({ type }) => zeros(type))) : x0; // prettier-ignore
  const flat = flatParameters(operation, like, f);
  const starts = isStartTraced ? begin.tensors : [];
  const evaluate = (g: unknown, x: Tensor, given: readonly Tensor[]): unknown => {
    const { call, operands } = bound(g as never, unflattenArguments(defs, given));
    return call(flat.toTree(x), operands);
  };
  const functions: ProgramOfData = {
    cost: (x, given) => requireResult(operation, evaluate(f, x, given), 0),
    rows: (x, given) => constraints.map(({ f: row }, k) => requireRow(operation, nameOf(constraints, k), evaluate(row, x, given))), // prettier-ignore
  };
  const parameters = flat.start.length;
  const types = [arrayType("float64", [parameters]), ...data.map(({ type }) => type)];
  const { program } = traceProgram(operation, types, (x, ...given) => [...functions.rows(x, given)]);
  const shapes = program.outs.map(({ type }) => type.shape);
  const size = parameters + shapes.reduce((total, shape) => total + sizeOf(shape), 0);
  const runs: FinishedRun<R>[] = [];
  const solve = (operands: readonly Tensor[]): SolvedProgram => {
    const numbers = operands.map((x) => x.data());
    let found = runs.find((earlier) => areEqual(earlier.numbers, numbers));
    if (found === undefined) {
      const from = isStartTraced ? rebuild(begin, operands.slice(0, starts.length)) : x0;
      const solved = finish(run(from, unflattenArguments(defs, operands.slice(starts.length))));
      runs.push((found = { numbers, solved }));
    }
    const { result } = found.solved;
    if (isSolution(result)) return found.solved;
    throw new DownhillError("diverged", `${operation}: a search that ends with ${result.reason} has no derivative, and is no item of a batch. ${result.message}`); // prettier-ignore
  };
  const { x, rows, isHeld } = differentiableSolution([...starts, ...data], {
    operation,
    parameters,
    size,
    starts: starts.length,
    solve,
    functions,
    rowName: (row) => rowName(constraints, shapes, row),
    parameterName: (parameter) => parameterName(flat, parameter),
  });
  const results = runs.map(({ solved }) => solved.result);
  return {
    params: flat.toTree(x),
    value: functions.cost(x, data),
    results,
    gradient: results.length === 1 ? results[0]!.gradient : flat.toTree(grad((p: Tensor) => functions.cost(p, data))(x)), // prettier-ignore
    multipliers() {
      let at = 0;
      return {
        constraints: shapes.map((shape) => reshape(slice(rows, [at, (at += sizeOf(shape))]), shape)),
        bounds: flat.toTree(mul(isHeld, neg(lagrangianSlope(functions, x, rows, data)))),
      };
    },
  };
}

/** A search that ran with concrete numbers. */
interface FinishedRun<R> {
  /** The numbers of its operands, one array per operand. */
  readonly numbers: readonly ArrayLike<number>[];
  readonly solved: SolvedProgram & { readonly result: R };
}

/**
 * Result of a constrained search whose start or arguments are traced. `params`, `value` and `multipliers` are traced
 * tensors; the other fields are those of the search with concrete numbers. Under `vmap`, which runs one search per item,
 * counts are totals, errors are the largest ones, and `history` is empty.
 *
 * @throws DownhillError `diverged` unless all searches end with `solved`.
 */
export function differentiableResult(
  task: Omit<DifferentiatedTask<ConstrainedResult<unknown>>, "isSolution">,
  x0: unknown,
  args: readonly unknown[],
): ConstrainedResult<unknown> {
  const isSolution = ({ reason }: ConstrainedResult<unknown>): boolean => reason === "solved";
  const { params, value, results, gradient, multipliers } = differentiableSearch({ ...task, isSolution }, x0, args); // prettier-ignore
  return {
    ...(results.length === 1 ? results[0]! : summary(results)),
    gradient,
    params,
    value: value as never,
    multipliers: multipliers(),
  };
}

function areEqual(a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): boolean {
  return a.every((x, i) => {
    const y = b[i]!;
    for (let k = 0; k < x.length; k++) if (!Object.is(x[k], y[k])) return false;
    return true;
  });
}

/** Counts of several searches, one per item of a batch: they are summed. */
export function totalCounts(
  results: readonly AnySearchResult[],
): Pick<AnySearchResult, "iterations" | "evaluations" | "hessianProducts"> {
  const total = (of: (result: AnySearchResult) => number): number =>
    results.reduce((sum, result) => sum + of(result), 0);
  return {
    iterations: total(({ iterations }) => iterations),
    evaluations: total(({ evaluations }) => evaluations),
    hessianProducts: total(({ hessianProducts }) => hessianProducts),
  };
}

/** Combines the results of several successful searches, one per item of a batch. Errors are the largest of all searches. */
function summary(results: readonly ConstrainedResult<unknown>[]): ConstrainedResult<unknown> {
  const most = (of: (result: ConstrainedResult<unknown>) => number): number =>
    results.reduce((largest, result) => Math.max(largest, of(result)), 0);
  return {
    ...results.at(-1)!,
    ...totalCounts(results),
    violation: most(({ violation }) => violation),
    optimality: most(({ optimality }) => optimality),
    history: [],
  };
}
