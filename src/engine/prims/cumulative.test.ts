import { describe, expect, test } from "vitest";
import { grad, jit, sqrt, tensor } from "downhill";
import type { Tensor } from "downhill";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as cumulatives from "./cumulative.ts";

const { cumsum, cumprod, cummax, cummin, linearRecurrence } = cumulatives;
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
const samples = [
  { ins: [f64(numbers(6), [2, 3])] },
  { ins: [f32(numbers(6), [2, 3])] },
  { ins: [i32([1, 2, 3, 4, 5, 6], [2, 3])] },
  { ins: [f64([], [0, 3])] },
];
const cube = [{ ins: [f64(numbers(12), [2, 3, 2])] }];
const pairs = [
  { ins: [f64(numbers(6), [2, 3]), f64(numbers(6).reverse(), [2, 3])] },
  { ins: [f32(numbers(6), [2, 3]), f32(numbers(6).reverse(), [2, 3])] },
  { ins: [i32([1, 2, 3, 4, 5, 6], [2, 3]), i32([3, 1, 2, 0, 1, 1], [2, 3])] },
];

describe("cumulative operations", () => {
  checkFamily(cumulatives, {
    cumsum: [
      on((x) => cumsum(x, 0), samples),
      on((x) => cumsum(x, 1, true), samples),
      on((x) => cumsum(x, 1), cube),
    ],
    linearRecurrence: [
      on((a, b) => linearRecurrence(a, b, { axis: 1, reverse: false, strong: false }), pairs),
      on((a, b) => linearRecurrence(a, b, { axis: 0, reverse: true, strong: false }), pairs),
      on((a, b) => linearRecurrence(a, b, { axis: 1, reverse: true, strong: true }), pairs),
    ],
    cumprod: [
      on((x) => cumprod(x, 0), samples),
      on((x) => cumprod(x, 1, true), samples),
      on((x) => cumprod(x, 0), [{ ins: [f64([2, 0, 3, 0, 5])] }]),
    ],
    cummax: [
      on((x) => cummax(x, 0), samples),
      on((x) => cummax(x, 1, true), samples),
      on((x) => cummax(x, 1), cube),
    ],
    cummin: [on((x) => cummin(x, 1), samples), on((x) => cummin(x, 0, true), samples)],
  });

  test("run from either end", () => {
    expect(cumsum(i32([1, 2, 3]), 0).tolist()).toEqual([1, 3, 6]);
    expect(cumsum(i32([1, 2, 3]), 0, true).tolist()).toEqual([6, 5, 3]);
    expect(cumprod(i32([2, 3, 4]), 0, true).tolist()).toEqual([24, 12, 4]);
    expect(cummax(f64([1, 3, 2]), 0).tolist()).toEqual([1, 3, 3]);
    expect(cummin(f64([1, 3, 2]), 0, true).tolist()).toEqual([1, 2, 2]);
  });

  test("the derivative of a product at zeros is the product of the other factors, to second order", () => {
    const total = (x: Tensor): Tensor => cumprod(x, 0).at(2);
    for (const f of [grad(total), jit(grad(total))]) expect(f([2, 0, 5]).tolist()).toEqual([0, 10, 0]);
    expect(grad((x) => grad(total)(x).at(1))([2, 0, 5]).tolist()).toEqual([5, 0, 2]);
  });

  test("the extrema of a tie share the derivative, like max, and other elements have none", () => {
    expect(grad((x: Tensor) => cummax(x, 0).at(3))([1, 2, 0, 2]).tolist()).toEqual([0, 0.5, 0, 0.5]);
    expect(grad((x: Tensor) => cummax(sqrt(x), 0).at(1))([0, 4]).tolist()).toEqual([0, 0.25]);
    expect(grad((x: Tensor) => cummax(x, 0).sum())([1, NaN, 2]).tolist()).toEqual([1, NaN, NaN]);
  });

  test("an infinite first element is not multiplied by an implicit 0 before it", () => {
    expect(cumprod(tensor([Infinity, 2]), 0).tolist()).toEqual([Infinity, Infinity]);
  });
});
