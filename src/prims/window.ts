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
import { sizeOf, stridesOf } from "../util/shape.ts";
import { requireNumbers } from "./elementwise.ts";
import { pad } from "./index-ops.ts";
import { flatIndex, loopOver, plus } from "./reduce-loops.ts";

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
        const sum = block.let(context.fresh("sum"), zero);
        each((inner, at) => inner.set(sum, k.add(sum, x.read(at))));
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
        const best = block.let(fresh("best"), k.constant(scalarTypeOf(x.type.dtype), 0));
        const found = block.let(fresh("found"), k.i32(-1));
        each((inner, at, within) => {
          const value = inner.let(fresh("x"), x.read(at));
          const better = k.lt(best, value);
          // the first NaN is larger than every number
          const firstNaN = k.and(k.ne(value, value), k.eq(best, best));
          const wins = isFloat(value.type) ? k.or(better, firstNaN) : better;
          inner.if(k.or(k.lt(found, k.i32(0)), wins), (then) => {
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

/** Where the largest element of each window is, counted through the last axes: the first of a tie, or the first NaN. */
export function windowArgmax(x: Tensor, params: WindowParams): Tensor {
  return bind1(windowArgmaxPrim, [x], params);
}

/** Calls for each element of a window: its place in the array, and in its plane (the last axes). */
type EachElement = (visit: (block: Block, at: Expr, within: Expr) => void) => void;

/** Loops over all windows; `body` gets the place of the window in the result. */
function overWindows(
  { block, fresh, ins, outs }: LowerContext,
  { window, strides, dilation, low }: WindowParams,
  body: (block: Block, place: Expr, each: EachElement) => void,
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
  loopOver(block, [planes, ...sizes], fresh, (inner, [image, ...index]) => {
    const place = flatIndex([image!, ...index], outStrides);
    const base = plane === 1 ? image! : k.mul(image!, k.i32(plane));
    // along each axis: where the window starts, and which of its elements lie within the array
    const axes = index.map((i, a) => {
      const stride = strides[a] === 1 ? i : k.mul(i, k.i32(strides[a]!));
      const start = inner.let(fresh("start"), plus(stride, k.i32(-low[a]!)));
      const step = dilation[a]!;
      const count = (length: Expr): Expr => {
        const positive = k.max(length, k.i32(0));
        return step === 1 ? positive : k.div(k.add(positive, k.i32(step - 1)), k.i32(step));
      };
      return {
        start,
        from: inner.let(fresh("from"), count(k.neg(start))),
        to: inner.let(fresh("to"), k.min(k.i32(window[a]!), count(k.sub(k.i32(space[a]!), start)))),
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
        const along = plus(axis.start, dilation[a] === 1 ? w : k.mul(w, k.i32(dilation[a]!)));
        const moved = spaceStrides[a] === 1 ? along : k.mul(along, k.i32(spaceStrides[a]!));
        visitAxis(loop, a + 1, loop.let(fresh("at"), plus(within, moved)), visit);
      });
    };
    body(inner, place, (visit) => visitAxis(inner, 0, k.i32(0), visit));
  });
}
