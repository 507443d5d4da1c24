import type { Primitive } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Equation, Var } from "../ir/program.ts";
import { withShape } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import { notBatched, notDifferentiated } from "./compiled-only.ts";
import type { Shape } from "../util/shape.ts";

interface ShiftParams {
  readonly low: readonly number[];
  readonly shape: Shape;
}

/** Shifts an array to the position that `pad` gives it, with repeated edges where `pad` has zeros. */
const shiftPrim: Primitive<ShiftParams> = /* @__PURE__ */ builtIn<ShiftParams>({
  name: "shift",
  typeOf: ([x], { shape }) => [withShape(x!, shape)],
  derivative: notDifferentiated,
  batch: notBatched,
  lowering: {
    kind: "map",
    element: (at, index, { low, shape }, [x]) =>
      at(
        0,
        index.map((i, axis) => {
          const [before, last] = [low[axis]!, x!.shape[axis]! - 1];
          const place = before === 0 ? i : k.sub(i, k.i32(before));
          const from = before === 0 ? place : k.max(place, k.i32(0));
          return shape[axis]! - 1 - before <= last ? from : k.min(from, k.i32(last));
        }),
      ),
  },
  cost: "free",
});

/** Equation that pads `x` to the shape of `out` with `low` elements before it along each axis, repeating its edges. */
export function shiftEquation(out: Var, x: Var, low: readonly number[]): Equation {
  return { prim: shiftPrim, params: { low, shape: out.type.shape }, ins: [x], outs: [out] };
}
