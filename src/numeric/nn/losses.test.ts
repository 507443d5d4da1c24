// Cases that reference.test.ts does not compare with PyTorch: special values, batches, misuse.
import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { grad, tensor, vmap } from "downhill";
import * as nn from "downhill/nn";
import { key } from "downhill/random";

describe("weights of losses", () => {
  test("exclude items, whatever their losses", () => {
    const loss = (x: Tensor): Tensor => nn.meanSquaredError(x, [0, 0, 0], { weights: [1, 0, 1] });
    expect(loss(tensor([1, 100, 3])).item()).toBe(5);
    expect(grad(loss)([1, 100, 3]).tolist()).toEqual([1, 0, 3]);
    const logits = [[1, 2], [3, 1]]; // prettier-ignore
    const [first] = nn.softmaxCrossEntropy(logits, [0, 0], { reduction: "none" }).data();
    expect(nn.softmaxCrossEntropy(logits, [0, 0], { weights: [2, 0] }).item()).toBeCloseTo(first!, 15);
    expect(nn.softmaxCrossEntropy(logits, [0, -1], { weights: [2, 1], ignore: -1 }).item()).toBeCloseTo(
      first!,
      15,
    );
    expect(nn.huberLoss([[1], [2]], [[0], [0]], { weights: 2, reduction: "sum" }).item()).toBe(4);
  });

  test("must match the shape of the losses", () => {
    expect(() => nn.huberLoss([1, 2], [0, 0], { weights: [1, 2, 3] })).toThrow(
      "huberLoss: weights are f64[3], but the losses f64[2]; they must have the same shape, or weights must broadcast to it.",
    );
    expect(() => nn.sigmoidCrossEntropy([1], [1], { labelSmoothing: 2 })).toThrow(
      "sigmoidCrossEntropy: labelSmoothing must be between 0 and 1, got 2.",
    );
  });
});

describe("ctcLoss", () => {
  test("sums over all alignments, enumerated one by one", () => {
    // three steps with the classes blank, a, b; alignments that spell a b: "-ab" "a-b" "ab-" "aab" "abb"
    const p = [[0.2, 0.5, 0.3], [0.1, 0.6, 0.3], [0.4, 0.1, 0.5]]; // prettier-ignore
    const ways = [[0, 1, 2], [1, 0, 2], [1, 2, 0], [1, 1, 2], [1, 2, 2]]; // prettier-ignore
    const total = ways
      .map((way) => way.reduce((all: number, c, t) => all * p[t]![c]!, 1))
      .reduce((a, b) => a + b);
    const logits = p.map((row) => row.map(Math.log));
    expect(nn.ctcLoss(logits, [1, 2]).item()).toBeCloseTo(-Math.log(total), 13);
    const moved = logits.map(([blank, a, b]) => [a!, b!, blank!]);
    expect(nn.ctcLoss(moved, [0, 1], { blank: 2 }).item()).toBeCloseTo(-Math.log(total), 13);
  });

  test("is infinite for too few steps, and treats items separately", () => {
    expect(nn.ctcLoss([[0, 0], [0, 0]], [1, 1]).item()).toBe(Infinity); // prettier-ignore
    const x = tensor(Array.from({ length: 24 }, (_, i) => Math.sin(i)), { shape: [2, 4, 3] }); // prettier-ignore
    const y = tensor([[1, 2], [2, 2]], { dtype: "int32" }); // prettier-ignore
    const alone = vmap((z: Tensor, labels: Tensor) => nn.ctcLoss(z, labels))(x, y);
    expect(nn.ctcLoss(x, y, { reduction: "none" }).tolist()).toEqual(alone.tolist());
  });
});

test("ntXentLoss is the cross-entropy of cosines, for any norms of the vectors", () => {
  const loss = nn.ntXentLoss([[1, 0], [0, 3]], [[2, 0], [0, 1]], { temperature: 1 }).item(); // prettier-ignore
  expect(loss).toBeCloseTo(-Math.log(Math.E / (Math.E + 2)), 14); // one other vector at cosine 1, two at 0
});

test("losses of distances have a derivative at distance 0", () => {
  const same = (x: Tensor): Tensor => nn.tripletLoss(x, [[1, 2]], [[1, 2]]);
  expect(grad(same)([[1, 2]]).tolist()).toEqual([[0, 0]]);
  const zero = (x: Tensor): Tensor => nn.cosineEmbeddingLoss(x, [[1, 2]], [1]);
  expect(
    grad(zero)([[0, 0]])
      .data()
      .every(Number.isFinite),
  ).toBe(true);
});

describe("misuse is refused", () => {
  const params = nn.lstmInit(key(0), 3, 4);
  test.each<[() => unknown, string]>([
    [
      () => nn.tripletLoss([[1]], [[1]], [1]),
      "tripletLoss: f64[1,1] and f64[1,1] and f64[1] must have one shape, with vectors along the last axis.",
    ],
    [
      () => nn.tripletLoss([[1]], [[1]], [[1]], { epsilon: NaN }),
      "tripletLoss: epsilon must be a finite number, got NaN.",
    ],
    [
      () => nn.tripletLoss([[1]], [[1]], [[1]], { power: 3 as never }),
      "tripletLoss: power must be 1 or 2, got 3.",
    ],
    [
      () => nn.marginRankingLoss([1], [1], [1], { margin: NaN }),
      "marginRankingLoss: margin must be a finite number, got NaN.",
    ],
    [
      () => nn.hingeEmbeddingLoss([1, 2], [1]),
      "hingeEmbeddingLoss: the target is f64[1], but the pairs are f64[2]; it must have 1 or −1 for each pair.",
    ],
    [
      () => nn.multiMarginLoss([[1, 2]], [0, 1]),
      "multiMarginLoss: labels are i32[2], but logits f64[1,2] need them of shape [1].",
    ],
    [
      () => nn.ntXentLoss([[1]], [[1]], { temperature: 0 }),
      "ntXentLoss: temperature must be a positive number, got 0.",
    ],
    [
      () => nn.ctcLoss([[0, 0]], [[1]]),
      "ctcLoss: logits are f64[1,2] and labels i32[1,1]; they must have shapes […, time, classes] and […, n].",
    ],
    [() => nn.ctcLoss([[0, 0]], [1], { blank: 2 }), "ctcLoss: blank must be a class from 0 to 1, got 2."],
    [() => nn.lstm(params, [1, 2, 3]), "lstm: x is f64[3]; it must have shape […, time, inputs]."],
    [
      () => nn.lstm(params, [[[1, 2, 3]]], { lengths: [[1]] }),
      "lstm: lengths are i32[1,1]; for x f64[1,1,3] they must have shape [1].",
    ],
    [() => nn.lstm(params, [[1, 2]]), "the cell takes 3 inputs"],
  ])("%#", (action, message) => {
    expect(action).toThrow(message);
  });
});
