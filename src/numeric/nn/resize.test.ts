import { expect, test } from "vitest";
import { tensor } from "downhill";
import { resize } from "downhill/nn";

// for values and gradients compared with PyTorch see reference.test.ts
test("resize keeps images of equal size, and the dtype with method nearest", () => {
  const x = tensor([[[3, 1, 2]]], { dtype: "int32" });
  expect(resize(x, 5)).toMatchObject({ dtype: "int32" });
  expect(resize(x, 5).tolist()).toEqual([[[3, 3, 1, 1, 2]]]);
  for (const method of ["linear", "cubic"] as const) {
    expect(resize(x, 3, { method }).tolist()).toEqual([[[3, 1, 2]]]);
    expect(resize(x, 5, { method })).toMatchObject({ dtype: "float64" });
    expect(resize(tensor([[[5]]], { dtype: "float32" }), 3, { method }).tolist()).toEqual([[[5, 5, 5]]]);
  }
});

test("resize names bad input", () => {
  expect(() => resize([[[1, 2]]], 0)).toThrow("resize: sizes must be an integer of 1 or more");
  expect(() => resize([[[1, 2]]], [2, 2])).toThrow("resize: sizes must be");
  expect(() => resize([1, 2], 3)).toThrow("resize: images must have shape [items, channels, …space]");
  expect(() => resize([[[]]], 3)).toThrow("resize: x is f64[1,1,0], which has an empty spatial axis.");
  expect(() => resize([[[1]]], 3, { method: "bicubic" as never })).toThrow("resize: method must be");
  expect(() => resize([[[1]]], 3, { alignCorners: true })).toThrow("resize: alignCorners is for the methods");
  expect(() => resize([[[1]]], 3, { method: "area", antialias: true })).toThrow("resize: antialias is for");
});
