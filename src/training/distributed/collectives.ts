import { div } from "../../numeric/array/elementwise.ts";
import { readElements } from "../../engine/ir/elements.ts";
import { builtIn, hostStorage } from "../../engine/ir/index.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import type { Accumulator, Maybe, Primitive } from "../../engine/ir/index.ts";
import type { TensorLike } from "../../engine/ir/tensor.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import type { ArrayType, DType } from "../../engine/ir/types.ts";
import { scalarTypeOf, withShape } from "../../engine/ir/types.ts";
import type { TypedArray } from "../../engine/kernel/executable.ts";
import { makeArray } from "../../engine/kernel/executable.ts";
import { asTensor, permute, reshape, slice } from "../../engine/prims/index.ts";
import { bind, isStaging } from "../../engine/trace/index.ts";
import type { World } from "../train/world.ts";
import { flatten, unflatten } from "../../engine/tree/index.ts";
import { range, sizeOf } from "../../engine/util/shape.ts";
import { sumOverRanks } from "./tree-sum.ts";

interface CollectiveParams {
  readonly world: World;
}

// Values are of two kinds, which types do not distinguish: values that differ by rank, and values that all ranks share.
// Computing only with shared values yields shared values. A derivative with respect to a shared value is that of all
// ranks together, so its cotangents are shared. The cotangents of a differing value belong to each rank. `psum` maps
// the first kind to the second and `replicated` the second to the first. Each is the transpose of the other, so the
// family is closed under derivatives of any order.

const psumPrim: Primitive<CollectiveParams> = /* @__PURE__ */ builtIn<CollectiveParams>({
  name: "psum",
  typeOf: (ins) => (requireEager("psum"), ins.map(requireNumber)),
  derivative: {
    kind: "linear",
    operands: "all",
    transpose: (cts, _, params, into) => backThrough(replicatedPrim, cts, params, into),
  },
  batch: (ins, batched, _, params) => ({ outs: bind(psumPrim, ins, params), batched }),
  lowering: { kind: "host", run: (ins, { world }) => sumTensors(ins, world) },
});

const replicatedPrim: Primitive<CollectiveParams> = /* @__PURE__ */ builtIn<CollectiveParams>({
  name: "replicated",
  typeOf: (ins) => (requireEager("replicated"), ins),
  derivative: {
    kind: "linear",
    operands: "all",
    transpose: (cts, _, params, into) => backThrough(psumPrim, cts, params, into),
  },
  batch: (ins, batched, _, params) => ({ outs: bind(replicatedPrim, ins, params), batched }),
  lowering: { kind: "host", run: (ins) => ins },
});

const allGatherPrim: Primitive<CollectiveParams> = /* @__PURE__ */ builtIn<CollectiveParams>({
  name: "allGather",
  typeOf: (ins, { world }) => (requireEager("allGather"), ins.map((x) => gathered(x, world))),
  derivative: {
    kind: "linear",
    operands: "all",
    // sums the cotangents of a rank's part over all ranks and returns them to that rank
    transpose: (cts, _, { world }, into) =>
      backThrough(replicatedPrim, cts, { world }, into, (ct) => partOf(ct, world.rank)),
  },
  batch: (ins, batched, _, params) => ({
    // moves the axis of the ranks behind the batch axis
    outs: bind(allGatherPrim, ins, params).map((out, i) =>
      batched[i] === true ? permute(out, [1, 0, ...range(2, out.shape.length)]) : out,
    ),
    batched,
  }),
  lowering: { kind: "host", run: (ins, { world }) => gatherTensors(ins, world) },
});

/**
 * Transpose rule of a collective: applies the collective `prim`, which is its transpose, to all present cotangents in
 * one equation. Transforms each result by `then`, and adds it to the accumulator of its operand.
 */
function backThrough(
  prim: Primitive<CollectiveParams>,
  cts: readonly Maybe[],
  params: CollectiveParams,
  into: readonly (Accumulator | undefined)[],
  then: (ct: Tensor) => Tensor = (ct) => ct,
): void {
  const places = range(0, cts.length).filter((i) => cts[i] !== undefined && into[i] !== undefined);
  if (places.length === 0) return;
  const outs = bind(
    prim,
    places.map((i) => cts[i]!),
    params,
  );
  places.forEach((i, k) => into[i]!.add(then(outs[k]!)));
}

/** Returns the part of a gathered value that one rank contributed. */
function partOf(x: Tensor, rank: number): Tensor {
  const starts = x.shape.map((_, axis) => (axis === 0 ? rank : 0));
  const limits = x.shape.map((n, axis) => (axis === 0 ? rank + 1 : n));
  return reshape(slice(x, { starts, limits, strides: x.shape.map(() => 1) }), x.shape.slice(1));
}

function gathered(type: ArrayType, { size }: World): ArrayType {
  return withShape(type, [size, ...type.shape]);
}

function requireNumber(type: ArrayType): ArrayType {
  if (type.dtype !== "bool") return type;
  throw new DownhillError(
    "dtype",
    `psum: ${showType(type)} holds no numbers. Convert it first: x.astype("int32").`,
  );
}

/**
 * Throws `trace` inside compiled functions. Ranks communicate while JavaScript runs; in compiled code the order of
 * their calls would be undefined.
 */
function requireEager(operation: string): void {
  if (!isStaging()) return;
  throw new DownhillError(
    "trace",
    `${operation}: is called inside a compiled function (jit, scan, whileLoop, cond, checkpoint, makeProgram), where ranks cannot ` +
      `communicate. Compile the computation of a single rank and call ${operation} outside, as in psum(jit(valueAndGrad(loss))(params, batch), world).`,
  );
}

/** Returns each operand summed over all ranks. All operands of one dtype are sent in one message. */
function sumTensors(ins: readonly Tensor[], world: World): readonly Tensor[] {
  for (const { type } of ins) requireNumber(type);
  if (world.size === 1) return ins;
  const outs = new Array<Tensor>(ins.length);
  for (const dtype of new Set(ins.map((x) => x.dtype))) {
    const places = range(0, ins.length).filter((i) => ins[i]!.dtype === dtype);
    const total = places.reduce((sum, i) => sum + sizeOf(ins[i]!.shape), 0);
    const bucket = makeArray(scalarTypeOf(dtype), total);
    let offset = 0;
    for (const i of places) {
      bucket.set(readElements(ins[i]!, "psum"), offset);
      offset += sizeOf(ins[i]!.shape);
    }
    sumOverRanks(reducible(bucket, dtype), world);
    offset = 0;
    for (const i of places) {
      outs[i] = tensorIn(ins[i]!.type, bucket, offset);
      offset += sizeOf(ins[i]!.shape);
    }
  }
  return outs;
}

/** Views the memory as an array that can be reduced: sums of unsigned integers have the bits of signed ones. */
function reducible(array: TypedArray, dtype: DType): Float64Array | Float32Array | Int32Array {
  return dtype === "uint32"
    ? new Int32Array(array.buffer)
    : (array as Float64Array | Float32Array | Int32Array);
}

/** Gathers the values of all ranks along a new axis 0. Each rank sends all its operands in one message. */
function gatherTensors(ins: readonly Tensor[], world: World): readonly Tensor[] {
  const { rank, size } = world;
  const outs = ins.map((x) => makeArray(scalarTypeOf(x.dtype), size * sizeOf(x.shape)));
  const bytes = outs.reduce((sum, out) => sum + out.byteLength / size, 0);
  const packed = new Uint8Array(bytes);
  /**
   * Visits the operands, each with its offset in the packed bytes and the bytes of the results that belong to rank
   * `owner`.
   */
  const eachPart = (owner: number, visit: (i: number, at: number, part: Uint8Array) => void): void => {
    let at = 0;
    outs.forEach(({ buffer, byteLength }, i) => {
      const n = byteLength / size;
      visit(i, at, new Uint8Array(buffer, owner * n, n));
      at += n;
    });
  };
  for (let owner = 0; owner < size; owner++) {
    if (owner === rank)
      eachPart(owner, (i, at) => {
        const own = readElements(ins[i]!, "allGather");
        packed.set(new Uint8Array(own.buffer, own.byteOffset, own.byteLength), at);
      });
    if (bytes > 0) world.broadcast(packed, owner);
    eachPart(owner, (_, at, part) => part.set(packed.subarray(at, at + part.length)));
  }
  return outs.map((out, i) => tensorIn(gathered(ins[i]!.type, world), out, 0));
}

function tensorIn(type: ArrayType, array: TypedArray, offset: number): Tensor {
  return new Tensor(type, type.shape.length === 0 ? array[offset] : hostStorage(array, offset), undefined);
}

/** Applies a collective to all leaves of a tree in one equation. */
function overLeaves(
  operation: string,
  prim: Primitive<CollectiveParams>,
  tree: unknown,
  world: unknown,
): unknown {
  requireWorld(operation, world);
  const { leaves, def } = flatten(tree, operation);
  if (leaves.length === 0) return tree;
  const tensors = leaves.map((leaf) => asTensor(leaf, operation));
  return unflatten(def, bind(prim, tensors, { world }));
}

function requireWorld(operation: string, world: unknown): asserts world is World {
  if (typeof (world as World | null | undefined)?.allReduce === "function") return;
  throw new DownhillError(
    "option",
    `${operation}: the ranks are missing: ${operation}(x, world), where world is the result of await openMpi().`,
  );
}

/**
 * Returns on all ranks the sum over all ranks of a value that differs by rank: of a tensor, or of each leaf of nested
 * arrays and objects. Integers wrap. If the number of ranks is a power of two, the sum uses a binary tree in a fixed
 * order, with equal bits in every run. Otherwise MPI chooses the order.
 *
 * Derivative: linear; its transpose is `replicated`, because the results share one cotangent. All ranks must call it,
 * in the same order.
 *
 * @throws DownhillError `trace` inside compiled functions, `dtype` for bool.
 */
export function psum(x: TensorLike, world: World): Tensor;
export function psum<T>(tree: T, world: World): T;
export function psum(tree: unknown, world: World): unknown {
  if (arguments.length > 2) refuseExtra("psum", arguments, 2);
  return overLeaves("psum", psumPrim, tree, world);
}

/**
 * Returns the mean over all ranks: `psum` divided by their number. Integers become float64.
 *
 * @throws DownhillError `trace` inside compiled functions, `dtype` for bool.
 */
export function pmean(x: TensorLike, world: World): Tensor;
export function pmean<T>(tree: T, world: World): T;
export function pmean(tree: unknown, world: World): unknown {
  if (arguments.length > 2) refuseExtra("pmean", arguments, 2);
  const { leaves, def } = flatten(overLeaves("pmean", psumPrim, tree, world), "pmean");
  return unflatten(
    def,
    leaves.map((leaf) => div(leaf as Tensor, world.size)),
  );
}

/**
 * Returns on all ranks the values of all ranks along a new axis 0 of the size of the world.
 *
 * Derivative: linear; its transpose returns to each rank the cotangent of its part. All ranks must call it, with arrays
 * of the same shape.
 *
 * @throws DownhillError `trace` inside compiled functions.
 */
export function allGather(x: TensorLike, world: World): Tensor;
export function allGather<T>(tree: T, world: World): T;
export function allGather(tree: unknown, world: World): unknown {
  if (arguments.length > 2) refuseExtra("allGather", arguments, 2);
  return overLeaves("allGather", allGatherPrim, tree, world);
}

/**
 * Marks a value as shared by all ranks, for use in computations that differ by rank. Returns the value unchanged,
 * without communication. Its transpose is `psum`: the gradient with respect to it is the sum of the contributions of
 * all ranks, sent in one message for all leaves.
 *
 * @throws DownhillError `trace` inside compiled functions.
 * @example
 * // the gradient of the loss over all data, of which each rank has its own part
 * const gradient = (params: Tensor, part: Tensor, world: World) =>
 *   grad((p) => psum(sum(mul(replicated(p, world), part)), world))(params);
 */
export function replicated(x: TensorLike, world: World): Tensor;
export function replicated<T>(tree: T, world: World): T;
export function replicated(tree: unknown, world: World): unknown {
  if (arguments.length > 2) refuseExtra("replicated", arguments, 2);
  return overLeaves("replicated", replicatedPrim, tree, world);
}
