import type { Tensor } from "downhill";
import { affine, categorical, mixture, normal } from "downhill/distributions";
import { leaves, map, ravel, reduce } from "downhill/tree";
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

// a distribution is a node whose leaves are its parameters, not its fields
const family = normal({ loc: 0, scale: 1 });
expectTypeOf(leaves(family)).toEqualTypeOf<Tensor[]>();
expectTypeOf(map((x) => x.mul(2), family)).toEqualTypeOf(family);
const mixed = mixture(categorical({ logits: [0, 1] }), normal({ loc: [-1, 1], scale: 1 }));
expectTypeOf(map((x) => x.mul(2), { mixed, bijector: affine({ loc: 0, scale: 1 }) }).mixed).toEqualTypeOf(
  mixed,
);

// @ts-expect-error a leaf is a tensor here
map((x: string) => x, params);
