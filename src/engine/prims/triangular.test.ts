import { describe } from "vitest";
import { checkFamily, f32, f64, on } from "../../../test/support/op-table.ts";
import { waves, wellConditioned } from "../../../test/support/matrices.ts";
import * as family from "./triangular.ts";

const { triangle, triangularSolve, unitLower } = family;

describe("triangular", () => {
  const rectangular = [{ ins: [f64(waves(12), [3, 4])] }, { ins: [f32(waves(12), [2, 3, 2])] }];
  const flags = [true, false].flatMap((lower) => [true, false].map((transpose) => ({ lower, transpose })));
  checkFamily(
    family,
    {
      triangle: [
        on((x) => triangle(x, true), rectangular),
        on((x) => triangle(x, false, 0.5), rectangular),
        on((x) => triangle(x, true, 0), [{ ins: [f64([1, 2, 3, 4], [2, 2])] }]),
      ],
      unitLower: [on((x) => unitLower(x), rectangular)],
      triangularSolve: flags.flatMap((flag, i) => [
        on(
          (a, b) => triangularSolve(a, b, { ...flag, unit: i === 3 }),
          [
            { ins: [f64(wellConditioned(3), [3, 3]), f64(waves(6), [3, 2])] },
            { ins: [f64(wellConditioned(6), [6, 6]), f64(waves(30), [6, 5])] },
            { ins: [f64(wellConditioned(6), [6, 6]), f64(waves(6), [6, 1])] },
            {
              ins: [f32([...wellConditioned(2), ...wellConditioned(2)], [2, 2, 2]), f32(waves(4), [2, 2, 1])],
            },
          ],
        ),
      ]),
    },
    { negatedScratch: "describes the scratch memory of a lowering" },
  );
});
