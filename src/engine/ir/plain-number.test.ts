import { describe, expect, test } from "vitest";
import {
  arange,
  argmax,
  concatenate,
  expandDims,
  flip,
  jit,
  linspace,
  pad,
  scan,
  slice,
  softmax,
  take,
  tensor,
  type Tensor,
  topK,
  transpose,
} from "downhill";
import { batchNorm, batchStatisticsInit, dropout, huberLoss, scaleInit } from "downhill/nn";
import { key } from "downhill/random";

const x = [[1, 2]];

describe("a tensor where a plain number is required", () => {
  // "tolist: this f64[] is a traced value", "Traced(f64[]) is out of range", "cannot be used with JavaScript's operators"
  test.each<[string, string, (n: never) => unknown]>([
    ["slice", "Bounds", (n) => slice(x, [0, n])],
    ["the method slice", "Bounds", (n) => tensor(x).slice(0, n)],
    ["linspace", "Bounds", (n) => linspace(0, n, 3)],
    ["arange", "Sizes", (n) => arange(n)],
    ["topK", "Sizes", (n) => topK(x, n)],
    ["pad", "Sizes", (n) => pad(x, [[n, 0], [0, 0]])],
    ["scan", "Sizes", (n) => scan((c: Tensor) => [c, null], 0, null, { length: n })],
    ["argmax", "Axes", (n) => argmax(x, { axis: n })],
    ["softmax", "Axes", (n) => softmax(x, { axis: n })],
    ["flip", "Axes", (n) => flip(x, { axis: n })],
    ["take", "Axes", (n) => take(x, [0], { axis: n })],
    ["expandDims", "Axes", (n) => expandDims(x, n)],
    ["transpose", "Axes", (n) => transpose(x, [n, 0])],
    ["concatenate", "Axes", (n) => concatenate([x, x], { axis: n })],
    ["dropout", "Options", (n) => dropout(key(0), x, { rate: n })],
    ["huberLoss", "Options", (n) => huberLoss(x, x, { delta: n })],
    ["batchNorm", "Options", (n) => batchNorm(scaleInit(2), x, batchStatisticsInit(2), { training: true, momentum: n })],
  ])("%s explains how to pass it", (_, what, f) => {
    expect(() => jit((n: Tensor) => (f(n as never), n))(1)).toThrow(
      `${what} are plain numbers, known when the function is traced: close over the number, or name the argument in jit's staticArgnums.`,
    );
    expect(() => f(tensor(1) as never)).toThrow(`${what} are plain numbers: write n.item().`);
  }); // prettier-ignore
});
