import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError, showType } from "../errors/index.ts";
import { checkOptions } from "../errors/options.ts";
import { Tensor } from "../ir/tensor.ts";
import { arrayType } from "../ir/types.ts";
import { add, full } from "../prims/linear.ts";
import { wholePlace } from "../prims/gather.ts";
import { iota } from "../prims/index-ops.ts";
import { less } from "../prims/arithmetic.ts";
import { whileLoop as bindWhile } from "../prims/while.ts";
import { asyncFunction } from "../trace/bind.ts";
import { traceProgram } from "../trace/staging.ts";
import { unflatten } from "../tree/tree.ts";
import type { BooleanLike, Like, OrConstant } from "../tree/types.ts";
import {
  flattenArguments,
  flattenResult,
  matchTensors,
  requireFunction,
  unflattenArguments,
} from "./arguments.ts";
import { requireStart, traceLoop } from "./carry.ts";
import { interned } from "../trace/intern.ts";
import type { ScanOptions } from "./scan.ts";
import { runScan } from "./scan.ts";
import "./program-tools.ts";
import { checkInteger, anyInt32 } from "../ir/plain-number.ts";

/**
 * Repeats `carry = body(carry)` from `init` on while `test(carry)` is true, and returns the last carry. The number of
 * steps need not be known; `test` returns a scalar of dtype bool. Both functions are traced once.
 *
 * Forward mode differentiates the loop. Reverse mode does not, because it would have to save the values of an unknown
 * number of steps: use `foriLoop` or `scan` if the number is known. Under `vmap` the loop continues while any item
 * does; finished items keep their carry.
 *
 * @throws DownhillError `tree` or `shape` if the carry changes its structure or type, `derivative` in reverse mode.
 * @example
 * // Heron's square root
 * const root = (a: Tensor) =>
 *   whileLoop((x) => greater(abs(x.mul(x).sub(a)), 1e-12), (x) => x.add(a.div(x)).div(2), a);
 * root(tensor(2));        // 1.41421356237
 * jvp(root, [2], [1])[1]; // 0.35355339059
 */
export function whileLoop(
  test: (carry: Tensor) => BooleanLike,
  body: (carry: Tensor) => BooleanLike,
  init: BooleanLike,
): Tensor;
export function whileLoop<C>(
  test: (carry: C) => BooleanLike,
  body: (carry: C) => OrConstant<C>,
  init: Like<C, boolean>,
): C;
export function whileLoop(
  test: (carry: never) => unknown,
  body: (carry: never) => unknown,
  init: unknown,
): unknown {
  if (arguments.length > 3) refuseExtra("whileLoop", arguments, 3);
  requireStart("whileLoop", init);
  for (const f of [test, body]) {
    requireFunction("whileLoop", f, "whileLoop((x) => less(x, 9), (x) => mul(x, 2), 1)");
  }
  const start = flattenArguments([init], "whileLoop", "leaf");
  const def = start.defs[0]!;
  const { carry, traced } = traceLoop("whileLoop", start.leaves, def, (types) =>
    traceProgram(body.name === "" ? "body" : body.name, types, (...xs) => {
      const result = body(unflattenArguments([def], xs)[0] as never);
      if (result instanceof Promise) throw asyncFunction("whileLoop", result);
      return matchTensors("whileLoop", def, result, "the carry after a step");
    }),
  );
  const tested = traceProgram(
    test.name === "" ? "test" : test.name,
    carry.map((x) => x.type),
    (...xs) => {
      const { leaves } = flattenResult(test(unflattenArguments([def], xs)[0] as never), "whileLoop", "leaf");
      const answer = leaves[0];
      if (leaves.length === 1 && answer!.dtype === "bool" && answer!.shape.length === 0) return leaves;
      const got =
        answer === undefined ? "nothing" : leaves.length > 1 ? "several tensors" : showType(answer.type);
      throw new DownhillError(
        "dtype",
        `whileLoop: the test must return one scalar of dtype bool, as in (x) => less(x, 10); it returned ${got}.`,
      );
    },
  );
  const outs = bindWhile([...tested.captured, ...traced.captured, ...carry], {
    test: interned(tested.program),
    body: interned(traced.program),
    testConsts: tested.captured.length,
    bodyConsts: traced.captured.length,
  });
  return unflatten(def, outs);
}

/** Options of `foriLoop`; see `scan`. */
export type ForiLoopOptions = Pick<ScanOptions, "checkpoint">;

/**
 * Repeats `carry = body(i, carry)` for i = `from`, … `to` − 1, starting with `init`, and returns the last carry; `i` is
 * an int32.
 *
 * With plain numbers as bounds it is a `scan`, with derivatives in both modes. A bound may also be an integer tensor,
 * whose value is known only when the loop runs: then it is a `whileLoop`, with forward mode only. The same holds for a
 * plain number that is an argument of a compiled function.
 *
 * @throws DownhillError `range` for bounds that are not integers, `tree` or `shape` if the carry changes.
 * @example
 * const power = (x: Tensor) => foriLoop(0, 5, (i, y) => y.mul(x), 1);
 * power(tensor(2)); // 32
 * grad(power)(2);   // 80
 */
export function foriLoop(
  from: number | Tensor,
  to: number | Tensor,
  body: (i: Tensor, carry: Tensor) => BooleanLike,
  init: BooleanLike,
  options?: ForiLoopOptions,
): Tensor;
export function foriLoop<C>(
  from: number | Tensor,
  to: number | Tensor,
  body: (i: Tensor, carry: C) => OrConstant<C>,
  init: Like<C, boolean>,
  options?: ForiLoopOptions,
): C;
export function foriLoop(
  from: number | Tensor,
  to: number | Tensor,
  body: (i: Tensor, carry: never) => unknown,
  init: unknown,
  options: ForiLoopOptions = {},
): unknown {
  if (arguments.length > 5) refuseExtra("foriLoop", arguments, 5);
  requireFunction("foriLoop", body, "foriLoop(0, 10, (i, x) => …, start)");
  requireStart("foriLoop", init);
  checkOptions("foriLoop", options, ["checkpoint"]);
  const int32 = arrayType("int32", []);
  if (typeof from === "number" && typeof to === "number") {
    for (const bound of [from, to]) checkInteger("foriLoop", "a bound", bound, anyInt32);
    const length = Math.max(0, to - from);
    const places = iota("int32", [length], 0);
    const step = (carry: never, i: Tensor): readonly [unknown, null] => {
      const next = body(from === 0 ? i : add(i, full(int32, from)), carry);
      if (next instanceof Promise) throw asyncFunction("foriLoop", next);
      return [next, null];
    };
    return runScan("foriLoop", step, init, places, options)[0];
  }
  if (options.checkpoint !== undefined) {
    throw new DownhillError(
      "option",
      "foriLoop: checkpoint is for reverse mode, which a loop whose bounds are tensors has not. Give plain numbers as bounds.",
    );
  }
  const [first, last] = [from, to].map((bound) => asBound(bound));
  type Carry = { readonly i: Tensor; readonly carry: unknown };
  const loop = whileLoop as (test: unknown, body: unknown, init: unknown) => Carry;
  return loop(
    ({ i }: Carry) => less(i, last!),
    ({ i, carry }: Carry) => {
      const next = body(i, carry as never);
      if (next instanceof Promise) throw asyncFunction("foriLoop", next);
      return { i: add(i, full(int32, 1)), carry: next };
    },
    { i: first!, carry: init },
  ).carry;
}

function asBound(bound: unknown): Tensor {
  if (typeof bound === "number")
    return full(arrayType("int32", []), checkInteger("foriLoop", "a bound", bound, anyInt32));
  if (bound instanceof Tensor && bound.ndim === 0) {
    if (bound.dtype === "int32") return bound;
    // an integer of JavaScript, inside a compiled function
    if (bound.type.weak && bound.tracer !== undefined) return wholePlace(bound);
  }
  throw new DownhillError(
    "range",
    `foriLoop: a bound must be an integer or a scalar of dtype int32, got ${bound instanceof Tensor ? showType(bound.type) : String(bound)}.`,
  );
}
