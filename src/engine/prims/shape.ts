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
import { emitSum, readsOnce } from "./reduce-loops.ts";

export interface BroadcastParams {
  readonly shape: Shape;
  /** For each axis of the operand, the axis of the result that it becomes; ascending. */
  readonly axes: readonly number[];
}

const broadcastPrim: Primitive<BroadcastParams> = /* @__PURE__ */ builtIn<BroadcastParams>({
  name: "broadcast",
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
  repeats: true,
  isFree: true,
  repeatedAxes: ({ shape, axes }) => otherAxes(shape.length, axes),
});

/** x repeated along the axes of `shape` that are not in `axes`. */
export function broadcast(x: Tensor, shape: Shape, axes: readonly number[]): Tensor {
  return sameShape(x.type.shape, shape) ? x : bind1(broadcastPrim, [x], { shape, axes });
}

/** The equation that repeats an array, whose axes become `axes` of the result, to the shape of `out`. */
export function broadcastEquation(out: Var, x: Var, axes: readonly number[] = []): Equation {
  return { prim: broadcastPrim, params: { shape: out.type.shape, axes }, ins: [x], outs: [out] };
}

/** A scalar repeated to the shape of `like`; other arrays stay as they are. */
export function spread(x: Tensor, like: Shape): Tensor {
  return x.type.shape.length === 0 ? broadcast(x, like, []) : x;
}

export interface ReshapeParams {
  readonly shape: Shape;
}

const reshapePrim: Primitive<ReshapeParams> = /* @__PURE__ */ builtIn<ReshapeParams>({
  name: "reshape",
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
  repeats: true,
  identity: () => 0, // where the shape stays
});

/** The same elements in row-major order under another shape. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.type.shape, shape) ? x : bind1(reshapePrim, [x], { shape });
}

/** The equation that gives `x` the shape of `out`. */
export function reshapeEquation(out: Var, x: Var): Equation {
  return { prim: reshapePrim, params: { shape: out.type.shape }, ins: [x], outs: [out] };
}

export interface TransposeParams {
  /** Axis `axes[i]` of the operand becomes axis i. */
  readonly axes: readonly number[];
}

const transposePrim: Primitive<TransposeParams> = /* @__PURE__ */ builtIn<TransposeParams>({
  name: "transpose",
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
  reorders: ({ axes }) => axes,
  absorbs: {
    operand: ({ axes }, _, order) => ({ axes: axes.map((axis) => order[axis]!) }),
    result: ({ axes }, order) => ({ axes: order.map((axis) => axes[axis]!) }),
  },
  identity: (_, __, { axes }) => (axes.every((axis, i) => axis === i) ? 0 : undefined),
});

function inverse(axes: readonly number[]): number[] {
  return axes.map((_, i) => axes.indexOf(i));
}

/** x with its axes in another order. */
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
    emit: (context, { axes }) => emitSum(context, axes),
    readsOnce: ({ axes }, [x]) => readsOnce(x!, axes),
  },
  summedAxes: ({ axes }) => axes,
  overSteps: { total: ({ axes }) => ({ axes: [0, ...axes.map((axis) => axis + 1)] }) },
});

/** Type of a reduction over `axes`. */
export function reducedType(x: ArrayType, axes: readonly number[]): ArrayType {
  return withShape(
    x,
    otherAxes(x.shape.length, axes).map((axis) => x.shape[axis]!),
  );
}

/** Sum over axes, which disappear. */
export function sum(x: Tensor, axes: readonly number[]): Tensor {
  return axes.length === 0 ? x : bind1(sumPrim, [x], { axes });
}
