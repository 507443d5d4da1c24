import type { Tensor } from "../../../engine/ir/tensor.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { evalProgram, traceProgram } from "../../../engine/trace/staging.ts";
import { flattenArguments, unflattenArguments } from "../../../engine/transforms/arguments.ts";

/** A function of some operands of its own and of data, traced: what it reads from outside counts among the data. */
export interface ClosedFunction {
  /** What it depends on besides its operands: the leaves of its arguments, and what it reads from outside. */
  readonly data: readonly Tensor[];
  /** Its result for operands and data of these types. */
  readonly call: (operands: readonly Tensor[], data: readonly Tensor[]) => Tensor;
}

/**
 * Traces `f(operands, args)`, so that it can be solved and differentiated with all that it depends on in the hands of the solver,
 * traced values of transforms around too.
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
  const { program, captured } = traceProgram(operation, types, (...xs) => [
    f(xs.slice(0, operands.length), unflattenArguments(defs, xs.slice(operands.length))),
  ]);
  const count = captured.length;
  return {
    data: [...captured, ...given],
    call: (own, data) => evalProgram(program, [...data.slice(0, count), ...own, ...data.slice(count)])[0]!,
  };
}
