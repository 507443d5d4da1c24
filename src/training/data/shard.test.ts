// A shard of a data set has every count-th item of each batch, regardless of the transformations in between.
import { add, type Tensor, tensor } from "downhill";
import { type Batches, dataset, type StreamBatches } from "downhill/data";
import { normal } from "downhill/random";
import { describe, expect, test } from "vitest";

const items = 23;
const numbers = Float64Array.from({ length: items }, (_, i) => i);
const source = { x: numbers, y: Float64Array.from(numbers, (i) => 100 + i) };
type Item = { readonly x: Tensor; readonly y: Tensor };

const noisy = ({ x, y }: Item, key: Uint32Array): Item => ({ x: add(x, normal(key)), y });
function* parts(size: number): Generator<{ x: Float64Array; y: Float64Array }> {
  for (let i = 0; i < items; i += size)
    yield { x: source.x.slice(i, i + size), y: source.y.slice(i, i + size) };
}
function* one(): Generator<{ x: number; y: number }> {
  for (let i = 0; i < items; i++) yield { x: source.x[i]!, y: source.y[i]! };
}

const sets: Readonly<Record<string, (size: number) => StreamBatches<Item>>> = {
  "as it is": (n) => dataset(source).batch(n),
  shuffled: (n) => dataset(source).shuffle({ seed: 1 }).batch(n),
  "of a part": (n) => dataset(source).split(0.3).train.shuffle({ seed: 1 }).batch(n),
  drawn: (n) => dataset(source).sample({ weights: numbers, count: 17 }).batch(n),
  "augmented by items": (n) => dataset(source).shuffle({ seed: 2 }).augment(noisy, { seed: 5 }).batch(n),
  "augmented by batches": (n) => dataset(source).shuffle().batch(n).augment(noisy, { seed: 5 }),
  "mapped and read ahead": (n) =>
    dataset(source).batch(n).map(({ x, y }) => ({ x: add(x, 1), y })).prefetch(), // prettier-ignore
  "a stream": (n) => dataset(() => one()).batch(n),
  "a stream, shuffled and augmented": (n) =>
    dataset(() => one()).shuffle({ seed: 3, buffer: 5 }).augment(({ x, y }, key) => ({ x: x + normal(key).item(), y })).batch(n), // prettier-ignore
  "a stream of parts": (n) => dataset(() => parts(7), { chunks: true, dtype: "float32" }).batch(n),
  "a stream of parts, mapped": (n) =>
    dataset(() => parts(4), { chunks: true }).map(({ x, y }) => ({ x: add(x, 1), y })).batch(n), // prettier-ignore
};

const read = async (batches: StreamBatches<Item>, epoch: number, from = 0): Promise<number[][][]> => {
  const all: number[][][] = [];
  for await (const { x, y } of batches.epoch(epoch, { from })) all.push([[...x.data()], [...y.data()]]);
  return all;
};
const every = (rows: readonly number[], index: number, count: number): number[] =>
  rows.filter((_, i) => i % count === index);

describe.each(Object.entries(sets))("a data set, %s", (_, make) => {
  test.each([
    [8, 2],
    [8, 4],
    [6, 8],
    [23, 2],
  ])(
    "in batches of %i and %i shards has each item in one shard, in the order of the batches",
    async (size, count) => {
      const whole = await read(make(size), 1);
      for (let index = 0; index < count; index++) {
        const shard = await read(make(size).shard({ index, count }), 1);
        expect(shard).toEqual(whole.map((batch) => batch.map((rows) => every(rows, index, count))));
        expect(await read(make(size).shard({ index, count }), 1, 1)).toEqual(shard.slice(1));
      }
    },
  );

  test("can be sharded in two steps", async () => {
    const nested = make(8).shard({ index: 1, count: 2 }).shard({ index: 1, count: 2 });
    expect(await read(nested, 0)).toEqual(await read(make(8).shard({ index: 3, count: 4 }), 0));
  });
});

describe("a shard", () => {
  test("of a data set in batches of n equals that of batches of n times the number of shards", async () => {
    for (const [data, stream] of [
      [dataset(source).shuffle({ seed: 4 }), dataset(source).shuffle({ seed: 4 })],
      [dataset(() => one()), dataset(() => one())],
    ] as const) {
      for (const index of [0, 1, 2, 3]) {
        const shard = { index, count: 4 };
        const ofItems = await read(data.shard(shard).batch(2), 0);
        expect(ofItems).toEqual(await read(stream.batch(8).shard(shard), 0));
        expect(ofItems.length).toBe(3);
      }
    }
  });

  test("counts its items", () => {
    const batches = dataset(source).batch(8);
    const counts = (b: Batches<Item>): number[] => [b.count, b.batchCount];
    // 8, 8 and 7 items: of the first two shards 2 in each batch, of the last one 2, 2 and 1
    expect(counts(batches.shard({ index: 0, count: 4 }))).toEqual([6, 3]);
    expect(counts(batches.shard({ index: 3, count: 4 }))).toEqual([5, 3]);
    expect(counts(batches.map((b) => b).shard({ index: 3, count: 4 }))).toEqual([5, 3]);
    expect(dataset(source).shard({ index: 3, count: 4 }).count).toBe(5);
    expect(counts(dataset(source).shard({ index: 3, count: 4 }).batch(2, { dropLast: true }))[1]).toBe(2);
  });

  test("uses the order that is set after it, and applies to parts", () => {
    const shard = { index: 1, count: 2 };
    const rows = (b: Batches<Item>): number[][] => [...b.epoch(0)].map(({ x }) => [...x.data()]);
    expect(rows(dataset(source).shard(shard).shuffle({ seed: 1 }).batch(4))).toEqual(
      rows(dataset(source).shuffle({ seed: 1 }).shard(shard).batch(4)),
    );
    expect(rows(dataset(source).shard(shard).split(0.5).test.batch(4))).toEqual(
      rows(dataset(source).split(0.5).test.shard(shard).batch(4)),
    );
  });

  test("maps only its own items, or one if it has none", () => {
    const seen: number[] = [];
    const batches = dataset({ x: [0, 1, 2, 3, 4] })
      .map(({ x }, { item }) => {
        seen.push(item);
        return { x };
      })
      .batch(4)
      .shard({ index: 3, count: 4 });
    const shapes = [...batches.epoch(0)].map(({ x }) => x.shape);
    expect(shapes).toEqual([[1], [0]]);
    expect(seen).toEqual([3, 4]);
  });

  test("with invalid options is refused", () => {
    const data = dataset(source);
    expect(() => data.shard({ index: 2, count: 2 })).toThrow("index must be one of 0 to 1, got 2");
    expect(() => data.batch(2).shard({ index: 0, count: 0 })).toThrow(
      "count must be an integer of 1 or more",
    );
    expect(() => data.shard({ index: 0 } as never)).toThrow("shard:");
    const odd = data.batch(4).map(({ x }) => ({ x, y: x })).shard({ index: 0, count: 2 }); // prettier-ignore
    expect([...odd.epoch(0)].length).toBe(6);
    expect(() => [...dataset({ x: tensor([1, 2]) }).batch(2).shard({ index: 0, count: 2, extra: 1 } as never)]).toThrow("extra"); // prettier-ignore
  });
});
