import { DownhillError, showType } from "../errors/index.ts";
import type { Mask, Primitive, ReadView, WriteView } from "../ir/primitive.ts";
import { builtIn, firstInPlace } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, withShape } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import type { Expr, ScalarType } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import { definitionOf, knownConstant, knownScalar } from "../trace/staging.ts";
import type { Shape } from "../util/shape.ts";
import { range, sameShape, sizeOf, stridesOf } from "../util/shape.ts";
import { addend, derivativeOfAdding } from "./addend.ts";
import { div, equal, less, mul, scale } from "./arithmetic.ts";
import { requireNumbers } from "./elementwise.ts";
import { batchAlong, iota, moveAxis, moveBlock } from "./index-ops.ts";
import { add, full, instantiate, where, zeros } from "./linear.ts";
import { clampedPlace, requireIndices } from "./places.ts";
import { flatIndex, loopEach, loopOver, plus } from "./reduce-loops.ts";
import { broadcast, reshape, spread } from "./shape.ts";

/**
 * Mask for the cotangent of `take`. If the index is a known scalar, it is the interval of the item that was read,
 * otherwise true: any element.
 */
function maskOfRead(shape: Shape, indices: Tensor, axis: number): Mask {
  const place = knownScalar(indices);
  if (place === undefined) return true;
  const n = shape[axis]!;
  const from = Math.min(Math.max(place < 0 ? place + n : place, 0), n - 1);
  return { axis, from, to: from + 1 };
}

export interface TakeParams {
  readonly axis: number;
}

const takePrim: Primitive<TakeParams> = /* @__PURE__ */ builtIn<TakeParams>({
  name: "take",
  moves: true,
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
      x?.put(addAt(x.take(), indices!, ct!, axis), maskOfRead(x.type.shape, indices!, axis));
    },
  },
  batch([x, indices], [xBatched, indicesBatched], size, { axis }) {
    if (indicesBatched !== true) return { outs: [take(x!, indices!, axis + 1)], batched: [true] };
    if (xBatched !== true) {
      const out = take(x!, indices!, axis); // the batch axis is where the index axes begin
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
        ? (at) => flatIndex([clampedPlace(at(1, []), x!.shape[0]!)], stridesOf(x!.shape))
        : undefined,
  },
});

/**
 * The elements of x at indices along an axis; the axes of `indices` replace that axis. Negative indices count from the
 * end, and indices out of range are clamped.
 */
export function take(x: Tensor, indices: Tensor, axis: number): Tensor {
  return bind1(takePrim, [x, indices], { axis });
}

/** Parameters of an operation that writes items. `isWide`: it combines float32 numbers in float64, and rounds once. */
interface WriterParams extends TakeParams {
  readonly isWide?: boolean;
}

/**
 * Defines a primitive that writes into x at indices along an axis. It writes the items of the updates in order, so that
 * the result at a repeated index depends on neither backend nor threads.
 */
function defineWriter<P extends WriterParams>(
  name: string,
  combine: (old: Expr, update: Expr) => Expr,
  rules: Pick<Primitive<P>, "derivative"> & {
    /** Throws for arrays on which the operation is undefined. */
    readonly check?: (x: ArrayType) => void;
    /** Returns the updates, replaced where `when` does not hold by updates that leave x unchanged. */
    readonly guarded: (ins: readonly Tensor[], when: Tensor, params: P) => Tensor;
  },
): Primitive<P> {
  const prim: Primitive<P> = builtIn<P>({
    name,
    typeOf([x, indices, updates], { axis }) {
      requireIndices(name, indices!);
      rules.check?.(x!);
      const expected = [...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)];
      if (!sameShape(updates!.shape, expected) || updates!.dtype !== x!.dtype) {
        throw new DownhillError(
          "shape",
          `${name}: updates are ${showType(updates!)}, expected ${showType({ dtype: x!.dtype, shape: expected })}.`,
        );
      }
      if (x!.shape[axis] === 0 && sizeOf(indices!.shape) > 0) {
        throw new DownhillError(
          "shape",
          `${name}: ${showType(x!)} has no elements along axis ${axis} to write to.`,
        );
      }
      return [x!];
    },
    derivative: rules.derivative,
    batch([x, indices, updates], [xBatched, indicesBatched, updatesBatched], size, params) {
      const { axis } = params;
      const base = xBatched === true ? x! : batchAlong(x!, size);
      const changes = updatesBatched === true ? updates! : batchAlong(updates!, size);
      if (indicesBatched !== true)
        return {
          outs: [bind1(prim, [base, indices!, changes], { ...params, axis: axis + 1 })],
          batched: [true],
        };
      const { rows, places } = pairBatches(base, indices!, size, axis);
      const lead = moveBlock(changes, axis + 1, indices!.shape.length - 1, 1); // index axes first, like `rows`
      const out = bind1(prim, [rows, places, lead], { ...params, axis: 0 });
      const apart = reshape(out, [size, base.shape[axis + 1]!, ...out.shape.slice(1)]);
      return { outs: [moveAxis(apart, 1, axis + 1)], batched: [true] };
    },
    guard: (params) => (ins, when) => [
      bind1(prim, [ins[0]!, ins[1]!, rules.guarded(ins, when, params)], params),
    ],
    layout: { places: ([x], { axis }) => ({ operand: 1, n: x!.shape[axis]! }) },
    lowering: {
      kind: "loops",
      inPlace: () => firstInPlace,
      scratch: ({ isWide }, [x]) =>
        isWide === true ? [{ name: "wide", type: arrayType("float64", x!.shape) }] : [],
      emit({ block, fresh, ins, outs, scratch, copy }, { axis }) {
        const [x, indices, updates] = [ins[0]!, ins[1]!, ins[2]!];
        const out = scratch[0] ?? outs[0]!;
        const { shape } = x.type;
        const strides = stridesOf(shape);
        const sources = stridesOf(updates.type.shape);
        const isWide = scratch.length > 0;
        const convertAll = (to: WriteView, type: ScalarType, from: ReadView): void =>
          loopEach(block, [sizeOf(shape)], fresh, (loop, [at]) =>
            to.write(loop, at!, k.convert(type, from.read(at!))),
          );
        if (isWide) convertAll(out, "f64", x);
        else copy(block, out, x);
        // items with different outer or inner indices write different elements; only items along the indices must be in
        // order
        if (sizeOf(updates.type.shape) > 0)
          loopEach(block, shape.slice(0, axis), fresh, (outer, lead) =>
            loopOver(outer, indices.type.shape, fresh, (items, index) => {
              const place = clampedPlace(
                indices.read(flatIndex(index, stridesOf(indices.type.shape))),
                shape[axis]!,
              );
              const row = items.let(fresh("row"), flatIndex([...lead, place], strides));
              loopEach(items, shape.slice(axis + 1), fresh, (loop, rest) => {
                const target = loop.let(fresh("at"), plus(row, flatIndex(rest, strides.slice(axis + 1))));
                const update = updates.read(flatIndex([...lead, ...index, ...rest], sources));
                const change = isWide ? k.convert("f64", update) : update;
                out.write(loop, target, combine(out.read(target), change));
              });
            }),
          );
        if (isWide) convertAll(outs[0]!, "f32", out);
      },
    },
  });
  return prim;
}

const scatterAddPrim: Primitive<WriterParams> = /* @__PURE__ */ defineWriter<WriterParams>(
  "scatterAdd",
  (old, update) => k.add(old, update),
  {
    check: (x) => void requireNumbers("scatterAdd", x),
    guarded: ([, , updates], when) => addend(updates!, when),
    derivative: /* @__PURE__ */ derivativeOfAdding(
      (x, indices, updates, { axis, ...wide }) => scatterAdd(x, indices, updates, axis, wide),
      (x, indices, { axis }) => take(x, indices, axis),
    ),
  },
);

/**
 * x with `updates` added at indices along an axis; repeated indices accumulate. Negative indices count from the end,
 * and indices out of range are clamped. With `isWide`, sums of float32 are computed in float64 and rounded once.
 */
export function scatterAdd(
  x: Tensor,
  indices: Tensor,
  updates: Tensor,
  axis: number,
  { isWide = false }: Pick<WriterParams, "isWide"> = {},
): Tensor {
  return bind1(scatterAddPrim, [x, indices, updates], isWide ? { axis, isWide } : { axis });
}

/**
 * Like `scatterAdd`. If the updates are zeros except for one item, as the cotangent of `x[i][j]` is in a traced
 * program, it adds only this item instead of a whole row.
 */
function addAt(x: Tensor, indices: Tensor, updates: Tensor, axis: number): Tensor {
  const inner = axis === 0 && indices.shape.length === 0 ? findOnlyItem(updates) : undefined;
  if (inner === undefined) return scatterAdd(x, indices, updates, axis);
  const { place, item, count } = inner;
  const n = x.shape[0]!;
  const rows = reshape(x, [n * count, ...item.shape]);
  const row = add(scale(placeWithin(indices, n), count), placeWithin(place, count));
  return reshape(scatterAdd(rows, row, item, 0), x.shape);
}

/**
 * If x consists of zeros with one item added along the first axis, returns that item, its index, and the axis size;
 * otherwise undefined.
 */
function findOnlyItem(
  x: Tensor,
): { readonly place: Tensor; readonly item: Tensor; readonly count: number } | undefined {
  const { prim, ins, params } = definitionOf(x) ?? {};
  if (prim?.lowering.kind === "alias") return findOnlyItem(ins![0]!);
  if (prim !== scatterAddPrim || (params as TakeParams).axis !== 0) return undefined;
  const [zero, place, item] = ins!;
  return place!.shape.length === 0 && Object.is(knownConstant(zero!), 0)
    ? { place: place!, item: item!, count: zero!.shape[0]! }
    : undefined;
}

export interface SetParams extends WriterParams {
  /** True if all indices are known to be distinct. */
  readonly isUnique: boolean;
}

const scatterSetPrim: Primitive<SetParams> = /* @__PURE__ */ defineWriter<SetParams>(
  "scatterSet",
  (_, update) => update,
  {
    guarded: ([x, indices, updates], when, { axis }) =>
      where(spread(when, updates!.shape), updates!, take(x!, indices!, axis)),
    derivative: {
      kind: "linear",
      operands: [0, 2],
      jvp: ([dx, , du], [x, indices, updates], { axis, isUnique }) => [
        (dx ?? du) &&
          scatterSet(instantiate(dx, x!.type), indices!, instantiate(du, updates!.type), axis, isUnique),
      ],
      transpose([ct], [x, indices, updates], { axis, isUnique }, into) {
        const type = into[2]?.type ?? updates!.type;
        if (into[2] !== undefined) {
          const read = take(ct!, indices!, axis); // read before it is overwritten
          if (isUnique) into[2].add(read);
          else {
            const n = (into[0]?.type ?? x!.type).shape[axis]!;
            const axes = range(axis, axis + indices!.shape.length);
            into[2].add(where(broadcast(isLastOf(indices!, n), type.shape, axes), read, zeros(type)), true);
          }
        }
        into[0]?.add(scatterSet(ct!, indices!, zeros(type), axis, isUnique), true);
      },
    },
  },
);

/** Mask of the indices that are not repeated later in the list, along an axis of length n. */
function isLastOf(indices: Tensor, n: number): Tensor {
  const { shape } = indices;
  const order = reshape(iota("int32", [sizeOf(shape)], 0), shape);
  const last = scatterSet(zeros(arrayType("int32", [n])), indices, order, 0);
  return equal(take(last, indices, 0), order);
}

/**
 * x with the elements at indices along an axis replaced by `updates`; for a repeated index, the last update counts.
 * Negative indices count from the end, and indices out of range are clamped.
 */
export function scatterSet(
  x: Tensor,
  indices: Tensor,
  updates: Tensor,
  axis: number,
  isUnique = false,
): Tensor {
  return bind1(scatterSetPrim, [x, indices, updates], {
    axis,
    isUnique: isUnique || sizeOf(indices.shape) <= 1,
  });
}

/** Defines the maximum or minimum of each element and the updates at its index; ties share the derivative evenly. */
function defineScatterExtreme(name: string, op: "max" | "min"): Primitive<TakeParams> {
  return defineWriter<TakeParams>(name, (old, update) => k.binary(op, old, update), {
    check: (x) => void requireNumbers(name, x),
    guarded: ([x, indices, updates], when, { axis }) =>
      where(spread(when, updates!.shape), updates!, take(x!, indices!, axis)),
    derivative: {
      kind: "smooth",
      jvp([dx, , du], [x, indices, updates], [out], { axis }) {
        if (dx === undefined && du === undefined) return [undefined];
        // selected away, not multiplied by 0, because the tangent of an element that was not chosen may be infinite
        const isLeftOut = (value: Tensor, best: Tensor): Tensor =>
          op === "max" ? less(value, best) : less(best, value);
        const [old, late] = [isLeftOut(x!, out!), isLeftOut(updates!, take(out!, indices!, axis))];
        const chosen = (from: Tensor | undefined, among: Tensor, isLeft: Tensor): Tensor => {
          const zero = zeros(among.type);
          return from === undefined ? zero : where(isLeft, zero, from);
        };
        const one = (among: Tensor): Tensor => full(among.type, 1);
        const count = scatterAdd(
          chosen(one(x!), x!, old),
          indices!,
          chosen(one(updates!), updates!, late),
          axis,
        );
        const total = scatterAdd(chosen(dx, x!, old), indices!, chosen(du, updates!, late), axis);
        // with a NaN, no element is chosen, and the derivative is NaN
        return [div(total, where(equal(out!, out!), count, full(count.type, Number.NaN)))];
      },
      chooses: true,
    },
  });
}

const scatterMaxPrim: Primitive<TakeParams> = /* @__PURE__ */ defineScatterExtreme("scatterMax", "max");
const scatterMinPrim: Primitive<TakeParams> = /* @__PURE__ */ defineScatterExtreme("scatterMin", "min");

/**
 * x with each element replaced by the maximum of itself and the `updates` at its index along an axis; NaN if one is
 * NaN. Negative indices count from the end, and indices out of range are clamped.
 */
export function scatterMax(x: Tensor, indices: Tensor, updates: Tensor, axis: number): Tensor {
  return bind1(scatterMaxPrim, [x, indices, updates], { axis });
}

/**
 * x with each element replaced by the minimum of itself and the `updates` at its index along an axis; NaN if one is
 * NaN. Negative indices count from the end, and indices out of range are clamped.
 */
export function scatterMin(x: Tensor, indices: Tensor, updates: Tensor, axis: number): Tensor {
  return bind1(scatterMinPrim, [x, indices, updates], { axis });
}

interface WithinParams {
  readonly n: number;
}

const placeWithinPrim: Primitive<WithinParams> = /* @__PURE__ */ builtIn<WithinParams>({
  name: "placeWithin",
  typeOf([places]) {
    requireIndices("placeWithin", places!);
    return [arrayType("int32", places!.shape)];
  },
  derivative: { kind: "constant" },
  batch: "elementwise",
  layout: { places: (_, { n }) => ({ operand: 0, n }) },
  lowering: { kind: "elementwise", scalar: ([place], { n }) => clampedPlace(place!, n) },
});

/**
 * Normalises indices along an axis of length n to int32 from 0 to n − 1: negative indices count from the end, and
 * indices out of range are clamped.
 */
export function placeWithin(places: Tensor, n: number): Tensor {
  return bind1(placeWithinPrim, [places], { n });
}

/** Joins the rows of all batch items along `axis` into one array, and shifts the indices of item b to its rows. */
function pairBatches(
  x: Tensor,
  indices: Tensor,
  size: number,
  axis: number,
): { readonly rows: Tensor; readonly places: Tensor } {
  const front = moveAxis(x, axis + 1, 1); // [batch, n, …]
  const n = front.shape[1]!;
  const type = arrayType("int32", indices.shape);
  return {
    rows: reshape(front, [size * n, ...front.shape.slice(2)]),
    places: add(placeWithin(indices, n), mul(iota("int32", type.shape, 0), full(type, n))),
  };
}
