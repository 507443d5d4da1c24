import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import "../../numeric/array/methods.ts";
import "../../engine/runtime/install.ts";
import type { BatchLeaf } from "./column.ts";
import { type Dataset, dataset } from "./dataset.ts";
import { kFold } from "./folds.ts";
import { balancedWeights } from "./order.ts";

const flat = (batches: Iterable<BatchLeaf>): number[] => [...batches].flatMap((x) => [...x.data()]);
const inOrder = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const sorted = (list: Iterable<number>): number[] => [...list].sort((a, b) => a - b);

describe("kFold", () => {
  test("has every item in exactly one test part, and in the training parts of the others", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 60 }),
        fc.integer({ min: 2, max: 10 }),
        fc.integer(),
        (count, k, seed) => {
          fc.pre(k <= count);
          const folds = kFold(k, { count, seed });
          expect(folds.length).toBe(k);
          expect(sorted(folds.flatMap(({ test: held }) => [...held]))).toEqual(inOrder(count));
          for (const { train, test: held } of folds) {
            expect(sorted([...train, ...held])).toEqual(inOrder(count));
            expect([Math.floor(count / k), Math.ceil(count / k)]).toContain(held.length);
          }
          expect(kFold(k, { count, seed })).toEqual(folds);
        },
      ),
    );
  });

  test("with stratify spreads each class and the whole evenly", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("oak", "ash", "yew"), { minLength: 2, maxLength: 80 }),
        fc.integer({ min: 2, max: 5 }),
        (labels, k) => {
          const sizes = ["oak", "ash", "yew"].map((name) => labels.filter((label) => label === name).length);
          fc.pre(sizes.every((n) => n === 0 || n >= k));
          const folds = kFold(k, { stratify: labels, seed: 3 });
          expect(sorted(folds.flatMap(({ test: held }) => [...held]))).toEqual(inOrder(labels.length));
          for (const { test: held } of folds) {
            expect(Math.abs(held.length - labels.length / k)).toBeLessThan(1);
            ["oak", "ash", "yew"].forEach((name, c) => {
              const share = [...held].filter((i) => labels[i] === name).length;
              expect(Math.abs(share - sizes[c]! / k)).toBeLessThan(1);
            });
          }
        },
      ),
    );
  });

  test("differs between seeds", () => {
    expect(kFold(3, { count: 30, seed: 1 })).not.toEqual(kFold(3, { count: 30, seed: 2 }));
  });

  test.each<[number, object, string]>([
    [
      1,
      { count: 4 },
      "kFold: the number of folds must be an integer from 2 to 4, the number of items; got 1.",
    ],
    [5, { count: 4 }, "from 2 to 4, the number of items; got 5."],
    [2.5, { count: 4 }, "got 2.5."],
    [2, {}, "kFold: pass the number of items, as in { count: 150 }; got neither count nor stratify."],
    [2, { count: 3, stratify: [1, 2] }, "kFold: count is 3 but stratify has 2 labels."],
    [2, { stratify: ["oak", "oak", "ash"] }, 'kFold: class "ash" has only 1 item, not enough for 2 folds.'],
    [2, { n: 3 }, 'kFold: unknown option "n". It takes count, stratify, seed.'],
    [2, { count: 3, seed: 0.1 }, "kFold: seed must be an integer, got 0.1."],
  ])("refuses %d with %j", (k, options, message) => {
    expect(() => kFold(k, options)).toThrow(message);
  });
});

describe("parts of a data set", () => {
  const data = dataset({ x: Float64Array.from(inOrder(20)), y: Int32Array.from(inOrder(20), (i) => i % 2) });
  const itemsOf = (part: Dataset<{ readonly x: BatchLeaf }>): number[] =>
    [...part.batch("full")].flatMap(({ x }) => [...x.data()]);

  test("split and kFold return data sets that partition the items", () => {
    const { train, test: held } = data.split(0.25, { seed: 1 });
    expect([train.count, held.count]).toEqual([15, 5]);
    expect(sorted([...itemsOf(train), ...itemsOf(held)])).toEqual(inOrder(20));
    const folds = data.kFold(4, { seed: 2 });
    expect(sorted(folds.flatMap((fold) => itemsOf(fold.test)))).toEqual(inOrder(20));
    expect(folds.every((fold) => fold.train.count === 15)).toBe(true);
  });

  test("stratify accepts the name of a field or a list", () => {
    const labels = Array.from(inOrder(20), (i) => (i % 2 === 0 ? "even" : "odd"));
    for (const stratify of ["y", labels]) {
      const { test: held } = data.split(0.2, { stratify });
      expect(itemsOf(held).filter((i) => i % 2 === 0).length).toBe(2);
      for (const fold of data.kFold(5, { stratify })) {
        expect(itemsOf(fold.test).filter((i) => i % 2 === 0).length).toBe(2);
      }
    }
    const { train } = data.split(0.2, { stratify: "y" });
    expect(train.kFold(2, { stratify: "y" }).map((fold) => fold.test.count)).toEqual([8, 8]);
  });

  test("parts of parts, maps, orders and batches use only their own items", () => {
    const { train } = data.map(({ x }, { item }) => ({ x, item })).split(0.5);
    const { test: quarter } = train.split(0.5);
    for (const { x, item } of quarter.shuffle({ seed: 9 }).batch(2))
      expect([...item.data()]).toEqual([...x.data()]);
    expect(sorted(itemsOf(quarter.shuffle({ seed: 9 })))).toEqual(sorted(itemsOf(quarter)));
    expect(quarter.count).toBe(5);
  });

  test("invalid arguments are refused", () => {
    expect(() => data.split(0)).toThrow("split: testFraction must be between 0 and 1, as in 0.2; got 0.");
    expect(() => data.split(0.01)).toThrow("split: of 20 items none would be in the test part.");
    expect(() => data.split(0.2, { stratify: "z" })).toThrow('split: stratify must be "x" or "y", got "z".');
    expect(() => data.split(0.2, { stratify: [1, 2] })).toThrow(
      "split: stratify must be the name of a field or 20 labels, one per item.",
    );
    expect(() => data.kFold(2, { count: 3 } as never)).toThrow('kFold: unknown option "count".');
    const wide = dataset({
      x: [
        [1, 2],
        [3, 4],
      ],
    });
    expect(() => wide.split(0.5, { stratify: "x" })).toThrow("the field x has several numbers per item");
  });
});

describe("sample", () => {
  test("draws items in proportion to their weights, anew in each epoch, and never one of weight 0", () => {
    const weights = [1, 0, 3, 6, 0];
    const batches = dataset(Int32Array.from(inOrder(5)))
      .sample({ weights, count: 10_000, seed: 4 })
      .batch(100);
    expect([batches.count, batches.batchCount]).toEqual([10_000, 100]);
    const counts = [0, 0, 0, 0, 0];
    for (const i of flat(batches.epoch(0))) counts[i]!++;
    weights.forEach((weight, i) => {
      const p = weight / 10;
      expect(Math.abs(counts[i]! - 10_000 * p)).toBeLessThanOrEqual(5 * Math.sqrt(10_000 * p * (1 - p)));
    });
    expect(flat(batches.epoch(1))).not.toEqual(flat(batches.epoch(0)));
    expect(flat(batches.epoch(1))).toEqual(flat(batches.epoch(1)));
    expect(flat(batches.epoch(1, { from: 40 }))).toEqual(flat(batches.epoch(1)).slice(4000));
  });

  test("has the number of items of the data set without count, and works on a part", () => {
    const { train } = dataset(Int32Array.from(inOrder(8))).split(0.5);
    const only = train.sample({ weights: [0, 0, 1, 0] });
    expect(flat(only.batch("full"))).toEqual(new Array(4).fill(flat(train.batch("full"))[2]));
  });

  test("balancedWeights make classes equally frequent", () => {
    const labels = [0, 0, 0, 0, 0, 0, 0, 1, 2, 2];
    const weights = balancedWeights(labels);
    const sums = [0, 1, 2].map((c) =>
      labels.reduce((sum, label, i) => sum + (label === c ? weights[i]! : 0), 0),
    );
    sums.forEach((sum) => expect(sum).toBeCloseTo(1, 12));
    expect(() => balancedWeights([])).toThrow("there are no labels");
  });

  test.each<[string, object, string]>([
    ["weights", {}, "sample: weights must have one entry for each of the 3 items, got none."],
    ["their number", { weights: [1, 2] }, "one entry for each of the 3 items, got 2."],
    ["a negative one", { weights: [1, -1, 2] }, "sample: weight 1 must be a number of 0 or more, got -1."],
    ["NaN", { weights: [1, Number.NaN, 2] }, "sample: weight 1 must be a number of 0 or more, got NaN."],
    ["zeros", { weights: [0, 0, 0] }, "sample: all weights are 0, so no item can be drawn."],
    ["count", { weights: [1, 1, 1], count: 0 }, "sample: count must be an integer of 1 or more, got 0."],
    ["an option", { weight: [1, 1, 1] }, 'sample: unknown option "weight". Did you mean "weights"?'],
  ])("misuse of %s is told", (_, options, message) => {
    expect(() => dataset(Int32Array.of(1, 2, 3)).sample(options as never)).toThrow(message);
  });
});
