import { describe } from "vitest";
import { checkFamily, f32, f64, on } from "../../../test/support/op-table.ts";
import { waves } from "../../../test/support/matrices.ts";
import * as family from "./eig.ts";

const { eig } = family;
/** A matrix with a pair of complex eigenvalues and a real one. */
const turning = [0.5, -1, 0.2, 1.2, 0.3, 0.1, 0.4, -0.3, 2];

describe("eig", () => {
  checkFamily(family, {
    eig: [
      on(
        (x) => eig(x).flatMap(({ re, im }) => [re, im]),
        [
          { ins: [f64(turning, [3, 3])] },
          { ins: [f64(waves(8), [2, 2, 2])] },
          { ins: [f32([2, 0.5, 0.25, 1], [2, 2])] },
        ],
      ),
    ],
  });
});
