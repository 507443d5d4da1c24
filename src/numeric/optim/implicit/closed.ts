import type { Program } from "../../../engine/ir/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { evalProgram, interned, traceProgram } from "../../../engine/trace/index.ts";
import { flattenArguments, unflattenArguments } from "../../../engine/transforms/arguments.ts";

/** A traced function with explicit operands and data. Values that the original function captured count as data. */
export interface ClosedFunction {
  /** All data that the function depends on besides its operands: the leaves of its arguments, and captured values. */
  readonly data: readonly Tensor[];
  /** The trace. Structurally equal functions have the same object while no other function is traced. */
  readonly program: Program;
  /** Evaluates the function for operands and data of the traced types. */
  readonly call: (operands: readonly Tensor[], data: readonly Tensor[]) => Tensor;
}

/**
 * Traces `f(operands, args)` into a function with explicit data, so that a solver controls everything that it depends
 * on, including traced values of enclosing transforms.
 */
export function closed(
  operation: string,
  operands: readonly Tensor[],
  args: readonly unknown[],
  f: (operands: readonly Tensor[], args: readonly unknown[]) => Tensor,
): ClosedFunction {
  const { leaves, defs } = flattenArguments(args, operation);
  const given = leaves.map((x) => asTensor(x, operation));
  const types = [...operands, ...given].map((x) => x.type);
  const traced = traceProgram(operation, types, (...xs) => [
    f(xs.slice(0, operands.length), unflattenArguments(defs, xs.slice(operands.length))),
  ]);
  const { captured } = traced;
  const program = interned(traced.program);
  const count = captured.length;
  return {
    program,
    data: [...captured, ...given],
    call: (own, data) => evalProgram(program, [...data.slice(0, count), ...own, ...data.slice(count)])[0]!,
  };
}
