import { DownhillError, showType } from "../errors/index.ts";
import type { Program } from "../ir/program.ts";
import type { Tensor, TensorLike } from "../ir/tensor.ts";
import { isFloating } from "../ir/types.ts";
import { less } from "../prims/arithmetic.ts";
import { cond as bindCond } from "../prims/cond.ts";
import { wholePlace } from "../prims/gather.ts";
import { asTensor } from "../prims/lift.ts";
import { convert, full } from "../prims/linear.ts";
import { interned } from "../trace/intern.ts";
import { evalProgram, traceClosed } from "../trace/staging.ts";
import { unflatten } from "../tree/tree.ts";
import type { BooleanLike, LikeAll } from "../tree/types.ts";
import { requireFunction } from "./arguments.ts";
import { traceBranches } from "./cond.ts";
import "./program-tools.ts";

/**
 * Applies one of several functions to the same operands: the one at `index`, a scalar integer, which is clamped to
 * 0 … branches − 1. All functions are traced and only the selected one runs, also in derivatives; it is found by
 * ⌈log₂ branches⌉ comparisons. All must return the same structure of the same types. Under `vmap` with an index that
 * differs between items, all are computed and `where` selects. JAX's `lax.switch`.
 *
 * @throws DownhillError `dtype` if the index is not an integer, `range` for an empty list, `shape` or `tree` if the
 * results of the functions differ in type or structure.
 * @example
 * const f = (i: number, x: number) => switchCase(i, [(x) => sin(x), (x) => exp(x), (x) => x.mul(2)], x);
 * f(2, 5); // 10
 * f(9, 5); // 10
 */
export function switchCase<T>(index: TensorLike, branches: readonly (() => T)[]): T;
export function switchCase<A extends Tensor[]>(
  index: TensorLike,
  branches: readonly ((...operands: A) => Tensor)[],
  ...operands: { [K in keyof A]: BooleanLike }
): Tensor;
export function switchCase<A extends readonly unknown[], T>(
  index: TensorLike,
  branches: readonly ((...operands: A) => T)[],
  ...operands: LikeAll<A, boolean>
): T;
export function switchCase(
  index: TensorLike,
  branches: readonly ((...operands: never[]) => unknown)[],
  ...operands: readonly unknown[]
): unknown {
  if (!Array.isArray(branches) || branches.length === 0) {
    throw new DownhillError(
      "range",
      "switchCase: branches must be an array of at least one function, as in switchCase(i, [(x) => …, (x) => …], x).",
    );
  }
  for (const f of branches) requireFunction("switchCase", f, "switchCase(i, [(x) => …, (x) => …], x)");
  const chosen = asIndex(index);
  const all = branches.map((f: (...operands: never[]) => unknown, i) => ({
    f,
    name: `branch${i}`,
    when: `in branch ${i}`,
  }));
  const { programs, operands: passed, def } = traceBranches("switchCase", "branches", all, operands);
  const types = [chosen.type, ...passed.map((x) => x.type)];
  /** Program that selects among the branches from `from` to `to` (exclusive) by its first operand. */
  const among = (from: number, to: number): Program => {
    if (to - from === 1) {
      return traceClosed(programs[from]!.name, types, (_, ...args) => evalProgram(programs[from]!, args));
    }
    return traceClosed("switchCase", types, (i, ...args) => halves(i, args, from, to));
  };
  const halves = (i: Tensor, args: readonly Tensor[], from: number, to: number): readonly Tensor[] => {
    const middle = from + Math.ceil((to - from) / 2);
    const isLower = less(i, full(i.type, middle));
    return bindCond([isLower, i, ...args], {
      onTrue: interned(among(from, middle)),
      onFalse: interned(among(middle, to)),
    });
  };
  const outs =
    programs.length === 1 ? evalProgram(programs[0]!, passed) : halves(chosen, passed, 0, programs.length);
  return unflatten(def, outs);
}

/**
 * Converts the index to an int32 scalar. Throws `dtype` if it is not a scalar integer; plain numbers must be integers
 * too.
 */
function asIndex(index: TensorLike): Tensor {
  const i = asTensor(index, "switchCase");
  const isPlain = i.type.weak && (typeof index !== "number" || Number.isInteger(index));
  if (i.shape.length === 0 && i.dtype !== "bool" && (isPlain || !isFloating(i.dtype)))
    return isFloating(i.dtype) ? wholePlace(i) : convert(i, "int32");
  throw new DownhillError(
    "dtype",
    `switchCase: the index is ${typeof index === "number" ? String(index) : showType(i.type)}, not a scalar integer. Convert it with astype("int32"); choose by a condition with cond(…).`,
  );
}
