// Values are tested in search.test.ts, together with NumPy's.
import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { grad, jit, makeProgram, printProgram, tensor } from "downhill";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as segments from "./segments.ts";

const { bincount, histogram, segmentMax, segmentMin, segmentProd, segmentSum } = segments;
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
const ids = i32([2, 0, 2, 1]);
const rows = [
  { ins: [f64(numbers(4)), ids] },
  { ins: [f64(numbers(12), [4, 3]), ids] },
  { ins: [f32(numbers(4)), ids] },
];

describe("sums of segments", () => {
  checkFamily(segments, {
    segmentSum: [on((x, i) => segmentSum(x, i, { size: 4 }), rows)],
    segmentProd: [on((x, i) => segmentProd(x, i, { size: 4 }), rows)],
    segmentMax: [on((x, i) => segmentMax(x, i, { size: 3 }), [...rows, { ins: [i32([3, 4, 5, 6]), ids] }])],
    segmentMin: [on((x, i) => segmentMin(x, i, { size: 3 }), rows)],
    bincount: [
      on((i) => bincount(i, { size: 3 }), [{ ins: [ids] }]),
      on((i, w) => bincount(i, { size: 3, weights: w }), [{ ins: [ids, f64(numbers(4))] }]),
    ],
    histogram: [
      on(
        (x, w) => histogram(x, { bins: [-1, 0, 0.5, 1], weights: w }),
        [{ ins: [f64([-0.4, 0.7, 0.2, 3]), f64(numbers(4))] }],
      ),
      on(
        (x) => histogram(x, { bins: 3, range: [-1, 1], density: true })[0],
        [{ ins: [f64(numbers(7))], differentiable: false }],
      ),
    ],
  });

  test("rows with ids out of range are ignored in compiled functions and refused if known", () => {
    const compiled = jit((x: Tensor, i: Tensor) => [
      segmentSum(x, i, { size: 2 }),
      segmentMax(x, i, { size: 2 }),
      segmentProd(x, i, { size: 2 }),
      bincount(i, { size: 2, weights: x }),
    ]);
    expect(compiled([1, 2, 3, 4], i32([0, 2, -1, 0])).map((out) => out.tolist())).toEqual([
      [5, 0],
      [4, -Infinity],
      [4, 1],
      [5, 0],
    ]);
    expect(
      jit(grad((x: Tensor, i: Tensor) => segmentSum(x, i, { size: 2 }).sum()))([1, 2], i32([0, 9])).tolist(),
    ).toEqual([1, 0]);
    expect(() => segmentSum([1, 2], [0, 2], { size: 2 })).toThrow(
      "segmentSum: 2 is out of range: there are 2, numbered from 0.",
    );
    expect(() => bincount([-1])).toThrow("bincount: -1 is out of range");
  });

  test("have the right derivatives, also for products with a 0", () => {
    expect(grad((x: Tensor) => segmentProd(x, [0, 0, 1]).sum())([0, 3, 5]).tolist()).toEqual([3, 0, 1]);
    expect(grad((x: Tensor) => segmentMax(x, [0, 0, 1]).sum())([3, 3, 5]).tolist()).toEqual([0.5, 0.5, 1]);
  });

  test("accept booleans and empty operands", () => {
    expect(segmentSum([true, true, false], [0, 0, 1]).tolist()).toEqual([2, 0]);
    expect(segmentSum([], []).shape).toEqual([0]);
    expect(bincount([], { minlength: 2 }).tolist()).toEqual([0, 0]);
    expect(histogram([], { bins: 2 }).map((t) => t.tolist())).toEqual([
      [0, 0],
      [0, 0.5, 1],
    ]);
    expect(histogram([NaN, 1, 5], { bins: [0, 2] })[0].tolist()).toEqual([1]);
  });

  test.each<[() => unknown, string]>([
    [
      () => segmentSum([1, 2], [0]),
      "segmentSum: segment ids are i32[1]; for f64[2] there must be one per row, with shape [2].",
    ],
    [() => segmentSum([1, 2], [0, 0.5]), "segmentSum: indices are f64[2], not integers."],
    [
      () => jit((i: Tensor) => segmentSum([1, 2], i))(i32([0, 1])),
      "segmentSum: the length of the result depends on values",
    ],
    [
      () => bincount([0, 1], { weights: [1] }),
      "bincount: weights are f64[1], but must have the shape of x, [2].",
    ],
    [() => histogram([1], { bins: 0 }), "histogram: bins must be an integer from 1 to 2147483647, got 0"],
    [
      () => histogram([1], { bins: [1] }),
      "histogram: bins are f64[1]; give a number, or a vector of at least two bounds.",
    ],
    [
      () => histogram([1], { range: [2, 1] }),
      "histogram: range must be two finite numbers, the lower one first; got [2, 1].",
    ],
  ])("refuse misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});

test("sums of float32 are rounded once, without arrays of float64, which a GPU lacks", () => {
  const x = tensor([2 ** 24, 1, 1, 1], { dtype: "float32" });
  const sums = (y: Tensor): Tensor => segmentSum(y, i32([0, 0, 0, 0]), { size: 1 });
  expect(printProgram(makeProgram(sums)(x))).not.toMatch(/f64\[\d/);
  expect(sums(x).tolist()).toEqual([2 ** 24 + 4]);
  expect(grad((y: Tensor) => sums(y).sum())(x).tolist()).toEqual([1, 1, 1, 1]);
});
