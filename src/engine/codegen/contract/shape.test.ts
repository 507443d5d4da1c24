import { expect, test } from "vitest";
import type { Dim } from "../../kernel/scalar.ts";
import { shapeOf, splitAxes, strideOf } from "./shape.ts";

const dim = (role: Dim["role"], size: number, out: number, left: number, right: number): Dim<number> => ({ role, size, out, left, right }); // prettier-ignore

test("neighbouring indices with compatible strides are merged, in any order except that of sums", () => {
  const { rows, columns, sums } = shapeOf([
    dim("row", 4, 10, 6, 0),
    dim("row", 3, 40, 24, 0), // the outer one
    dim("column", 2, 5, 0, 35),
    dim("column", 5, 1, 0, 7),
    dim("sum", 2, 0, 3, 1), // not the outer one of the next, for `right`
    dim("sum", 3, 0, 1, 2),
  ]);
  expect(rows).toEqual([{ size: 12, out: 10, left: 6, right: 0 }]);
  expect(columns).toEqual([{ size: 10, out: 1, left: 0, right: 7 }]);
  expect(sums.map(({ size }) => size)).toEqual([2, 3]);
});

test("a batch index that one operand does not have is a row or a column", () => {
  const shape = shapeOf([
    dim("batch", 7, 60, 40, 0),
    dim("row", 5, 12, 8, 0),
    dim("column", 12, 1, 0, 1),
    dim("sum", 8, 0, 1, 12),
  ]);
  expect(shape.groups).toEqual([]);
  expect(shape.rows).toEqual([{ size: 35, out: 12, left: 8, right: 0 }]);
});

test("left and right are swapped so that columns are contiguous in out", () => {
  const dims = [dim("row", 30, 1, 17, 0), dim("column", 22, 30, 0, 1), dim("sum", 17, 0, 1, 22)];
  const shape = shapeOf(dims);
  expect(shape.swapped).toBe(true);
  expect(shape.columns).toEqual([{ size: 30, out: 1, left: 0, right: 17 }]);
  expect(shape.sums).toEqual([{ size: 17, out: 0, left: 22, right: 1 }]);
  expect(shapeOf([dim("row", 30, 22, 17, 0), dim("column", 22, 1, 0, 1)]).swapped).toBe(false);
});

test("a few columns and many contiguous rows are swapped for the sake of the sums", () => {
  const dims = [dim("row", 100, 3, 1, 0), dim("column", 3, 1, 0, 1), dim("sum", 50, 0, 100, 3)];
  expect(shapeOf(dims).swapped).toBe(true);
});

test.each([
  [12, 3, 8, true],
  [11, 3, 8, false],
  [12, 3, 7, false],
  [20, 5, 8, true],
  [24, 6, 8, false],
])("%i contiguous rows, %i columns and sums of %i: swapped is %s", (m, n, sums, isSwapped) => {
  const dims = [dim("row", m, n, 1, 0), dim("column", n, 1, 0, 1), dim("sum", sums, 0, m, n)];
  expect(shapeOf(dims).swapped).toBe(isSwapped);
});

test("axes have one stride if they can be merged, and are split otherwise", () => {
  const axes = [
    { size: 2, out: 100, left: 0, right: 9 },
    { size: 3, out: 5, left: 0, right: 3 },
    { size: 5, out: 1, left: 0, right: 1 },
  ];
  expect(strideOf(axes, "right")).toBeUndefined();
  expect(strideOf(axes.slice(0, 2), "right")).toBe(3);
  expect(strideOf([], "right")).toBe(0);
  expect(splitAxes(axes, ["out"])).toEqual({ outer: axes.slice(0, 1), inner: axes.slice(1) });
});
