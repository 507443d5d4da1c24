import { DownhillError, showType } from "../errors/index.ts";
import type { LowerContext, Primitive } from "../ir/primitive.ts";
import { definePrimitive } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, scalarTypeOf, withShape } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import { isFloat } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import { range, sizeOf, stridesOf } from "../util/shape.ts";
import { requireNumbers } from "./elementwise.ts";
import { pad } from "./index-ops.ts";
import { flatIndex, loopEach, plus } from "./reduce-loops.ts";

/**
 * Windows over the last axes of an array, one entry for each of these: window `s` of `sizes[a]` covers the places
 * `s · strides + k · dilation − low` for k < window; places outside of the array do not count.
 */
export interface WindowParams {
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly dilation: readonly number[];
  readonly low: readonly number[];
  /** Numbers of windows. */
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

const windowSumPrim: Primitive<WindowParams> = /* @__PURE__ */ definePrimitive<WindowParams>({
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
      );
    },
  },
  batch: ([x], _, __, params) => ({ outs: [windowSum(x!, params)], batched: [true] }),
  lowering: {
    kind: "loops",
    emit(context, params) {
      const [x, out] = [context.ins[0]!, context.outs[0]!];
      const zero = k.constant(scalarTypeOf(x.type.dtype), 0);
      overWindows(context, params, (block, place, each) => {
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

/** The sum of each window; see `WindowParams`. */
export function windowSum(x: Tensor, params: WindowParams): Tensor {
  return bind1(windowSumPrim, [x], params);
}

const windowArgmaxPrim: Primitive<WindowParams> = /* @__PURE__ */ definePrimitive<WindowParams>({
  name: "windowArgmax",
  typeOf: ([x], params) => [arrayType("int32", windowedType("windowArgmax", x!, params).shape)],
  derivative: { kind: "constant" },
  batch: ([x], _, __, params) => ({ outs: [windowArgmax(x!, params)], batched: [true] }),
  lowering: {
    kind: "loops",
    emit(context, params) {
      const { fresh } = context;
      const [x, out] = [context.ins[0]!, context.outs[0]!];
      const plane = sizeOf(x.type.shape.slice(-params.window.length));
      overWindows(context, params, (block, place, each) => {
        if (each.kind === "listed") {
          // no branches: such loops may be vectorised
          let best: Expr | undefined;
          let found: Expr = k.i32(0);
          for (const { at, within } of each.elements) {
            const value = block.let(fresh("x"), x.read(at));
            const wins = best === undefined ? undefined : isLarger(value, best);
            found = block.let(fresh("found"), wins === undefined ? within : k.select(wins, within, found));
            best = block.let(
              fresh("best"),
              wins === undefined || best === undefined ? value : k.select(wins, value, best),
            );
          }
          return out.write(block, place, found);
        }
        const best = block.let(fresh("best"), k.constant(scalarTypeOf(x.type.dtype), 0));
        const found = block.let(fresh("found"), k.i32(-1));
        each.visit((inner, at, within) => {
          const value = inner.let(fresh("x"), x.read(at));
          inner.if(k.or(k.lt(found, k.i32(0)), isLarger(value, best)), (then) => {
            then.set(best, value);
            then.set(found, within);
          });
        });
        // a window that meets nothing points to the first place, so that reads stay within the array
        out.write(block, place, plane === 0 ? k.i32(0) : k.max(found, k.i32(0)));
      });
    },
  },
});

/** Whether a value is larger than the best so far; the first NaN is larger than every number. */
function isLarger(value: Expr, best: Expr): Expr {
  const better = k.lt(best, value);
  if (!isFloat(value.type)) return better;
  return k.or(better, k.and(k.ne(value, value), k.eq(best, best)));
}

/** Where the largest element of each window is, counted through the last axes: the first of a tie, or the first NaN. */
export function windowArgmax(x: Tensor, params: WindowParams): Tensor {
  return bind1(windowArgmaxPrim, [x], params);
}

/** An element of a window: its place in the array, and in its plane (the last axes). */
interface Element {
  readonly at: Expr;
  readonly within: Expr;
}

/** The elements of a window, one by one where all windows lie within the array and are small, else by loops. */
type Elements =
  | { readonly kind: "listed"; readonly elements: readonly Element[] }
  | {
      readonly kind: "looped";
      readonly visit: (body: (block: Block, at: Expr, within: Expr) => void) => void;
    };

/** Windows with at most so many elements are written out. */
const mostListed = 32;

/** Loops over all windows; `body` gets the place of the window in the result. */
function overWindows(
  { block, fresh, ins, outs }: LowerContext,
  { window, strides, dilation, low }: WindowParams,
  body: (block: Block, place: Expr, each: Elements) => void,
): void {
  const shape = ins[0]!.type.shape;
  const space = shape.slice(shape.length - window.length);
  const plane = sizeOf(space);
  const outShape = outs[0]!.type.shape;
  const sizes = outShape.slice(outShape.length - window.length);
  const planes = sizeOf(shape.slice(0, shape.length - window.length));
  const outStrides = [sizeOf(sizes), ...stridesOf(sizes)];
  const spaceStrides = stridesOf(space);
  if (sizeOf(outShape) === 0) return;
  const liesWithin = space.map(
    (n, a) => low[a] === 0 && (sizes[a]! - 1) * strides[a]! + (window[a]! - 1) * dilation[a]! < n,
  );
  const isListed = liesWithin.every(Boolean) && sizeOf(window) <= mostListed;
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
      return body(inner, place, { kind: "listed", elements });
    }
    // along each axis: where the window starts, and which of its elements lie within the array
    const axes = index.map((i, a) => {
      const stride = flatIndex([i], [strides[a]!]);
      const start = inner.let(fresh("start"), plus(stride, k.i32(-low[a]!)));
      const whole = { start, from: k.i32(0), to: k.i32(window[a]!) };
      if (liesWithin[a] === true) return whole;
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
    body(inner, place, { kind: "looped", visit: (visit) => visitAxis(inner, 0, k.i32(0), visit) });
  });
}
