import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import type { Sample } from "downhill/testing";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import type { ConvolveParams } from "./convolve.ts";
import * as convolutions from "./convolve.ts";

const { convolve } = convolutions;
const numbers = (n: number, phase: number): number[] =>
  Array.from({ length: n }, (_, i) => Math.sin(2 * i + phase));
const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const sample = (x: readonly number[], w: readonly number[], make: typeof f64 = f64): Sample => ({
  ins: [make(numbers(size(x), 1), x), make(numbers(size(w), 2), w)],
});

/** Parameters for one spatial axis, or for two with separate values. */
const line = (stride: number, low: number, high: number, lhs = 1, rhs = 1, groups = 1): ConvolveParams => ({
  strides: [stride],
  padding: [[low, high]],
  lhsDilation: [lhs],
  rhsDilation: [rhs],
  groups,
});
const plane: ConvolveParams = {
  strides: [1, 1],
  padding: [[0, 0], [0, 0]], // prettier-ignore
  lhsDilation: [1, 1],
  rhsDilation: [1, 1],
  groups: 1,
};
const by = (params: ConvolveParams) => (x: Tensor, w: Tensor) => convolve(x, w, params);

/** The defining sum, element by element. */
function byDefinition(x: Tensor, w: Tensor, params: ConvolveParams): number[] {
  const { strides, padding, lhsDilation, rhsDilation, groups } = params;
  const [items, channels, ...space] = x.shape as [number, number, ...number[]];
  const [outputs, depth, ...window] = w.shape as [number, number, ...number[]];
  const out = convolve(x, w, params).shape.slice(2);
  const each = (sizes: readonly number[]): number[][] =>
    sizes.reduce<number[][]>(
      (all, n) => all.flatMap((head) => Array.from({ length: n }, (_, i) => [...head, i])),
      [[]],
    );
  const place = (shape: readonly number[], index: readonly number[]): number =>
    index.reduce((sum, i, a) => sum * shape[a]! + i, 0);
  const [xs, ws] = [x.data(), w.data()];
  const [area, taps] = [size(space), size(window)];
  // For each output position: the image element that each window element meets, if any.
  const met = each(out).map((s) =>
    each(window).map((k) => {
      const at = s.map((p, a) => p * strides[a]! + k[a]! * rhsDilation[a]! - padding[a]![0]);
      const misses = at.some(
        (p, a) => p < 0 || p % lhsDilation[a]! !== 0 || p / lhsDilation[a]! >= space[a]!,
      );
      const from = at.map((p, a) => p / lhsDilation[a]!);
      return misses ? -1 : place(space, from);
    }),
  );
  return each([items, outputs]).flatMap(([n, o]) => {
    const first = n! * channels + Math.floor(o! / (outputs / groups)) * depth;
    return met.map((places) => {
      let sum = 0;
      for (let i = 0; i < depth; i++)
        places.forEach((from, k) => {
          if (from >= 0) sum += xs[(first + i) * area + from]! * ws[(o! * depth + i) * taps + k]!;
        });
      return sum;
    });
  });
}

describe("convolve", () => {
  checkFamily(convolutions, {
    convolve: [
      on(by(line(1, 0, 0)), [
        sample([1, 1, 4], [1, 1, 2]),
        sample([2, 3, 5], [2, 3, 3]),
        sample([2, 3, 5], [2, 3, 3], f32),
        sample([2, 2, 3], [2, 2, 3]), // one position
        sample([1, 1, 1], [1, 1, 1]),
        sample([1, 2, 2], [2, 2, 3]), // the window does not fit
        sample([0, 2, 4], [2, 2, 3]),
        { ins: [i32([1, 2, 3, 4], [1, 1, 4]), i32([1, -1], [1, 1, 2])] },
      ]),
      on(by(line(2, 1, 1)), [sample([2, 2, 6], [2, 2, 3])]),
      on(by(line(2, 1, 2, 1, 2)), [sample([2, 2, 5], [2, 2, 2])]),
      on(by(line(1, 1, 0, 2, 1)), [sample([1, 2, 3], [2, 2, 2])]),
      on(by(line(3, 2, -1, 2, 2)), [sample([2, 1, 4], [2, 1, 3])]),
      on(by(line(1, -1, 2)), [sample([1, 2, 4], [1, 2, 2])]), // the first column is cropped
      on(by(line(1, 1, 1, 1, 1, 2)), [sample([2, 4, 4], [6, 2, 3]), sample([2, 4, 4], [6, 2, 3], f32)]),
      on(by(line(2, 0, 1, 1, 1, 3)), [sample([1, 3, 4], [3, 1, 2])]), // one channel per group
      on(by(plane), [sample([2, 2, 4, 3], [3, 2, 2, 2])]),
      on(
        by({
          ...plane,
          strides: [2, 1],
          padding: [[1, 0], [0, 1]], // prettier-ignore
          rhsDilation: [1, 2],
          lhsDilation: [1, 2],
          groups: 2,
        }),
        [sample([2, 2, 4, 3], [2, 1, 3, 2])],
      ),
    ],
  });

  const many = [1, 2, 3].flatMap((stride) =>
    [1, 2].flatMap((lhs) =>
      [1, 2].flatMap((rhs) => [-1, 0, 2].map((low) => [stride, lhs, rhs, low] as const)),
    ),
  );
  test.each(many)(
    "equals its defining sum for stride %d, dilations %d and %d, padding %d",
    (stride, lhs, rhs, low) => {
      const params: ConvolveParams = {
        strides: [stride, 1],
        padding: [[low, 1], [1, low]], // prettier-ignore
        lhsDilation: [lhs, rhs],
        rhsDilation: [rhs, lhs],
        groups: 2,
      };
      const x = f64(numbers(2 * 4 * 7 * 6, 1), [2, 4, 7, 6]);
      const w = f64(numbers(6 * 2 * 3 * 2, 2), [6, 2, 3, 2]);
      const expected = byDefinition(x, w, params);
      const out = Array.from(convolve(x, w, params).data());
      expect(out).toHaveLength(expected.length);
      expect(out.filter((y, i) => !(Math.abs(y - expected[i]!) < 0.5e-12))).toEqual([]);
    },
  );

  test.each([
    { window: [5, 3], padding: 4, size: [6, 5], stride: 1 }, // the gradient of a convolution without padding
    { window: [5, 3], padding: 4, size: [7, 5], stride: 2 },
    { window: [7, 2], padding: 3, size: [4, 5], stride: 1 },
    { window: [13, 1], padding: 12, size: [20, 3], stride: 1 }, // more segments than pay
    { window: [2, 2], padding: 3, size: [4, 5], stride: 1 }, // some positions meet no image element
    { window: [5, 5], padding: 4, size: [60, 57], stride: 1 }, // a few images at a time, and the rest
  ])("skips products with padding, %j", ({ window, padding, size: [height, width], stride }) => {
    const params: ConvolveParams = {
      ...plane,
      strides: [stride, 1],
      padding: [[padding, padding], [1, 1]], // prettier-ignore
    };
    const integers = (n: number): number[] => Array.from({ length: n }, (_, i) => ((i * 37) % 11) - 5);
    const x = f32(integers(7 * 2 * height! * width!), [7, 2, height!, width!]);
    const w = f32(integers(6 * size(window)), [3, 2, ...window]);
    expect(Array.from(convolve(x, w, params).data())).toEqual(byDefinition(x, w, params)); // integers: exact
  });

  test("skips products with padding for a long window, whose segments are joined in groups", () => {
    const params = line(1, 70, 68);
    const x = f32(
      Array.from({ length: 2 * 75 }, (_, i) => (i % 7) - 3),
      [2, 1, 75],
    );
    const w = f32(
      Array.from({ length: 71 }, (_, i) => (i % 5) - 2),
      [1, 1, 71],
    );
    expect(Array.from(convolve(x, w, params).data())).toEqual(byDefinition(x, w, params));
  });

  // All pairs of positions were compared, padded or not: 10,000 positions took ten seconds to compile.
  test.each([0, 1])("compiles for long signals, padding %d", (padding) => {
    const params = line(1, padding, padding);
    const x = f32(
      Array.from({ length: 50_000 }, (_, i) => (i % 7) - 3),
      [1, 1, 50_000],
    );
    const w = f32([1, -2, 4], [1, 1, 3]);
    expect(Array.from(convolve(x, w, params).data())).toEqual(byDefinition(x, w, params));
  });

  test("refuses shapes that do not match", () => {
    const [x, w] = sample([1, 4, 4], [2, 3, 2]).ins as [Tensor, Tensor];
    expect(() => convolve(x, w, line(1, 0, 0))).toThrow(
      "convolve: images f64[1,4,4] have 4 channels and windows f64[2,3,2] take 3 in each of 1 groups, for 2 outputs.",
    );
    expect(() => convolve(f64([1, 2], [1, 2]), w, line(1, 0, 0))).toThrow(
      "must have the same number of axes, 3 or more",
    );
  });
});
