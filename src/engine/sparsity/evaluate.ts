import type { Maybe } from "../ir/primitive.ts";
import type { Program } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType } from "../ir/types.ts";
import { equal, indicator, mul } from "../prims/arithmetic.ts";
import { iota, part } from "../prims/index-ops.ts";
import { add, convert, full } from "../prims/linear.ts";
import { concatenate } from "../prims/pieces.ts";
import { broadcast, reshape } from "../prims/shape.ts";
import { scatterAdd, take } from "../prims/take.ts";
import { bind, withTrace } from "../trace/bind.ts";
import { evalProgram, traceClosed } from "../trace/staging.ts";
import { BatchTrace } from "../transforms/batch.ts";
import { backward, pushForward } from "../transforms/linear.ts";
import type { Linearization } from "../transforms/linearize.ts";
import { linearizeLeaves, materialize } from "../transforms/linearize.ts";
import { map } from "../transforms/map.ts";
import { tools } from "../transforms/tools.ts";
import { sizeOf } from "../util/shape.ts";
import type { PassPlan } from "./plan.ts";

/** Largest number of passes that are each traced separately. More passes run in batches. */
const mostSeparate = 6;

/** Arrays of a `PassPlan` as tensors, so that compiled code does not depend on their contents. */
export interface PlanTensors {
  /** Colour of each moved element; int32. */
  readonly forward: Tensor;
  /** Colour of each result; int32. */
  readonly reverse: Tensor;
  readonly products: Tensor;
  readonly addedProducts: Tensor;
  readonly addedEntries: Tensor;
}

/** Numbers and flags of a plan on which compiled code depends. */
export interface PassCounts {
  readonly forward: number;
  readonly reverse: number;
  /** True if there is a single forward pass whose direction has all elements; its seeds are then ones. */
  readonly isForwardFull: boolean;
  readonly isReverseFull: boolean;
  readonly hasSums: boolean;
  /** Maximum number of passes in a batch. */
  readonly batch: number;
}

export function countsOf({ colouring: { forward, reverse }, added }: PassPlan, batch: number): PassCounts {
  const isFull = ({ colours, count }: typeof forward): boolean =>
    count === 1 && colours.every((colour) => colour === 0);
  return {
    forward: forward.count,
    reverse: reverse.count,
    isForwardFull: isFull(forward),
    isReverseFull: isFull(reverse),
    hasSums: added.entries.length > 0,
    batch,
  };
}

/** Results of a program, and the entries of its derivative. */
export interface EntryValues {
  readonly outs: readonly Tensor[];
  /** Entries in the order of the pattern: float64. */
  readonly values: Tensor;
}

/**
 * Computes the results of `program` and the entries of its derivative with respect to its first inputs. `moved` are the
 * values of the first inputs, and `others` the values of the remaining ones.
 */
export function evaluateEntries(
  program: Program,
  moved: readonly Tensor[],
  others: readonly Tensor[],
  counts: PassCounts,
  plan: PlanTensors,
): EntryValues {
  const lin = linearizeProgram(program, moved, others);
  const inTypes = moved.map((x) => x.type);
  const outTypes = lin.outs.map((x) => x.type);
  const forward = passes(plan.forward, counts.forward, counts.isForwardFull, inTypes, counts.batch, (seeds) =>
    pushForward(lin.eqns, lin.ins, seeds, lin.outNodes).map((t, i) => materialize(t, outTypes[i]!)),
  );
  const reverse = passes(
    plan.reverse,
    counts.reverse,
    counts.isReverseFull,
    outTypes,
    counts.batch,
    (seeds) =>
      backward(lin.eqns, lin.outNodes, maybes(seeds, lin), lin.ins, tools).map((t, i) =>
        materialize(t, inTypes[i]!),
      ),
  );
  if (plan.products.shape[0] === 0) return { outs: lin.outs, values: full(arrayType("float64", [0]), 0) };
  const products = joined([...forward, ...reverse], 0);
  const first = take(products, plan.products, 0);
  const values = counts.hasSums
    ? scatterAdd(first, plan.addedEntries, take(products, plan.addedProducts, 0), 0)
    : first;
  return { outs: lin.outs, values };
}

/** Replaces the cotangents of results that do not depend on the moved elements by `undefined`. */
function maybes(seeds: readonly Tensor[], { outNodes }: Linearization): Maybe[] {
  return seeds.map((seed, i) => (outNodes[i] === undefined ? undefined : seed));
}

function linearizeProgram(
  program: Program,
  moved: readonly Tensor[],
  others: readonly Tensor[],
): Linearization {
  const leaves = [...moved, ...others];
  const run = (...xs: Tensor[]): Tensor[] => evalProgram(program, xs, bind);
  const defs = leaves.map(() => ({ kind: "leaf" }) as const);
  const active = leaves.map((_, i) => i < moved.length);
  return linearizeLeaves(program.name, run, defs, leaves, active);
}

/** Traces the gradient of `program`, which has one scalar result, with respect to its first `moved` inputs. */
export function gradientProgram(program: Program, moved: number): Program {
  const types = program.ins.map((v) => v.type);
  return traceClosed(`grad(${program.name})`, types, (...xs) => {
    const lin = linearizeProgram(program, xs.slice(0, moved), xs.slice(moved));
    const one = full(program.outs[0]!.type, 1);
    return backward(lin.eqns, lin.outNodes, maybes([one], lin), lin.ins, tools).map((g, i) => materialize(g, types[i]!)); // prettier-ignore
  });
}

/**
 * Runs all passes of one direction and returns their products as flat float64 tensors. `colours` assigns a pass to each
 * element, and `run` maps the seeds of a pass, which have these types, to its products.
 */
function passes(
  colours: Tensor,
  count: number,
  isFull: boolean,
  types: readonly ArrayType[],
  batch: number,
  run: (seeds: readonly Tensor[]) => readonly Tensor[],
): Tensor[] {
  if (count === 0 || types.length === 0) return [];
  if (count <= Math.min(mostSeparate, batch)) {
    return Array.from({ length: count }, (_, colour) => colour).flatMap((colour) => {
      const chosen = (): Tensor => equal(colours, full(arrayType("int32", colours.shape), colour));
      const seeds = isFull ? types.map((type) => full(type, 1)) : seedsOf(chosen(), types, []);
      return run(seeds).map(flatFloats);
    });
  }
  const chunks = Math.ceil(count / batch);
  const size = Math.ceil(count / chunks);
  const together = (start: Tensor): Tensor => productsOfBatch(colours, start, size, types, run);
  if (chunks === 1) return [together(full(arrayType("int32", []), 0))];
  const starts = mul(iota("int32", [chunks], 0), full(arrayType("int32", [chunks]), size));
  return [flatFloats(map(together, starts))];
}

/** Runs the `size` passes from number `start` on as one batch and returns their products as a flat float64 tensor. */
function productsOfBatch(
  colours: Tensor,
  start: Tensor,
  size: number,
  types: readonly ArrayType[],
  run: (seeds: readonly Tensor[]) => readonly Tensor[],
): Tensor {
  const shape = [size, colours.shape[0]!];
  const numbers = add(iota("int32", shape, 0), broadcast(start, shape, []));
  const seeds = seedsOf(equal(broadcast(colours, shape, [1]), numbers), types, [size]);
  const products = withTrace(
    "sparse derivative",
    (level) => new BatchTrace(level, size, tools),
    (trace) => run(seeds.map((seed) => trace.wrap(seed, true))).map((out) => trace.unwrap(out)),
  );
  const rows = products.map((out) => reshape(convert(out, "float64"), [size, sizeOf(out.shape) / size]));
  return flatFloats(joined(rows, 1));
}

/**
 * Seeds of the passes: 1 at the chosen elements and 0 elsewhere, divided into arrays of these types. `lead` are the
 * batch axes, which come before the axes of the types.
 */
function seedsOf(isChosen: Tensor, types: readonly ArrayType[], lead: readonly number[]): Tensor[] {
  let start = 0;
  return types.map((type) => {
    const size = sizeOf(type.shape);
    const own = types.length === 1 ? isChosen : part(isChosen, lead.length, start, start + size);
    start += size;
    return reshape(indicator(own, arrayType(type.dtype, [])), [...lead, ...type.shape]);
  });
}

function flatFloats(x: Tensor): Tensor {
  return reshape(convert(x, "float64"), [sizeOf(x.shape)]);
}

function joined(pieces: readonly Tensor[], axis: number): Tensor {
  return pieces.length === 1 ? pieces[0]! : concatenate(pieces, axis);
}
