import { expect, test } from "vitest";
import { vectorBytes, vectorShape } from "./target.ts";

test.each([
  ["f64", 2, 8, true],
  ["f32", 4, 4, true],
  ["i32", 4, 4, false],
] as const)("a vector of %s has %i scalars of %i bytes; fused: %s", (type, count, bytes, fused) => {
  expect(count * bytes).toBe(vectorBytes);
  expect(vectorShape(type, true)).toEqual({ type, count, bytes, fused });
  expect(vectorShape(type, false)).toEqual({ type, count, bytes, fused: false });
});

test("there is no contraction of booleans", () => {
  expect(() => vectorShape("bool", false)).toThrow("a contraction of booleans");
});
