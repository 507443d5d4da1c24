import { DownhillError, showType } from "../errors/index.ts";
import { Tensor } from "../ir/tensor.ts";
import { isFloating } from "../ir/types.ts";
import { asTensor } from "../prims/lift.ts";
import { asyncFunction, outlived } from "../trace/bind.ts";
import { noteArguments } from "../tree/known-keys.ts";
import type { BooleanRole, TreeDef } from "../tree/tree.ts";
import { countLeaves, flattenInto, isEmptyNest, leafPaths, matchLeaves, unflatten } from "../tree/tree.ts";

/** Flattened arguments: the leaves of all arguments as tensors, and the structure of each argument. */
export interface FlatArguments {
  readonly leaves: readonly Tensor[];
  readonly defs: readonly TreeDef[];
}

const leafDef: TreeDef = { kind: "leaf" };

/**
 * Maximum number of arguments of one call. Each transform spreads them on the call stack, which holds about 100,000
 * values.
 */
const mostArguments = 32_768;

/**
 * Flattens arguments. Plain booleans are static, except in carries of loops and branches. An empty array that is a
 * whole argument is a tensor of size 0.
 *
 * @throws DownhillError `range` for more arguments than the call stack holds.
 */
export function flattenArguments(
  args: readonly unknown[],
  operation: string,
  booleans?: BooleanRole,
): FlatArguments {
  if (args.length > mostArguments) {
    throw new DownhillError(
      "range",
      `${operation}: the function was called with ${args.length} arguments, and ${mostArguments} is the most. ` +
        "Pass an array of tensors as one argument: f(tensors) instead of f(...tensors).",
    );
  }
  const leaves: unknown[] = [];
  const defs = new Array<TreeDef>(args.length);
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (typeof arg === "number" || arg instanceof Tensor || (Array.isArray(arg) && isEmptyNest(arg))) {
      leaves.push(arg);
      defs[i] = leafDef;
    } else defs[i] = flattenInto(arg, leaves, operation, booleans);
  }
  for (let i = 0; i < leaves.length; i++) leaves[i] = alive(asTensor(leaves[i], operation), operation);
  return { leaves: leaves as Tensor[], defs };
}

/** Returns the value. Throws if it belongs to a transform that has ended. */
function alive(x: Tensor, operation: string): Tensor {
  if (x.tracer !== undefined && !x.tracer.trace.alive) throw outlived(operation, x.tracer.trace);
  return x;
}

/** Restores each argument from its structure and its leaves. */
export function unflattenArguments(defs: readonly TreeDef[], leaves: readonly Tensor[]): unknown[] {
  noteArguments(defs);
  let next = 0;
  return defs.map((def) => {
    if (def.kind === "leaf") return leaves[next++];
    const count = countLeaves(def);
    next += count;
    return unflatten(def, leaves.slice(next - count, next));
  });
}

/** Flattens the result of a function to tensors. */
export function flattenResult(
  result: unknown,
  operation: string,
  booleans?: BooleanRole,
): { readonly leaves: readonly Tensor[]; readonly def: TreeDef } {
  if (result instanceof Tensor) return { leaves: [alive(result, operation)], def: leafDef };
  if (result instanceof Promise) throw asyncFunction(operation, result);
  if (result === undefined) {
    throw new DownhillError(
      "tree",
      `${operation}: the function returned nothing. Did it forget to return its result?`,
    );
  }
  const leaves: unknown[] = [];
  const def = flattenInto(result, leaves, operation, booleans);
  return { leaves: leaves.map((x) => alive(asTensor(x, operation), operation)), def };
}

/**
 * For each leaf, returns true if it belongs to an argument in `argnums`. `repair` is the advice in errors.
 *
 * @throws DownhillError `range` for an index without an argument, `dtype` for an argument without a derivative.
 */
export function selectArguments(
  operation: string,
  defs: readonly TreeDef[],
  leaves: readonly Tensor[],
  argnums: readonly number[],
  repair = "leave it out of argnums",
): readonly boolean[] {
  const chosen = new Array<boolean>(leaves.length).fill(false);
  let start = 0;
  const starts = defs.map((def) => {
    const here = start;
    start += def.kind === "leaf" ? 1 : countLeaves(def);
    return here;
  });
  for (const argnum of argnums) {
    const def = defs[argnum];
    if (def === undefined) {
      if (defs.length === 0) {
        throw new DownhillError(
          "range",
          `${operation}: the function was called without arguments; there is nothing to differentiate in.`,
        );
      }
      throw new DownhillError(
        "range",
        `${operation}: argnums names argument ${argnum}, but the function was called with ${defs.length}. Arguments count from 0.`,
      );
    }
    if (def.kind === "static") {
      const value = typeof def.value === "string" ? JSON.stringify(def.value) : String(def.value);
      throw new DownhillError(
        "dtype",
        `${operation}: argument ${argnum} is ${value}, which has no derivative. Give a tensor or a number, or ${repair}.`,
      );
    }
    const count = def.kind === "leaf" ? 1 : countLeaves(def);
    for (let i = starts[argnum]!; i < starts[argnum]! + count; i++) {
      chosen[i] = true;
      if (!isFloating(leaves[i]!.type.dtype))
        throw integerArgument(operation, argnum, def, i - starts[argnum]!, leaves[i]!, repair);
    }
  }
  return chosen;
}

function integerArgument(
  operation: string,
  argnum: number,
  def: TreeDef,
  leaf: number,
  x: Tensor,
  repair: string,
): DownhillError {
  const path = leafPaths(def, `argument ${argnum}`)[leaf] ?? `argument ${argnum}`;
  const kind = x.dtype === "bool" ? "booleans" : "integers";
  return new DownhillError(
    "dtype",
    `${operation}: ${path} is ${showType(x.type)}, and ${kind} have no derivative. ` +
      `Convert it with astype("float64"), or ${repair}.`,
  );
}

/** Returns the leaves of a value as tensors, after checking that the value has the structure `def`. */
export function matchTensors(operation: string, def: TreeDef, value: unknown, what: string): Tensor[] {
  return matchLeaves(operation, def, value, what).map((x) => asTensor(x, operation));
}

/** Checks that a value is a function; `example` shows a correct call in the error message. */
export function requireFunction(operation: string, f: unknown, example = `${operation}((x) => …)`): void {
  if (typeof f === "function") return;
  throw new DownhillError(
    "tree",
    `${operation}: expects a function, got ${f === null ? "null" : f instanceof Tensor ? "a tensor" : typeof f}. Write ${example}.`,
  );
}
