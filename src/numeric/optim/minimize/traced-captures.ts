import { DownhillError } from "../../../engine/errors/index.ts";
import { Tensor } from "../../../engine/ir/tensor.ts";
import { evalProgram, isTracing, traceProgram } from "../../../engine/trace/index.ts";
import { flattenArguments, unflattenArguments } from "../../../engine/transforms/arguments.ts";
import { type AnyFunction, bound, plainOf } from "../../../engine/transforms/plain.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { readParameters, rebuild } from "../parameters.ts";

/** A function of a problem, with a check of its result. */
interface CheckedFunction {
  readonly f: AnyFunction;
  readonly check: (out: unknown) => Tensor;
}

/** Functions in which traced values that they captured are further arguments. */
interface ClosedFunctions {
  readonly functions: readonly AnyFunction[];
  /** The captured values, which follow the arguments. */
  readonly captured: readonly Tensor[];
}

/**
 * Turns values that the functions of a problem captured from an enclosing transform into arguments, by which the solution
 * is differentiated. `undefined` if they captured none.
 */
export function closeTracedCaptures(
  operation: string,
  functions: readonly CheckedFunction[],
  x0: unknown,
  args: readonly unknown[],
): ClosedFunctions | undefined {
  if (!isTracing()) return undefined;
  const parameters = readParameters(operation, x0, "x0");
  const { leaves: data, defs } = flattenArguments(args, operation);
  const types = [...parameters.tensors, ...data].map(({ type }) => type);
  const count = parameters.tensors.length;
  const captured: Tensor[] = [];
  const closed = functions.map(({ f, check }): AnyFunction => {
    if (plainOf(f) !== undefined) return f; // captures numbers only
    const traced = traceProgram(operation, types, (...given) => {
      const { call, operands } = bound(f, unflattenArguments(defs, given.slice(count)));
      return [check(call(rebuild(parameters, given.slice(0, count)), operands))];
    });
    const positions = traced.captured.map((x) => {
      if (x.tracer === undefined) return -1;
      const known = captured.indexOf(x);
      return known < 0 ? captured.push(x) - 1 : known;
    });
    return (params: unknown, ...all: unknown[]) => {
      const more = all.slice(args.length) as Tensor[];
      const own = traced.captured.map((x, i) => (positions[i]! < 0 ? x : more[positions[i]!]!));
      const { leaves } = flattenArguments([params, ...all.slice(0, args.length)], operation);
      return evalProgram(traced.program, [...own, ...leaves])[0]!;
    };
  });
  return captured.length === 0 ? undefined : { functions: closed, captured };
}

/** True if a value contains a tensor that an enclosing transform traces. */
export function isTraced(value: unknown): boolean {
  if (value instanceof Tensor) return value.tracer !== undefined;
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return false;
  return Object.values(value).some(isTraced);
}

/**
 * Refuses bounds that an enclosing transform traces.
 *
 * @throws DownhillError `trace`
 */
export function refuseTracedBounds(
  operation: string,
  bounds: { readonly low?: unknown; readonly high?: unknown },
): void {
  if (!isTraced([bounds.low, bounds.high])) return;
  throw new DownhillError(
    "trace",
    `${operation}: low and high must be numbers, but a transform traces them. ` +
      "Write a limit by which the solution is differentiated as a constraint: atMost((p) => p, limit).",
  );
}

/**
 * Refuses a search under a transform that traces its start, its arguments, or values that its function captured. `repair`
 * is the end of the message.
 *
 * @throws DownhillError `trace`
 */
export function refuseTraced(
  operation: string,
  f: AnyFunction | undefined,
  x0: unknown,
  args: readonly unknown[],
  repair: string,
): void {
  const check = (out: unknown): Tensor => asTensor(out, operation);
  const isKnown =
    !isTraced([x0, args]) &&
    (f === undefined || closeTracedCaptures(operation, [{ f, check }], x0, args) === undefined);
  if (isKnown) return;
  throw new DownhillError(
    "trace",
    `${operation}: a search depends on values, which are unknown in grad, vmap, jit and other transforms. ${repair}`,
  );
}
