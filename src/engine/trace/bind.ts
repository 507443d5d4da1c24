import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError } from "../errors/index.ts";
import type { Primitive } from "../ir/primitive.ts";
import { Tensor, type Trace } from "../ir/tensor.ts";
import { explainRead } from "../tree/known-keys.ts";

/** Evaluates a primitive on tensors that hold their elements; `runtime` installs the one that runs kernels. */
export type Evaluator = (prim: Primitive, ins: readonly Tensor[], params: unknown) => readonly Tensor[];

let evaluate: Evaluator = () => {
  throw new DownhillError("internal", 'internal: the runtime is not installed; import from "downhill".');
};

export function installEvaluator(evaluator: Evaluator): void {
  evaluate = evaluator;
}

/** The innermost trace that stages every operation, those without traced operands too; and how many traces are open. */
let staging: Trace | undefined;
let depth = 0;

/**
 * Applies a primitive. The innermost trace among the operands' and the staging one decides what happens; without any the
 * evaluator computes the result.
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
    // asked only once something has failed: a look at every operand of every call would cost more than the call
    throw error instanceof TypeError ? explained(error, prim, ins) : error;
  }
}

/** The error, or what is wrong with the operands where they caused it. */
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

/** Applies a primitive that has one result. */
export function bind1<P>(prim: Primitive<P>, ins: readonly Tensor[], params: P): Tensor {
  if (arguments.length > 3) refuseExtra("bind1", arguments, 3);
  return bind(prim, ins, params)[0]!;
}

/** Whether a staging trace is open: then constants are equations, not tensors. */
export function isStaging(): boolean {
  return staging !== undefined;
}

/**
 * Runs `f` inside a new trace that `make` creates for the next level, and closes it afterwards.
 *
 * @throws DownhillError `trace` if `f` gives a promise: an async function would run on after its trace is closed. `tree` if
 * `f` reads a property of a key that its arguments do not have, but nearly.
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

/** Runs `f` as if no staging trace were open, for what must be computed now. */
export function withoutStaging<R>(f: () => R): R {
  const saved = staging;
  staging = undefined;
  try {
    return f();
  } finally {
    staging = saved;
  }
}

/** The error of a function that gave a promise. Nobody waits for that any more, and its own failure must not end the program. */
export function asyncFunction(operation: string, promise: Promise<unknown>): DownhillError {
  promise.catch(() => {});
  return new DownhillError(
    "trace",
    `${operation}: the function is async (it returned a Promise). A transform must see the whole computation at once: ` +
      `await the data first and pass it as an argument.`,
  );
}

/** The error of a value that was kept beyond its trace. */
export function outlived(name: string, trace: Trace): DownhillError {
  return new DownhillError(
    "trace",
    `${name}: an operand belongs to a ${trace.kind} trace that has ended. A value made inside a transformed function was ` +
      `kept (in an outer variable, an array, a closure) and used after the function returned; return it from the function instead.`,
  );
}
