import type { Tensor } from "../../engine/ir/tensor.ts";
import * as p from "../../engine/prims/index.ts";
import { scan } from "../../engine/transforms/structured.ts";
import { sizeOf } from "../../engine/util/shape.ts";

/**
 * x with the items at indices along an axis multiplied by one update after the other. A loop, so that its derivative is
 * also right where factors are 0.
 */
export function multiplyOneByOne(x: Tensor, places: Tensor, updates: Tensor, axis: number): Tensor {
  const rank = places.ndim;
  const count = sizeOf(places.type.shape);
  const first = p.moveBlock(updates, axis, rank, 0);
  const rows = p.reshape(first, [count, ...first.type.shape.slice(rank)]);
  const step = (out: Tensor, [i, update]: readonly [Tensor, Tensor]): readonly [Tensor, null] => [
    p.scatterSet(out, i, p.mul(p.take(out, i, axis), update), axis),
    null,
  ];
  return scan(step, x, [p.reshape(places, [count]), rows] as const)[0];
}
