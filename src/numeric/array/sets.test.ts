import { describe, expect, test } from "vitest";
import { jit, type Tensor } from "downhill";
import * as s from "./sets.ts";

const [x, y] = [
  [3, 1, 2, 3, 7],
  [7, 3, 9, 3],
];

describe("sets", () => {
  test("contain each element once, in ascending order", () => {
    expect(s.intersect1d(x, y).tolist()).toEqual([3, 7]);
    expect(s.union1d(x, y).tolist()).toEqual([1, 2, 3, 7, 9]);
    expect(s.setdiff1d(x, y).tolist()).toEqual([1, 2]);
    expect(s.setxor1d(x, y).tolist()).toEqual([1, 2, 9]);
    expect(s.intersect1d([1], [2]).shape).toEqual([0]);
  });

  test.each(Object.entries(s))(
    "%s is refused in compiled functions, where no length depends on values",
    (_, f) => {
      expect(() => jit((a: Tensor) => f(a, y))(x)).toThrow(/unique/);
    },
  );
});
