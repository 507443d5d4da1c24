import { describe, expect, test } from "vitest";
import { add, conv, grad, matmul, maximum, minimum, mul, reshape, tensor, type Tensor } from "downhill";
import { checkFamily, f32, f64, i32, type Line, on } from "../../../test/support/op-table.ts";
import { extent } from "../../../test/support/extent.ts";
import * as windows from "./windows.ts";

const { fold, pixelShuffle, pixelUnshuffle, reduceWindow, unfold } = windows;
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
const line = { ins: [f32(numbers(10), [1, 2, 5])] };
const image = { ins: [f64(numbers(24), [1, 2, 4, 3])] };
const whole = { ins: [i32([3, 1, 2, 6, 4, 5], [1, 1, 6])] };
/** The operations are composed of primitives whose tests check both modes, so that one mode suffices between soaks. */
const isQuick = extent(1, 0) === 1;
const oneMode = isQuick ? ({ modes: ["reverse"], order: 1 } as const) : {};
const more = (...lines: Line[]): Line[] => (isQuick ? [] : lines);

describe("windows", () => {
  checkFamily(windows, {
    unfold: [
      on((x) => unfold(x, 2, { stride: 2, padding: 1, dilation: 2 }), [line, whole], oneMode),
      ...more(on((x) => unfold(x, 2), [line, image, { ins: [f64([], [0, 1, 3])] }])),
    ],
    fold: [
      on((x) => fold(x, [4], 2, { padding: 1 }), [{ ins: [f32(numbers(10), [1, 2, 5])] }], oneMode),
      ...more(
        on(
          (x) => fold(x, [3, 2], 2, { padding: 1, stride: [2, 1] }),
          [{ ins: [f64(numbers(48), [1, 8, 6])] }],
        ),
      ),
    ],
    pixelShuffle: [
      on((x) => pixelShuffle(x, 2), [line], oneMode),
      ...more(on((x) => pixelShuffle(x, 2), [{ ins: [f64(numbers(16), [1, 4, 2, 2])] }])),
    ],
    pixelUnshuffle: [
      on((x) => pixelUnshuffle(x, [2, 1]), [{ ins: [f64(numbers(8), [1, 1, 4, 2])] }], oneMode),
    ],
    reduceWindow: [
      on((x) => reduceWindow(x, 1, mul, 3, { padding: 1, stride: 2 }), [{ ins: [f64(numbers(4))] }], oneMode),
      ...more(
        on(
          (x) => reduceWindow(x, 0, add, 2),
          [{ ins: [f64(numbers(12), [3, 4])] }, { ins: [i32([1, 2, 3])] }],
        ),
        on(
          (x) => reduceWindow(x, -Infinity, maximum, 2, { padding: "same" }),
          [{ ins: [f32(numbers(12), [3, 4])] }],
        ),
        on(
          (x) => reduceWindow(x, 1, mul, [2, 3], { padding: 1, stride: 2 }),
          [{ ins: [f64(numbers(12), [3, 4])] }],
        ),
        on(
          (x) => reduceWindow(x, Infinity, minimum, 3, { padding: [[0, 3]], dilation: 2 }),
          [{ ins: [f64(numbers(7))] }],
        ),
      ),
    ],
  });

  test("a convolution is the product of its weight with the columns of unfold", () => {
    const x = tensor(numbers(2 * 3 * 5 * 6), { shape: [2, 3, 5, 6] });
    const weight = tensor(numbers(4 * 3 * 2 * 3), { shape: [4, 3, 2, 3] });
    const options = { stride: [2, 1], padding: 1, dilation: [1, 2] };
    const columns = unfold(x, [2, 3], options);
    const product = matmul(reshape(weight, [4, 18]), columns);
    const direct = conv(x, weight, options);
    expect(product.shape).toEqual([2, 4, direct.shape[2]! * direct.shape[3]!]);
    const off = product.sub(reshape(direct, product.shape)).abs().max();
    expect(off.item()).toBeLessThan(1e-14);
  });

  test("fold is the transpose of unfold", () => {
    const options = { stride: [2, 1], padding: [1, 0], dilation: [1, 2] };
    const x = tensor(numbers(1 * 2 * 5 * 6), { shape: [1, 2, 5, 6] });
    const columns = unfold(x, [2, 3], options);
    const cotangent = tensor(numbers(columns.size), { shape: columns.shape });
    const pulled = grad((y: Tensor) => unfold(y, [2, 3], options).mul(cotangent).sum())(x);
    expect(fold(cotangent, [5, 6], [2, 3], options).tolist()).toEqual(pulled.tolist());
  });

  test("pixelShuffle follows PyTorch's order of channels, and pixelUnshuffle is its inverse", () => {
    const x = tensor([...Array(16).keys()], { shape: [1, 4, 2, 2] });
    expect(pixelShuffle(x, 2).tolist()).toEqual([[[[0, 4, 1, 5], [8, 12, 9, 13], [2, 6, 3, 7], [10, 14, 11, 15]]]]); // prettier-ignore
    expect(pixelUnshuffle(pixelShuffle(x, 2), 2).tolist()).toEqual(x.tolist());
    const two = tensor(numbers(2 * 12 * 3 * 5), { shape: [2, 12, 3, 5] });
    expect(pixelUnshuffle(pixelShuffle(two, [2, 3]), [2, 3]).tolist()).toEqual(two.tolist());
  });

  test("reduceWindow equals a loop over the windows, for functions that do not commute too", () => {
    const x = [3, -1, 4, 1, -5, 9, 2];
    const first = (a: Tensor): Tensor => a;
    expect(reduceWindow(x, 0, first, 3).tolist()).toEqual([3, -1, 4, 1, -5]);
    expect(reduceWindow(x, 0, (_, b) => b, 3, { stride: 2 }).tolist()).toEqual([4, -5, 2]);
    expect(reduceWindow(x, 2, mul, 2, { padding: [[1, 0]] }).tolist()).toEqual([6, -3, -4, 4, -5, -45, 18]);
    expect(reduceWindow(x, 10, maximum, 2, { padding: [[2, 0]] }).tolist()).toEqual([
      10, 10, 3, 4, 4, 1, 9, 9,
    ]);
    expect(reduceWindow(x, -Infinity, maximum, 2, { padding: [[3, 0]], stride: 5 }).tolist()).toEqual([
      -Infinity,
      4,
    ]);
    expect(reduceWindow([1, 2], 0, add, 3).tolist()).toEqual([]);
  });

  test("the derivative of the largest element of a tie flows to the first, like that of maxPool", () => {
    const slope = grad((x: Tensor) => reduceWindow(x, -Infinity, maximum, 2, { stride: 2 }).sum());
    expect(slope([2, 2, 1, 3]).tolist()).toEqual([1, 0, 0, 1]);
  });

  test.each<[() => unknown, string]>([
    [
      () => unfold([[[1, 2]]], 3),
      "unfold: a window of 3 elements at distance 1 does not fit into 2 elements with padding 0, along axis 0 of space.",
    ],
    [() => unfold([1, 2], 1), "unfold: images must have shape [items, channels, …space], got f64[2]."],
    [() => unfold([[[1, 2]]], 1, { strides: 1 } as never), 'unfold: unknown option "strides"'],
    [
      () => fold([[[1, 2, 3]]], [4], 2),
      "fold: the columns are f64[1,1,3]; images of [4] have 3 windows of 2 elements, so that x must have shape [items, channels · 2, 3].",
    ],
    [
      () => pixelShuffle([[[1, 2]]], 2),
      "pixelShuffle: the 1 channels of f64[1,1,2] cannot be divided by 2, the product of the factors.",
    ],
    [
      () => pixelUnshuffle([[[1, 2, 3]]], 2),
      "pixelUnshuffle: axis 0 of space of f64[1,1,3] cannot be divided by 2.",
    ],
    [
      () => reduceWindow([1, 2, 3, 4], 0, (a) => a.sum(), 2),
      "reduceWindow: op returned f64[] for two tensors f64[1,3]; it must return one number of the same dtype per pair.",
    ],
    [() => reduceWindow([1, 2], 0, add, 0), "reduceWindow: window must be an integer of 1 or more"],
    [
      () => reduceWindow([1, 2], 0, add, 1, { padding: "sam" as never }),
      'reduceWindow: padding must be "valid", "same"',
    ],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});
