import { describe, expect, test } from "vitest";
import { grad, log, ones, type Tensor } from "downhill";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as g from "./diagonals.ts";

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
const vector = { ins: [f64(numbers(3))] };
const matrix = { ins: [f64(numbers(6), [2, 3])] };
const cube = { ins: [f64(numbers(18), [2, 3, 3])] };
const others = [{ ins: [f32(numbers(6), [2, 3])] }, { ins: [i32([1, 2, 3, 4, 5, 6], [2, 3])] }];

describe("diagonals", () => {
  checkFamily(g, {
    diagonal: [
      on((x) => g.diagonal(x, { offset: 1 }), [matrix, ...others]),
      on((x) => g.diagonal(x, { axis1: 1, axis2: 2, offset: -1 }), [cube]),
    ],
    trace: [on((x) => g.trace(x), [matrix, cube, ...others])],
    diag: [on((x) => g.diag(x, { k: -1 }), [vector, matrix, { ins: [f32([1, 2])] }])],
    diagflat: [on((x) => g.diagflat(x), [matrix])],
    diagEmbed: [on((x) => g.diagEmbed(x, { offset: 1 }), [matrix])],
    tril: [on((x) => g.tril(x, { k: 1 }), [cube, ...others])],
    triu: [on((x) => g.triu(x), [cube, ...others])],
    tri: [on((x) => g.tri(3).mul(x), [vector])],
    trilIndices: [on((x) => g.trilIndices(2).map((i) => i.mul(x)), [{ ins: [2] }])],
    triuIndices: [on((x) => g.triuIndices(2).map((i) => i.mul(x)), [{ ins: [2] }])],
    diagIndices: [on((x) => g.diagIndices(2).map((i) => i.mul(x)), [{ ins: [2] }])],
    fillDiagonal: [
      on((x, v) => g.fillDiagonal(x, v), [{ ins: [f64(numbers(6), [2, 3]), f64([7, 8])] }, { ins: [f64(numbers(6), [3, 2]), 5] }]), // prettier-ignore
    ],
    vander: [on((x) => g.vander(x), [vector]), on((x) => g.vander(x, { n: 2, increasing: true }), [vector])],
  });

  test("a triangle masks the elements that it excludes", () => {
    expect(grad((x: Tensor) => g.tril(log(x)).sum())([[1, 0], [1, 2]]).tolist()).toEqual([[1, 0], [1, 0.5]]); // prettier-ignore
  });

  test("diag and diagonal are inverse to each other", () => {
    for (const k of [-2, 0, 1])
      expect(g.diagonal(g.diag([1, 2, 3], { k }), { offset: k }).tolist()).toEqual([1, 2, 3]);
    expect(g.diag([], { k: 1 }).shape).toEqual([1, 1]);
    expect(g.diagonal(ones([2, 3]), { offset: 9 }).shape).toEqual([0]);
  });

  test("operands without a diagonal are refused", () => {
    expect(() => g.diagonal([1, 2])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: diagonal: f64[2] has 1 axes; diagonals need two.]`,
    );
    expect(() => g.diag(ones([1, 2, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: diag: f64[1,2,3] is neither a vector nor a matrix. For batches use diagonal or diagEmbed.]`,
    );
    expect(() => g.tril([1])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: tril: f64[1] is not a matrix: it has 1 axes.]`,
    );
    expect(() => g.trace(ones([2, 2]), { axis1: 1, axis2: -1 })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: trace: axis1 and axis2 are both 1.]`,
    );
    expect(() => g.fillDiagonal(ones([2, 3]), [1, 2, 3])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: fillDiagonal: values are f64[3]; for f64[2,3] give a number or 2 of them.]`,
    );
  });
});
