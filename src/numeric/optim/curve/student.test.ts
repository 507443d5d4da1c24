import { expect, test } from "vitest";
import { studentQuantile } from "./student.ts";

// tables of Student's t, as in any textbook
test.each([
  [0.95, 1, 12.7062],
  [0.95, 2, 4.30265],
  [0.95, 7, 2.36462],
  [0.99, 10, 3.16927],
  [0.9, 30, 1.69726],
  [0.95, 120, 1.97993],
  [0.95, 1e6, 1.95997],
  [0.5, 1, 1],
])("with probability %d the t of %d degrees of freedom is within %d", (level, degrees, t) => {
  expect(studentQuantile(level, degrees) / t).toBeCloseTo(1, 5);
});

test("the quantile is NaN without degrees of freedom", () => {
  expect(studentQuantile(0.95, 0)).toBeNaN();
});
