// Margin losses that reference.test.ts does not compare with PyTorch: the formulas are those of its documentation.
import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { grad, jit, tensor, vmap } from "downhill";
import {
  instanceNorm,
  groupNorm,
  multiMarginLoss,
  multilabelMarginLoss,
  scaleInit,
  sigmoidCrossEntropy,
} from "downhill/nn";
import { checkGrads } from "downhill/testing";

const z = [[0.1, 0.2, 0.4, 0.8], [-1, 2.5, 0.3, 0.6], [0.9, 0.7, -0.2, 0.1]]; // prettier-ignore
const lists = [[3, 0, -1, 1], [-1, -1, -1, -1], [0, 1, 2, 3]]; // prettier-ignore

describe("multilabelMarginLoss", () => {
  /** The loss of one item by the formula, label by label. */
  const lossOf = (scores: readonly number[], labels: readonly number[], margin: number): number => {
    const end = labels.indexOf(-1);
    const own = end < 0 ? labels : labels.slice(0, end);
    const others = scores.filter((_, i) => !own.includes(i));
    return own.flatMap((j) => others.map((score) => Math.max(0, margin - scores[j]! + score))).reduce((a, b) => a + b, 0) / scores.length; // prettier-ignore
  };

  test.each([1, 0.3])("is PyTorch's formula, with margin %d", (margin) => {
    const losses = multilabelMarginLoss(z, lists, { margin, reduction: "none" }).data();
    z.forEach((scores, i) => expect(losses[i]).toBeCloseTo(lossOf(scores, lists[i]!, margin), 14));
    expect(multilabelMarginLoss(z, lists, { margin }).item()).toBeCloseTo(
      (losses[0]! + losses[1]! + losses[2]!) / 3,
      14,
    );
  });

  test("has derivatives, compiled and batched, and keeps float32", () => {
    const labels = tensor(lists, { dtype: "int32" });
    checkGrads((x: Tensor) => multilabelMarginLoss(x, labels), [z], { order: 1 });
    const slope = grad((x: Tensor) => multilabelMarginLoss(x, labels, { reduction: "sum" }))(z);
    const each = vmap(jit(grad((x: Tensor, y: Tensor) => multilabelMarginLoss(x, y))))(z, labels);
    expect(each.tolist()).toEqual(slope.tolist());
    expect(multilabelMarginLoss(tensor(z, { dtype: "float32" }), labels).dtype).toBe("float32");
  });

  test("refuses labels that are not classes, and is NaN for unknown ones", () => {
    expect(() => multilabelMarginLoss([[1, 2]], [[2, -1]])).toThrow(
      "multilabelMarginLoss: label 0 of item 0 is 2, but the classes are 0 to 1, and −1 ends a list.",
    );
    expect(() => multilabelMarginLoss([[1, 2]], [[0, -2]])).toThrow("label 1 of item 0 is -2");
    expect(() => multilabelMarginLoss([[1, 2]], [0])).toThrow(
      "multilabelMarginLoss: labels are i32[1], but logits f64[1,2] need a list of them per item, shape [1,labels].",
    );
    const f = jit((x: Tensor, y: Tensor) => multilabelMarginLoss(x, y, { reduction: "none" }));
    const two = tensor([[2, -1], [0, -1]], { dtype: "int32" }); // prettier-ignore
    expect(f(tensor([[1, 2], [1, 2]]), two).tolist()).toEqual([NaN, 1]); // prettier-ignore
  });
});

describe("weights of classes and of items", () => {
  test("multiMarginLoss multiplies an item by the weight of its label and divides by the items, like PyTorch", () => {
    const classWeights = [1, 2, 0.5, 3];
    const labels = [3, 1, 0];
    const one = (power: 1 | 2, i: number): number =>
      z[i]!.reduce((total, score, j) => total + (j === labels[i] ? 0 : Math.max(0, 1 - z[i]![labels[i]!]! + score) ** power), 0) / 4; // prettier-ignore
    for (const power of [1, 2] as const) {
      const wanted = [0, 1, 2].map((i) => classWeights[labels[i]!]! * one(power, i));
      const losses = multiMarginLoss(z, labels, { power, classWeights, reduction: "none" }).data();
      wanted.forEach((loss, i) => expect(losses[i]).toBeCloseTo(loss, 14));
      expect(multiMarginLoss(z, labels, { power, classWeights }).item()).toBeCloseTo((wanted[0]! + wanted[1]! + wanted[2]!) / 3, 14); // prettier-ignore
    }
    expect(() => multiMarginLoss(z, labels, { classWeights: [1] })).toThrow(
      "multiMarginLoss: classWeights are f64[1], but logits f64[3,4] need one for each of 4 classes.",
    );
    expect(() => multiMarginLoss(z, labels, { power: 3 as never })).toThrow(
      "multiMarginLoss: power must be 1 or 2, got 3.",
    );
  });

  test("the reduction itemMean divides by the number of losses, the mean by the sum of their weights", () => {
    const [logits, targets, weights] = [[0.3, -1.2, 2], [1, 0, 1], [2, 0.5, 0]]; // prettier-ignore
    const losses = sigmoidCrossEntropy(logits, targets, { weights, reduction: "none" }).data();
    const total = losses[0]! + losses[1]!;
    expect(sigmoidCrossEntropy(logits, targets, { weights }).item()).toBeCloseTo(total / 2.5, 14);
    expect(sigmoidCrossEntropy(logits, targets, { weights, reduction: "itemMean" }).item()).toBeCloseTo(
      total / 3,
      14,
    );
    expect(() => sigmoidCrossEntropy(logits, targets, { reduction: "items" as never })).toThrow('"itemMean"');
  });
});

describe("instanceNorm", () => {
  test("is groupNorm with one channel per group, and needs a spatial axis", () => {
    const x = tensor(Array.from({ length: 24 }, (_, i) => Math.sin(i)), { shape: [2, 3, 4] }); // prettier-ignore
    const params = { weight: tensor([1, 2, 3]), bias: tensor([0, -1, 1]) };
    expect(instanceNorm(params, x).tolist()).toEqual(groupNorm(params, x, 3).tolist());
    expect(() => instanceNorm(scaleInit(3), x.at(0))).toThrow(
      "instanceNorm: images must have shape [items, channels, …space]",
    );
    expect(() => instanceNorm(scaleInit(2), x)).toThrow("instanceNorm: x is f64[2,3,4], but the parameters");
  });
});
