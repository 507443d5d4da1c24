import { expect, test } from "vitest";
import { readTypes } from "./tensor-function.ts";

test("types of tensors, in arrays and objects", () => {
  const [w, b] = [
    { dtype: "float64", shape: [3, 4], weak: false },
    { dtype: "float32", shape: [], weak: false },
  ];
  expect(readTypes("f64[3, 4], f32")).toEqual([w, b]);
  expect(readTypes("{ w: f64[3,4], b: f32[] }, [f64[3,4]]")).toEqual([{ w, b }, [w]]);
});

test.each([
  ["f64[3", ", is missing before the end"],
  ["f65", "f65 is no type"],
  ["{ w f64 }", ": is missing before f64"],
  ["f64 f64", ", is missing before f64"],
])("%s is refused", (text, message) => {
  expect(() => readTypes(text)).toThrow(message);
});
