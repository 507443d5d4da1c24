import { describe, expect, test } from "vitest";
import { abs, grad, hessian, tensor, vmap, type Tensor } from "downhill";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import { extent } from "../../../test/support/extent.ts";
import * as distances from "./distances.ts";

const { cdist } = distances;
const numbers = (n: number, from = 1): number[] =>
  Array.from({ length: n }, (_, i) => Math.sin(3 * i + from));
const oneMode = extent(1, 0) === 1 ? ({ modes: ["reverse"] } as const) : {};
const rows = { ins: [f64(numbers(6), [3, 2]), f64(numbers(4, 2), [2, 2])] };
const batches = { ins: [f32(numbers(8), [2, 2, 2]), f32(numbers(4, 2), [2, 2])] };
const others = [
  { ins: [i32([1, 2], [1, 2]), i32([4, 6], [1, 2])] },
  { ins: [f64([], [0, 2]), f64([1, 2], [1, 2])] },
];

describe("distances", () => {
  checkFamily(distances, {
    cdist: [
      on((x, y) => cdist(x, y), [batches, ...others], oneMode),
      on((x, y) => cdist(x, y, { p: 2.5 }), [rows], oneMode),
      on((x, y) => cdist(x, y, { p: 0 }), [rows], { modes: [] }),
      ...(extent(0, 1) === 1 ? [0.5, 1, 2, Infinity] : []).map((p) =>
        on((x, y) => cdist(x, y, { p }), [rows]),
      ),
    ],
  });

  test.each([0, 0.5, 1, 2, 3, Infinity])("derivatives of p = %d at equal rows are 0", (p) => {
    const [x, y] = [[[1, 2], [3, 5]], [[1, 2], [4, 4]]]; // prettier-ignore
    const f = (z: Tensor): Tensor => cdist(z, y, { p }).at(0, 0);
    expect(f(tensor(x)).item()).toBe(0);
    expect(grad(f)(x).data().every((slope) => slope === 0)).toBe(true); // prettier-ignore
    const bend = hessian((z: Tensor) => cdist(z, y, { p }).sum())(x);
    expect(abs(bend).max().item()).toBeLessThan(10);
  });

  test("the derivative of one equal feature is finite for every p", () => {
    for (const p of [0.5, 3]) {
      const slope = grad((z: Tensor) => cdist(z, [[1, 7]], { p }).sum())([[1, 2]]).tolist();
      expect(slope).toEqual([[0, -1]]);
    }
  });

  test("the largest difference and the number of different elements are the ends of p", () => {
    const [x, y] = [[[1, 2, 3]], [[1, 5, 2]]];
    expect(cdist(x, y, { p: Infinity }).tolist()).toEqual([[3]]);
    expect(cdist(x, y, { p: 0 }).tolist()).toEqual([[2]]);
  });

  test("distances of nearby, huge and tiny rows lose no digits", () => {
    expect(cdist([[1e8 + 1, 1]], [[1e8, 1]]).tolist()).toEqual([[1]]); // |x|² + |y|² − 2 x·y is 0 here
    expect(cdist([[3e200, 4e200]], [[0, 0]], { p: 3 }).item()).toBeCloseTo(4.497941445275415e200, -187);
    expect(cdist([[1e-200, 0]], [[0, 1e-200]], { p: 3 }).item() / 1e-200).toBeCloseTo(2 ** (1 / 3), 14);
    expect(cdist([[Infinity, 0]], [[0, 0]], { p: 3 }).item()).toBe(Infinity);
    expect(cdist([[NaN, 0]], [[0, 0]], { p: 3 }).item()).toBeNaN();
  });

  test("batches are distances of their items", () => {
    const x = tensor(numbers(12), { shape: [2, 3, 2] });
    const y = tensor(numbers(8, 2), { shape: [2, 2, 2] });
    expect(vmap((a: Tensor, b: Tensor) => cdist(a, b))(x, y).tolist()).toEqual(cdist(x, y).tolist());
  });

  test.each<[() => unknown, string]>([
    [
      () => cdist([[1, 2]], [[1]]),
      "cdist: x is f64[1,2] and y f64[1,1]; they must have shapes […, n, features] and […, m, features].",
    ],
    [() => cdist([1, 2], [[1, 2]]), "cdist: x is f64[2]"],
    [() => cdist([[1]], [[1]], { p: -1 }), "cdist: p must be a number of 0 or more, got -1."],
    [() => cdist([[1]], [[1]], { P: 1 } as never), 'cdist: unknown option "P". Did you mean "p"?'],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});
