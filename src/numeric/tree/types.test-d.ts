import type { Tensor } from "downhill";
import { map, ravel, reduce } from "downhill/tree";
import { expectTypeOf } from "vitest";

interface Params {
  readonly w: Tensor;
  readonly layers: readonly { readonly b: Tensor; readonly kind: string }[];
  readonly pair: readonly [Tensor, null];
}
declare const params: Params;

expectTypeOf(map((x) => x.mul(2), params)).toEqualTypeOf<Params>();
expectTypeOf(map((x) => x.ndim, params).layers[0]!).toEqualTypeOf<{
  readonly b: number;
  readonly kind: string;
}>();
expectTypeOf(map((x) => x.ndim, params).pair).toEqualTypeOf<readonly [number, null]>();
expectTypeOf(map(() => "", { low: 1, list: [1, 2] })).toEqualTypeOf<{ low: string; list: string }>();
expectTypeOf(reduce((n, x) => n + x.ndim, params, 0)).toEqualTypeOf<number>();
expectTypeOf(ravel({ a: 1 })[1]).returns.toEqualTypeOf<{ a: Tensor }>();

// @ts-expect-error a leaf is a tensor here
map((x: string) => x, params);
