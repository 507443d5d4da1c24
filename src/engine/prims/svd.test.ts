import { describe } from "vitest";
import type { Tensor } from "downhill";
import { checkFamily, f32, f64, on } from "../../../test/support/op-table.ts";
import { waves, wellConditioned } from "../../../test/support/matrices.ts";
import { mul, sign } from "./arithmetic.ts";
import * as family from "./svd.ts";
import { broadcast, sum } from "./shape.ts";
import { swapped } from "./matrices.ts";

const { svd } = family;

/** Singular vectors with continuous signs: each column of U has a positive sum. */
function signed(x: Tensor): readonly Tensor[] {
  const [u, s, vh] = svd(x);
  const rank = u.shape.length;
  const signs = sign(sum(u, [rank - 2]));
  const axes = Array.from({ length: rank - 1 }, (_, i) => i);
  const rows = (y: Tensor): Tensor => mul(y, broadcast(signs, y.shape, axes));
  return [swapped(rows(swapped(u))), s, rows(vh)];
}

describe("svd", () => {
  checkFamily(family, {
    svd: [
      on(signed, [
        { ins: [f64(wellConditioned(3), [3, 3])] },
        { ins: [f64(waves(12), [4, 3])] },
        { ins: [f64([2], [1, 1])] },
        { ins: [f64(waves(10, 4), [2, 5])] },
      ]),
      on(
        (x) => svd(x)[1],
        [{ ins: [f32(wellConditioned(2), [2, 2])] }, { ins: [f64(waves(16), [2, 4, 2])] }],
      ),
    ],
  });
});
