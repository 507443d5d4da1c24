import type { Primitive } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import { scalarTypeOf } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import { bind1 } from "../trace/bind.ts";
import { otherAxes, sizeOf, stridesOf } from "../util/shape.ts";
import { requireNumbers } from "./elementwise.ts";
import { flatIndex, loopEach, plus } from "./reduce-loops.ts";

interface CumulativeParams {
  readonly axis: number;
  readonly reverse: boolean;
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
    emit({ block, fresh, ins, outs }, { axis, reverse }) {
      const [x, out] = [ins[0]!, outs[0]!];
      const { shape } = x.type;
      const strides = stridesOf(shape);
      const others = otherAxes(shape.length, [axis]);
      if (sizeOf(shape) === 0) return;
      loopEach(
        block,
        others.map((a) => shape[a]!),
        fresh,
        (inner, index) => {
          const base = flatIndex(
            index,
            others.map((a) => strides[a]!),
          );
          const sum = inner.let(fresh("sum"), k.constant(scalarTypeOf(x.type.dtype), 0));
          inner.for(
            fresh("r"),
            k.i32(0),
            k.i32(shape[axis]!),
            (loop, r) => {
              const at = loop.let(fresh("at"), plus(base, k.mul(r, k.i32(strides[axis]!))));
              loop.set(sum, k.add(sum, x.read(at)));
              out.write(loop, at, sum);
            },
            reverse,
          );
        },
      );
    },
  },
});

/** The sum of all elements up to each one along an axis, itself included; from the end where `reverse`. */
export function cumsum(x: Tensor, axis: number, reverse = false): Tensor {
  return bind1(cumsumPrim, [x], { axis, reverse });
}
