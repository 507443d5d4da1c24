import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError, showType } from "../errors/index.ts";
import { checkOptions } from "../errors/options.ts";
import type { Tensor } from "../ir/tensor.ts";
import { moveAxis } from "../prims/index-ops.ts";
import { withTrace } from "../trace/bind.ts";
import type { TreeDef } from "../tree/tree.ts";
import { countLeaves, unflatten } from "../tree/tree.ts";
import type { OnlyPlain, PlainBatch, PlainBatchResult } from "../tree/plain-types.ts";
import type { LikeAll, TensorLike } from "../tree/types.ts";
import { flattenArguments, flattenResult, unflattenArguments } from "./arguments.ts";
import { BatchTrace } from "./batch.ts";
import { transformed } from "./plain.ts";
import { tools } from "./tools.ts";

/** Axes of a structure: one axis for all of it, or one per member, such as `{ w: null, b: 0 }`. */
export type AxisTree<Axis extends number | null> =
  Axis | readonly AxisTree<Axis>[] | { readonly [key: string]: AxisTree<Axis> };

/** Options of `vmap`: the axes of the batch in arguments and results. */
export interface VmapOptions {
  /**
   * Axis of the batch in each argument, or one for all arguments; `null` for values that all items share. A
   * structured argument has one axis, or a tree of axes: `inAxes: [{ w: null, b: 0 }, 0]`. Default 0.
   */
  readonly inAxes?: AxisTree<number | null>;
  /** Axis of the batch in the results, or a tree of axes, one per item of a returned array or object. Default 0. */
  readonly outAxes?: AxisTree<number>;
}

/**
 * Turns a function of single items into a function of batches: it runs once, and every operation processes all
 * items. Nests, and composes with every other transform.
 *
 * @throws DownhillError `shape` if the batches of two arguments differ in size, `range` for an axis that does not
 * exist, `tree` for axes without the structure of their argument.
 * @example
 * const rows = [[1, 2], [3, 4]];
 * vmap((x, w) => dot(x, w), { inAxes: [0, null] })(rows, [1, 10]); // f64[2] [21, 43]
 */
export function vmap(f: (...x: Tensor[]) => Tensor, options?: VmapOptions): (...x: TensorLike[]) => Tensor;
export function vmap<A extends unknown[], T>(
  f: ((...args: A) => T) & OnlyPlain<[A, T]>,
  options?: VmapOptions,
): (...args: { [K in keyof A]: PlainBatch<A[K]> }) => PlainBatchResult<T>;
export function vmap<A extends readonly unknown[], T>(
  f: (...args: A) => T,
  options?: VmapOptions,
): (...args: LikeAll<A>) => T;
export function vmap(
  f: (...args: never[]) => unknown,
  options: VmapOptions = {},
): (...args: never[]) => unknown {
  if (arguments.length > 2) refuseExtra("vmap", arguments, 2);
  checkOptions("vmap", options, ["inAxes", "outAxes"], ["inAxes"]);
  return transformed("vmap", f, options, batched);
}

function batched(f: (...args: never[]) => unknown, options: VmapOptions): (...args: never[]) => unknown {
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
      const axes = isList(inAxes) ? inAxes[i]! : inAxes;
      return axesOf(axes, def, isList(inAxes) ? `inAxes[${i}]` : "inAxes", `argument ${i}`);
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
        const resultAxes = axesOf(outAxes, def, "outAxes", "the result");
        const outs = results.map((x, i) => {
          const out = trace.unwrap(x);
          const axis = checkedAxis(resultAxes[i]!, out, "outAxes counts the axes of the batch of results.");
          return moveAxis(out, 0, axis);
        });
        return unflatten(def, outs);
      },
    );
  };
}

function isList<Axis extends number | null>(axes: AxisTree<Axis>): axes is readonly AxisTree<Axis>[] {
  return Array.isArray(axes);
}

/** Returns the axis of each leaf of a structure, from the given axes. */
function axesOf<Axis extends number | null>(
  axes: AxisTree<Axis>,
  def: TreeDef,
  name: string,
  owner: string,
): Axis[] {
  if (typeof axes !== "object" || axes === null) return new Array<Axis>(countLeaves(def)).fill(axes);
  if (def.kind === "instance") return axesOf(axes, def.children[0], name, owner);
  const members = { ...axes } as Readonly<Record<string, AxisTree<Axis>>>;
  const keys = def.kind === "object" ? def.keys : def.kind === "array" ? Object.keys(def.children) : [];
  const odd =
    Object.keys(members).find((key) => !keys.includes(key)) ?? keys.find((key) => members[key] === undefined);
  if (def.kind === "leaf" || odd !== undefined || isList(axes) !== (def.kind === "array")) {
    const what =
      def.kind === "leaf"
        ? "one tensor"
        : def.kind === "static"
          ? String(def.value)
          : `made of ${keys.join(", ")}`;
    const differs = odd === undefined ? "" : ` They differ in ${JSON.stringify(odd)}.`;
    throw new DownhillError(
      "tree",
      `vmap: ${name} has not the structure of ${owner}, which is ${what}.${differs} Give one axis for all of it, or one for each member.`,
    );
  }
  if (!("children" in def)) return [];
  return def.children.flatMap((child, i) => {
    const at = def.kind === "object" ? `.${keys[i]!}` : `[${i}]`;
    return axesOf(members[keys[i]!]!, child, name + at, owner + at);
  });
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

/**
 * Advice for an error about a list of random keys: each key is an argument of two words, and its axis is not a batch
 * axis.
 */
function listHint(leaves: readonly Tensor[]): string {
  const isKey = leaves.some(({ dtype, shape }) => dtype === "uint32" && shape.length === 1 && shape[0] === 2);
  return isKey ? ` Keys for the items of a batch are one tensor, keys(key, n); split gives a list.` : "";
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
        `vmap: batches differ in size: ${first.shape[0]!} in ${showType(first.type)}, ${x.shape[0]!} in ${showType(x.type)}.${listHint([first, x])}`,
      );
    }
  }
  if (first === undefined)
    throw new DownhillError("range", `vmap: no argument has a batch: give at least one axis in inAxes.`);
  return first.shape[0]!;
}
