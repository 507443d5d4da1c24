import { describe } from "vitest";
import type { Tensor } from "downhill";
import { checkFamily, f32, f64, on } from "../../../test/support/op-table.ts";
import { waves } from "../../../test/support/matrices.ts";
import { mul, sign } from "./arithmetic.ts";
import { symmetric } from "./cholesky.ts";
import * as family from "./eigh.ts";
import { broadcast, sum } from "./shape.ts";

const { diagonalOf, eigh, inverseGaps, reciprocalOrZero } = family;

/** Eigenvectors with continuous signs: each column has a positive sum. */
function signed(x: Tensor): readonly Tensor[] {
  const [w, v] = eigh(x);
  const { shape } = v;
  const rank = shape.length;
  const signs = sign(sum(v, [rank - 2]));
  const axes = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== rank - 2);
  return [w, mul(v, broadcast(signs, shape, axes))];
}

describe("eigh", () => {
  checkFamily(
    family,
    {
      eigh: [
        on(
          (x) => signed(symmetric(x)),
          [
            { ins: [f64(waves(9), [3, 3])] },
            { ins: [f64([5], [1, 1])] },
            { ins: [f64(waves(8), [2, 2, 2])] },
            { ins: [f64(waves(25, 3), [5, 5])] },
            { ins: [f32([2, 0.5, 0.5, 1], [2, 2])] },
          ],
        ),
      ],
      diagonalOf: [on((x) => diagonalOf(x), [{ ins: [f64(waves(9), [3, 3])] }])],
      inverseGaps: [on((w, x) => inverseGaps(w, x), [{ ins: [f64([1, 2, 4]), f64(waves(9), [3, 3])] }])],
      reciprocalOrZero: [on((x) => reciprocalOrZero(x), [{ ins: [f64([1, -2, 4])] }])],
    },
    {
      nextOrder: "gives parameters",
      apartOf: "is a constant of a lowering",
      roundingOf: "is a constant of a lowering",
      ...Object.fromEntries(
        ["isFinite", "largestOf", "scaleOf", "separate"].map((name) => [name, "emits a part of a lowering"]),
      ),
    },
  );
});
