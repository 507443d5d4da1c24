import { DownhillError, showType } from "../errors/index.ts";
import type { Primitive } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Equation, Var } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { withShape } from "../ir/types.ts";
import { bind1 } from "../trace/bind.ts";
import type { Shape } from "../util/shape.ts";
import { otherAxes, sameShape, sizeOf } from "../util/shape.ts";
import { emitSum, readsOnce, rowOfFold, sumScratch } from "./reduce-loops.ts";

export interface BroadcastParams {
  readonly shape: Shape;
  /** For each axis of the operand, the axis of the result that it becomes; ascending. */
  readonly axes: readonly number[];
}

const broadcastPrim: Primitive<BroadcastParams> = /* @__PURE__ */ builtIn<BroadcastParams>({
  name: "broadcast",
  moves: true,
  typeOf([x], { shape, axes }) {
    if (axes.length !== x!.shape.length || axes.some((axis, i) => shape[axis] !== x!.shape[i])) {
      throw new DownhillError(
        "shape",
        `broadcast: ${showType(x!)} does not fit axes [${axes.join()}] of [${shape.join()}].`,
      );
    }
    return [withShape(x!, shape)];
  },
  derivative: {
    kind: "linear",
    operands: "all",
    transpose: ([ct], _, { shape, axes }, into) => into[0]?.add(sum(ct!, otherAxes(shape.length, axes))),
  },
  batch: ([x], _, size, { shape, axes }) => ({
    outs: [broadcast(x!, [size, ...shape], [0, ...axes.map((axis) => axis + 1)])],
    batched: [true],
  }),
  lowering: {
    kind: "map",
    element: (at, index, { axes }) =>
      at(
        0,
        axes.map((axis) => index[axis]!),
      ),
  },
  cost: "free",
  algebra: { constant: ([x]) => x },
  loop: {
    row({ shape, axes }, depth) {
      const counted = axes.filter((axis) => axis < depth).length;
      if (counted !== 0 && counted !== depth) return undefined;
      const rest = axes.slice(counted).map((axis) => axis - depth);
      return { params: { shape: shape.slice(depth), axes: rest }, isRow: [counted > 0] };
    },
  },
});

/** x repeated along the axes of `shape` that are not in `axes`. */
export function broadcast(x: Tensor, shape: Shape, axes: readonly number[]): Tensor {
  return sameShape(x.type.shape, shape) ? x : bind1(broadcastPrim, [x], { shape, axes });
}

/** Builds the equation that broadcasts x to the shape of `out`; the axes of x become `axes` of the result. */
export function broadcastEquation(out: Var, x: Var, axes: readonly number[] = []): Equation {
  return { prim: broadcastPrim, params: { shape: out.type.shape, axes }, ins: [x], outs: [out] };
}

/** For a broadcast equation, the result axes along which the operand is repeated. Undefined for other equations. */
export function repeatedAxes({ prim, params, outs }: Equation): readonly number[] | undefined {
  if (prim !== broadcastPrim) return undefined;
  return otherAxes(outs[0]!.type.shape.length, (params as BroadcastParams).axes);
}

/** If an equation broadcasts or reshapes a scalar, returns that scalar; otherwise undefined. */
export function repeatedScalar({ prim, ins }: Equation): Var | undefined {
  const repeats = prim === broadcastPrim || prim === reshapePrim;
  return repeats && ins[0]!.type.shape.length === 0 ? ins[0] : undefined;
}

/** Broadcasts a scalar to the shape `like`; other arrays are returned unchanged. */
export function spread(x: Tensor, like: Shape): Tensor {
  return x.type.shape.length === 0 ? broadcast(x, like, []) : x;
}

export interface ReshapeParams {
  readonly shape: Shape;
}

const reshapePrim: Primitive<ReshapeParams> = /* @__PURE__ */ builtIn<ReshapeParams>({
  name: "reshape",
  moves: true,
  typeOf([x], { shape }) {
    if (sizeOf(x!.shape) !== sizeOf(shape)) {
      throw new DownhillError(
        "shape",
        `reshape: ${showType(x!)} has ${sizeOf(x!.shape)} elements, shape [${shape.join()}] needs ${sizeOf(shape)}.`,
      );
    }
    return [withShape(x!, shape)];
  },
  derivative: {
    kind: "linear",
    operands: "all",
    transpose([ct], _, __, into) {
      const x = into[0];
      x?.add(reshape(ct!, x.type.shape));
    },
  },
  batch: ([x], _, size, { shape }) => ({ outs: [reshape(x!, [size, ...shape])], batched: [true] }),
  lowering: { kind: "alias" },
  algebra: {
    constant: ([x]) => x,
    identity: () => 0, // if the shape stays
  },
  loop: {
    row: ({ shape }, depth, [x]) =>
      sameShape(shape.slice(0, depth), x!.shape.slice(0, depth))
        ? { params: { shape: shape.slice(depth) }, isRow: [true] }
        : undefined,
  },
});

/** The same elements in row-major order with another shape. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.type.shape, shape) ? x : bind1(reshapePrim, [x], { shape });
}

/** Builds the equation that reshapes x to the shape of `out`. */
export function reshapeEquation(out: Var, x: Var): Equation {
  return { prim: reshapePrim, params: { shape: out.type.shape }, ins: [x], outs: [out] };
}

export interface TransposeParams {
  /** Axis i of the result is axis `axes[i]` of the operand. */
  readonly axes: readonly number[];
}

const transposePrim: Primitive<TransposeParams> = /* @__PURE__ */ builtIn<TransposeParams>({
  name: "transpose",
  moves: true,
  typeOf: ([x], { axes }) => [
    withShape(
      x!,
      axes.map((axis) => x!.shape[axis]!),
    ),
  ],
  derivative: {
    kind: "linear",
    operands: "all",
    transpose: ([ct], _, { axes }, into) => into[0]?.add(permute(ct!, inverse(axes))),
  },
  batch: ([x], _, __, { axes }) => ({
    outs: [permute(x!, [0, ...axes.map((axis) => axis + 1)])],
    batched: [true],
  }),
  lowering: {
    kind: "map",
    element: (at, index, { axes }) =>
      at(
        0,
        inverse(axes).map((axis) => index[axis]!),
      ),
  },
  layout: {
    transposeOperand: ({ axes }, _, order) => ({ axes: axes.map((axis) => order[axis]!) }),
    transposeResult: ({ axes }, order) => ({ axes: order.map((axis) => axes[axis]!) }),
  },
  algebra: { identity: (_, __, { axes }) => (axes.every((axis, i) => axis === i) ? 0 : undefined) },
});

function inverse(axes: readonly number[]): number[] {
  return axes.map((_, i) => axes.indexOf(i));
}

/**
 * For a transpose equation, its permutation: axis i of the result is axis `order[i]` of the operand. Undefined for
 * other equations.
 */
export function axisOrder({ prim, params }: Equation): readonly number[] | undefined {
  return prim === transposePrim ? (params as TransposeParams).axes : undefined;
}

/** x with its axes permuted: axis i of the result is axis `axes[i]` of x. */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  return axes.every((axis, i) => axis === i) ? x : bind1(transposePrim, [x], { axes });
}

export interface ReduceParams {
  readonly axes: readonly number[]; // ascending, at least one
}

const sumPrim: Primitive<ReduceParams> = /* @__PURE__ */ builtIn<ReduceParams>({
  name: "sum",
  typeOf: ([x], { axes }) => [reducedType(x!, axes)],
  derivative: {
    kind: "linear",
    operands: "all",
    transpose([ct], _, { axes }, into) {
      const x = into[0];
      x?.add(broadcast(ct!, x.type.shape, otherAxes(x.type.shape.length, axes)));
    },
  },
  batch: ([x], _, __, { axes }) => ({
    outs: [
      sum(
        x!,
        axes.map((axis) => axis + 1),
      ),
    ],
    batched: [true],
  }),
  lowering: {
    kind: "loops",
    scratch: ({ axes }, [x]) => sumScratch(x!, axes),
    emit: (context, { axes }) => emitSum(context, axes),
    readsOnce: ({ axes }, [x]) => readsOnce(x!, axes),
  },
  loop: {
    atOnce: ({ axes }, _, __, isSummed) =>
      isSummed ? { axes: [0, ...axes.map((axis) => axis + 1)] } : undefined,
    row: ({ axes }, depth, [x]) => rowOfFold(x!, axes, depth, x!.dtype === "bool" ? "or" : "add"),
  },
});

/** For a sum equation, the axes that it sums over. Undefined for other equations. */
export function summedAxes({ prim, params }: Equation): readonly number[] | undefined {
  return prim === sumPrim ? (params as ReduceParams).axes : undefined;
}

/** Result type of a reduction over `axes`. */
export function reducedType(x: ArrayType, axes: readonly number[]): ArrayType {
  return withShape(
    x,
    otherAxes(x.shape.length, axes).map((axis) => x.shape[axis]!),
  );
}

/** Sum over axes, which are removed from the shape. For booleans, true if any element is true. */
export function sum(x: Tensor, axes: readonly number[]): Tensor {
  return axes.length === 0 ? x : bind1(sumPrim, [x], { axes });
}
