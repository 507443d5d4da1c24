import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError, showType } from "../errors/index.ts";
import { checkOptions } from "../errors/options.ts";
import { checkInteger } from "../ir/plain-number.ts";
import type { Tensor } from "../ir/tensor.ts";
import { part } from "../prims/index-ops.ts";
import { concatenate } from "../prims/pieces.ts";
import { reshape } from "../prims/shape.ts";
import { unflatten } from "../tree/tree.ts";
import type { BooleanLike, Like } from "../tree/types.ts";
import { flattenArguments, flattenResult, requireFunction, unflattenArguments } from "./arguments.ts";
import { runScan } from "./scan.ts";
import { vmap } from "./vmap.ts";

export interface MapOptions {
  /** Number of items computed at once, as by `vmap`; the items of one batch must fit into memory. Default 1. */
  readonly batchSize?: number;
}

/**
 * Applies `f` to each item along the leading axis of `xs`, a tensor or a tree of tensors, and stacks the results. The
 * result equals `vmap(f)(xs)`, computed in batches of `batchSize` items. `f` is traced once and becomes a loop; a last
 * incomplete batch is computed after the loop.
 *
 * Intermediate values exist for one batch at a time. Reverse mode saves the values that it needs for all batches; with
 * `checkpoint(f)` these are only the items.
 *
 * @throws DownhillError `shape` for xs without a leading axis, or of different lengths; `range` for a batch size that
 *   is not an integer of at least 1.
 * @example
 * map((x) => x.mul(x).sum(), [[1, 2], [3, 4], [5, 6]], { batchSize: 2 }).tolist(); // [ 5, 25, 61 ]
 */
export function map<Y>(f: (x: Tensor) => Y, xs: BooleanLike, options?: MapOptions): Y;
export function map<X, Y>(f: (x: X) => Y, xs: Like<X, boolean>, options?: MapOptions): Y;
export function map(f: (x: never) => unknown, xs: unknown, options: MapOptions = {}): unknown {
  if (arguments.length > 3) refuseExtra("map", arguments, 3);
  checkOptions("map", options, ["batchSize"]);
  requireFunction("map", f, "map((x) => …, xs)");
  const { batchSize = 1 } = options;
  checkInteger("map", "batchSize", batchSize, { from: 1 });
  const { leaves, defs } = flattenArguments([xs], "map", "leaf");
  const n = lengthOf(leaves);
  const of = (parts: readonly Tensor[]): unknown => unflattenArguments(defs, parts)[0];
  const oneByOne = (items: unknown): unknown =>
    runScan("map", (carry: unknown, x: never) => [carry, f(x)], null, items, {})[1];
  if (batchSize === 1) return oneByOne(xs);
  const together: (x: never) => unknown = vmap(f as (x: unknown) => unknown);
  const whole = Math.floor(n / batchSize);
  if (whole === 0) return together(of(leaves) as never);
  const batches = leaves.map((x) =>
    reshape(part(x, 0, 0, whole * batchSize), [whole, batchSize, ...x.shape.slice(1)]),
  );
  const [, ys] = runScan("map", (carry: unknown, x: never) => [carry, together(x)], null, of(batches), {});
  const found = flattenResult(ys, "map", "leaf");
  const front = found.leaves.map((y) => reshape(y, [whole * batchSize, ...y.shape.slice(2)]));
  if (whole * batchSize === n) return unflatten(found.def, front);
  const rest = flattenResult(
    together(of(leaves.map((x) => part(x, 0, whole * batchSize, n))) as never),
    "map",
    "leaf",
  );
  return unflatten(
    found.def,
    front.map((y, i) => concatenate([y, rest.leaves[i]!], 0)),
  );
}

/** Number of items: the common size of the first axis. */
function lengthOf(xs: readonly Tensor[]): number {
  const flat = xs.find(({ shape }) => shape.length === 0);
  if (flat !== undefined || xs.length === 0) {
    const what = flat === undefined ? "no tensor" : showType(flat.type);
    throw new DownhillError("shape", `map: xs must have a leading axis to go along, got ${what}.`);
  }
  const odd = xs.find(({ shape }) => shape[0] !== xs[0]!.shape[0]);
  if (odd === undefined) return xs[0]!.shape[0]!;
  throw new DownhillError(
    "shape",
    `map: the leading axes of xs differ: ${showType(xs[0]!.type)} and ${showType(odd.type)}.`,
  );
}
