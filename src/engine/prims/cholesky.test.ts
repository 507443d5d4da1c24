import { describe } from "vitest";
import { checkFamily, f32, f64, on } from "../../../test/support/op-table.ts";
import { positiveDefinite, wellConditioned } from "../../../test/support/matrices.ts";
import * as family from "./cholesky.ts";

const { cholesky, symmetric } = family;

describe("cholesky", () => {
  checkFamily(family, {
    // of the symmetric part, because a difference in a single element would leave the symmetric matrices
    cholesky: [
      on(
        (x) => cholesky(symmetric(x)),
        [
          { ins: [f64(positiveDefinite(3), [3, 3])] },
          { ins: [f64(positiveDefinite(1), [1, 1])] },
          { ins: [f64([...positiveDefinite(2), ...positiveDefinite(2, 5)], [2, 2, 2])] },
          { ins: [f64(positiveDefinite(7), [7, 7])] },
          { ins: [f32(positiveDefinite(5), [5, 5])] },
        ],
      ),
    ],
    symmetric: [on((x) => symmetric(x), [{ ins: [f64(wellConditioned(3), [3, 3])] }])],
  });
});
