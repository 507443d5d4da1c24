import { describe, expect, test } from "vitest";
import type { Sample } from "downhill/testing";
import { bool, checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as shape from "./shape.ts";

const s = shape;
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(i * i + 1) * 2);
const vector: Sample[] = [{ ins: [f64(numbers(4))] }, { ins: [i32([1, 2, 3, 4])] }];
const matrix: Sample[] = [{ ins: [f64(numbers(6), [2, 3])] }, { ins: [f32(numbers(6), [2, 3])] }];
const cube: Sample[] = [{ ins: [f64(numbers(24), [2, 3, 4])] }];
const product = (left: number[], right: number[], make: typeof f64 = f64): Sample => ({
  ins: [left, right].map((sizes) => make(numbers(sizes.reduce((a, b) => a * b, 1)), sizes)),
});

describe("functions of shapes and indices", () => {
  checkFamily(shape, {
    reshape: [on((x) => s.reshape(x, [3, -1]), matrix), on((x) => s.reshape(x, [1, 1]), [{ ins: [2.5] }])],
    ravel: [on(s.ravel, [...matrix, { ins: [1.5] }])],
    transpose: [
      on((x) => s.transpose(x), [...matrix, ...cube, { ins: [1.5] }]),
      on((x) => s.transpose(x, [1, 0, -1]), cube),
    ],
    broadcastTo: [
      on((x) => s.broadcastTo(x, [2, 2, 3]), matrix),
      on((x) => s.broadcastTo(x, [2]), [{ ins: [1.5] }, { ins: [f64([1])] }]),
    ],
    expandDims: [
      on((x) => s.expandDims(x, 1), matrix),
      on((x) => s.expandDims(x, -1), matrix),
      on((x) => s.expandDims(x, [0, -2]), matrix),
    ],
    squeeze: [
      on((x) => s.squeeze(x), [{ ins: [f64(numbers(2), [1, 2, 1])] }]),
      on((x) => s.squeeze(x, { axis: -1 }), [{ ins: [f64(numbers(2), [1, 2, 1])] }]),
    ],
    concatenate: [
      on((x, y) => s.concatenate([x, y, 2].slice(0, 2)), [product([2, 2], [1, 2])]),
      on(
        (x, y) => s.concatenate([x, y], { axis: -1 }),
        [product([2, 2], [2, 1]), { ins: [f32([1, 2]), f64([3])] }, { ins: [i32([1]), f32([0.5])] }],
      ),
    ],
    stack: [
      on((x, y) => s.stack([x, y]), [product([2], [2]), { ins: [1, 2] }]),
      on((x, y) => s.stack([x, y], { axis: -1 }), [product([2, 3], [2, 3])]),
    ],
    flip: [on((x) => s.flip(x), [...matrix, ...cube]), on((x) => s.flip(x, { axis: -1 }), matrix)],
    slice: [
      on((x) => s.slice(x, [1, 3]), vector),
      on((x) => s.slice(x, null, [0, -1]), matrix),
      on((x) => s.slice(x, [-1], [0, 99, 2]), matrix),
      on((x) => s.slice(x, [1, 1]), vector),
    ],
    take: [
      on(
        (x, i) => s.take(x, i),
        [{ ins: [f64(numbers(4)), i32([3, 0, -1, -4])] }, { ins: [f64(numbers(6), [2, 3]), i32([1, 0])] }],
      ),
      on((x) => s.take(x, [2, 0], { axis: 1 }), matrix),
      on((x) => s.take(x, 1, { axis: -1 }), matrix),
    ],
    scatterAdd: [
      on(
        (x, u) => s.scatterAdd(x, [0, 2, 0], u),
        [{ ins: [f64(numbers(3)), f64([1, 2, 3])] }, { ins: [f64(numbers(3)), 1.5] }],
      ),
      on((x, u) => s.scatterAdd(x, [1], u, { axis: 1 }), [{ ins: [f64(numbers(6), [2, 3]), f32([5])] }]),
    ],
    oneHot: [
      on((i) => s.oneHot(i, 3), [{ ins: [i32([2, 0, 5])] }, { ins: [i32([0], [])] }]),
      on(() => s.oneHot([0, 1], 2, { dtype: "float32" }), [{ ins: [] }]),
    ],
    matmul: [
      on(s.matmul, [
        product([2, 3], [3, 2]),
        product([2, 3], [3, 2], f32),
        product([3], [3]),
        product([3], [3, 2]),
        product([2, 3], [3]),
        product([2, 2, 3], [3, 2]),
        product([2, 3], [2, 3, 2]),
        product([2, 1, 1, 3], [2, 3, 2]),
        product([3], [2, 3, 2]),
        product([2, 2, 3], [3]),
        { ins: [i32([1, 2, 3, 4], [2, 2]), f64(numbers(2))] },
        { ins: [bool([1, 1, 0, 1], [2, 2]), bool([1, 1, 1, 1], [2, 2])] },
      ]),
    ],
    dot: [on(s.dot, [product([3], [3]), product([2, 3], [3]), product([2, 2, 3], [2, 3, 2])])],
    outer: [
      on(s.outer, [
        product([2], [3]),
        product([2, 2], [2]),
        { ins: [2, f64([1, 2])] },
        { ins: [i32([1, 2]), f32([0.5])] },
      ]),
    ],
    dotGeneral: [
      on(
        (x, y) => s.dotGeneral(x, y, { contract: [[0], [1]], batch: [[], []] }),
        [product([2, 3], [2, 2]), { ins: [f32([1, 2]), f64([3, 4], [1, 2])] }],
      ),
    ],
  });

  test("a slice of everything is the tensor itself", () => {
    const x = f64(numbers(4));
    expect(s.slice(x, null)).toBe(x);
    expect(s.slice(x, [0, 4])).toBe(x);
  });

  test("ranges are clamped to the array, like those of JavaScript's slice", () => {
    const x = f64([0, 1, 2, 3]);
    const own = [0, 1, 2, 3];
    for (const [start, end] of [
      [-2, 4],
      [1, -1],
      [0, 99],
      [-99, 2],
      [3, 1],
      [4, 4],
    ] as const)
      expect(s.slice(x, [start, end]).tolist()).toEqual(own.slice(start, end));
  });

  test("a label out of range gives a row of zeros", () => {
    expect(s.oneHot([0, 7, -1], 2).tolist()).toEqual([
      [1, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  test("invalid shapes and indices are named, with a repair", () => {
    const x = f64(numbers(6), [2, 3]);
    expect(() => s.reshape(x, [4, 2])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: reshape: f64[2,3] has 6 elements, which do not fill shape [4,2]; one size may be −1, to be computed.]`,
    );
    expect(() => s.reshape(x, [-1, -1])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: reshape: [-1,-1] leaves several sizes open, and 6 elements can be divided in more than one way. Only one size may be −1.]`,
    );
    expect(() => s.reshape(x, [4, -1])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: reshape: f64[2,3] has 6 elements, which do not fill shape [4,-1]; one size may be −1, to be computed.]`,
    );
    expect(() => s.reshape(x, [2.5])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: reshape: 2.5 in shape [2.5] is not a size.]`,
    );
    expect(() => s.reshape(x, 6 as unknown as number[])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: reshape: the shape must be an array of sizes, as in [2, 3]; got 6.]`,
    );
    expect(() => s.transpose(x, [0, 0])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: transpose: axes [0,0] do not name each axis of f64[2,3] once.]`,
    );
    expect(() => s.broadcastTo(x, [2])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: broadcastTo: f64[2,3] cannot be broadcast to [2]: counted from the last axis, its sizes must be equal to these or 1.]`,
    );
    expect(() => s.squeeze(x, { axis: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: squeeze: axis 0 of f64[2,3] has size 2, not 1.]`,
    );
    expect(() => s.stack([f64([1]), f64([1, 2])])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: stack: the first array is f64[1] and number 1 (from 0) is f64[2]; they must have the same shape. To join arrays along an axis that they have, use concatenate.]`,
    );
    expect(() => s.concatenate([])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: concatenate: needs at least one array.]`,
    );
    expect(() => s.concatenate([1, 2])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: concatenate: a scalar has no axis to be joined along. Use stack, which makes one.]`,
    );
    expect(() => s.slice(x, [0, 1, 0])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: slice: range [0, 1, 0] of axis 0 needs integers and a step of 1 or more.]`,
    );
    expect(() => s.slice(x, null, null, null)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: slice: 3 ranges for f64[2,3].]`,
    );
    expect(() => s.take(x, 0.5)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: take: indices are f64[], not integers. Convert them with astype("int32").]`,
    );
    expect(() => s.matmul(x, x)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: matmul: inner sizes differ: f64[2,3] has 3 columns, f64[2,3] has 2 rows. Did you mean matmul(a, transpose(b))?]`,
    );
    expect(() => s.matmul(x, f64(numbers(4), [2, 2]))).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: matmul: inner sizes differ: f64[2,3] has 3 columns, f64[2,2] has 2 rows. Did you mean matmul(transpose(a), b)?]`,
    );
    expect(() => s.matmul(x, f64([1, 2]))).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: matmul: inner sizes differ: f64[2,3] has 3 columns, f64[2] has 2 elements. Did you mean matmul(transpose(a), b)?]`,
    );
    expect(() => s.matmul(x, 2)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: matmul: f64[2,3] and f64[]: a scalar is not a matrix. Use mul.]`,
    );
    expect(() =>
      s.matmul(f64(numbers(12), [2, 2, 3]), f64(numbers(18), [3, 3, 2])),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: matmul: batches of f64[2,2,3] and f64[3,3,2] cannot be broadcast together.]`,
    );
    expect(() => s.dot([1, 2], [1, 2, 3])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: dot: inner sizes differ: f64[2] has 2 elements, f64[3] has 3 elements. The last axis of the left operand must have the size of the last but one of the right.]`,
    );
    expect(() => s.dotGeneral(x, x, {} as never)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: dotGeneral: contract must be an array, as in { contract: [[1], [0]], batch: [[], []] }; got undefined.]`,
    );
    expect(() => s.oneHot([1], { classes: 2 } as never)).toThrow(
      "oneHot: the number of classes must be an integer",
    );
    expect(() => s.oneHot([1], -2)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: oneHot: -2 in shape [-2] is not a size.]`,
    );
    expect(() => s.oneHot([0.5], 2)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: oneHot: indices are f64[1], not integers. Convert them with astype("int32").]`,
    );
  });

  test("arguments given separately instead of in a list are refused, with a repair", () => {
    const x = f64(numbers(6), [2, 3]);
    const loose = s as unknown as Record<string, (...args: unknown[]) => unknown>;
    expect(() => loose["transpose"]!(x, 1, 0)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: transpose: takes 2 arguments, and more are given: number 3 is the number 0. Give the axes as one array, as in [1, 0].]`,
    );
    expect(() => loose["slice"]!(x, 1, 3)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: slice: a range must be an array, as in slice(x, [1, 3]), or null for a whole axis; got 1.]`,
    );
    expect(() => loose["concatenate"]!(x, x)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: concatenate: the arrays must be one list, as in concatenate([x, y]), followed by the options.]`,
    );
    expect(() => loose["stack"]!(x, 1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: stack: the arrays must be an array, as in [x, y]; got f64[2,3].]`,
    );
    expect(() => loose["reshape"]!(x, 2, 3)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: reshape: takes 2 arguments, and more are given: number 3 is the number 3. Give the sizes as one array, as in [2, 3].]`,
    );
  });
});

describe("arrays and ranges in another form", () => {
  type Anything = (...words: unknown[]) => unknown;

  test.each(["concatenate", "stack"] as const)("%s requires its arrays as one list", (name) => {
    // the error was "the options must be an object, as in { axis: … }; got an array"
    const join = s[name] as Anything;
    for (const second of [[2], f64([2])])
      expect(() => join([1], second)).toThrow(
        `${name}: the arrays must be one list, as in ${name}([x, y]), followed by the options.`,
      );
  });

  test("slice requires its ranges as separate arguments", () => {
    // the error was "range [,0,10, 8, 1] of axis 0"
    for (const ranges of [[[[0, 1]]], [[null, [0, 1]]]])
      expect(() => (s.slice as Anything)([[1, 2]], ...ranges)).toThrow(
        "slice: a range contains a list. Give one range per axis",
      );
    expect(() => (f64([1, 2]).slice as Anything)([0, 1])).toThrow("x.slice(0, 2)");
  });
});
