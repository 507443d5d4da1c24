import type { Tensor } from "downhill";
import { at, nonzero, setAt, tensor, unique } from "downhill";
import { expectTypeOf } from "vitest";

const x = tensor([
  [1, 2],
  [3, 4],
]);

expectTypeOf(
  at(x, 0, { start: 1 }, null, "new", "...", [0, 1], [[true, false]], x, Int32Array.of(1)),
).toEqualTypeOf<Tensor>();
expectTypeOf(x.at(-1, { step: -1 })).toEqualTypeOf<Tensor>();
expectTypeOf(setAt(x, true, 0)).toEqualTypeOf<Tensor>();

// @ts-expect-error a text that stands for nothing
at(x, ":");
// @ts-expect-error no bound of a range
at(x, { from: 1 });
// @ts-expect-error a plain boolean is no mask
at(x, true);
// @ts-expect-error the values are missing
setAt(x);

expectTypeOf(unique(x)).toEqualTypeOf<Tensor>();
expectTypeOf(unique(x, { size: 3 })).toEqualTypeOf<Tensor>();
expectTypeOf(unique(x, { returnCounts: true })).toEqualTypeOf<[values: Tensor, Tensor]>();
expectTypeOf(unique(x, { returnIndex: true, returnInverse: true })).toEqualTypeOf<
  [values: Tensor, Tensor, Tensor]
>();
expectTypeOf(nonzero(x)).toEqualTypeOf<Tensor[]>();
