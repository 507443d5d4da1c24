import { DownhillError, showType } from "../errors/index.ts";
import type { LowerContext, Primitive, WriteView } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, scalarTypeOf } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Dim, Expr, BufferPointer } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import { must } from "../util/assert-never.ts";
import type { Shape } from "../util/shape.ts";
import { range, sizeOf, stridesOf } from "../util/shape.ts";
import { joinTypes, requireNumbers } from "./elementwise.ts";
import { sumMaybe } from "./linear.ts";
import { flatIndex, loopEach, loopOver, plus } from "./reduce-loops.ts";
import { permute } from "./shape.ts";

/**
 * Parameters of the general product `dotGeneral`: pairs of axes of the left and right operand. `contract` axes are
 * multiplied and summed, `batch` axes are matched.
 */
export interface DotParams {
  readonly contract: readonly [left: readonly number[], right: readonly number[]];
  readonly batch: readonly [left: readonly number[], right: readonly number[]];
  /**
   * Axis i of the result is axis `order[i]` of the natural order: batch axes, free axes of the left operand, free axes
   * of the right operand. Only optimiser passes set it; derivatives never do.
   */
  readonly order?: readonly number[];
}

/** Axes of one operand that are neither contracted nor batched. */
function freeAxes(rank: number, contract: readonly number[], batch: readonly number[]): number[] {
  const free: number[] = [];
  for (let axis = 0; axis < rank; axis++)
    if (!contract.includes(axis) && !batch.includes(axis)) free.push(axis);
  return free;
}

function dotType([x, y]: readonly ArrayType[], { contract, batch, order }: DotParams): ArrayType {
  const left = x!;
  const right = y!;
  requireEqualSizes(left, right, contract);
  requireEqualSizes(left, right, batch);
  const { dtype, weak } = joinTypes("dotGeneral", [withScalarShape(left), withScalarShape(right)]);
  requireNumbers("dotGeneral", left);
  const shape: number[] = [];
  for (const axis of batch[0]) shape.push(left.shape[axis]!);
  for (const axis of freeAxes(left.shape.length, contract[0], batch[0])) shape.push(left.shape[axis]!);
  for (const axis of freeAxes(right.shape.length, contract[1], batch[1])) shape.push(right.shape[axis]!);
  return arrayType(dtype, order === undefined ? shape : order.map((axis) => shape[axis]!), weak);
}

function requireEqualSizes(left: ArrayType, right: ArrayType, [axes, others]: DotParams["batch"]): void {
  for (let i = 0; i < axes.length; i++) {
    if (left.shape[axes[i]!] === right.shape[others[i]!]) continue;
    throw new DownhillError(
      "shape",
      `dotGeneral: axis ${axes[i]!} of ${showType(left)} and axis ${others[i]!} of ${showType(right)} differ in size.`,
    );
  }
}

function withScalarShape(type: ArrayType): ArrayType {
  return arrayType(type.dtype, [], type.weak);
}

const dotPrim: Primitive<DotParams> = /* @__PURE__ */ builtIn<DotParams>({
  name: "dotGeneral",
  asked: "matmul, dot or einsum",
  typeOf: (ins, params) => [dotType(ins, params)],
  derivative: {
    kind: "smooth",
    jvp: ([dx, dy], [x, y], _, params) => [
      sumMaybe(dx && dotGeneral(dx, y!, params), dy && dotGeneral(x!, dy, params)),
    ],
    transpose([ct], [x, y], params, into) {
      if (into[0]) into[0].add(transposeLeft(ct!, y!, into[0].type.shape.length, params));
      if (into[1]) into[1].add(transposeRight(ct!, x!, into[1].type.shape.length, params));
    },
  },
  batch([x, y], [xBatched, yBatched], _, { contract, batch }) {
    const up = (axes: readonly number[], by: boolean | undefined): number[] =>
      axes.map((axis) => (by === true ? axis + 1 : axis));
    const moved: DotParams = {
      contract: [up(contract[0], xBatched), up(contract[1], yBatched)],
      batch: [up(batch[0], xBatched), up(batch[1], yBatched)],
    };
    if (xBatched === true && yBatched === true) {
      const both: DotParams = {
        contract: moved.contract,
        batch: [
          [0, ...moved.batch[0]],
          [0, ...moved.batch[1]],
        ],
      };
      return { outs: [dotGeneral(x!, y!, both)], batched: [true] };
    }
    // The batch axis is a free axis of one operand; in the result it is the first free axis of that operand.
    const out = dotGeneral(x!, y!, moved);
    const leftFree = freeAxes(x!.type.shape.length, moved.contract[0], moved.batch[0]).length;
    const place = batch[0].length + (xBatched === true ? 0 : leftFree);
    return {
      outs: [permute(out, [place, ...range(0, out.shape.length).filter((axis) => axis !== place)])],
      batched: [true],
    };
  },
  lowering: { kind: "loops", emit: emitDot },
  cost: "high",
  layout: {
    transposeOperand,
    transposeResult: (params, order) => ({
      ...params,
      order: params.order === undefined ? order : order.map((axis) => params.order![axis]!),
    }),
  },
  notation: { write: writeDot },
  loop: {
    atOnce: (params, stacked, ins, isSummed) =>
      isSummed ? sumOfProducts(params) : stackOfProducts(params, stacked, ins),
  },
});

const shifted = (axes: readonly number[], by: number): number[] => axes.map((axis) => axis + by);

/**
 * Parameters for the products of all loop iterations at once: two stacked operands form a batch; a single stacked
 * operand has one more free axis.
 */
function stackOfProducts(
  { contract, batch, order }: DotParams,
  stacked: readonly boolean[],
  ins: readonly ArrayType[],
): DotParams {
  const [left, right] = stacked.map(Number) as [number, number];
  const moved: DotParams = {
    contract: [shifted(contract[0], left), shifted(contract[1], right)],
    batch: [shifted(batch[0], left), shifted(batch[1], right)],
  };
  const rank = (operand: number): number =>
    ins[operand]!.shape.length - contract[operand]!.length - batch[operand]!.length;
  const natural = order ?? range(0, batch[0].length + rank(0) + rank(1));
  if (left === 1 && right === 1) {
    const both: DotParams = { ...moved, batch: [[0, ...moved.batch[0]], [0, ...moved.batch[1]]] }; // prettier-ignore
    return order === undefined ? both : { ...both, order: [0, ...shifted(order, 1)] };
  }
  const place = batch[0].length + (left === 1 ? 0 : rank(0));
  const next = [place, ...natural.map((axis) => (axis < place ? axis : axis + 1))];
  return next.every((axis, i) => axis === i) ? moved : { ...moved, order: next };
}

/** Parameters for the sum of the products of all iterations, with both operands stacked. */
function sumOfProducts({ contract, batch, ...rest }: DotParams): DotParams {
  return {
    ...rest,
    contract: [
      [0, ...shifted(contract[0], 1)],
      [0, ...shifted(contract[1], 1)],
    ],
    batch: [shifted(batch[0], 1), shifted(batch[1], 1)],
  };
}

/**
 * Parameters of a product that reads an operand as it was before its transposition by the permutation `given`, so that
 * the transposition is not needed. The axes of the operand are renamed; `order` restores the axis order of the result.
 */
function transposeOperand(
  { contract, batch, order }: DotParams,
  operand: number,
  given: readonly number[],
  ins: readonly ArrayType[],
): DotParams {
  const rename = (axes: readonly [readonly number[], readonly number[]]): DotParams["batch"] => {
    const renamed = axes[operand]!.map((axis) => given[axis]!);
    return operand === 0 ? [renamed, axes[1]] : [axes[0], renamed];
  };
  const [ranks, nBatch] = [ins.map((type) => type.shape.length), batch[0].length];
  const before = freeAxes(ranks[operand]!, contract[operand]!, batch[operand]!).map((axis) => given[axis]!);
  const after = [...before].sort((a, b) => a - b);
  const other = 1 - operand;
  const otherFree = freeAxes(ranks[other]!, contract[other]!, batch[other]!).length;
  const start = operand === 0 ? nBatch : nBatch + otherFree;
  const place = range(0, nBatch + before.length + otherFree);
  before.forEach((axis, i) => (place[start + i] = start + after.indexOf(axis)));
  const next = order?.map((axis) => place[axis]!) ?? place;
  return {
    contract: rename(contract),
    batch: rename(batch),
    ...(next.every((axis, i) => axis === i) ? {} : { order: next }),
  };
}

/**
 * Prints `x @ y` for products of matrices and vectors, with `ᵀ` for a transposed operand; undefined for other
 * contractions.
 */
function writeDot(
  [x, y]: readonly string[],
  { contract, batch, order }: DotParams,
  ins: readonly ArrayType[],
): string | undefined {
  const [left, right] = ins.map((type) => type.shape.length);
  if (order !== undefined || batch[0].length > 0 || contract[0].length !== 1 || left! > 2 || right! > 2)
    return undefined;
  const written = (operand: string, isTransposed: boolean): string =>
    isTransposed ? `${operand}ᵀ` : operand;
  return `${written(x!, contract[0][0] !== left! - 1)} @ ${written(y!, contract[1][0] !== 0)}`;
}

/** Cotangent of the left operand: ct contracted with y over y's free axes, with the axes permuted to x's order. */
function transposeLeft(ct: Tensor, y: Tensor, rank: number, { contract, batch }: DotParams): Tensor {
  const nBatch = batch[0].length;
  const xFree = freeAxes(rank, contract[0], batch[0]);
  const yFree = freeAxes(y.type.shape.length, contract[1], batch[1]);
  const ctYFree = range(nBatch + xFree.length, nBatch + xFree.length + yFree.length);
  const out = dotGeneral(ct, y, { contract: [ctYFree, yFree], batch: [range(0, nBatch), batch[1]] });
  // axes of `out`: batch, free axes of x, then y's contracted axes in their order in y
  const contractedInOrder = [...contract[1]]
    .sort((a, b) => a - b)
    .map((axis) => contract[0][contract[1].indexOf(axis)]!);
  return permute(out, inverseOf([...batch[0], ...xFree, ...contractedInOrder]));
}

function transposeRight(ct: Tensor, x: Tensor, rank: number, { contract, batch }: DotParams): Tensor {
  const nBatch = batch[0].length;
  const xFree = freeAxes(x.type.shape.length, contract[0], batch[0]);
  const yFree = freeAxes(rank, contract[1], batch[1]);
  const ctXFree = range(nBatch, nBatch + xFree.length);
  const out = dotGeneral(x, ct, { contract: [xFree, ctXFree], batch: [batch[0], range(0, nBatch)] });
  // axes of `out`: batch, x's contracted axes in their order in x, free axes of y
  const contractedInOrder = [...contract[0]]
    .sort((a, b) => a - b)
    .map((axis) => contract[1][contract[0].indexOf(axis)]!);
  return permute(out, inverseOf([...batch[1], ...contractedInOrder, ...yFree]));
}

/** Returns the inverse of a permutation. `permute` with it moves axis i to axis `axes[i]`. */
function inverseOf(axes: readonly number[]): number[] {
  return axes.map((_, i) => axes.indexOf(i));
}

/**
 * Emits a contraction. It is a reduction if the result is a single number (per batch item) or an operand is not in
 * memory; otherwise it is the kernel statement for products.
 */
function emitDot(context: LowerContext, params: DotParams): void {
  const { block, fresh, ins, outs } = context;
  const [x, y] = ins as readonly [WriteView, WriteView];
  const out = outs[0]!;
  if (sizeOf(out.type.shape) === 0) return;
  const dims = mergeDims(dimsOf(x.type.shape, y.type.shape, params));
  const results = dims.filter((dim) => dim.role === "row" || dim.role === "column");
  if (x.buffer === undefined || y.buffer === undefined || results.every((dim) => dim.size === 1))
    return emitFold(context, dims);
  const place = ({ buffer, offset }: WriteView): BufferPointer => ({
    buffer: must(buffer, "the memory of a product"),
    offset: offset ?? k.i32(0),
  });
  // makes columns contiguous in the result if possible: (xy)ᵀ is yᵀxᵀ
  const last = (role: Dim["role"]): Dim<number> | undefined => dims.findLast((dim) => dim.role === role);
  const swaps = last("row")?.out === 1 && last("column")?.out !== 1;
  block.contract({
    name: fresh("dot"),
    type: scalarTypeOf(out.type.dtype),
    out: place(out),
    left: place(swaps ? y : x),
    right: place(swaps ? x : y),
    dims: swaps ? dims.map(swapped) : dims,
    accumulate: false,
  });
}

/** The dimension of a product whose left and right operand were swapped. */
function swapped(dim: Dim<number>): Dim<number> {
  const role = dim.role === "row" ? "column" : dim.role === "column" ? "row" : dim.role;
  return { ...dim, role, left: dim.right, right: dim.left };
}

/**
 * Dimensions of a contraction in the order of the kernel statement: batch, rows, columns, sums. Written as loops, because
 * the engine spends tens of milliseconds on optimising chains of array methods with callbacks.
 */
function dimsOf(x: Shape, y: Shape, { contract, batch, order }: DotParams): Dim<number>[] {
  const [xStrides, yStrides] = [stridesOf(x), stridesOf(y)];
  const dims: Dim<number>[] = [];
  const add = (role: Dim["role"], size: number, left: number, right: number): void => {
    dims.push({ role, size, out: 0, left, right });
  };
  for (let i = 0; i < batch[0].length; i++) {
    const axis = batch[0][i]!;
    add("batch", x[axis]!, xStrides[axis]!, yStrides[batch[1][i]!]!);
  }
  for (const axis of freeAxes(x.length, contract[0], batch[0])) add("row", x[axis]!, xStrides[axis]!, 0);
  for (const axis of freeAxes(y.length, contract[1], batch[1])) add("column", y[axis]!, 0, yStrides[axis]!);
  let stride = 1;
  for (let i = dims.length - 1; i >= 0; i--) {
    const axis = order === undefined ? i : order[i]!;
    dims[axis] = { ...dims[axis]!, out: stride };
    stride *= dims[axis].size;
  }
  for (let i = 0; i < contract[0].length; i++) {
    const axis = contract[0][i]!;
    add("sum", x[axis]!, xStrides[axis]!, yStrides[contract[1][i]!]!);
  }
  return dims;
}

/**
 * Drops dimensions of size 1. Merges neighbours of the same role that are contiguous in the result and both operands.
 */
function mergeDims(dims: readonly Dim<number>[]): Dim<number>[] {
  const merged: Dim<number>[] = [];
  for (const dim of dims) {
    if (dim.size === 1) continue;
    const before = merged.at(-1);
    const follows = (role: "out" | "left" | "right"): boolean => before?.[role] === dim.size * dim[role];
    if (before?.role === dim.role && follows("out") && follows("left") && follows("right"))
      merged[merged.length - 1] = { ...dim, size: before.size * dim.size };
    else merged.push(dim);
  }
  return merged;
}

/** Emits one reduction per result element. Products of float32 are summed in float64, where each product is exact. */
function emitFold({ block, fresh, ins, outs }: LowerContext, dims: readonly Dim<number>[]): void {
  const [x, y] = [ins[0]!, ins[1]!];
  const out = outs[0]!;
  const type = scalarTypeOf(out.type.dtype);
  const wide = type === "f32" ? "f64" : type;
  const outer = dims.filter((dim) => dim.role !== "sum");
  const sums = dims.filter((dim) => dim.role === "sum");
  const last = sums.at(-1) ?? { role: "sum", size: 1, out: 0, left: 0, right: 0 };
  const at = (index: readonly Expr[], of: readonly Dim<number>[], operand: "out" | "left" | "right"): Expr =>
    flatIndex(
      index,
      of.map((dim) => dim[operand]),
    );
  const sizes = (of: readonly Dim<number>[]): number[] => of.map((dim) => dim.size);
  loopEach(block, sizes(outer), fresh, (row, i) => {
    const sumFrom = (inner: Block, left: Expr, right: Expr): Expr =>
      inner.reduce(fresh("dot"), "add", k.constant(wide, 0), fresh("r"), k.i32(0), k.i32(last.size), (_, r) =>
        k.mul(
          k.convert(wide, x.read(plus(left, flatIndex([r], [last.left])))),
          k.convert(wide, y.read(plus(right, flatIndex([r], [last.right])))),
        ),
      );
    const [left, right] = [at(i, outer, "left"), at(i, outer, "right")];
    let total: Expr;
    if (sums.length < 2) total = sumFrom(row, left, right);
    else {
      const others = sums.slice(0, -1);
      total = row.let(fresh("total"), k.constant(wide, 0));
      loopOver(row, sizes(others), fresh, (inner, r) =>
        inner.set(
          total,
          k.add(
            total,
            sumFrom(inner, plus(left, at(r, others, "left")), plus(right, at(r, others, "right"))),
          ),
        ),
      );
    }
    out.write(row, at(i, outer, "out"), k.convert(type, total));
  });
}

/**
 * General product of arrays: `contract` axes are multiplied and summed, `batch` axes are matched. Axes of the result,
 * if `order` does not permute them: batch axes, free axes of x, free axes of y.
 */
export function dotGeneral(x: Tensor, y: Tensor, params: DotParams): Tensor {
  return bind1(dotPrim, [x, y], params);
}
