import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError } from "../errors/index.ts";
import type { Primitive } from "../ir/primitive.ts";
import { Tensor, type Trace } from "../ir/tensor.ts";
import { explainRead } from "../tree/known-keys.ts";

/** Evaluates a primitive on tensors that hold their elements. `runtime` installs the evaluator, which runs kernels. */
export type Evaluator = (prim: Primitive, ins: readonly Tensor[], params: unknown) => readonly Tensor[];

let evaluate: Evaluator = () => {
  throw new DownhillError("internal", 'internal: the runtime is not installed; import from "downhill".');
};

export function installEvaluator(evaluator: Evaluator): void {
  evaluate = evaluator;
}

/**
 * Innermost open staging trace, and the number of open traces. A staging trace also records operations without
 * traced operands.
 */
let staging: Trace | undefined;
let depth = 0;

/**
 * Applies a primitive. The innermost trace among those of the operands and the open staging trace processes it.
 * Without a trace, the evaluator computes the result.
 */
export function bind<P>(prim: Primitive<P>, ins: readonly Tensor[], params: P): readonly Tensor[] {
  if (arguments.length > 3) refuseExtra("bind", arguments, 3);
  let top = staging;
  let level = top === undefined ? 0 : top.level;
  try {
    for (let i = 0; i < ins.length; i++) {
      const tracer = ins[i]!.tracer;
      if (tracer === undefined) continue;
      const trace = tracer.trace;
      if (!trace.alive) throw outlived(prim.name, trace);
      if (trace.level > level) {
        top = trace;
        level = trace.level;
      }
    }
    return top === undefined ? evaluate(prim, ins, params) : top.process(prim, ins, params);
  } catch (error) {
    // checked only after a failure: checking every operand of every call would cost more than the call
    throw error instanceof TypeError ? explained(error, prim, ins) : error;
  }
}

/**
 * Explains a TypeError inside a primitive: returns an error that names the wrong operand, or the TypeError if all
 * operands are tensors.
 */
function explained(error: TypeError, prim: Primitive, ins: readonly unknown[]): Error {
  const name = typeof prim.name === "string" ? prim.name : "bind";
  if (!Array.isArray(ins))
    return new DownhillError("tree", `${name}: operands must be an array of tensors, got ${typeof ins}.`);
  const odd = ins.findIndex((x) => !(x instanceof Tensor));
  if (odd < 0) return error;
  const got = ins[odd] === null ? "null" : typeof ins[odd];
  return new DownhillError(
    "tree",
    `${name}: operands of a primitive must be tensors, and operand ${odd} is of type ${got}. Make one with tensor(…).`,
  );
}

/** Applies a primitive with one result. */
export function bind1<P>(prim: Primitive<P>, ins: readonly Tensor[], params: P): Tensor {
  if (arguments.length > 3) refuseExtra("bind1", arguments, 3);
  return bind(prim, ins, params)[0]!;
}

/** True if a staging trace is open. Constants are then equations, not tensors. */
export function isStaging(): boolean {
  return staging !== undefined;
}

/** True inside a transform. Values may then be traced. */
export function isTracing(): boolean {
  return depth > 0;
}

/**
 * Runs `f` inside a new trace, which `make` creates for the next level, and closes the trace afterwards.
 *
 * @throws DownhillError `trace` if `f` returns a promise, because an async function would continue after its trace
 * is closed. `tree` if `f` reads a property whose name is a misspelt key of its arguments.
 */
export function withTrace<T extends Trace, R>(
  operation: string,
  make: (level: number) => T,
  f: (trace: T) => R,
  stages = false,
): R {
  const trace = make(depth + 1);
  const saved = staging;
  depth++;
  if (stages) staging = trace;
  try {
    const result = f(trace);
    if (result instanceof Promise) throw asyncFunction(operation, result);
    return result;
  } catch (error) {
    throw error instanceof TypeError ? explainRead(error, operation) : error;
  } finally {
    trace.alive = false;
    staging = saved;
    depth--;
  }
}

/** Runs `f` as if no staging trace were open, so that its operations are computed at once. */
export function withoutStaging<R>(f: () => R): R {
  const saved = staging;
  staging = undefined;
  try {
    return f();
  } finally {
    staging = saved;
  }
}

/**
 * Creates the error for a function that returned a promise. A later rejection of the promise is ignored, so that it
 * cannot end the program.
 */
export function asyncFunction(operation: string, promise: Promise<unknown>): DownhillError {
  promise.catch(() => {});
  return new DownhillError(
    "trace",
    `${operation}: the function is async (it returned a Promise). A transform must see the whole computation at once: ` +
      `await the data first and pass it as an argument.`,
  );
}

/** Error for a value that is used after its trace has ended. */
export function outlived(name: string, trace: Trace): DownhillError {
  return new DownhillError(
    "trace",
    `${name}: an operand belongs to a ${trace.kind} trace that has ended. A value made inside a transformed function was ` +
      `kept (in an outer variable, an array, a closure) and used after the function returned; return it from the function instead.`,
  );
}
