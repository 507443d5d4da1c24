import { expect, test } from "vitest";
import { largest, largestPart } from "./vector.ts";

test("the largest element is NaN if any element is, so that no tolerance is met", () => {
  expect(largest(Float64Array.of(-3, 1))).toBe(3);
  expect(largest(new Float64Array(0))).toBe(0);
  expect(largest(Float64Array.of(NaN, 1))).toBeNaN();
  expect(largestPart(Float64Array.of(1, -4), Float64Array.of(1, 2))).toBe(2);
  expect(largestPart(Float64Array.of(NaN, 1), Float64Array.of(1, 1))).toBeNaN();
});
