import { describe } from "vitest";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import { waves, wellConditioned } from "../../../test/support/matrices.ts";
import { stopGradient } from "./linear.ts";
import * as family from "./lu.ts";

const { factoredSolve, linearSolve, lu, rowsInOrder } = family;

describe("lu", () => {
  const squares = [
    { ins: [f64(wellConditioned(3), [3, 3])] },
    { ins: [f64(waves(36, 3), [6, 6])] },
    { ins: [f32(wellConditioned(2), [2, 2])] },
    { ins: [f64([...waves(4), ...waves(4, 4)], [2, 2, 2])] },
  ];
  const systems = [
    { ins: [f64(wellConditioned(3), [3, 3]), f64(waves(6), [3, 2])] },
    { ins: [f64(wellConditioned(6), [6, 6]), f64(waves(30), [6, 5])] },
    { ins: [f64(wellConditioned(5), [5, 5]), f64(waves(5), [5, 1])] },
    { ins: [f32([...wellConditioned(2), ...wellConditioned(2, 4)], [2, 2, 2]), f32(waves(4), [2, 2, 1])] },
  ];
  checkFamily(family, {
    lu: [
      on((x) => lu(x)[0], squares),
      on((x) => lu(x)[0], [{ ins: [f64(waves(12), [4, 3])] }, { ins: [f64(waves(15), [3, 5])] }]),
      on((x) => lu(x).slice(1), [{ ins: [f64(waves(36, 3), [6, 6])], differentiable: false }]),
    ],
    rowsInOrder: [
      on((x, order) => rowsInOrder(x, order), [{ ins: [f64(waves(6), [3, 2]), i32([2, 0, 1])] }]),
      on(
        (x, order) => rowsInOrder(x, order, true),
        [{ ins: [f64(waves(8), [2, 2, 2]), i32([1, 0, 0, 1], [2, 2])] }],
      ),
    ],
    linearSolve: [on(linearSolve, systems)],
    factoredSolve: [
      on((a, b) => {
        const [packed, order] = lu(stopGradient(a));
        return factoredSolve(a, packed, order, b, true);
      }, systems),
    ],
  });
});
