import { DownhillError, showType } from "../errors/index.ts";
import type { LowerContext, Primitive } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, scalarTypeOf, withShape } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import { isFloat } from "../kernel/scalar.ts";
import { bind, bind1 } from "../trace/bind.ts";
import { range, sameShape, sizeOf, stridesOf } from "../util/shape.ts";
import { requireNumbers } from "./elementwise.ts";
import { batchAlong, pad } from "./index-ops.ts";
import { requireIndices } from "./places.ts";
import { flatIndex, loopEach, loopOver, plus } from "./reduce-loops.ts";

/**
 * Parameters of windows over the last axes of an array, with one entry per windowed axis. Window `s` of `sizes[a]`
 * covers the positions `s · strides + k · dilation − low` for k < window. Positions outside of the array are ignored.
 */
export interface WindowParams {
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly dilation: readonly number[];
  readonly low: readonly number[];
  /** Number of windows along each axis. */
  readonly sizes: readonly number[];
}

function windowedType(name: string, x: ArrayType, { window, sizes }: WindowParams): ArrayType {
  if (x.shape.length < window.length) {
    throw new DownhillError(
      "shape",
      `${name}: ${showType(x)} has fewer axes than the window, which has ${window.length}.`,
    );
  }
  return withShape(x, [...x.shape.slice(0, x.shape.length - window.length), ...sizes]);
}

const windowSumPrim: Primitive<WindowParams> = /* @__PURE__ */ builtIn<WindowParams>({
  name: "windowSum",
  typeOf: ([x], params) => [requireNumbers("windowSum", windowedType("windowSum", x!, params))],
  derivative: {
    kind: "linear",
    operands: "all",
    transpose([ct], _, { window, strides, dilation, low, sizes }, into) {
      const x = into[0];
      if (x === undefined || sizeOf(ct!.shape) === 0) return;
      const space = x.type.shape.slice(-window.length);
      const lead = x.type.shape.slice(0, x.type.shape.length - window.length).map(() => 0);
      const reach = window.map((n, a) => (n - 1) * dilation[a]!);
      const before = reach.map((r, a) => r - low[a]!);
      const spread = pad(ct!, {
        low: [...lead, ...before],
        high: [
          ...lead,
          ...space.map((n, a) => n + reach[a]! - before[a]! - ((sizes[a]! - 1) * strides[a]! + 1)),
        ],
        interior: [...lead, ...strides.map((stride) => stride - 1)],
      });
      const none = window.map(() => 0);
      x.add(
        windowSum(spread, { window, strides: none.map(() => 1), dilation, low: none, sizes: [...space] }),
        skipElements({ window, strides, dilation, low, sizes }, space),
      );
    },
  },
  batch: ([x], _, __, params) => ({ outs: [windowSum(x!, params)], batched: [true] }),
  lowering: {
    kind: "loops",
    emit(context, params) {
      const [x, out] = [context.ins[0]!, context.outs[0]!];
      const zero = k.constant(scalarTypeOf(x.type.dtype), 0);
      overWindows(context, params, extentOf(x.type, params), (block, { place }, each) => {
        if (each.kind === "listed") {
          const values = each.elements.map(({ at }) => x.read(at));
          return out.write(
            block,
            place,
            values.reduce((sum, value) => k.add(sum, value)),
          );
        }
        const sum = block.let(context.fresh("sum"), zero);
        each.visit((inner, at) => inner.set(sum, k.add(sum, x.read(at))));
        out.write(block, place, sum);
      });
    },
  },
});

/** Sum of each window; see `WindowParams`. */
export function windowSum(x: Tensor, params: WindowParams): Tensor {
  return bind1(windowSumPrim, [x], params);
}

/** True if no two windows overlap, none begins with padding, and all are within the array. */
function areDisjoint(
  { window, strides, dilation, low, sizes }: WindowParams,
  space: readonly number[],
): boolean {
  return space.every((n, a) => {
    const reach = (window[a]! - 1) * dilation[a]!;
    return low[a] === 0 && strides[a]! > reach && (sizes[a]! - 1) * strides[a]! + reach < n;
  });
}

/** True if some elements belong to no window. */
function skipElements(
  { window, strides, dilation, low, sizes }: WindowParams,
  space: readonly number[],
): boolean {
  return space.some((n, a) => {
    const covered = range(0, sizes[a]!).flatMap((s) =>
      range(0, window[a]!).map((w) => s * strides[a]! + w * dilation[a]! - low[a]!),
    );
    const places = new Set(covered);
    return range(0, n).some((place) => !places.has(place));
  });
}

/** True if the windows do not overlap and cover all elements. */
function coverAllElements({ window, strides, sizes }: WindowParams, space: readonly number[]): boolean {
  return space.every((n, a) => window[a] === strides[a] && n === sizes[a]! * strides[a]!);
}

const windowMaxPrim: Primitive<WindowParams> = /* @__PURE__ */ builtIn<WindowParams>({
  name: "windowMax",
  typeOf([x], params) {
    const type = windowedType("windowMax", x!, params);
    if (sizeOf(x!.shape) === 0 && sizeOf(type.shape) > 0)
      throw new DownhillError(
        "shape",
        `windowMax: ${showType(x!)} has no elements, so its windows have no maximum.`,
      );
    return [type, arrayType("int32", type.shape)];
  },
  derivative: {
    kind: "smooth",
    jvp: ([dx], _, [, places], params) => [
      dx === undefined ? undefined : windowTake(dx, places!, params),
      undefined,
    ],
  },
  batch: ([x], _, __, params) => ({ outs: windowMax(x!, params), batched: [true, true] }),
  lowering: {
    kind: "loops",
    emit(context, params) {
      const { fresh } = context;
      const x = context.ins[0]!;
      const [out, places] = [context.outs[0]!, context.outs[1]!];
      overWindows(context, params, extentOf(x.type, params), (block, { place, base }, each) => {
        if (each.kind === "listed") {
          // no branches, so that the loops can be vectorised
          const [first, ...others] = each.elements;
          let best = block.let(fresh("best"), x.read(first!.at));
          let found = first!.within;
          for (const { at, within } of others) {
            const value = block.let(fresh("x"), x.read(at));
            const stays = block.let(fresh("stays"), isLargest(best, value));
            found = block.let(fresh("found"), k.select(stays, found, within));
            best = block.let(fresh("best"), k.select(stays, best, value));
          }
          out.write(block, place, best);
          return places.write(block, place, found);
        }
        // a window without elements has index 0
        const best = block.let(fresh("best"), x.read(base));
        const found = block.let(fresh("found"), k.i32(-1));
        each.visit((inner, at, within) => {
          const value = inner.let(fresh("x"), x.read(at));
          inner.if(k.or(k.lt(found, k.i32(0)), k.not(isLargest(best, value))), (then) => {
            then.set(best, value);
            then.set(found, within);
          });
        });
        out.write(block, place, best);
        places.write(block, place, k.max(found, k.i32(0)));
      });
    },
  },
});

/** True if the best value so far is at least as large as the next value. NaN counts as larger than every number. */
function isLargest(best: Expr, value: Expr): Expr {
  const isNoLess = k.le(value, best);
  return isFloat(value.type) ? k.or(isNoLess, k.ne(best, best)) : isNoLess;
}

/** Maximum of each window, and its row-major index within the windowed axes: the first of a tie, or the first NaN. */
export function windowMax(x: Tensor, params: WindowParams): readonly [largest: Tensor, places: Tensor] {
  const [largest, places] = bind(windowMaxPrim, [x], params);
  return [largest!, places!];
}

interface WindowTakeParams extends WindowParams {
  /** Sizes of the windowed axes. */
  readonly space: readonly number[];
}

function requirePlaces(name: string, x: ArrayType, places: ArrayType): void {
  requireIndices(name, places);
  if (!sameShape(x.shape, places.shape))
    throw new DownhillError(
      "shape",
      `${name}: indices are ${showType(places)}, expected int32 of ${showType(x)}.`,
    );
}

const windowTakePrim: Primitive<WindowTakeParams> = /* @__PURE__ */ builtIn<WindowTakeParams>({
  name: "windowTake",
  typeOf([x, places], params) {
    const type = windowedType("windowTake", x!, params);
    requirePlaces("windowTake", type, places!);
    return [type];
  },
  derivative: {
    kind: "linear",
    operands: [0],
    transpose([ct], [, places], params, into) {
      into[0]?.add(bind1(windowPutPrim, [ct!, places!], params), true);
    },
  },
  batch: (ins, batched, size, params) => ({
    outs: [bind1(windowTakePrim, batchAll(ins, batched, size), params)],
    batched: [true],
  }),
  lowering: {
    kind: "loops",
    emit({ block, fresh, ins, outs }, params) {
      const [x, places, out] = [ins[0]!, ins[1]!, outs[0]!];
      const windows = sizeOf(params.sizes);
      loopEach(block, [extentOf(x.type, params).planes, windows], fresh, (loop, index) => {
        const place = flatIndex(index, [windows, 1]);
        const at = plus(flatIndex([index[0]!], [sizeOf(params.space)]), places.read(place));
        out.write(loop, place, x.read(at));
      });
    },
  },
});

/** The element of each window at the index within the windowed axes that `windowMax` returns for it. */
export function windowTake(x: Tensor, places: Tensor, params: WindowParams): Tensor {
  return bind1(windowTakePrim, [x, places], { ...params, space: x.shape.slice(-params.window.length) });
}

const windowPutPrim: Primitive<WindowTakeParams> = /* @__PURE__ */ builtIn<WindowTakeParams>({
  name: "windowPut",
  typeOf([x, places], { space }) {
    requireNumbers("windowPut", x!);
    requirePlaces("windowPut", x!, places!);
    return [withShape(x!, [...x!.shape.slice(0, x!.shape.length - space.length), ...space])];
  },
  derivative: {
    kind: "linear",
    operands: [0],
    transpose([ct], [, places], params, into) {
      into[0]?.add(bind1(windowTakePrim, [ct!, places!], params));
    },
  },
  batch: (ins, batched, size, params) => ({
    outs: [bind1(windowPutPrim, batchAll(ins, batched, size), params)],
    batched: [true],
  }),
  lowering: {
    kind: "loops",
    emit(context, params) {
      const { block, fresh, ins, outs } = context;
      const [x, places, out] = [ins[0]!, ins[1]!, outs[0]!];
      const { space } = params;
      const zero = k.constant(scalarTypeOf(out.type.dtype), 0);
      const isListed = areDisjoint(params, space) && sizeOf(params.window) <= mostListed;
      if (!(isListed && coverAllElements(params, space)))
        block.forEach(fresh("i"), k.i32(0), k.i32(sizeOf(out.type.shape)), (loop, i) =>
          out.write(loop, i, zero),
        );
      const extent = extentOf(out.type, params);
      if (isListed) {
        // each window writes all of its elements, because no two windows overlap
        return overWindows(context, params, extent, (loop, { place }, each) => {
          const value = loop.let(fresh("x"), x.read(place));
          const chosen = loop.let(fresh("place"), places.read(place));
          if (each.kind === "listed")
            for (const { at, within } of each.elements)
              out.write(loop, at, k.select(k.eq(chosen, within), value, zero));
        });
      }
      const windows = sizeOf(params.sizes);
      loopOver(block, [extent.planes, windows], fresh, (loop, index) => {
        const place = flatIndex(index, [windows, 1]);
        const at = loop.let(fresh("at"), plus(flatIndex([index[0]!], [sizeOf(space)]), places.read(place)));
        out.write(loop, at, k.add(out.read(at), x.read(place)));
      });
    },
  },
});

/** An array of zeros with the element of each window added at its index: the transpose of `windowTake`. */
export function windowPut(x: Tensor, places: Tensor, params: WindowParams, space: readonly number[]): Tensor {
  return bind1(windowPutPrim, [x, places], { ...params, space });
}

function batchAll(ins: readonly Tensor[], batched: readonly boolean[], size: number): Tensor[] {
  return ins.map((x, i) => (batched[i] === true ? x : batchAlong(x, size)));
}

/** Number and sizes of the planes (the windowed axes) of an array. */
interface PlaneExtent {
  readonly planes: number;
  readonly space: readonly number[];
}

function extentOf({ shape }: ArrayType, { window }: WindowParams): PlaneExtent {
  const lead = shape.length - window.length;
  return { planes: sizeOf(shape.slice(0, lead)), space: shape.slice(lead) };
}

/** An element of a window: its offset in the array (`at`), and its offset in its plane (`within`). */
interface Element {
  readonly at: Expr;
  readonly within: Expr;
}

/** Elements of a window: a list if all windows are small and within the array, otherwise loops. */
type WindowElements =
  | { readonly kind: "listed"; readonly elements: readonly Element[] }
  | {
      readonly kind: "looped";
      readonly visit: (body: (block: Block, at: Expr, within: Expr) => void) => void;
    };

/** Largest number of elements of a window whose elements are unrolled. */
const mostListed = 32;

/** A window that generated loops visit: its number among all windows, and the offset of its plane in the array. */
interface Window {
  readonly place: Expr;
  readonly base: Expr;
}

/** Emits loops over all windows of an array. */
function overWindows(
  { block, fresh }: LowerContext,
  { window, strides, dilation, low, sizes }: WindowParams,
  { planes, space }: PlaneExtent,
  body: (block: Block, window: Window, each: WindowElements) => void,
): void {
  const plane = sizeOf(space);
  const outStrides = [sizeOf(sizes), ...stridesOf(sizes)];
  const spaceStrides = stridesOf(space);
  if (planes * sizeOf(sizes) === 0) return;
  const isWithin = space.map(
    (n, a) => low[a] === 0 && (sizes[a]! - 1) * strides[a]! + (window[a]! - 1) * dilation[a]! < n,
  );
  const isListed = isWithin.every(Boolean) && sizeOf(window) <= mostListed;
  loopEach(block, [planes, ...sizes], fresh, (inner, [image, ...index]) => {
    const place = flatIndex([image!, ...index], outStrides);
    const base = flatIndex([image!], [plane]);
    if (isListed) {
      const start = inner.let(
        fresh("start"),
        flatIndex(
          index,
          spaceStrides.map((n, a) => n * strides[a]!),
        ),
      );
      const first = inner.let(fresh("first"), plus(base, start));
      const offsets = window.reduce<readonly number[]>(
        (all, n, a) =>
          all.flatMap((offset) => range(0, n).map((w) => offset + w * dilation[a]! * spaceStrides[a]!)),
        [0],
      );
      const elements = offsets.map((offset) => ({
        at: plus(first, k.i32(offset)),
        within: plus(start, k.i32(offset)),
      }));
      return body(inner, { place, base }, { kind: "listed", elements });
    }
    // along each axis: the start of the window, and the range of its elements within the array
    const axes = index.map((i, a) => {
      const stride = flatIndex([i], [strides[a]!]);
      const start = inner.let(fresh("start"), plus(stride, k.i32(-low[a]!)));
      const whole = { start, from: k.i32(0), to: k.i32(window[a]!) };
      if (isWithin[a] === true) return whole;
      const step = dilation[a]!;
      const count = (length: Expr): Expr => {
        const positive = k.max(length, k.i32(0));
        return step === 1 ? positive : k.div(k.add(positive, k.i32(step - 1)), k.i32(step));
      };
      return {
        start,
        from: inner.let(fresh("from"), count(k.neg(start))),
        to: inner.let(fresh("to"), k.min(whole.to, count(k.sub(k.i32(space[a]!), start)))),
      };
    });
    const visitAxis = (
      outer: Block,
      a: number,
      within: Expr,
      visit: (block: Block, at: Expr, within: Expr) => void,
    ): void => {
      const axis = axes[a];
      if (axis === undefined) return visit(outer, plus(base, within), within);
      outer.for(fresh("w"), axis.from, axis.to, (loop, w) => {
        const along = plus(axis.start, flatIndex([w], [dilation[a]!]));
        visitAxis(
          loop,
          a + 1,
          loop.let(fresh("at"), plus(within, flatIndex([along], [spaceStrides[a]!]))),
          visit,
        );
      });
    };
    body(inner, { place, base }, { kind: "looped", visit: (visit) => visitAxis(inner, 0, k.i32(0), visit) });
  });
}
