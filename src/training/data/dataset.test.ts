import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Batches, Epoch } from "./batches.ts";
import "../../numeric/array/methods.ts";
import type { BatchLeaf } from "./column.ts";
import { dataset } from "./dataset.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { full } from "../../numeric/array/create.ts";
import { jit } from "../../engine/runtime/jit.ts";
import "../../engine/runtime/install.ts";

type Batch = { readonly x: BatchLeaf; readonly y: BatchLeaf };

const asColumnOf = (x: BatchLeaf): object => ({ shape: x.shape, dtype: x.dtype, data: x.data() });

/** A data set whose item `i` is `x = [i, −i]`, `y = 10 i`. */
function numbered(count: number): { x: number[][]; y: Int32Array } {
  return {
    x: Array.from({ length: count }, (_, i) => [i, -i]),
    y: Int32Array.from({ length: count }, (_, i) => 10 * i),
  };
}

/** Returns the items of the batches after checking that the fields of each item match. */
function itemsOf(batches: Iterable<Batch>): number[][] {
  return Array.from(batches, ({ x, y }) => {
    expect(x.shape).toEqual([y.data().length, 2]);
    return Array.from(y.data(), (ten, row) => {
      expect(x.data()[2 * row]).toBe(ten / 10);
      expect(x.data()[2 * row + 1]).toBe(-ten / 10);
      return ten / 10;
    });
  });
}

const counts = fc.integer({ min: 1, max: 60 });
const sizes = fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constant("full" as const));

describe("batch", () => {
  test("yields every item once per epoch, in batches of the given size and a short last one", () => {
    fc.assert(
      fc.property(counts, sizes, fc.boolean(), fc.integer(), fc.nat(5), (count, size, shuffled, seed, k) => {
        const data = dataset(numbered(count));
        const batches = (shuffled ? data.shuffle({ seed }) : data).batch(size);
        const items = itemsOf(batches.epoch(k));
        const each = size === "full" ? count : Math.min(size, count);
        expect(batches.count).toBe(count);
        expect(batches.batchCount).toBe(items.length);
        expect(items.length).toBe(Math.ceil(count / each));
        expect(items.slice(0, -1).every((batch) => batch.length === each)).toBe(true);
        expect(items.at(-1)!.length).toBe(count - each * (items.length - 1));
        const inOrder = Array.from({ length: count }, (_, i) => i);
        const flat = items.flat();
        expect(shuffled ? flat.sort((a, b) => a - b) : flat).toEqual(inOrder);
      }),
    );
  });

  test("with dropLast yields only full batches, otherwise the same items", () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 60 }), fc.integer(), (count, size, seed) => {
        fc.pre(size <= count);
        const data = dataset(numbered(count)).shuffle({ seed });
        const whole = itemsOf(data.batch(size, { dropLast: true }).epoch(1));
        expect(whole).toEqual(itemsOf(data.batch(size).epoch(1)).filter((batch) => batch.length === size));
        expect(data.batch(size, { dropLast: true }).batchCount).toBe(Math.floor(count / size));
      }),
    );
  });

  test("of 1 is stochastic gradient descent, and full is gradient descent", () => {
    const data = dataset(numbered(3));
    expect(itemsOf(data.batch(1).epoch(0))).toEqual([[0], [1], [2]]);
    expect(itemsOf(data.batch("full").epoch(0))).toEqual([[0, 1, 2]]);
    expect(itemsOf(data.batch("full", { dropLast: true }).epoch(0))).toEqual([[0, 1, 2]]);
  });

  test("makes a batch only on demand", () => {
    const x = Float64Array.of(0, 1, 2, 3);
    const iterator = dataset(x).batch(2).epoch(0)[Symbol.iterator]();
    expect(iterator.next().value!.data()).toEqual(Float64Array.of(0, 1));
    x[3] = 30; // visible, because the second batch is not made yet
    expect(iterator.next().value!.data()).toEqual(Float64Array.of(2, 30));
  });

  test("copies: changing a batch changes nothing else", () => {
    const x = Float64Array.of(1, 2, 3);
    for (const data of [dataset(x), dataset(x).shuffle()]) {
      for (const batch of data.batch(3)) batch.data().fill(9);
    }
    expect([...x]).toEqual([1, 2, 3]);
  });
});

describe("epoch", () => {
  const data = dataset(numbered(50)).shuffle({ seed: 7 });

  test("depends only on seed and number", () => {
    const batches = data.batch(8);
    const third = itemsOf(batches.epoch(3));
    itemsOf(batches);
    expect(itemsOf(batches.epoch(3))).toEqual(third);
    expect(itemsOf(dataset(numbered(50)).shuffle({ seed: 7 }).batch(8).epoch(3))).toEqual(third);
    expect(itemsOf(batches.epoch(4))).not.toEqual(third);
    expect(itemsOf(dataset(numbered(50)).shuffle({ seed: 8 }).batch(8).epoch(3))).not.toEqual(third);
    // the batch size does not change the order
    expect(itemsOf(data.batch(5).epoch(3)).flat()).toEqual(third.flat());
  });

  test("started at any batch yields the rest of the whole epoch", () => {
    fc.assert(
      fc.property(fc.nat(3), fc.nat(8), (k, from) => {
        const batches = data.batch(8);
        expect(itemsOf(batches.epoch(k, { from }))).toEqual(itemsOf(batches.epoch(k)).slice(from));
      }),
    );
  });

  test("is equal in a for await loop", async () => {
    const found: Batch[] = [];
    for await (const batch of data.batch(8).epoch(2)) found.push(batch);
    expect(itemsOf(found)).toEqual(itemsOf(data.batch(8).epoch(2)));
  });

  test("can be iterated again", () => {
    const epoch: Epoch<Batch> = data.batch(8).epoch(2);
    expect(itemsOf(epoch)).toEqual(itemsOf(epoch));
  });
});

describe("a loop over batches", () => {
  test("reads the next epoch each time, so that a hand-written loop is reshuffled", async () => {
    const batches: Batches<Batch> = dataset(numbered(20)).shuffle({ seed: 1 }).batch(6);
    expect(itemsOf(batches)).toEqual(itemsOf(batches.epoch(0)));
    expect(itemsOf(batches)).toEqual(itemsOf(batches.epoch(1)));
    const third: Batch[] = [];
    for await (const batch of batches) third.push(batch);
    expect(itemsOf(third)).toEqual(itemsOf(batches.epoch(2)));
    const fresh = dataset(numbered(20)).shuffle({ seed: 1 }).batch(6);
    expect(itemsOf(fresh)).toEqual(itemsOf(batches.epoch(0)));
  });
});

describe("shuffle", () => {
  test("once keeps the order of the first epoch", () => {
    const once = dataset(numbered(30)).shuffle({ seed: 2, when: "once" }).batch(7);
    const each = dataset(numbered(30)).shuffle({ seed: 2, when: "each-epoch" }).batch(7);
    expect(itemsOf(once.epoch(0))).toEqual(itemsOf(each.epoch(0)));
    expect(itemsOf(once.epoch(5))).toEqual(itemsOf(once.epoch(0)));
    expect(itemsOf(each.epoch(5))).not.toEqual(itemsOf(each.epoch(0)));
    expect(itemsOf(once.epoch(0)).flat()).not.toEqual(Array.from({ length: 30 }, (_, i) => i));
  });

  test("leaves the original data set in order, and a second shuffle replaces the first", () => {
    const data = dataset(numbered(10));
    const shuffled = data.shuffle({ seed: 1 });
    expect(itemsOf(data.batch(10).epoch(0)).flat()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(itemsOf(shuffled.shuffle({ seed: 2 }).batch(3).epoch(0))).toEqual(
      itemsOf(data.shuffle({ seed: 2 }).batch(3).epoch(0)),
    );
  });

  test("puts every item at every position equally often", () => {
    const batches = dataset([0, 1, 2, 3]).shuffle({ seed: 0 }).batch("full");
    const first = new Array<number>(4).fill(0);
    for (let k = 0; k < 4000; k++) for (const x of batches.epoch(k)) first[x.data()[0]!]!++;
    for (const n of first) expect(Math.abs(n - 1000)).toBeLessThan(5 * Math.sqrt(4000 * 0.25 * 0.75)); // 5 standard deviations
  });
});

describe("sources", () => {
  test("one array yields batches that are tensors", () => {
    const batches = dataset(Float32Array.of(1, 2, 3)).batch(2);
    expect([...batches.epoch(0)].map(asColumnOf)).toEqual([
      { shape: [2], dtype: "float32", data: Float32Array.of(1, 2) },
      { shape: [1], dtype: "float32", data: Float32Array.of(3) },
    ]);
    expect([...dataset([[1], [2]]).batch("full")].map((batch) => batch.shape)).toEqual([[2, 1]]);
  });

  test("a list of items becomes a data set in memory", () => {
    const items = [
      { x: [1, 2], label: true },
      { x: [3, 4], label: false },
    ];
    expect(
      [...dataset(items).batch(2)].map(({ x, label }) => ({ x: asColumnOf(x), label: asColumnOf(label) })),
    ).toEqual([
      {
        x: { shape: [2, 2], dtype: "float64", data: Float64Array.of(1, 2, 3, 4) },
        label: { shape: [2], dtype: "bool", data: Uint8Array.of(1, 0) },
      },
    ]);
    expect(dataset(items).count).toBe(2);
  });

  test("dtype sets the dtype of floating-point numbers, and leaves integers unchanged", () => {
    const source = { a: [1.5], b: Float32Array.of(0.1), c: Int32Array.of(3), d: [true] };
    const types = (dtype?: "float32" | "float64"): string[] => {
      const [batch] = [...dataset(source, dtype === undefined ? {} : { dtype }).batch(1)];
      return Object.values(batch!).map((column) => column.dtype);
    };
    expect(types()).toEqual(["float64", "float32", "int32", "bool"]);
    expect(types("float32")).toEqual(["float32", "float32", "int32", "bool"]);
    expect(types("float64")).toEqual(["float64", "float64", "int32", "bool"]);
  });

  test("interfaces and names such as __proto__ are accepted", () => {
    interface Source {
      readonly x: number[];
      readonly y: Float32Array;
    }
    const source: Source = { x: [1], y: Float32Array.of(2) };
    const batches: Batches<{ readonly x: BatchLeaf; readonly y: BatchLeaf }> = dataset(source).batch(1);
    expect([...batches].length).toBe(1);
    const odd = JSON.parse('{"__proto__": [1], "toString": [2]}') as Record<string, number[]>;
    expect(Object.keys([...dataset(odd).batch(1)][0]!)).toEqual(["__proto__", "toString"]);
  });
});

describe("misuse", () => {
  const data = dataset(numbered(40));
  test.each<[string, () => unknown, string]>([
    [
      "a misspelt option of batch",
      () => data.batch(8, { droplast: true } as never),
      'batch: unknown option "droplast". Did you mean "dropLast"?',
    ],
    [
      "dropLast that is not a boolean",
      () => data.batch(8, { dropLast: 1 } as never),
      "batch: dropLast must be true or false, got 1.",
    ],
    [
      "no size",
      () => data.batch(undefined as never),
      'batch: the size must be an integer of 1 or more, or "full", got undefined.',
    ],
    [
      "a size of 0",
      () => data.batch(0),
      'batch: the size must be an integer of 1 or more, or "full", got 0.',
    ],
    ["a broken size", () => data.batch(2.5), "got 2.5."],
    ["another word", () => data.batch("all" as never), 'or "full", got "all".'],
    [
      "nothing left",
      () => data.batch(64, { dropLast: true }),
      "batch: with dropLast there is no batch of 64, because there are only 40 items. Use smaller batches or omit dropLast.",
    ],
    [
      "a misspelt option of shuffle",
      () => data.shuffle({ sed: 1 } as never),
      'shuffle: unknown option "sed". Did you mean "seed"?',
    ],
    [
      "a seed that is not an integer",
      () => data.shuffle({ seed: 0.5 }),
      "shuffle: seed must be an integer, got 0.5.",
    ],
    [
      "another time to shuffle",
      () => data.shuffle({ when: "each" as never }),
      'shuffle: when must be "each-epoch" or "once", got "each". Did you mean "each-epoch"?',
    ],
    [
      "a buffer in memory",
      () => data.shuffle({ buffer: 10 } as never),
      "shuffle: buffer applies only to iterables; data in memory are shuffled as a whole. Omit it.",
    ],
    [
      "a negative epoch",
      () => data.batch(8).epoch(-1),
      "epoch: the epoch must be an integer of 0 or more, got -1.",
    ],
    [
      "a broken position",
      () => data.batch(8).epoch(0, { from: 0.5 }),
      "epoch: from must be an integer of 0 or more, got 0.5.",
    ],
    [
      "a misspelt option of epoch",
      () => data.batch(8).epoch(0, { form: 1 } as never),
      'epoch: unknown option "form". Did you mean "from"?',
    ],
    [
      "fields of different length",
      () => dataset({ x: [1, 2], y: [1] }),
      "dataset: x has 2 items and y has 1: they must have the same number.",
    ],
    [
      "rows of different length",
      () => dataset({ x: [[1, 2], [3]] }),
      "dataset: x: item 1 holds a list of 1 where item 0 holds a list of 2.",
    ],
    [
      "names of classes",
      () => dataset({ y: ["oak"] } as never),
      'dataset: y: holds the text "oak" where a number belongs. Turn names into numbers with encodeLabels.',
    ],
    [
      "a list of names",
      () => dataset(["oak"] as never),
      "dataset: text is not a number. Turn names into numbers with encodeLabels.",
    ],
    ["no items", () => dataset([]), "dataset: there are no items."],
    [
      "nothing",
      () => dataset(undefined as never),
      "dataset: expected arrays by name, as in { x, y }, or one array; got undefined.",
    ],
    [
      "items with other names",
      () => dataset([{ x: 1 }, { y: 1 }] as never),
      "dataset: item 1: holds y, the items before it x.",
    ],
    [
      "items with more names",
      () => dataset([{ x: 1 }, { x: 1, y: 1 }] as never),
      "dataset: item 1: holds x, y, the items before it x.",
    ],
    [
      "items of other shapes",
      () => dataset([{ x: [1, 2] }, { x: [1] }]),
      "dataset: item 1: x: is f64[1], the items before it f64[2]. All items must be alike.",
    ],
    [
      "a misspelt option of dataset",
      () => dataset([1], { dype: "float32" } as never),
      'dataset: unknown option "dype". Did you mean "dtype"?',
    ],
    [
      "a dtype that is not floating",
      () => dataset([1], { dtype: "int32" as never }),
      'dataset: dtype must be "float64" or "float32", got "int32".',
    ],
  ])("%s is told", (_, action, message) => {
    expect(action).toThrow(message);
  });
});

test("a data set of a large compiled result keeps its numbers when kernel memory is reused for later results", () => {
  const n = 20_000;
  const f = jit((x: Tensor) => x.mul(2));
  const data = dataset({ x: f(full([n], 1.5)) });
  for (let i = 0; i < 600; i++) f(full([n], i)); // more than the kernel memory holds
  const sums = Array.from(data.batch(n), ({ x }) => Array.from(x.data()).reduce((a, b) => a + b, 0));
  expect(sums).toEqual([3 * n]);
});
