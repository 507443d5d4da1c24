import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { ones } from "downhill";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as c from "./convolution.ts";

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
const line = { ins: [f64(numbers(12), [2, 2, 3]), f64(numbers(8), [2, 2, 2])] };
const plane = { ins: [f64(numbers(18), [1, 2, 3, 3]), f64(numbers(8), [1, 2, 2, 2])] };

describe("convolutions", () => {
  checkFamily(c, {
    conv: [
      on((x, w) => c.conv(x, w), [line, plane]),
      on((x, w) => c.conv(x, w, { padding: "same", stride: 2 }), [line, plane]),
      on((x, w) => c.conv(x, w, { padding: 1, dilation: 2 }), [line]),
      on((x, w) => c.conv(x, w, { padding: [[1, 0], 1], stride: [1, 2] }), [plane]),
      on(
        (x, w) => c.conv(x, w, { groups: 2 }),
        [{ ins: [f32(numbers(8), [1, 2, 4]), f32(numbers(8), [4, 1, 2])] }],
      ),
      on((x, w) => c.conv(x, w), [{ ins: [i32([1, 2, 3], [1, 1, 3]), f64([0.5, 2], [1, 1, 2])] }]),
    ],
    convTranspose: [
      on((x, w) => c.convTranspose(x, w), [line]),
      on((x, w) => c.convTranspose(x, w, { stride: 2, padding: 1, outputPadding: 1, dilation: 2 }), [line]),
      on(
        (x, w) => c.convTranspose(x, w, { groups: 2, stride: 2 }),
        [{ ins: [f64(numbers(6), [1, 2, 3]), f64(numbers(8), [2, 2, 2])] }],
      ),
    ],
  });

  test("padding same keeps the size divided by the stride", () => {
    for (const [n, window, stride] of [
      [5, 3, 1],
      [5, 2, 1],
      [6, 3, 2],
      [7, 3, 2],
      [7, 4, 3],
    ] as const)
      expect(c.conv(ones([1, 1, n]), ones([1, 1, window]), { padding: "same", stride }).shape[2]).toBe(
        Math.ceil(n / stride),
      );
  });

  const [x, w] = plane.ins as [Tensor, Tensor];
  test.each<[() => unknown, string]>([
    [() => c.conv([1, 2], [1]), "conv: images must have shape [items, channels, …space], got f64[2]."],
    [
      () => c.conv(x, [[[1]]]),
      "conv: images f64[1,2,3,3] and weight f64[1,1,1] must have the same number of axes.",
    ],
    [
      () => c.conv(x, ones([1, 3, 2, 2])),
      "conv: the images have 2 channels, but weight f64[1,3,2,2] with 1 group takes 3.",
    ],
    [
      () => c.conv(x, ones([3, 1, 2, 2]), { groups: 2 }),
      "conv: axis 0 of weight f64[3,1,2,2] cannot be divided into 2 groups.",
    ],
    [
      () => c.conv(x, w, { stride: 0 }),
      "conv: stride must be an integer of 1 or more, or an array of 2 of them",
    ],
    [() => c.conv(x, w, { stride: [1, 1, 1] }), "one per spatial axis; got [1,1,1]."],
    [
      () => c.conv(x, w, { padding: "full" as never }),
      'conv: padding must be "valid", "same", a number of zeros',
    ],
    [
      () => c.conv(x, w, { padding: [[1, 0]] }),
      "for each of 2 axes of space a number or [before, after]; got [[1,0]].",
    ],
    [() => c.conv(x, w, { strides: 2 } as never), 'conv: unknown option "strides". Did you mean "stride"?'],
    [
      () => c.convTranspose(x, w),
      "convTranspose: the images have 2 channels, but weight f64[1,2,2,2] with 1 group takes 1.",
    ],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});
