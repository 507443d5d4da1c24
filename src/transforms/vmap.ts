import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError, showType } from "../errors/index.ts";
import { checkOptions } from "../errors/options.ts";
import type { Tensor } from "../ir/tensor.ts";
import { moveAxis } from "../prims/index-ops.ts";
import { withTrace } from "../trace/bind.ts";
import { countLeaves, unflatten } from "../tree/tree.ts";
import type { LikeAll, TensorLike } from "../tree/types.ts";
import { flattenArguments, flattenResult, requireFunction, unflattenArguments } from "./arguments.ts";
import { BatchTrace } from "./batch.ts";
import { tools } from "./tools.ts";

/** Where the batch stands. */
export interface VmapOptions {
  /** Axis of the batch in each argument, or one for all; `null` for an argument that is the same for every item. Default 0. */
  readonly inAxes?: number | null | readonly (number | null)[];
  /** Axis of the batch in the results, or one for each item of a returned array. Default 0. */
  readonly outAxes?: number | readonly number[];
}

/**
 * A function of single items as a function of batches: it runs once, every operation works on all items. Nests, and
 * composes with every other transform.
 *
 * @throws DownhillError `shape` if the batches of two arguments differ in size, `range` for an axis that is not there.
 * @example
 * const rows = [[1, 2], [3, 4]];
 * vmap((x, w) => dot(x, w), { inAxes: [0, null] })(rows, [1, 10]); // f64[2] [21, 43]
 */
export function vmap(f: (...x: Tensor[]) => Tensor, options?: VmapOptions): (...x: TensorLike[]) => Tensor;
export function vmap<A extends readonly unknown[], T>(
  f: (...args: A) => T,
  options?: VmapOptions,
): (...args: LikeAll<A>) => T;
export function vmap(
  f: (...args: never[]) => unknown,
  options: VmapOptions = {},
): (...args: never[]) => unknown {
  if (arguments.length > 2) refuseExtra("vmap", arguments, 2);
  requireFunction("vmap", f);
  checkOptions("vmap", options, ["inAxes", "outAxes"], ["inAxes"]);
  const { inAxes = 0, outAxes = 0 } = options;
  return (...args) => {
    const { leaves, defs } = flattenArguments(args, "vmap");
    if (Array.isArray(inAxes) && inAxes.length !== args.length) {
      throw new DownhillError(
        "range",
        `vmap: inAxes has ${inAxes.length} entries for ${args.length} arguments.`,
      );
    }
    const axes = defs.flatMap((def, i) => {
      const axis: number | null = isList(inAxes) ? inAxes[i]! : inAxes;
      return new Array<number | null>(countLeaves(def)).fill(axis);
    });
    const fronted = leaves.map((x, i) => toFront(x, axes[i]!));
    const size = batchSize(fronted, axes);
    return withTrace(
      "vmap",
      (level) => new BatchTrace(level, size, tools),
      (trace) => {
        const items = fronted.map((x, i) => trace.wrap(x, axes[i] !== null));
        const { leaves: results, def } = flattenResult(
          f(...(unflattenArguments(defs, items) as never[])),
          "vmap",
        );
        const outs = results.map((x, i) => {
          const out = trace.unwrap(x);
          const axis = isList(outAxes)
            ? outAxes[def.kind === "array" ? owner(def.children.map(countLeaves), i) : 0]!
            : outAxes;
          return moveAxis(out, 0, checkedAxis(axis, out, "outAxes counts the axes of the batch of results."));
        });
        return unflatten(def, outs);
      },
    );
  };
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

/** Which of several consecutive groups holds place i. */
function owner(counts: readonly number[], i: number): number {
  let end = 0;
  return counts.findIndex((count) => (end += count) > i);
}

function toFront(x: Tensor, axis: number | null): Tensor {
  return axis === null
    ? x
    : moveAxis(x, checkedAxis(axis, x, "Use null for an argument that all items share."), 0);
}

function checkedAxis(axis: number, x: Tensor, repair: string): number {
  const n = x.shape.length;
  if (!Number.isInteger(axis) || axis < -n || axis >= n) {
    throw new DownhillError(
      "range",
      `vmap: there is no axis ${String(axis)} in ${showType(x.type)}. ${repair}`,
    );
  }
  return axis < 0 ? axis + n : axis;
}

function batchSize(leaves: readonly Tensor[], axes: readonly (number | null)[]): number {
  let first: Tensor | undefined;
  for (let i = 0; i < leaves.length; i++) {
    if (axes[i] === null) continue;
    const x = leaves[i]!;
    first ??= x;
    if (x.shape[0] !== first.shape[0]) {
      throw new DownhillError(
        "shape",
        `vmap: batches differ in size: ${first.shape[0]!} in ${showType(first.type)}, ${x.shape[0]!} in ${showType(x.type)}.`,
      );
    }
  }
  if (first === undefined)
    throw new DownhillError("range", `vmap: no argument has a batch: give at least one axis in inAxes.`);
  return first.shape[0]!;
}
