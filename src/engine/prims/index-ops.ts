import type { BlockCopy, Mask, Primitive } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType, DType } from "../ir/types.ts";
import { arrayType, scalarTypeOf, withShape } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import type { Shape } from "../util/shape.ts";
import { range, sameShape, sizeOf, stridesOf } from "../util/shape.ts";
import { plus } from "./reduce-loops.ts";
import { broadcast, permute } from "./shape.ts";

export interface IotaParams {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly axis: number;
}

const iotaPrim: Primitive<IotaParams> = /* @__PURE__ */ builtIn<IotaParams>({
  name: "iota",
  typeOf: (_, { dtype, shape }) => [arrayType(dtype, shape)],
  derivative: { kind: "constant" },
  batch: (_, __, ___, params) => ({ outs: [bind1(iotaPrim, [], params)], batched: [false] }),
  lowering: {
    kind: "map",
    element: (_, index, { dtype, axis }) => k.convert(scalarTypeOf(dtype), index[axis]!),
  },
  cost: "free",
});

/** Array of the given shape in which each element is its index along `axis`: 0, 1, 2, … */
export function iota(dtype: DType, shape: Shape, axis: number): Tensor {
  return bind1(iotaPrim, [], { dtype, shape, axis });
}

export interface SliceParams {
  readonly starts: readonly number[];
  readonly limits: readonly number[]; // exclusive
  readonly strides: readonly number[]; // positive
}

const slicePrim: Primitive<SliceParams> = /* @__PURE__ */ builtIn<SliceParams>({
  name: "slice",
  moves: true,
  typeOf: ([x], { starts, limits, strides }) => [
    withShape(
      x!,
      starts.map((start, i) => Math.max(0, Math.ceil((limits[i]! - start) / strides[i]!))),
    ),
  ],
  derivative: {
    kind: "linear",
    operands: "all",
    transpose([ct], _, { starts, strides }, into) {
      const x = into[0];
      if (x === undefined) return;
      const n = x.type.shape;
      const spans = ct!.shape.map((size, i) => (size === 0 ? 0 : (size - 1) * strides[i]! + 1));
      x.add(
        pad(ct!, {
          low: starts,
          high: n.map((size, i) => size - starts[i]! - spans[i]!),
          interior: strides.map((stride) => stride - 1),
        }),
        partRead(n, { starts, limits: starts.map((start, i) => start + spans[i]!), strides }),
      );
    },
  },
  batch: ([x], _, size, { starts, limits, strides }) => ({
    outs: [slice(x!, { starts: [0, ...starts], limits: [size, ...limits], strides: [1, ...strides] })],
    batched: [true],
  }),
  lowering: {
    kind: "map",
    element: (at, index, { starts, strides }) =>
      at(
        0,
        index.map((i, axis) => plus(times(i, strides[axis]!), k.i32(starts[axis]!))),
      ),
  },
  copies: copiesOfSlice,
  cost: "free",
});

/** Maximum number of elements that eager operations copy on the host, without a kernel. */
export const fewMoved = 2048;

/** The block copy that yields a slice, if the slice is short and its elements are contiguous; otherwise undefined. */
function copiesOfSlice(
  { starts, limits, strides }: SliceParams,
  [x]: readonly ArrayType[],
): readonly BlockCopy[] | undefined {
  const { shape } = x!;
  const sizes = starts.map((start, i) => Math.max(0, Math.ceil((limits[i]! - start) / strides[i]!)));
  const length = sizeOf(sizes);
  const first = sizes.findIndex((size) => size !== 1);
  // axes of size 1, followed by one contiguous axis and complete axes
  const isBlock =
    first < 0 || (strides[first] === 1 && sizes.every((size, i) => i <= first || size === shape[i]));
  if (!isBlock || length > fewMoved) return undefined;
  const places = stridesOf(shape);
  const from = length === 0 ? 0 : starts.reduce((sum, start, i) => sum + start * places[i]!, 0);
  return [{ operand: 0, result: 0, from, to: 0, length, count: 1, fromStep: 0, toStep: 0 }];
}

/**
 * Mask for the cotangent of a slice: false if it reads all elements, a range if it restricts a single axis without
 * strides, otherwise true.
 */
function partRead(shape: Shape, { starts, limits, strides }: SliceParams): Mask {
  const partial = range(0, shape.length).filter(
    (i) => limits[i]! - starts[i]! < shape[i]! || strides[i]! > 1,
  );
  const [axis, another] = partial;
  if (axis === undefined) return false;
  return another !== undefined || strides[axis]! > 1 || { axis, from: starts[axis]!, to: limits[axis]! };
}

/** Every `strides[a]`-th element from `starts[a]` to `limits[a]` (exclusive), along each axis a. */
export function slice(x: Tensor, params: SliceParams): Tensor {
  return bind1(slicePrim, [x], params);
}

export interface PadParams {
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly interior: readonly number[]; // number of zeros between neighbours
}

const padPrim: Primitive<PadParams> = /* @__PURE__ */ builtIn<PadParams>({
  name: "pad",
  moves: true,
  typeOf: ([x], params) => [withShape(x!, paddedShape(x!.shape, params))],
  derivative: {
    kind: "linear",
    operands: "all",
    zeros: "always",
    transpose([ct], _, { low, interior }, into) {
      const x = into[0];
      x?.add(
        slice(ct!, {
          starts: low,
          limits: x.type.shape.map((n, i) => low[i]! + (n === 0 ? 0 : (n - 1) * (interior[i]! + 1) + 1)),
          strides: interior.map((gap) => gap + 1),
        }),
      );
    },
  },
  batch: ([x], _, __, { low, high, interior }) => ({
    outs: [pad(x!, { low: [0, ...low], high: [0, ...high], interior: [0, ...interior] })],
    batched: [true],
  }),
  lowering: {
    kind: "map",
    element(at, index, { low, interior }, [x], out) {
      const zero = k.constant(scalarTypeOf(out.dtype), 0);
      if (sizeOf(x!.shape) === 0) return zero;
      let inside: Expr | undefined;
      const require = (condition: Expr): void => {
        inside = inside === undefined ? condition : k.and(inside, condition);
      };
      const source = index.map((i, axis) => {
        const n = x!.shape[axis]!;
        const step = interior[axis]! + 1;
        const last = low[axis]! + (n - 1) * step;
        const offset = low[axis] === 0 ? i : k.sub(i, k.i32(low[axis]!));
        if (low[axis]! > 0) require(k.le(k.i32(low[axis]!), i));
        if (last < out.shape[axis]! - 1) require(k.le(i, k.i32(last)));
        if (step === 1) return offset;
        require(k.eq(k.binary("rem", offset, k.i32(step)), k.i32(0)));
        return k.div(offset, k.i32(step));
      });
      return inside === undefined ? at(0, source) : k.select(inside, at(0, source), zero);
    },
  },
});

function paddedShape(shape: Shape, { low, high, interior }: PadParams): number[] {
  return shape.map((n, i) => low[i]! + high[i]! + n + Math.max(0, n - 1) * interior[i]!);
}

function times(x: Expr, factor: number): Expr {
  return factor === 1 ? x : k.mul(x, k.i32(factor));
}

/** x with zeros before, after and between its elements along each axis. */
export function pad(x: Tensor, params: PadParams): Tensor {
  return sameShape(paddedShape(x.shape, params), x.shape) ? x : bind1(padPrim, [x], params);
}

/** The elements from `start` to `limit` (exclusive) along one axis, and all elements along the other axes. */
export function part(x: Tensor, axis: number, start: number, limit: number): Tensor {
  return slice(x, {
    starts: x.shape.map((_, i) => (i === axis ? start : 0)),
    limits: x.shape.map((n, i) => (i === axis ? limit : n)),
    strides: x.shape.map(() => 1),
  });
}

/** x repeated `size` times along a new axis 0. */
export function batchAlong(x: Tensor, size: number): Tensor {
  return broadcast(x, [size, ...x.shape], range(1, x.shape.length + 1));
}

interface ReverseParams {
  readonly axes: readonly number[];
}

const reversePrim: Primitive<ReverseParams> = /* @__PURE__ */ builtIn<ReverseParams>({
  name: "reverse",
  moves: true,
  algebra: { undoesItself: true },
  typeOf: ([x]) => [x!],
  derivative: {
    kind: "linear",
    operands: "all",
    transpose: ([ct], _, { axes }, into) => into[0]?.add(reverse(ct!, axes)),
  },
  batch: ([x], _, __, { axes }) => ({
    outs: [
      reverse(
        x!,
        axes.map((axis) => axis + 1),
      ),
    ],
    batched: [true],
  }),
  lowering: {
    kind: "map",
    element: (at, index, { axes }, [x]) =>
      at(
        0,
        index.map((i, axis) => (axes.includes(axis) ? k.sub(k.i32(x!.shape[axis]! - 1), i) : i)),
      ),
  },
});

/** x reversed along axes. */
export function reverse(x: Tensor, axes: readonly number[]): Tensor {
  return axes.length === 0 ? x : bind1(reversePrim, [x], { axes });
}

/** Moves axis `from` to position `to`; the other axes keep their order. */
export function moveAxis(x: Tensor, from: number, to: number): Tensor {
  return moveBlock(x, from, 1, to);
}

/** Moves the `count` axes from `from` on so that they start at `to`; the other axes keep their order. */
export function moveBlock(x: Tensor, from: number, count: number, to: number): Tensor {
  const block = range(from, from + count);
  const rest = range(0, x.shape.length).filter((axis) => !block.includes(axis));
  return permute(x, [...rest.slice(0, to), ...block, ...rest.slice(to)]);
}
