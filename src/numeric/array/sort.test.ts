import { describe, expect, test } from "vitest";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as sorts from "./sort.ts";

const { argsort, sort, topK } = sorts;
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
const samples = [
  { ins: [f64(numbers(6), [2, 3])] },
  { ins: [f32(numbers(6), [2, 3])] },
  { ins: [i32([3, 1, 2, 2, 5, 4], [2, 3])] },
];

describe("sorting", () => {
  checkFamily(sorts, {
    argsort: [on((x) => argsort(x), samples), on((x) => argsort(x, { axis: 0, descending: true }), samples)],
    sort: [on((x) => sort(x), samples), on((x) => sort(x, { axis: 0, descending: true }), samples)],
    topK: [on((x) => topK(x, 2), samples), on((x) => topK(x, 1, { axis: 0, smallest: true }), samples)],
  });

  test("NaN counts as the largest", () => {
    expect(sort([NaN, 1, Infinity]).tolist()).toEqual([1, Infinity, NaN]);
    expect(topK([1, NaN, 3], 2)[0].tolist()).toEqual([NaN, 3]);
    expect(topK([1, NaN, 3], 2, { smallest: true })[1].tolist()).toEqual([0, 2]);
  });

  test("a long row is sorted in n log n steps", () => {
    const n = 100_000;
    const values = Array.from({ length: n }, (_, i) => (i * 7919) % n); // each number below n once
    expect(sort(values).tolist()).toEqual([...values.keys()]);
  });

  test.each<[() => unknown, string]>([
    [() => sort(1), "sort: axis -1 is out of range for f64[]: it is a scalar and has no axes."],
    [() => topK([1, 2], 3), "topK: k must be an integer from 0 to 2, the size of axis 0 of f64[2]; got 3."],
    [() => topK([1, 2], 1, { largest: false } as never), 'topK: unknown option "largest"'],
    [() => sort([1], { reverse: true } as never), 'sort: unknown option "reverse"'],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});
