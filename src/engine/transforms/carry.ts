import { DownhillError, showType } from "../errors/index.ts";
import { knownNumber } from "../ir/elements.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType, DType } from "../ir/types.ts";
import { arrayType, isFloating, sameType } from "../ir/types.ts";
import { castNumber, convert } from "../prims/linear.ts";
import type { TracedProgram } from "../trace/staging.ts";
import type { TreeDef } from "../tree/tree.ts";
import { leafPaths } from "../tree/tree.ts";

/** Initial carry of a loop, flattened, with the types of the carry, and the body traced for these types. */
export interface TracedLoop {
  readonly carry: readonly Tensor[];
  readonly traced: TracedProgram;
}

/** Throws if a loop has no initial carry, because `undefined` would be carried and returned. */
export function requireStart(operation: string, start: unknown): void {
  if (start !== undefined) return;
  throw new DownhillError(
    "tree",
    `${operation}: what the loop begins with is undefined. Was the argument left out?`,
  );
}

/**
 * Traces the body of a loop, whose first results are the carry. A carry that starts as a plain number takes the dtype
 * that a step returns, if that dtype represents the number exactly.
 *
 * @throws DownhillError `shape` if a carry changes its type from step to step.
 */
export function traceLoop(
  operation: string,
  start: readonly Tensor[],
  def: TreeDef,
  trace: (types: readonly ArrayType[]) => TracedProgram,
): TracedLoop {
  let types = start.map((x) => x.type);
  let traced = trace(types);
  const unified = types.map((type, i) =>
    unify(operation, type, traced.program.outs[i]!.type, def, i, start[i]),
  );
  if (unified.some((type, i) => !sameType(type, types[i]!))) {
    types = unified;
    traced = trace(types);
    types.forEach((type, i) => unify(operation, type, traced.program.outs[i]!.type, def, i, start[i]));
  }
  return { carry: start.map((x, i) => convert(x, types[i]!.dtype, x.type.weak)), traced };
}

/** True if the start value of a carry is known and the dtype represents it exactly. */
function isExact(start: Tensor | undefined, dtype: DType): boolean {
  const value = start && knownNumber(start);
  return value !== undefined && castNumber(dtype, value) === value;
}

/** Type of a carry that starts as `type` and is `out` after a step. Throws `shape` if they do not fit together. */
function unify(
  operation: string,
  type: ArrayType,
  out: ArrayType,
  def: TreeDef,
  leaf: number,
  start: Tensor | undefined,
): ArrayType {
  if (sameType(type, out)) return type;
  const adapts = type.weak && type.shape.length === 0 && out.shape.length === 0;
  if (adapts && (isFloating(out.dtype) || isExact(start, out.dtype))) return arrayType(out.dtype, []);
  throw new DownhillError(
    "shape",
    `${operation}: ${leafPaths(def, "the carry")[leaf] ?? "the carry"} starts as ${showType(type)} but is ${showType(out)} after a step; it must keep its type.`,
  );
}
