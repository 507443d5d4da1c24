import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { grad, jit, tensor, vmap } from "downhill";
import { embeddingBag } from "downhill/nn";
import { checkGrads } from "downhill/testing";

const rows = Array.from({ length: 5 }, (_, i) => [0, 1, 2].map((j) => Math.sin(3 * i + j + 1)));
const table = tensor(rows);
/** The result for bags of plain numbers, one bag and one feature at a time. */
function expected(bags: readonly (readonly number[])[], mode: string): number[][] {
  return bags.map((bag) =>
    [0, 1, 2].map((j) => {
      const values = bag.map((word) => rows[word]![j]!);
      if (bag.length === 0) return 0;
      if (mode === "max") return Math.max(...values);
      const sum = values.reduce((a, b) => a + b);
      return mode === "sum" ? sum : sum / bag.length;
    }),
  );
}
function expectClose(actual: Tensor, wanted: readonly (readonly number[])[]): void {
  expect(actual.shape).toEqual([wanted.length, 3]);
  actual.data().forEach((value, i) => expect(value).toBeCloseTo(wanted.flat()[i]!, 14));
}

describe("embeddingBag", () => {
  test.each(["mean", "sum", "max"] as const)("%s of bags of equal length, and between offsets", (mode) => {
    const words = [[0, 4, 4], [2, 1, 0]]; // prettier-ignore
    expectClose(embeddingBag(table, words, { mode }), expected(words, mode));
    const apart = { mode, offsets: [0, 2, 2, 5] } as const;
    const bags = [[3, 1], [], [4, 0, 2], [1]];
    expectClose(embeddingBag(table, bags.flat(), apart), expected(bags, mode));
    const compiled = jit((t: Tensor, w: Tensor, offsets: Tensor) => embeddingBag(t, w, { mode, offsets }));
    const [w, offsets] = [bags.flat(), apart.offsets].map((list) => tensor([...list], { dtype: "int32" }));
    expectClose(compiled(table, w!, offsets!), expected(bags, mode));
  });

  test.each(["mean", "sum", "max"] as const)("padding is left out of %s, and gets no derivative", (mode) => {
    const words = [[0, 4, 4], [4, 4, 4]]; // prettier-ignore
    const f = (t: Tensor): Tensor => embeddingBag(t, words, { mode, padding: 4 });
    expectClose(f(table), expected([[0], []], mode));
    const slope = grad((t: Tensor) => f(t).sum())(table);
    expect(slope.tolist()).toEqual([1, 0, 0, 0, 0].map((v) => [v, v, v]));
  });

  test("weights are factors of the words of a sum", () => {
    const f = (t: Tensor, weights: Tensor): Tensor => embeddingBag(t, [[0, 1], [1, 1]], { mode: "sum", weights }); // prettier-ignore
    const weights = tensor([[2, 0.5], [1, -1]]); // prettier-ignore
    const wanted = [rows[0]!.map((v, j) => 2 * v + 0.5 * rows[1]![j]!), [0, 0, 0]];
    expectClose(f(table, weights), wanted);
    checkGrads((t: Tensor, w: Tensor) => f(t, w).square().sum(), [table, weights], { order: 1 });
  });

  test("has derivatives for repeated words, keeps float32, and is batched", () => {
    const slope = grad((t: Tensor) => embeddingBag(t, [[1, 1, 2]]).sum())(table).at("...", 0);
    [0, 2 / 3, 1 / 3, 0, 0].forEach((v, i) => expect(slope.at(i).item()).toBeCloseTo(v, 15));
    expect(embeddingBag(table.astype("float32"), [[0, 1]]).dtype).toBe("float32");
    const words = tensor([[[0, 1]], [[2, 3]]], { dtype: "int32" });
    const each = vmap((w: Tensor) => embeddingBag(table, w))(words);
    expect(each.at(1).tolist()).toEqual(embeddingBag(table, [[2, 3]]).tolist());
  });

  test.each<[() => unknown, string]>([
    [() => embeddingBag([1, 2], [[0]]), "embeddingBag: the table is f64[2]; it must have shape [words, features]."],
    [() => embeddingBag(table, [0, 1]), "embeddingBag: the words are i32[2]; they must have shape [bags, words per bag], or one axis together with offsets."],
    [() => embeddingBag(table, [[7]]), "embeddingBag: index 7 is out of range for f64[5,3], whose first axis has size 5."],
    [() => embeddingBag(table, [0, 1], { offsets: [1] }), "embeddingBag: offset 0 is 1; offsets must ascend from 0 to at most 2, the number of words."],
    [() => embeddingBag(table, [0, 1], { offsets: [0, 2, 1] }), "embeddingBag: offset 2 is 1;"],
    [() => embeddingBag(table, [[0]], { weights: [[1]] }), 'embeddingBag: weights are for the mode "sum", not for "mean".'],
    [() => embeddingBag(table, [[0]], { mode: "sum", weights: [1] }), "embeddingBag: weights are f64[1], but the words i32[1,1]; there must be one per word."],
    [() => embeddingBag(table, [[0]], { mode: "avg" as never }), "embeddingBag: mode must be"],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  }); // prettier-ignore
});
