import { describe, expect, test } from "vitest";
import { ones, tensor } from "downhill";
import { key } from "downhill/random";
import * as nn from "downhill/nn";

const x = ones([1, 2]);
const none = undefined as never;
const image = ones([1, 1, 2]);
const cell = nn.lstmInit(key(0), 2, 3);

describe("parameters that are missing, misspelt or swapped", () => {
  // the errors were internal: "Cannot destructure property 'weight' of 'undefined'"
  test.each<[string, string, () => unknown]>([
    ["dense", "the parameters must be an object with the tensors weight, bias, as denseInit returns; got undefined.", () => nn.dense(none, x)],
    ["dense", "the parameters must be an object with the tensors weight, bias, as denseInit returns; got a tensor.", () => nn.dense(x as never, nn.denseInit(key(0), 2, 2) as never)],
    ["dense", "the parameters must be an object with the tensors weight, bias, as denseInit returns; bias is none.", () => nn.dense({ weight: x } as never, x)],
    ["layerNorm", "the parameters must be", () => nn.layerNorm(none, x)],
    ["rmsNorm", "the parameters must be", () => nn.rmsNorm(none, x)],
    ["groupNorm", "the parameters must be", () => nn.groupNorm(none, image, 1)],
    ["batchNorm", "the parameters must be", () => nn.batchNorm(none, x, nn.batchStatisticsInit(2), { training: true })],
    ["batchNorm", "the statistics must be an object with the tensors mean, variance, as batchStatisticsInit returns; got undefined.", () => nn.batchNorm(nn.scaleInit(2), x, none, { training: true })],
    ["convolution", "the parameters must be", () => nn.convolution(none, image)],
    ["multiHeadAttention", "the layer query must be", () => nn.multiHeadAttention(none, x, { heads: 1 })],
    ["multiHeadAttention", "the layer query must be", () => nn.multiHeadAttention({} as never, x, { heads: 1 })],
    ["multiHeadAttention", "needs options, as in { heads: … }; got none.", () => nn.multiHeadAttention(nn.multiHeadInit(key(0), 2), x, none)],
    ["rnnCell", "the parameters must be", () => nn.rnnCell(none, x, x)],
    ["lstmCell", "the state must be an object with the tensors h, c, as the last step returns; got undefined.", () => nn.lstmCell(cell, x, none)],
    ["gruCell", "the parameters must be an object with the tensors input, hidden, bias, hiddenBias, as gruInit returns; hiddenBias is none.", () => nn.gruCell(cell as never, x, x)],
    ["mlp", "apply takes the parameters, a list of 1 layers as init returns it, and then x.", () => nn.mlp([2, 1]).apply(x as never, nn.mlp([2, 1]).init(key(0)) as never)],
  ])("%s: %s", (name, message, action) => {
    expect(action).toThrow(`${name}: ${message}`);
  }); // prettier-ignore
});

test("an attention mask of the wrong size is refused; it silently repeated the scores", () => {
  const attend = (mask: boolean[][]): unknown => nn.dotProductAttention(x, x, x, { mask });
  // one query gave three results
  expect(() => attend([[true], [true], [true]])).toThrow(
    "dotProductAttention: the mask is bool[3,1]; for 1 queries and 1 keys it must end in these two axes, or in 1 for one that is repeated.",
  );
  expect(() => attend([[true, true]])).toThrow("the mask is bool[1,2]");
  const two = tensor([[1, 0], [0, 1]]); // prettier-ignore
  expect(nn.dotProductAttention(two, two, two, { mask: [[true, false]] }).shape).toEqual([2, 2]);
});

test("convolutionInit requires a list of sizes", () => {
  expect(() => nn.convolutionInit(key(0), 1, 2, 3 as never)).toThrow(
    "convolutionInit: the window must be a list of sizes, one for each axis of space, got 3. Write convolutionInit(key, 3, 8, [5, 5]).",
  );
});
