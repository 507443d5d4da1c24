import { DownhillError, showType } from "../errors/index.ts";
import type { LowerContext, Primitive } from "../ir/primitive.ts";
import { builtIn, isMasked } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { scalarTypeOf } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Expr, ScalarType } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import { otherAxes, sameShape, sizeOf, stridesOf } from "../util/shape.ts";
import { div, equal, indicator, less, mul } from "./arithmetic.ts";
import { requireNumbers } from "./elementwise.ts";
import { batchAlong, pad, part } from "./index-ops.ts";
import { full, sumMaybe, where, zeros } from "./linear.ts";
import { flatIndex, loopEach, plus } from "./reduce-loops.ts";

export interface CumulativeParams {
  readonly axis: number;
  /** Whether the accumulation starts at the end of the axis. */
  readonly reverse: boolean;
}

/** Accumulator type: float64 for float32 elements, so that long sums and products stay accurate, as in `sum`. */
function carryOf({ dtype }: ArrayType): ScalarType {
  return dtype === "float32" ? "f64" : scalarTypeOf(dtype);
}

/**
 * Emits a recurrence along an axis: `first` computes the first result, and `next` each further one from its
 * predecessor. The running value has the type `carry` and is rounded to the element type only when it is written.
 */
function emitAlong(
  { block, fresh, outs }: LowerContext,
  { shape, dtype }: ArrayType,
  { axis, reverse }: CumulativeParams,
  carry: ScalarType,
  first: (at: Expr) => Expr,
  next: (loop: Block, before: Expr, at: Expr) => Expr,
): void {
  if (sizeOf(shape) === 0) return;
  const out = outs[0]!;
  const type = scalarTypeOf(dtype);
  const strides = stridesOf(shape);
  const others = otherAxes(shape.length, [axis]);
  const [n, stride] = [shape[axis]!, strides[axis]!];
  loopEach(
    block,
    others.map((a) => shape[a]!),
    fresh,
    (inner, index) => {
      const base = flatIndex(index, others.map((a) => strides[a]!)); // prettier-ignore
      const start = inner.let(fresh("start"), plus(base, k.i32(reverse ? (n - 1) * stride : 0)));
      const last = inner.let(fresh("last"), k.convert(carry, first(start)));
      out.write(inner, start, k.convert(type, last));
      const [from, to] = reverse ? [0, n - 1] : [1, n];
      inner.for(
        fresh("r"),
        k.i32(from),
        k.i32(to),
        (loop, r) => {
          const at = loop.let(fresh("at"), plus(base, k.mul(r, k.i32(stride))));
          loop.set(last, next(loop, last, at));
          out.write(loop, at, k.convert(type, last));
        },
        reverse,
      );
    },
  );
}

const cumsumPrim: Primitive<CumulativeParams> = /* @__PURE__ */ builtIn<CumulativeParams>({
  name: "cumsum",
  typeOf: ([x]) => [requireNumbers("cumsum", x!)],
  derivative: {
    kind: "linear",
    operands: "all",
    transpose: ([ct], _, { axis, reverse }, into) => into[0]?.add(cumsum(ct!, axis, !reverse)),
  },
  batch: ([x], _, __, { axis, reverse }) => ({ outs: [cumsum(x!, axis + 1, reverse)], batched: [true] }),
  lowering: {
    kind: "loops",
    emit(context, params) {
      const x = context.ins[0]!;
      const carry = carryOf(x.type);
      const element = (at: Expr): Expr => k.convert(carry, x.read(at));
      emitAlong(
        context,
        x.type,
        params,
        carry,
        (at) => k.add(k.constant(carry, 0), element(at)), // the sum of −0 is 0
        (_, sum, at) => k.add(sum, element(at)),
      );
    },
  },
});

/** Cumulative sum along an axis, each element included; from the end if `reverse`. */
export function cumsum(x: Tensor, axis: number, reverse = false): Tensor {
  return bind1(cumsumPrim, [x], { axis, reverse });
}

export interface RecurrenceParams extends CumulativeParams {
  /**
   * True if a factor or previous result of exactly 0 makes the product 0 even if the other factor is infinite or NaN.
   * Used in derivatives after a mask (see docs/masks.md).
   */
  readonly strong: boolean;
}

const recurrencePrim: Primitive<RecurrenceParams> = /* @__PURE__ */ builtIn<RecurrenceParams>({
  name: "linearRecurrence",
  typeOf([a, b]) {
    if (a!.dtype !== b!.dtype || !sameShape(a!.shape, b!.shape))
      throw new DownhillError(
        "shape",
        `linearRecurrence: factors ${showType(a!)} and terms ${showType(b!)} must be of one type.`,
      );
    return [requireNumbers("linearRecurrence", b!)];
  },
  derivative: {
    kind: "smooth",
    jvp([da, db], [a], [y], { axis, reverse, strong }) {
      const terms = sumMaybe(da && timesBefore(da, y!, axis, reverse), db);
      return [terms && linearRecurrence(a!, terms, { axis, reverse, strong })];
    },
    transpose([ct], [a], { axis, reverse, strong }, into, _, masks) {
      const factors = shifted(a!, axis, reverse);
      const params = { axis, reverse: !reverse, strong: strong || isMasked(masks) };
      into[1]?.add(linearRecurrence(factors, ct!, params));
    },
  },
  batch: (ins, batched, size, params) => {
    const [a, b] = ins.map((x, i) => (batched[i] === true ? x : batchAlong(x, size)));
    return { outs: [linearRecurrence(a!, b!, { ...params, axis: params.axis + 1 })], batched: [true] };
  },
  lowering: {
    kind: "loops",
    emit(context, params) {
      const [a, b] = [context.ins[0]!, context.ins[1]!];
      const carry = carryOf(b.type);
      const zero = k.constant(carry, 0);
      const term = (at: Expr): Expr => k.convert(carry, b.read(at));
      emitAlong(context, b.type, params, carry, term, (loop, before, at) => {
        const factor = loop.let(context.fresh("factor"), k.convert(carry, a.read(at)));
        if (!params.strong) return k.add(k.mul(factor, before), term(at));
        const counts = k.and(k.ne(factor, zero), k.ne(before, zero));
        return k.add(k.select(counts, k.mul(factor, before), zero), term(at));
      });
    },
  },
});

/**
 * Linear recurrence `yᵢ = aᵢ · yᵢ₋₁ + bᵢ` along an axis, with `y₀ = b₀`; from the end if `reverse`. Its tangent is the
 * recurrence with the terms `daᵢ · yᵢ₋₁ + dbᵢ`; its transpose in b runs in the opposite direction.
 */
export function linearRecurrence(a: Tensor, b: Tensor, params: RecurrenceParams): Tensor {
  return bind1(recurrencePrim, [a, b], params);
}

/** Adds `low` zeros before x and `high` zeros after it along `axis`. */
function padAlong(x: Tensor, axis: number, low: number, high: number): Tensor {
  const widths = (n: number): number[] => x.type.shape.map((_, i) => (i === axis ? n : 0));
  return pad(x, { low: widths(low), high: widths(high), interior: widths(0) });
}

/**
 * Product `daᵢ · yᵢ₋₁` of each element with the previous result of the recurrence; 0 for the first element. With
 * `reverse`, the previous result is `yᵢ₊₁`.
 */
function timesBefore(da: Tensor, y: Tensor, axis: number, reverse: boolean): Tensor {
  const n = y.type.shape[axis]!;
  if (n === 0) return da;
  return reverse
    ? padAlong(mul(part(da, axis, 0, n - 1), part(y, axis, 1, n)), axis, 0, 1)
    : padAlong(mul(part(da, axis, 1, n), part(y, axis, 0, n - 1)), axis, 1, 0);
}

/**
 * Moves the elements by one: `aᵢ₊₁` at index i, and 0 at the end; with `reverse`, `aᵢ₋₁` at index i, and 0 at the
 * start.
 */
function shifted(a: Tensor, axis: number, reverse: boolean): Tensor {
  const n = a.type.shape[axis]!;
  if (n === 0) return a;
  return reverse ? padAlong(part(a, axis, 0, n - 1), axis, 1, 0) : padAlong(part(a, axis, 1, n), axis, 0, 1);
}

/** Cumulative product along an axis, each element included; from the end if `reverse`. */
export function cumprod(x: Tensor, axis: number, reverse = false): Tensor {
  const n = x.type.shape[axis]!;
  if (n === 0) return x;
  const first = reverse
    ? padAlong(part(x, axis, n - 1, n), axis, n - 1, 0)
    : padAlong(part(x, axis, 0, 1), axis, 0, n - 1);
  return linearRecurrence(x, first, { axis, reverse, strong: false });
}

/**
 * Defines the cumulative maximum or minimum. Elements that tie for the extremum share its derivative evenly, as in
 * `max` over the same range; elements that are not extreme get none.
 */
function defineCumulativeExtreme(name: string, op: "max" | "min"): Primitive<CumulativeParams> {
  const prim: Primitive<CumulativeParams> = builtIn<CumulativeParams>({
    name,
    typeOf: ([x]) => [requireNumbers(name, x!)],
    derivative: {
      kind: "smooth",
      jvp([dx], [x], [out], { axis, reverse }) {
        if (dx === undefined) return [undefined];
        const n = x!.type.shape[axis]!;
        if (n === 0) return [dx];
        const isLeftOut = op === "max" ? less(x!, out!) : less(out!, x!);
        const [zero, one] = [zeros(dx.type), full(dx.type, 1)];
        const [from, to] = reverse ? [0, n - 1] : [1, n];
        const before = part(out!, axis, 1 - from, n - from);
        const isSame = indicator(equal(part(out!, axis, from, to), before), dx.type);
        const keep = padAlong(isSame, axis, from, n - to);
        const params = { axis, reverse, strong: true };
        const count = linearRecurrence(keep, where(isLeftOut, zero, one), params);
        const total = linearRecurrence(keep, where(isLeftOut, zero, dx), params);
        // after a NaN, every result and its derivative are NaN
        return [div(total, where(equal(out!, out!), count, full(count.type, Number.NaN)))];
      },
    },
    batch: ([x], _, __, { axis, reverse }) => ({
      outs: [bind1(prim, [x!], { axis: axis + 1, reverse })],
      batched: [true],
    }),
    lowering: {
      kind: "loops",
      emit(context, params) {
        const x = context.ins[0]!;
        const first = (at: Expr): Expr => x.read(at);
        const type = scalarTypeOf(x.type.dtype);
        emitAlong(context, x.type, params, type, first, (_, best, at) => k.binary(op, best, x.read(at)));
      },
    },
  });
  return prim;
}

const cummaxPrim: Primitive<CumulativeParams> = /* @__PURE__ */ defineCumulativeExtreme("cummax", "max");
const cumminPrim: Primitive<CumulativeParams> = /* @__PURE__ */ defineCumulativeExtreme("cummin", "min");
/**
 * Cumulative maximum along an axis, each element included; from the end if `reverse`. After a NaN, all results are NaN.
 */
export const cummax = (x: Tensor, axis: number, reverse = false): Tensor =>
  bind1(cummaxPrim, [x], { axis, reverse });
/**
 * Cumulative minimum along an axis, each element included; from the end if `reverse`. After a NaN, all results are NaN.
 */
export const cummin = (x: Tensor, axis: number, reverse = false): Tensor =>
  bind1(cumminPrim, [x], { axis, reverse });
