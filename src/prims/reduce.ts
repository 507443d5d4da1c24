import { DownhillError, showType } from "../errors/index.ts";
import type { Primitive } from "../ir/primitive.ts";
import { definePrimitive } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, isFloating, scalarTypeOf } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import { isFloat } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import { otherAxes, sizeOf, stridesOf } from "../util/shape.ts";
import { div, equal, indicator, mul } from "./arithmetic.ts";
import { emitReduce, flatIndex, loopEach, plus, readsOnce } from "./reduce-loops.ts";
import type { ReduceParams } from "./shape.ts";
import { broadcast, reducedType, sum } from "./shape.ts";

/** The largest or smallest element along axes; ties share the derivative evenly. */
function extreme(name: string, op: "max" | "min"): Primitive<ReduceParams> {
  const prim: Primitive<ReduceParams> = definePrimitive<ReduceParams>({
    name,
    typeOf([x], { axes }) {
      if (sizeOf(axes.map((axis) => x!.shape[axis]!)) === 0) {
        throw new DownhillError(
          "shape",
          `${name}: ${showType(x!)} has no elements along axes [${axes.join()}].`,
        );
      }
      return [reducedType(x!, axes)];
    },
    derivative: {
      kind: "smooth",
      jvp([dx], [x], [out], { axes }) {
        if (dx === undefined) return [undefined];
        const chosen = indicator(
          equal(x!, broadcast(out!, x!.shape, otherAxes(x!.shape.length, axes))),
          dx.type,
        );
        return [div(sum(mul(dx, chosen), axes), sum(chosen, axes))];
      },
    },
    batch: ([x], _, __, { axes }) => ({
      outs: [bind1(prim, [x!], { axes: axes.map((axis) => axis + 1) })],
      batched: [true],
    }),
    lowering: {
      kind: "loops",
      emit(context, { axes }) {
        const type = scalarTypeOf(context.ins[0]!.type.dtype);
        emitReduce(context, axes, type === "bool" ? (op === "max" ? "or" : "and") : op);
      },
      readsOnce: ({ axes }, [x]) => readsOnce(x!, axes),
    },
  });
  return prim;
}

const maxPrim: Primitive<ReduceParams> = /* @__PURE__ */ extreme("max", "max");
const minPrim: Primitive<ReduceParams> = /* @__PURE__ */ extreme("min", "min");

/** Largest element along axes; NaN if there is one. */
export function max(x: Tensor, axes: readonly number[]): Tensor {
  return axes.length === 0 ? x : bind1(maxPrim, [x], { axes });
}

/** Smallest element along axes; NaN if there is one. */
export function min(x: Tensor, axes: readonly number[]): Tensor {
  return axes.length === 0 ? x : bind1(minPrim, [x], { axes });
}

interface ArgParams {
  readonly axis: number;
}

/** The place of the largest or smallest element along one axis: the first of a tie, or that of the first NaN. */
function argExtreme(name: string, op: "max" | "min"): Primitive<ArgParams> {
  const prim: Primitive<ArgParams> = definePrimitive<ArgParams>({
    name,
    typeOf([x], { axis }) {
      if (x!.shape[axis] === 0)
        throw new DownhillError("shape", `${name}: ${showType(x!)} has no elements along axis ${axis}.`);
      return [arrayType("int32", reducedType(x!, [axis]).shape)];
    },
    derivative: { kind: "constant" },
    batch: ([x], _, __, { axis }) => ({ outs: [bind1(prim, [x!], { axis: axis + 1 })], batched: [true] }),
    lowering: {
      kind: "loops",
      emit({ block, fresh, ins, outs }, { axis }) {
        const x = ins[0]!;
        const { shape } = x.type;
        const strides = stridesOf(shape);
        const kept = otherAxes(shape.length, [axis]);
        const keptSizes = kept.map((a) => shape[a]!);
        loopEach(block, keptSizes, fresh, (inner, index) => {
          const base = flatIndex(
            index,
            kept.map((a) => strides[a]!),
          );
          const best = inner.let(fresh("best"), x.read(base));
          const place = inner.let(fresh("place"), k.i32(0));
          inner.for(fresh("r"), k.i32(1), k.i32(shape[axis]!), (loop, r) => {
            const candidate = loop.let(fresh("x"), x.read(plus(base, k.mul(r, k.i32(strides[axis]!)))));
            const better = op === "max" ? k.lt(best, candidate) : k.lt(candidate, best);
            const firstNaN = k.and(k.ne(candidate, candidate), k.eq(best, best));
            loop.if(isFloat(candidate.type) ? k.or(better, firstNaN) : better, (then) => {
              then.set(best, candidate);
              then.set(place, r);
            });
          });
          outs[0]!.write(inner, flatIndex(index, stridesOf(keptSizes)), place);
        });
      },
    },
  });
  return prim;
}

const argmaxPrim: Primitive<ArgParams> = /* @__PURE__ */ argExtreme("argmax", "max");
const argminPrim: Primitive<ArgParams> = /* @__PURE__ */ argExtreme("argmin", "min");
export const argmax = (x: Tensor, axis: number): Tensor => bind1(argmaxPrim, [x], { axis });
export const argmin = (x: Tensor, axis: number): Tensor => bind1(argminPrim, [x], { axis });

/** Whether a reduction over this type makes sense as a mean. */
export function requireFloating(name: string, type: ArrayType): void {
  if (!isFloating(type.dtype))
    throw new DownhillError(
      "dtype",
      `${name}: needs floats, not ${showType(type)}. Convert it with astype("float64").`,
    );
}
