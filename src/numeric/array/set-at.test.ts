// Values, derivatives and misuse are tested in at.test.ts with the same cases as reading.
import { describe } from "vitest";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as writing from "./set-at.ts";

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
const matrix = f64(numbers(12), [3, 4]);
const cube = f64(numbers(24), [2, 3, 4]);

describe("functions that update elements", () => {
  const all = (f: typeof writing.setAt) => [
    on((x, v) => f(x, v, { start: 1 }, { step: -2 }), [{ ins: [matrix, f64(numbers(4), [2, 2])] }]),
    on((x, v) => f(x, v, 1, { start: 2, end: 0, step: -1 }), [{ ins: [matrix, f64([4, 5])] }, { ins: [f32(numbers(12), [3, 4]), 0.1] }]),
    on((x, v, i) => f(x, v, i), [
      { ins: [f64(numbers(4)), f64([0.3, 0.2, 0.25]), i32([1, 3, 1])] },
      { ins: [matrix, f64([0.3, 0.2, 0.25, 5]), i32([2], [])] },
    ]),
    on((x, v, i, j) => f(x, v, i, null, j), [{ ins: [cube, f64(numbers(9).map((y) => y * y), [3, 3]), i32([1, 0, 1]), i32([3, 1, 3])] }]),
  ]; // prettier-ignore
  checkFamily(writing, Object.fromEntries(Object.entries(writing).map(([name, f]) => [name, all(f)])));
});
