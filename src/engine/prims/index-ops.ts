import { DownhillError, showType } from "../errors/index.ts";
import type { Mask, Primitive } from "../ir/primitive.ts";
import { builtIn, firstInPlace } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { DType } from "../ir/types.ts";
import { arrayType, scalarTypeOf, withShape } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import { definitionOf, knownConstant, knownScalar } from "../trace/staging.ts";
import type { Shape } from "../util/shape.ts";
import { range, sameShape, sizeOf, stridesOf } from "../util/shape.ts";
import { less, maximum, minimum, mul } from "./arithmetic.ts";
import { requireNumbers } from "./elementwise.ts";
import { add, convert, full, instantiate, where } from "./linear.ts";
import { clampedPlace, requireIndices } from "./places.ts";
import { addend } from "./addend.ts";
import { flatIndex, loopEach, loopOver, plus } from "./reduce-loops.ts";
import { broadcast, permute, reshape } from "./shape.ts";

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

/** 0, 1, 2, … along one axis. */
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
  cost: "free",
});

/** What a slice of an array of this shape reads, where that is a part along one axis. */
function partRead(shape: Shape, { starts, limits, strides }: SliceParams): Mask {
  const partial = range(0, shape.length).filter(
    (i) => limits[i]! - starts[i]! < shape[i]! || strides[i]! > 1,
  );
  const [axis, another] = partial;
  if (axis === undefined) return false;
  return another !== undefined || strides[axis]! > 1 || { axis, from: starts[axis]!, to: limits[axis]! };
}

/** What `take` reads, where that is one item at a known place. */
function itemRead(shape: Shape, indices: Tensor, axis: number): Mask {
  const place = knownScalar(indices);
  if (place === undefined) return true;
  const n = shape[axis]!;
  const from = Math.min(Math.max(place < 0 ? place + n : place, 0), n - 1);
  return { axis, from, to: from + 1 };
}

/** Every stride-th element from start up to limit, along each axis. */
export function slice(x: Tensor, params: SliceParams): Tensor {
  return bind1(slicePrim, [x], params);
}

export interface PadParams {
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly interior: readonly number[]; // zeros between neighbours
}

const padPrim: Primitive<PadParams> = /* @__PURE__ */ builtIn<PadParams>({
  name: "pad",
  typeOf: ([x], params) => [withShape(x!, paddedShape(x!.shape, params))],
  derivative: {
    kind: "linear",
    operands: "all",
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

export interface ConcatenateParams {
  readonly axis: number;
}

const concatenation: Omit<Primitive<ConcatenateParams>, "name" | "lowering"> = {
  typeOf(ins, { axis }) {
    const first = ins[0]!;
    for (const x of ins) {
      if (
        x.dtype !== first.dtype ||
        x.shape.length !== first.shape.length ||
        x.shape.some((n, i) => i !== axis && n !== first.shape[i])
      ) {
        throw new DownhillError(
          "shape",
          `concatenate: ${showType(x)} does not continue ${showType(first)} along axis ${axis}.`,
        );
      }
    }
    const total = ins.reduce((n, x) => n + x.shape[axis]!, 0);
    return [
      withShape(
        first,
        first.shape.map((n, i) => (i === axis ? total : n)),
      ),
    ];
  },
  derivative: {
    kind: "linear",
    operands: "all",
    transpose([ct], ins, { axis }, into) {
      let start = 0;
      into.forEach((x, i) => {
        const size = (x?.type ?? ins[i]!.type).shape[axis]!;
        x?.add(part(ct!, axis, start, start + size));
        start += size;
      });
    },
  },
  batch: (ins, batched, size, { axis }) => ({
    outs: [
      concatenate(
        ins.map((x, i) => (batched[i] === true ? x : batchAlong(x, size))),
        axis + 1,
      ),
    ],
    batched: [true],
  }),
};

/** Of many arrays. A loop an operand: choosing the operand at each element would take time in proportion to their number. */
const concatenateMany: Primitive<ConcatenateParams> = /* @__PURE__ */ concatenationBy("concatenateMany", {
  kind: "loops",
  emit({ block, fresh, ins, outs }, { axis }) {
    const out = outs[0]!;
    const outer = sizeOf(out.type.shape.slice(0, axis));
    const inner = sizeOf(out.type.shape.slice(axis + 1));
    const row = out.type.shape[axis]! * inner;
    let start = 0;
    for (const x of ins) {
      const run = x.type.shape[axis]! * inner;
      const first = start;
      start += run;
      if (outer * run === 0) continue;
      loopEach(block, [outer, run], fresh, (loop, place) =>
        out.write(loop, plus(flatIndex(place, [row, 1]), k.i32(first)), x.read(flatIndex(place, [run, 1]))),
      );
    }
  },
});

/** Of few arrays: who reads them chooses, in loops that are cut where one array ends and the next begins. */
const concatenateFew: Primitive<ConcatenateParams> = /* @__PURE__ */ concatenationBy("concatenate", {
  kind: "map",
  element(at, index, { axis }, ins, out) {
    let start = 0;
    const pieces = ins.flatMap(({ shape }, operand) => {
      const first = start;
      start += shape[axis]!;
      const place = index.map((i, a) => (a === axis && first > 0 ? k.sub(i, k.i32(first)) : i));
      return shape[axis] === 0 ? [] : [{ end: start, value: (): Expr => at(operand, place) }];
    });
    const nothing = k.constant(scalarTypeOf(out.dtype), 0);
    return pieces.reduceRight(
      (rest, { end, value }) =>
        end === out.shape[axis] ? value() : k.select(k.lt(index[axis]!, k.i32(end)), value(), rest),
      nothing,
    );
  },
});

function concatenationBy(
  name: string,
  lowering: Primitive<ConcatenateParams>["lowering"],
): Primitive<ConcatenateParams> {
  return builtIn({ ...concatenation, name, lowering });
}

/** More arrays than this are copied one after the other. */
const few = 4;
/** Rows shorter than this are copied without regard to where they end. */
const shortRow = 16;

/** Arrays one after the other along an axis. */
export function concatenate(xs: readonly Tensor[], axis: number): Tensor {
  if (xs.length === 1) return xs[0]!;
  const rank = xs[0]!.shape.length;
  const isLong = axis === rank - 1 || (xs[0]!.shape[rank - 1] ?? 0) >= shortRow;
  return bind1(xs.length <= few && isLong ? concatenateFew : concatenateMany, xs, { axis });
}

/** The elements from `start` to `limit` along one axis, all along the others. */
export function part(x: Tensor, axis: number, start: number, limit: number): Tensor {
  return slice(x, {
    starts: x.shape.map((_, i) => (i === axis ? start : 0)),
    limits: x.shape.map((n, i) => (i === axis ? limit : n)),
    strides: x.shape.map(() => 1),
  });
}

/** x repeated along a new axis 0. */
export function batchAlong(x: Tensor, size: number): Tensor {
  return broadcast(x, [size, ...x.shape], range(1, x.shape.length + 1));
}

interface ReverseParams {
  readonly axes: readonly number[];
}

const reversePrim: Primitive<ReverseParams> = /* @__PURE__ */ builtIn<ReverseParams>({
  name: "reverse",
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

/** x backwards along axes. */
export function reverse(x: Tensor, axes: readonly number[]): Tensor {
  return axes.length === 0 ? x : bind1(reversePrim, [x], { axes });
}

export interface TakeParams {
  readonly axis: number;
}

const takePrim: Primitive<TakeParams> = /* @__PURE__ */ builtIn<TakeParams>({
  name: "take",
  typeOf([x, indices], { axis }) {
    requireIndices("take", indices!);
    if (x!.shape[axis] === 0 && sizeOf(indices!.shape) > 0)
      throw new DownhillError("shape", `take: ${showType(x!)} has no elements along axis ${axis}.`);
    return [withShape(x!, [...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)])];
  },
  derivative: {
    kind: "linear",
    operands: [0],
    transpose([ct], [, indices], { axis }, into) {
      const x = into[0];
      x?.put(addAt(x.take(), indices!, ct!, axis), itemRead(x.type.shape, indices!, axis));
    },
  },
  batch([x, indices], [xBatched, indicesBatched], size, { axis }) {
    if (indicesBatched !== true) return { outs: [take(x!, indices!, axis + 1)], batched: [true] };
    if (xBatched !== true) {
      const out = take(x!, indices!, axis); // the batch stands where the indices begin
      return { outs: [moveAxis(out, axis, 0)], batched: [true] };
    }
    const { rows, places } = pairBatches(x!, indices!, size, axis);
    return {
      outs: [moveBlock(take(rows, places, 0), 1, indices!.shape.length - 1, axis + 1)],
      batched: [true],
    };
  },
  layout: { places: ([x], { axis }) => ({ operand: 1, n: x!.shape[axis]! }) },
  lowering: {
    kind: "map",
    element(at, index, { axis }, [x, indices]) {
      const rank = indices!.shape.length;
      const place = clampedPlace(at(1, index.slice(axis, axis + rank)), x!.shape[axis]!);
      return at(0, [...index.slice(0, axis), place, ...index.slice(axis + rank)]);
    },
    part: ({ axis }, [x, indices]) =>
      axis === 0 && indices!.shape.length === 0
        ? (at) => times(clampedPlace(at(1, []), x!.shape[0]!), stridesOf(x!.shape)[0]!)
        : undefined,
  },
});

/** The elements of x at places along an axis; the axes of `indices` stand in its stead. Places are clamped to the array. */
export function take(x: Tensor, indices: Tensor, axis: number): Tensor {
  return bind1(takePrim, [x, indices], { axis });
}

const scatterAddPrim: Primitive<TakeParams> = /* @__PURE__ */ builtIn<TakeParams>({
  name: "scatterAdd",
  typeOf([x, indices, updates], { axis }) {
    requireIndices("scatterAdd", indices!);
    requireNumbers("scatterAdd", x!);
    const expected = [...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)];
    if (!sameShape(updates!.shape, expected) || updates!.dtype !== x!.dtype) {
      throw new DownhillError(
        "shape",
        `scatterAdd: updates are ${showType(updates!)}, expected ${showType({ dtype: x!.dtype, shape: expected })}.`,
      );
    }
    if (x!.shape[axis] === 0 && sizeOf(indices!.shape) > 0) {
      throw new DownhillError(
        "shape",
        `scatterAdd: ${showType(x!)} has no elements along axis ${axis} to add to.`,
      );
    }
    return [x!];
  },
  derivative: {
    kind: "linear",
    operands: [0, 2],
    jvp: ([dx, , du], [x, indices, updates], { axis }) => [
      dx && du === undefined
        ? dx
        : scatterAdd(instantiate(dx, x!.type), indices!, instantiate(du, updates!.type), axis),
    ],
    transpose([ct], [, indices], { axis }, into) {
      into[0]?.add(ct!);
      into[2]?.add(take(ct!, indices!, axis));
    },
  },
  batch([x, indices, updates], [xBatched, indicesBatched, updatesBatched], size, { axis }) {
    const base = xBatched === true ? x! : batchAlong(x!, size);
    const changes = updatesBatched === true ? updates! : batchAlong(updates!, size);
    if (indicesBatched !== true)
      return { outs: [scatterAdd(base, indices!, changes, axis + 1)], batched: [true] };
    const { rows, places } = pairBatches(base, indices!, size, axis);
    const lead = moveBlock(changes, axis + 1, indices!.shape.length - 1, 1); // indices first, as `rows` wants them
    const out = scatterAdd(rows, places, lead, 0);
    const apart = reshape(out, [size, base.shape[axis + 1]!, ...out.shape.slice(1)]);
    return { outs: [moveAxis(apart, 1, axis + 1)], batched: [true] };
  },
  guard:
    ({ axis }) =>
    ([x, indices, updates], when) => [scatterAdd(x!, indices!, addend(updates!, when), axis)],
  layout: { places: ([x], { axis }) => ({ operand: 1, n: x!.shape[axis]! }) },
  lowering: {
    kind: "loops",
    inPlace: () => firstInPlace,
    emit({ block, fresh, ins, outs, copy }, { axis }) {
      const [x, indices, updates] = [ins[0]!, ins[1]!, ins[2]!];
      const out = outs[0]!;
      const shape = x.type.shape;
      const strides = stridesOf(shape);
      copy(block, out, x);
      const rank = indices.type.shape.length;
      loopOver(block, updates.type.shape, fresh, (loop, index) => {
        const place = clampedPlace(
          indices.read(flatIndex(index.slice(axis, axis + rank), stridesOf(indices.type.shape))),
          shape[axis]!,
        );
        const target = loop.let(
          fresh("at"),
          flatIndex([...index.slice(0, axis), place, ...index.slice(axis + rank)], strides),
        );
        const change = updates.read(flatIndex(index, stridesOf(updates.type.shape)));
        out.write(loop, target, k.add(out.read(target), change));
      });
    },
  },
});

/** x with `updates` added at places along an axis; a place that comes twice gets both. Places are clamped to the array. */
export function scatterAdd(x: Tensor, indices: Tensor, updates: Tensor, axis: number): Tensor {
  return bind1(scatterAddPrim, [x, indices, updates], { axis });
}

/**
 * `scatterAdd`, which adds to one element and not to a whole row where the update is what `x[i][j]` leaves: in a program that is
 * traced, zeros but for one item.
 */
function addAt(x: Tensor, indices: Tensor, updates: Tensor, axis: number): Tensor {
  const inner = axis === 0 && indices.shape.length === 0 ? onlyItem(updates) : undefined;
  if (inner === undefined) return scatterAdd(x, indices, updates, axis);
  const { place, item, count } = inner;
  const { type } = indices;
  const n = x.shape[0]!;
  const rows = reshape(x, [n * count, ...item.shape]);
  const at = convert(placesWithin(place, count), type.dtype);
  const row = add(mul(placesWithin(indices, n), full(type, count)), at);
  return reshape(scatterAdd(rows, row, item, 0), x.shape);
}

/** The one of `count` items along the first axis that was added to zeros, and its place. */
function onlyItem(
  x: Tensor,
): { readonly place: Tensor; readonly item: Tensor; readonly count: number } | undefined {
  const { prim, ins, params } = definitionOf(x) ?? {};
  if (prim?.lowering.kind === "alias") return onlyItem(ins![0]!);
  if (prim !== scatterAddPrim || (params as TakeParams).axis !== 0) return undefined;
  const [zero, place, item] = ins!;
  return place!.shape.length === 0 && Object.is(knownConstant(zero!), 0)
    ? { place: place!, item: item!, count: zero!.shape[0]! }
    : undefined;
}

/** Places along an axis of length n, counted from its begin and held within it. */
function placesWithin(places: Tensor, n: number): Tensor {
  const { type } = places;
  const fromEnd = where(less(places, full(type, 0)), add(places, full(type, n)), places);
  return minimum(maximum(fromEnd, full(type, 0)), full(type, n - 1));
}

/** One array of all batches' rows along `axis`, and the places of batch b moved to its rows. */
function pairBatches(
  x: Tensor,
  indices: Tensor,
  size: number,
  axis: number,
): { readonly rows: Tensor; readonly places: Tensor } {
  const front = moveAxis(x, axis + 1, 1); // [batch, n, …]
  const n = front.shape[1]!;
  const { type } = indices;
  const base = mul(iota(type.dtype, type.shape, 0), full(arrayType(type.dtype, type.shape), n));
  return {
    rows: reshape(front, [size * n, ...front.shape.slice(2)]),
    places: add(placesWithin(indices, n), base),
  };
}

/** Axis `from` of the operand becomes axis `to`; the others keep their order. */
export function moveAxis(x: Tensor, from: number, to: number): Tensor {
  return moveBlock(x, from, 1, to);
}

/** The `count` axes from `from` on, moved so that they start at `to`. */
function moveBlock(x: Tensor, from: number, count: number, to: number): Tensor {
  const block = range(from, from + count);
  const rest = range(0, x.shape.length).filter((axis) => !block.includes(axis));
  return permute(x, [...rest.slice(0, to), ...block, ...rest.slice(to)]);
}
