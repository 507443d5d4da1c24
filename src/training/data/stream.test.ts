import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { testInCi } from "../../../test/support/extent.ts";
import type { StreamBatches } from "./batches.ts";
import "../../numeric/array/methods.ts";
import type { BatchLeaf } from "./column.ts";
import { dataset } from "./dataset.ts";

type Item = { readonly x: readonly number[]; readonly y: number };

function* numbered(count: number): Generator<Item> {
  for (let i = 0; i < count; i++) yield { x: [i, -i], y: 10 * i };
}

async function* later(items: Iterable<Item>): AsyncGenerator<Item> {
  for (const item of items) {
    await Promise.resolve();
    yield item;
  }
}

type Batch = { readonly x: BatchLeaf; readonly y: BatchLeaf };

/** Returns the items of the batches after checking that the fields of each item match. */
async function itemsOf(batches: AsyncIterable<Batch>): Promise<number[][]> {
  const found: number[][] = [];
  for await (const { x, y } of batches) {
    expect(x.shape).toEqual([y.data().length, 2]);
    found.push(
      Array.from(y.data(), (ten, row) => {
        expect([x.data()[2 * row]! * 10, x.data()[2 * row + 1]! * -10]).toEqual([ten, ten]);
        return ten / 10;
      }),
    );
  }
  return found;
}

const inOrder = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe("a stream", () => {
  const shape = fc.record({
    count: fc.integer({ min: 1, max: 40 }),
    size: fc.integer({ min: 1, max: 12 }),
    isAsync: fc.boolean(),
    buffer: fc.option(fc.integer({ min: 1, max: 50 })),
    seed: fc.integer(),
    k: fc.nat(3),
  });

  function batchesOf(
    {
      count,
      size,
      isAsync,
      buffer,
      seed,
    }: { count: number; size: number; isAsync: boolean; buffer: number | null; seed: number },
    dropLast = false,
  ): StreamBatches<Batch> {
    const source = isAsync ? dataset(() => later(numbered(count))) : dataset(() => numbered(count));
    return (buffer === null ? source : source.shuffle({ seed, buffer })).batch(size, { dropLast });
  }

  test("yields every item once per epoch, in batches of the given size and a short last one", async () => {
    await fc.assert(
      fc.asyncProperty(shape, async (options) => {
        const { count, size, buffer, k } = options;
        const items = await itemsOf(batchesOf(options).epoch(k));
        expect(items.slice(0, -1).every((batch) => batch.length === size)).toBe(true);
        expect(items.length).toBe(Math.ceil(count / size));
        const flat = items.flat();
        expect(buffer === null ? flat : flat.sort((a, b) => a - b)).toEqual(inOrder(count));
        const whole = await itemsOf(batchesOf(options, true).epoch(k));
        expect(whole.length).toBe(Math.floor(count / size));
      }),
    );
  });

  test("started at any batch yields the rest of the whole epoch", async () => {
    await fc.assert(
      fc.asyncProperty(shape, fc.nat(10), async (options, from) => {
        const { k } = options;
        const rest = await itemsOf(batchesOf(options).epoch(k, { from }));
        expect(rest).toEqual((await itemsOf(batchesOf(options).epoch(k))).slice(from));
      }),
    );
  });

  test("yields the same items from synchronous and async sources", async () => {
    const options = { count: 30, size: 4, buffer: 7, seed: 5 };
    expect(await itemsOf(batchesOf({ ...options, isAsync: true }).epoch(2))).toEqual(
      await itemsOf(batchesOf({ ...options, isAsync: false }).epoch(2)),
    );
  });

  test("reports an unknown length", () => {
    const batches = dataset(() => numbered(3)).batch(2);
    expect([batches.count, batches.batchCount]).toEqual([undefined, undefined]);
  });
});

describe("laziness", () => {
  test("an endless source is read only as far as its batches are", async () => {
    let read = 0;
    let closed = false;
    function* endless(): Generator<number> {
      try {
        for (;;) yield read++;
      } finally {
        closed = true;
      }
    }
    const found: number[][] = [];
    for await (const x of dataset(endless).batch(3)) {
      found.push([...x.data()]);
      if (found.length === 2) break;
    }
    expect(found).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(read).toBe(6);
    expect(closed).toBe(true);
  });

  test("a shuffled source is read ahead by its buffer and no further", async () => {
    let read = 0;
    function* endless(): Generator<number> {
      for (;;) yield read++;
    }
    for await (const batch of dataset(endless).shuffle({ buffer: 10 }).batch(3)) {
      expect(batch.shape).toEqual([3]);
      break;
    }
    expect(read).toBe(13);
  });
});

describe("shuffle within a window", () => {
  const order = async (
    k: number,
    options: { seed?: number; when?: "once"; buffer: number },
  ): Promise<number[]> =>
    (
      await itemsOf(
        dataset(() => numbered(40))
          .shuffle(options)
          .batch(5)
          .epoch(k),
      )
    ).flat();

  test("depends only on seed and epoch", async () => {
    expect(await order(1, { seed: 3, buffer: 8 })).toEqual(await order(1, { seed: 3, buffer: 8 }));
    expect(await order(1, { seed: 3, buffer: 8 })).not.toEqual(await order(2, { seed: 3, buffer: 8 }));
    expect(await order(1, { seed: 3, buffer: 8 })).not.toEqual(await order(1, { seed: 4, buffer: 8 }));
    expect(await order(5, { buffer: 8, when: "once" })).toEqual(await order(0, { buffer: 8, when: "once" }));
    expect(await order(0, { buffer: 1 })).toEqual(inOrder(40));
  });

  testInCi(
    "moves no item forward by more than the window, and shuffles completely if the window holds all",
    async () => {
      const places = await order(0, { buffer: 8 });
      places.forEach((item, place) => expect(item - place).toBeLessThanOrEqual(8));
      const first = new Array<number>(4).fill(0);
      const batches = dataset(() => [0, 1, 2, 3])
        .shuffle({ buffer: 4 })
        .batch(4);
      for (let k = 0; k < 2000; k++) for await (const x of batches.epoch(k)) first[x.data()[0]!]!++;
      for (const n of first) expect(Math.abs(n - 500)).toBeLessThan(5 * Math.sqrt(2000 * 0.25 * 0.75)); // 5 standard deviations
    },
  );
});

describe("sources", () => {
  test("a function receives the number of the epoch, and may be async", async () => {
    const batches = dataset(async (epoch) => Promise.resolve([epoch, epoch + 1])).batch(2);
    const seen: number[][] = [];
    for (let i = 0; i < 2; i++) for await (const x of batches) seen.push([...x.data()]);
    for await (const x of batches.epoch(7)) seen.push([...x.data()]);
    expect(seen).toEqual([
      [0, 1],
      [1, 2],
      [7, 8],
    ]);
  });

  test("an iterable that can be read again is read in every epoch", async () => {
    const set = new Set([3, 4, 5]);
    const batches = dataset(set).batch(2);
    for (let i = 0; i < 2; i++) {
      const shapes: (readonly number[])[] = [];
      for await (const batch of batches) shapes.push(batch.shape);
      expect(shapes).toEqual([[2], [1]]);
    }
  });

  test("a generator is used up by one epoch, and the error names the remedy", async () => {
    const batches = dataset(numbered(3)).batch(2);
    expect(await itemsOf(batches)).toEqual([[0, 1], [2]]);
    await expect(itemsOf(batches)).rejects.toThrow(
      "dataset: the iterable was used up by the previous epoch. If it can be read only once, pass a function that makes a new one, as in dataset(() => lines()).",
    );
  });

  test("a web stream is read, although it can be locked only once", async () => {
    const stream = new ReadableStream<number>({
      start(controller) {
        for (const x of [1, 2, 3]) controller.enqueue(x);
        controller.close();
      },
    });
    const batches = dataset(stream as unknown as AsyncIterable<number>).batch(2);
    const seen: number[][] = [];
    for await (const x of batches) seen.push([...x.data()]);
    expect(seen).toEqual([[1, 2], [3]]);
  });

  test("dtype sets the dtype of floating-point numbers", async () => {
    for await (const { x, y } of dataset(() => numbered(2), { dtype: "float32" }).batch(2)) {
      expect([x.dtype, y.dtype]).toEqual(["float32", "float32"]);
      expect(x.data()).toEqual(Float32Array.of(0, -0, 1, -1));
    }
  });
});

describe("misuse", () => {
  const source = dataset(() => numbered(4));

  test.each<[string, () => unknown, string]>([
    [
      "full batches",
      () => source.batch("full" as never),
      'batch: "full" needs all items at once, and an iterable is read item by item. Pass a size, or collect the items into arrays first.',
    ],
    [
      "no window",
      () => source.shuffle({ seed: 1 } as never),
      "shuffle: an iterable is not held in memory, so it is shuffled within a window. Pass the size of the window, as in shuffle({ seed: 0, buffer: 1000 }).",
    ],
    ["no options", () => source.shuffle(undefined as never), "shuffle: an iterable is not held in memory"],
    [
      "an empty window",
      () => source.shuffle({ buffer: 0 }),
      "shuffle: buffer must be an integer of 1 or more, got 0.",
    ],
    [
      "a misspelt option",
      () => source.shuffle({ buffr: 3 } as never),
      'shuffle: unknown option "buffr". Did you mean "buffer"?',
    ],
    [
      "a broken epoch",
      () => source.batch(2).epoch(0.5),
      "epoch: the epoch must be an integer of 0 or more, got 0.5.",
    ],
  ])("%s is told", (_, action, message) => {
    expect(action).toThrow(message);
  });

  const read = async (of: StreamBatches<unknown>, k = 0): Promise<void> => {
    for await (const batch of of.epoch(k)) expect(batch).toBeDefined();
  };

  test("items with other fields are named by their number", async () => {
    const ragged = dataset(
      () => [{ x: [1, 2] }, { x: [3, 4] }, { x: [5, 6] }, { x: [7] }] as Iterable<{ x: number[] }>,
    );
    await expect(read(ragged.batch(2))).rejects.toThrow(
      "dataset: item 3: x: is f64[1], the items before it f64[2].",
    );
    const mixed = dataset(() => [{ x: 1 }, 2] as Iterable<unknown>);
    await expect(read(mixed.batch(2))).rejects.toThrow(
      "dataset: item 1: holds a bare value, the items before it x.",
    );
    const text = dataset(() => ["oak"] as Iterable<unknown>);
    await expect(read(text.batch(2))).rejects.toThrow(
      'dataset: item 0: expected arrays by name, as in { x, y }, or one array; got "oak".',
    );
  });

  test("a source without items and an invalid source are refused", async () => {
    await expect(read(dataset(() => numbered(0)).batch(2))).rejects.toThrow(
      "dataset: the iterable has no items in epoch 0.",
    );
    await expect(read(dataset(() => numbered(0)).batch(2), 1)).rejects.toThrow(
      "pass a function that makes a new one",
    );
    await expect(read(dataset((() => 3) as never).batch(2))).rejects.toThrow(
      "expected an iterable of items; the function returned something else.",
    );
  });

  test("an error of the source is rethrown unchanged", async () => {
    const broken = new Error("line 7 of data.csv");
    const failing = dataset(function* (): Generator<number> {
      yield 1;
      throw broken;
    });
    await expect(read(failing.batch(2))).rejects.toBe(broken);
  });
});
