import { DownhillError, showType } from "../errors/index.ts";
import type { LowerContext, Primitive } from "../ir/primitive.ts";
import { definePrimitive } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, scalarTypeOf } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import { range, sizeOf, stridesOf } from "../util/shape.ts";
import { joinTypes, requireNumbers } from "./elementwise.ts";
import { sumMaybe } from "./linear.ts";
import { flatIndex, loopOver, plus } from "./reduce-loops.ts";
import { permute } from "./shape.ts";

/** Pairs of axes of the left and right operand: `contract` are multiplied and summed, `batch` are kept in step. */
export interface DotParams {
  readonly contract: readonly [left: readonly number[], right: readonly number[]];
  readonly batch: readonly [left: readonly number[], right: readonly number[]];
}

/** Axes of one operand that are neither contracted nor batched. */
function freeAxes(rank: number, contract: readonly number[], batch: readonly number[]): number[] {
  return range(0, rank).filter((axis) => !contract.includes(axis) && !batch.includes(axis));
}

function dotType([x, y]: readonly ArrayType[], { contract, batch }: DotParams): ArrayType {
  const left = x!;
  const right = y!;
  for (const pairs of [contract, batch]) {
    pairs[0].forEach((axis, i) => {
      if (left.shape[axis] !== right.shape[pairs[1][i]!]) {
        throw new DownhillError(
          "shape",
          `dotGeneral: axis ${axis} of ${showType(left)} and axis ${pairs[1][i]!} of ${showType(right)} differ in size.`,
        );
      }
    });
  }
  const { dtype, weak } = joinTypes("dotGeneral", [withScalarShape(left), withScalarShape(right)]);
  requireNumbers("dotGeneral", left);
  return arrayType(
    dtype,
    [
      ...batch[0].map((axis) => left.shape[axis]!),
      ...freeAxes(left.shape.length, contract[0], batch[0]).map((axis) => left.shape[axis]!),
      ...freeAxes(right.shape.length, contract[1], batch[1]).map((axis) => right.shape[axis]!),
    ],
    weak,
  );
}

function withScalarShape(type: ArrayType): ArrayType {
  return arrayType(type.dtype, [], type.weak);
}

const dotPrim: Primitive<DotParams> = /* @__PURE__ */ definePrimitive<DotParams>({
  name: "dotGeneral",
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
    // The batch is a free axis of one operand: of the result it is the first free axis of that operand.
    const out = dotGeneral(x!, y!, moved);
    const leftFree = freeAxes(x!.shape.length, moved.contract[0], moved.batch[0]).length;
    const place = batch[0].length + (xBatched === true ? 0 : leftFree);
    return {
      outs: [permute(out, [place, ...range(0, out.shape.length).filter((axis) => axis !== place)])],
      batched: [true],
    };
  },
  lowering: { kind: "loops", emit: emitDot },
  costly: true,
  write: writeDot,
});

/** `x @ y` for matrices and vectors, with `ᵀ` where an operand is turned around; nothing for other contractions. */
function writeDot(
  [x, y]: readonly string[],
  { contract, batch }: DotParams,
  ins: readonly ArrayType[],
): string | undefined {
  const [left, right] = ins.map((type) => type.shape.length);
  if (batch[0].length > 0 || contract[0].length !== 1 || left! > 2 || right! > 2) return undefined;
  const turn = (operand: string, isTurned: boolean): string => (isTurned ? `${operand}ᵀ` : operand);
  return `${turn(x!, contract[0][0] !== left! - 1)} @ ${turn(y!, contract[1][0] !== 0)}`;
}

/** The cotangent of the left operand: ct contracted with y over y's free axes, axes put back in place. */
function transposeLeft(ct: Tensor, y: Tensor, rank: number, { contract, batch }: DotParams): Tensor {
  const nBatch = batch[0].length;
  const xFree = freeAxes(rank, contract[0], batch[0]);
  const yFree = freeAxes(y.shape.length, contract[1], batch[1]);
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
  const xFree = freeAxes(x.shape.length, contract[0], batch[0]);
  const yFree = freeAxes(rank, contract[1], batch[1]);
  const ctXFree = range(nBatch, nBatch + xFree.length);
  const out = dotGeneral(x, ct, { contract: [xFree, ctXFree], batch: [batch[0], range(0, nBatch)] });
  // axes of `out`: batch, x's contracted axes in their order in x, free axes of y
  const contractedInOrder = [...contract[0]]
    .sort((a, b) => a - b)
    .map((axis) => contract[1][contract[0].indexOf(axis)]!);
  return permute(out, inverseOf([...batch[1], ...contractedInOrder, ...yFree]));
}

/** Given which axis of the target each axis is, the permutation that puts them in place. */
function inverseOf(axes: readonly number[]): number[] {
  return axes.map((_, i) => axes.indexOf(i));
}

/** Columns of the result that are computed together, each with its own sum in a register. */
const tile = 4;

/** Loops over the axes of the result, the last in tiles, with the contraction innermost; sums run in order of the contracted axes. */
function emitDot({ block, fresh, ins, outs }: LowerContext, { contract, batch }: DotParams): void {
  const [x, y] = [ins[0]!, ins[1]!];
  const out = outs[0]!;
  const xStrides = stridesOf(x.type.shape);
  const yStrides = stridesOf(y.type.shape);
  const xFree = freeAxes(x.type.shape.length, contract[0], batch[0]);
  const yFree = freeAxes(y.type.shape.length, contract[1], batch[1]);
  const outStrides = stridesOf(out.type.shape);
  const at = (index: readonly Expr[], strides: readonly number[], axes: readonly number[]): Expr =>
    flatIndex(
      index,
      axes.map((axis) => strides[axis]!),
    );
  const sumSizes = contract[0].map((axis) => x.type.shape[axis]!);
  const lead = [...batch[0].map((axis) => x.type.shape[axis]!), ...xFree.map((axis) => x.type.shape[axis]!)];
  const columns = yFree.map((axis) => y.type.shape[axis]!);
  const last = columns.at(-1) ?? 1;
  const lastStride = yFree.length === 0 ? 0 : yStrides[yFree.at(-1)!]!;
  if (sizeOf(out.type.shape) === 0) return;
  loopOver(block, [...lead, ...columns.slice(0, -1)], fresh, (row, index) => {
    const b = index.slice(0, batch[0].length);
    const i = index.slice(b.length, lead.length);
    const j = index.slice(lead.length);
    const xBase = row.let(fresh("x"), plus(at(b, xStrides, batch[0]), at(i, xStrides, xFree)));
    const yBase = row.let(fresh("y"), plus(at(b, yStrides, batch[1]), at(j, yStrides, yFree.slice(0, -1))));
    const outBase = row.let(fresh("o"), flatIndex(index, outStrides));
    /** Computes the `width` columns from `column` on. */
    const columnsFrom = (inner: Block, column: Expr, width: number): void => {
      const start = inner.let(fresh("c"), plus(yBase, scaled(column, lastStride)));
      const sums = range(0, width).map(() =>
        inner.let(fresh("sum"), k.constant(scalarTypeOf(out.type.dtype), 0)),
      );
      loopOver(inner, sumSizes, fresh, (loop, r) => {
        const left = loop.let(fresh("l"), x.read(plus(xBase, at(r, xStrides, contract[0]))));
        const right = loop.let(fresh("r"), plus(start, at(r, yStrides, contract[1])));
        sums.forEach((sum, t) =>
          loop.set(sum, k.add(sum, k.mul(left, y.read(plus(right, k.i32(t * lastStride)))))),
        );
      });
      sums.forEach((sum, t) => out.write(inner, plus(plus(outBase, column), k.i32(t)), sum));
    };
    const tiles = Math.floor(last / tile);
    if (tiles > 0)
      row.for(fresh("t"), k.i32(0), k.i32(tiles), (inner, t) =>
        columnsFrom(inner, inner.let(fresh("j"), k.mul(t, k.i32(tile))), tile),
      );
    for (let column = tiles * tile; column < last; column++) columnsFrom(row, k.i32(column), 1);
  });
}

function scaled(x: Expr, factor: number): Expr {
  if (factor === 1) return x;
  return x.kind === "const" ? k.i32(x.value * factor) : k.mul(x, k.i32(factor));
}

/**
 * Product of arrays: axes in `contract` are multiplied and summed, those in `batch` kept in step. Axes of the result:
 * batch, the other axes of x, the other axes of y.
 */
export function dotGeneral(x: Tensor, y: Tensor, params: DotParams): Tensor {
  return bind1(dotPrim, [x, y], params);
}
