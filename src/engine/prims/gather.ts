import { DownhillError, showType } from "../errors/index.ts";
import type { Primitive } from "../ir/primitive.ts";
import { builtIn, firstInPlace } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, withShape } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import { bind1 } from "../trace/bind.ts";
import { sameShape, sizeOf, stridesOf } from "../util/shape.ts";
import { requireNumbers } from "./elementwise.ts";
import { batchAlong } from "./index-ops.ts";
import { clampedPlace, requireIndices } from "./places.ts";
import { addend, derivativeOfAdding } from "./addend.ts";
import { flatIndex, loopOver } from "./reduce-loops.ts";

interface AlongParams {
  readonly axis: number;
}

/**
 * Checks the operands of a primitive that uses indices along `axis`.
 *
 * @throws DownhillError `dtype` if the indices are not integers. `shape` if they differ from the array in size along
 *   another axis, or if only the array is empty along `axis`.
 */
function requireSameRows(name: string, x: ArrayType, indices: ArrayType, axis: number): void {
  requireIndices(name, indices);
  const fits =
    x.shape.length === indices.shape.length && x.shape.every((n, i) => i === axis || n === indices.shape[i]);
  if (!fits) {
    throw new DownhillError(
      "shape",
      `${name}: indices are ${showType(indices)}; their shape may differ from ${showType(x)} along axis ${axis} only.`,
    );
  }
  if (x.shape[axis] === 0 && sizeOf(indices.shape) > 0)
    throw new DownhillError("shape", `${name}: ${showType(x)} has no elements along axis ${axis}.`);
}

const takeAlongPrim: Primitive<AlongParams> = /* @__PURE__ */ builtIn<AlongParams>({
  name: "takeAlong",
  moves: true,
  typeOf([x, indices], { axis }) {
    requireSameRows("takeAlong", x!, indices!, axis);
    return [withShape(x!, indices!.shape)];
  },
  derivative: {
    kind: "linear",
    operands: [0],
    transpose([ct], [, indices], { axis }, into) {
      const x = into[0];
      x?.put(scatterAddAlong(x.take(), indices!, ct!, axis), true);
    },
  },
  batch: ([x, indices], [xBatched, indicesBatched], size, { axis }) => ({
    outs: [
      takeAlong(
        xBatched === true ? x! : batchAlong(x!, size),
        indicesBatched === true ? indices! : batchAlong(indices!, size),
        axis + 1,
      ),
    ],
    batched: [true],
  }),
  layout: { places: ([x], { axis }) => ({ operand: 1, n: x!.shape[axis]! }) },
  lowering: {
    kind: "map",
    element: (at, index, { axis }, [x]) =>
      at(
        0,
        index.map((i, a) => (a === axis ? clampedPlace(at(1, index), x!.shape[axis]!) : i)),
      ),
  },
});

/**
 * `y[…, i, …] = x[…, indices[…, i, …], …]` along one axis. Indices are clamped to the array; negative ones count from
 * the end.
 */
export function takeAlong(x: Tensor, indices: Tensor, axis: number): Tensor {
  return bind1(takeAlongPrim, [x, indices], { axis });
}

const wholePlacePrim: Primitive<object> = /* @__PURE__ */ builtIn<object>({
  name: "wholePlace",
  typeOf: ([x]) => [arrayType("int32", requireNumbers("wholePlace", x!).shape)],
  derivative: { kind: "constant" },
  batch: "elementwise",
  layout: { places: () => ({ operand: 0, n: Infinity }) },
  lowering: { kind: "elementwise", scalar: ([x]) => k.convert("i32", x!) },
});

/**
 * Converts indices of a floating dtype, such as JavaScript numbers, to int32. Callers pass integers only; fractions
 * would be truncated.
 */
export function wholePlace(x: Tensor): Tensor {
  return bind1(wholePlacePrim, [x], {});
}

const scatterAddAlongPrim: Primitive<AlongParams> = /* @__PURE__ */ builtIn<AlongParams>({
  name: "scatterAddAlong",
  typeOf([x, indices, updates], { axis }) {
    requireNumbers("scatterAddAlong", x!);
    requireSameRows("scatterAddAlong", x!, indices!, axis);
    if (!sameShape(updates!.shape, indices!.shape) || updates!.dtype !== x!.dtype) {
      throw new DownhillError(
        "shape",
        `scatterAddAlong: updates are ${showType(updates!)}, expected ${showType({ dtype: x!.dtype, shape: indices!.shape })}.`,
      );
    }
    return [x!];
  },
  derivative: /* @__PURE__ */ derivativeOfAdding(
    (x, indices, updates, { axis }) => scatterAddAlong(x, indices, updates, axis),
    (x, indices, { axis }) => takeAlong(x, indices, axis),
  ),
  batch: (ins, batched, size, { axis }) => {
    const [x, indices, updates] = ins.map((operand, i) =>
      batched[i] === true ? operand : batchAlong(operand, size),
    );
    return { outs: [scatterAddAlong(x!, indices!, updates!, axis + 1)], batched: [true] };
  },
  guard:
    ({ axis }) =>
    ([x, indices, updates], when) => [scatterAddAlong(x!, indices!, addend(updates!, when), axis)],
  layout: { places: ([x], { axis }) => ({ operand: 1, n: x!.shape[axis]! }) },
  lowering: {
    kind: "loops",
    inPlace: () => firstInPlace,
    emit({ block, fresh, ins, outs, copy }, { axis }) {
      const [x, indices, updates] = [ins[0]!, ins[1]!, ins[2]!];
      const out = outs[0]!;
      const strides = stridesOf(x.type.shape);
      copy(block, out, x);
      if (sizeOf(x.type.shape) === 0) return;
      loopOver(block, indices.type.shape, fresh, (loop, index) => {
        const here = flatIndex(index, stridesOf(indices.type.shape));
        const place = clampedPlace(indices.read(here), x.type.shape[axis]!);
        const target = loop.let(
          fresh("at"),
          flatIndex(
            index.map((i, a) => (a === axis ? place : i)),
            strides,
          ),
        );
        out.write(loop, target, k.add(out.read(target), updates.read(here)));
      });
    },
  },
});

/**
 * x with `updates[…, i, …]` added at `[…, indices[…, i, …], …]` along one axis; repeated indices accumulate. Indices
 * are clamped and counted as in `takeAlong`.
 */
export function scatterAddAlong(x: Tensor, indices: Tensor, updates: Tensor, axis: number): Tensor {
  return bind1(scatterAddAlongPrim, [x, indices, updates], { axis });
}
