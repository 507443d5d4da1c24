import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError, showType } from "../errors/index.ts";
import { checkFlags, checkOptions } from "../errors/options.ts";
import { checkInteger } from "../ir/plain-number.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { withShape } from "../ir/types.ts";
import { asyncFunction } from "../trace/bind.ts";
import { traceProgram } from "../trace/staging.ts";
import type { TreeDef } from "../tree/tree.ts";
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
import { loopInSegments, segmentLength } from "./segments.ts";
import "./program-tools.ts";

export interface ScanOptions {
  /** Number of steps; required without xs. */
  readonly length?: number;
  /** Runs from the last x to the first; ys keep the order of xs. Default false. */
  readonly reverse?: boolean;
  /**
   * Reverse mode saves the values of every step by default (false). With a number k it saves the carry at every
   * k-th step and recomputes the k steps from there, which needs memory for n / k carries and k steps. `true`
   * chooses k = √n.
   */
  readonly checkpoint?: boolean | number;
}

/**
 * Loop whose steps pass a carry on: `[carry, y] = f(carry, x)` for each x along the leading axis of `xs`. Returns
 * the last carry and the stacked ys.
 *
 * The body is traced once and stays a loop, forward and in derivatives; `null` means no y or no xs. Numbers that
 * `f` closes over are part of the program: pass values that change between calls in the carry or in xs.
 *
 * @throws DownhillError `tree` or `shape` if the carry changes its structure or type from step to step.
 * @example
 * const [total, partial] = scan((c, x) => [c.add(x), c.add(x)], 0, [1, 2, 3]);
 * total.item(); // 6
 * partial.tolist(); // [1, 3, 6]
 */
export function scan<Y>(
  f: (carry: Tensor, x: Tensor) => readonly [Tensor, Y],
  carry: BooleanLike,
  xs: BooleanLike | null,
  options?: ScanOptions,
): [carry: Tensor, ys: Y];
export function scan<C, X, Y>(
  f: (carry: C, x: X) => readonly [OrConstant<C>, Y],
  carry: Like<C, boolean>,
  xs: Like<X, boolean>,
  options?: ScanOptions,
): [carry: C, ys: Y];
export function scan(
  f: (carry: never, x: never) => readonly [unknown, unknown],
  carry: unknown,
  xs: unknown,
  options: ScanOptions = {},
): [unknown, unknown] {
  if (arguments.length > 4) refuseExtra("scan", arguments, 4);
  checkOptions("scan", options, ["length", "reverse", "checkpoint"]);
  checkFlags("scan", options, ["reverse"]);
  requireStart("scan", carry);
  return runScan("scan", f, carry, xs, options);
}

/** Does the same as `scan`, for other loops. `operation` is their name in messages. */
export function runScan(
  operation: string,
  f: (carry: never, x: never) => readonly [unknown, unknown],
  carry: unknown,
  xs: unknown,
  options: ScanOptions,
): [unknown, unknown] {
  requireFunction(operation, f, `${operation}((carry, x) => [carry, y], start, xs)`);
  const start = flattenArguments([carry], operation, "leaf");
  const items = flattenArguments([xs], operation, "leaf");
  const length = stepCount(items.leaves, options.length);
  const carryDef = start.defs[0]!;
  const itemTypes = items.leaves.map((x) => withShape(x.type, x.shape.slice(1)));
  let yDef: TreeDef = carryDef;

  const traceBody = (types: readonly ArrayType[]): ReturnType<typeof traceProgram> =>
    traceProgram(f.name === "" ? "step" : f.name, [...types, ...itemTypes], (...traced) => {
      const [c] = unflattenArguments([carryDef], traced.slice(0, types.length));
      const [x] = unflattenArguments(items.defs, traced.slice(types.length));
      const result: unknown = f(c as never, x as never);
      if (result instanceof Promise) throw asyncFunction(operation, result);
      if (!Array.isArray(result) || result.length !== 2) {
        throw new DownhillError(
          "tree",
          `${operation}: the step must return [carry, y]; return [carry, null] where there is no y.`,
        );
      }
      const next = matchTensors(operation, carryDef, result[0], "the carry after a step");
      const y = flattenResult(result[1], operation, "leaf");
      yDef = y.def;
      return [...next, ...y.leaves];
    });

  const { carry: first, traced } = traceLoop(operation, start.leaves, carryDef, traceBody);
  const nCarry = first.length;
  const outs = loopInSegments(
    [...traced.captured, ...first, ...items.leaves],
    {
      body: interned(traced.program),
      consts: traced.captured.length,
      carries: nCarry,
      length,
      reverse: options.reverse === true,
    },
    segmentLength(operation, options.checkpoint, length),
  );
  return [unflatten(carryDef, outs.slice(0, nCarry)), unflatten(yDef, outs.slice(nCarry))];
}

function stepCount(xs: readonly Tensor[], given: number | undefined): number {
  for (const x of xs) {
    if (x.shape.length === 0)
      throw new DownhillError(
        "shape",
        `scan: xs must have a leading axis to step along, got ${showType(x.type)}.`,
      );
  }
  const lengths = new Set([...xs.map((x) => x.shape[0]!), ...(given === undefined ? [] : [given])]);
  if (lengths.size > 1)
    throw new DownhillError(
      "shape",
      `scan: xs and length disagree on the number of steps: ${[...lengths].join(", ")}.`,
    );
  const length = [...lengths][0];
  if (length === undefined)
    throw new DownhillError(
      "range",
      `scan: without xs, give the number of steps: scan(f, carry, null, { length: 100 }).`,
    );
  return checkInteger("scan", "length", length);
}
