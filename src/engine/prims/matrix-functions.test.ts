import { describe } from "vitest";
import { checkFamily, f32, f64, on } from "../../../test/support/op-table.ts";
import * as family from "./matrix-functions.ts";

const { matrixFunction } = family;
/** A matrix with a pair of complex eigenvalues, none of them close to the negative axis. */
const turning = [3, -1, 0.2, 1.2, 2, 0.1, 0.4, -0.3, 1.5];
const negative = [-2, 0.5, 0.1, 3];

describe("functions of matrices", () => {
  checkFamily(family, {
    matrixFunction: (["sqrtm", "logm"] as const).map((of) =>
      on(
        (x) => {
          const { re, im } = matrixFunction(of, x);
          return [re, im];
        },
        [
          { ins: [f64(turning, [3, 3])] },
          ...(of === "logm" ? [{ ins: [f64([...negative, 2, 0, 1, 3], [2, 2, 2])] }] : []),
          ...(of === "sqrtm" ? [{ ins: [f32([2, 0.5, 0.25, 1], [2, 2])] }] : []),
        ],
      ),
    ),
  });
});
