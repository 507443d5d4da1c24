import { mul, neg } from "../../array/elementwise.ts";
import { tensor } from "../../array/create.ts";
import { reshape, slice } from "../../array/shape.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { arrayType } from "../../../engine/ir/types.ts";
import { traceProgram } from "../../../engine/trace/index.ts";
import { flattenArguments, unflattenArguments } from "../../../engine/transforms/arguments.ts";
import { bound } from "../../../engine/transforms/plain.ts";
import { sizeOf } from "../../../engine/util/shape.ts";
import type { ConstrainedResult } from "../minimize/minimize.ts";
import { flatParameters, requireResult } from "../minimize/problem.ts";
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

/** A search with numbers as arguments: its result, and the solved problem. */
export type ConcreteRun = (
  x0: unknown,
  args: readonly unknown[],
) => Generator<void, SolvedProgram & { readonly result: ConstrainedResult<unknown> }, void>;

/** A search that is differentiated. */
interface DifferentiatedTask {
  readonly operation: string;
  readonly f: (...given: never[]) => unknown;
  readonly constraints: readonly Constraint[];
  readonly run: ConcreteRun;
}

/**
 * Result of a search whose arguments are traced: `params`, `value` and `multipliers` are traced tensors, and the other
 * fields are those of the search with the numbers.
 *
 * @throws DownhillError `diverged` unless the search ends with `solved`.
 */
export function differentiableResult(
  { operation, f, constraints, run }: DifferentiatedTask,
  x0: unknown,
  args: readonly unknown[],
): ConstrainedResult<unknown> {
  refuseStaging(operation);
  const { leaves: data, defs } = flattenArguments(args, operation);
  const flat = flatParameters(operation, x0, f);
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
  let latest: { readonly data: readonly Tensor[]; readonly solved: SolvedProgram; readonly result: ConstrainedResult<unknown> } | undefined; // prettier-ignore
  const solve = (given: readonly Tensor[]): SolvedProgram => {
    if (latest?.data.every((x, i) => x === given[i]) !== true) {
      const solved = finish(run(x0, unflattenArguments(defs, given)));
      latest = { data: given, solved, result: solved.result };
    }
    const { reason, message } = latest.result;
    if (reason === "solved") return latest.solved;
    throw new DownhillError("diverged", `${operation}: a search that ends with ${reason} has no derivative. ${message}`); // prettier-ignore
  };
  const { x, rows } = differentiableSolution(data, {
    operation,
    parameters,
    size,
    solve,
    functions,
    rowName: (row) => rowName(constraints, shapes, row),
    parameterName: (parameter) => parameterName(flat, parameter),
  });
  const { result, solved } = latest!;
  const { bounds } = solved.assessment;
  const isHeld = tensor(bounds.map((force, i) => (isAtBound(solved, i, force) ? 1 : 0)));
  let at = 0;
  return {
    ...result,
    params: flat.toTree(x),
    value: functions.cost(x, data) as never,
    multipliers: {
      constraints: shapes.map((shape) => reshape(slice(rows, [at, (at += sizeOf(shape))]), shape)),
      bounds: flat.toTree(mul(isHeld, neg(lagrangianSlope(functions, x, rows, data)))),
    },
  };
}

function isAtBound(
  { assessment: { x }, box: { low, high } }: SolvedProgram,
  i: number,
  force: number,
): boolean {
  return low[i] === high[i] || Math.abs(force) > Math.min(x[i]! - low[i]!, high[i]! - x[i]!);
}
