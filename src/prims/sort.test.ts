import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bool, checkFamily, f32, f64, i32, on, u32 } from "../../test/support/op-table.ts";
import * as sorts from "./sort.ts";

const { argsort } = sorts;
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
const samples = [
  { ins: [f64(numbers(12), [3, 4])] },
  { ins: [f32(numbers(12), [3, 4])] },
  { ins: [i32([3, -1, 3, 0, 2, 2, -5, 3], [2, 4])] },
  { ins: [u32([3, 4294967295, 3, 0], [2, 2])] },
  { ins: [bool([1, 0, 1, 0, 0, 1], [3, 2])] },
  { ins: [f64([], [0, 3])] },
  { ins: [f64([2, NaN, 1, -Infinity, NaN, Infinity], [2, 3])] },
];

describe("argsort", () => {
  checkFamily(sorts, {
    argsort: [
      on((x) => argsort(x, 1), samples),
      on((x) => argsort(x, 0, true), samples),
      on((x) => argsort(x, 1), [{ ins: [f64(numbers(12), [2, 3, 2])] }]),
    ],
  });

  const element = fc.oneof(
    fc.double({ noNaN: true }),
    fc.constantFrom(NaN, 0, -0, 1, 2, Infinity, -Infinity),
  );
  /** NaN after every number; -0 and 0 are equal. */
  const compare = (a: number, b: number): number =>
    Number.isNaN(a) || Number.isNaN(b)
      ? Number(Number.isNaN(a)) - Number(Number.isNaN(b))
      : a < b
        ? -1
        : a > b
          ? 1
          : 0;

  test("puts any numbers in order, and leaves equal ones in theirs", () => {
    fc.assert(
      fc.property(fc.array(element, { maxLength: 40 }), (values) => {
        const places = [...values.keys()];
        const up = places.toSorted((i, j) => compare(values[i]!, values[j]!));
        const down = places.toSorted((i, j) => compare(values[j]!, values[i]!));
        expect(argsort(f64(values), 0).tolist()).toEqual(up);
        expect(argsort(f64(values), 0, true).tolist()).toEqual(down);
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});
