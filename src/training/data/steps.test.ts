import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import "../../numeric/array/methods.ts";
import "../../engine/runtime/install.ts";
import { normal, uniform } from "../../numeric/random/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import type { BatchLeaf } from "./column.ts";
import { dataset } from "./dataset.ts";

/** A data set whose item `i` is `x = [i, −i]`, `y = 10 i`. */
const numbered = (count: number): { x: number[][]; y: Int32Array } => ({
  x: Array.from({ length: count }, (_, i) => [i, -i]),
  y: Int32Array.from({ length: count }, (_, i) => 10 * i),
});

function* items(count: number): Generator<{ x: number[]; y: number }> {
  for (let i = 0; i < count; i++) yield { x: [i, -i], y: 10 * i };
}

const listOf = (x: BatchLeaf): number[] => [...x.data()];

const all = <T>(batches: Iterable<T>): T[] => [...batches];

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of source) found.push(item);
  return found;
}

describe("map of items", () => {
  test("passes tensors without the first axis to a function, and stacks its results", () => {
    const seen: string[] = [];
    const data = dataset(numbered(5)).map(({ x, y }, { epoch, item }) => {
      seen.push(`${x.dtype}${x.shape.join()} ${y.dtype}${y.shape.join()} ${epoch} ${item}`);
      return { sum: x.sum(), twice: y.mul(2), place: [[item]] };
    });
    const [first, second, third] = [...data.batch(2).epoch(3)];
    expect(seen).toEqual([0, 1, 2, 3, 4].map((i) => `float642 int32 3 ${i}`));
    expect([first!.sum.shape, first!.twice.shape, first!.place.shape]).toEqual([[2], [2], [2, 1, 1]]);
    expect([first!, second!, third!].flatMap(({ twice }) => listOf(twice))).toEqual([0, 20, 40, 60, 80]);
    expect(first!.twice.dtype).toBe("int32");
    expect(data.count).toBe(5);
  });

  test("runs when a batch is made, and only for its items", () => {
    let calls = 0;
    const batches = dataset(numbered(10))
      .map(({ x }) => {
        calls++;
        return x;
      })
      .batch(3);
    expect(calls).toBe(0);
    expect([...batches.epoch(0, { from: 3 })].length).toBe(1);
    expect(calls).toBe(1);
  });

  test("composes like on a stream, in any order", async () => {
    const plus = (x: Tensor): number => x.item() + 1;
    const held = dataset(numbered(9))
      .shuffle({ seed: 2 })
      .map(({ y }) => plus(y))
      .map((y) => ({ z: 2 * y.item() }));
    const streamed = dataset(() => items(9))
      .map(({ y }) => y + 1)
      .map(async (y) => Promise.resolve({ z: 2 * y }));
    const fromHeld = [...held.batch(4)].flatMap(({ z }) => listOf(z)).sort((a, b) => a - b);
    const fromStream = (await collect(streamed.batch(4))).flatMap(({ z }) => listOf(z));
    expect(fromHeld).toEqual(fromStream);
    expect(fromStream).toEqual([2, 22, 42, 62, 82, 102, 122, 142, 162]);
  });

  test("of a stream accepts items of any type, and awaits those of a batch concurrently", async () => {
    let open = 0;
    let most = 0;
    const lengths = dataset(() => ["oak", "ash", "maple", "yew"]).map(async (name) => {
      most = Math.max(most, ++open);
      await Promise.resolve();
      open--;
      return name.length;
    });
    expect((await collect(lengths.batch(3))).map(listOf)).toEqual([[3, 3, 5], [3]]);
    expect(most).toBe(3);
  });

  test("keeps the requested dtype", () => {
    const [batch] = dataset(numbered(3), { dtype: "float32" })
      .map(({ x, y }) => ({ x: x.mul(2), y, z: 0.1 }))
      .batch(3);
    expect([batch!.x.dtype, batch!.y.dtype, batch!.z.dtype]).toEqual(["float32", "int32", "float32"]);
  });

  test("names the item whose result differs, and refuses promises and non-functions", async () => {
    const odd = dataset(numbered(6))
      .shuffle({ seed: 1 })
      .map(({ y }) => (y.item() === 20 ? [1, 2] : [1]));
    expect(() => [...odd.batch("full")]).toThrow(/map: item 2: is f64\[2\], the items before it f64\[1\]\./);
    const later = dataset(numbered(2)).map(async ({ y }) => Promise.resolve(y));
    expect(() => [...later.batch(2)]).toThrow("map: the function returned a promise, but batches in memory");
    expect(() => dataset(numbered(2)).map(3 as never)).toThrow(
      "map: expected a function of an item or a batch, got 3.",
    );
    const text = dataset(() => items(3)).map(({ y }) => `${y}`);
    await expect(collect(text.batch(2))).rejects.toThrow("map: item 0: expected arrays by name");
  });

  test("an error of the function is rethrown unchanged", async () => {
    const broken = new Error("no such picture");
    const fail = (): number => {
      throw broken;
    };
    expect(() => [...dataset(numbered(2)).map(fail).batch(2)]).toThrow(broken);
    await expect(
      collect(
        dataset(() => items(3))
          .map(fail)
          .batch(2),
      ),
    ).rejects.toBe(broken);
  });
});

describe("augment of items", () => {
  const noisy = (y: number, key: Uint32Array): number => y + uniform(key).item();

  const held = (count: number, seed: number) =>
    dataset(numbered(count)).augment(({ y }, key) => noisy(y.item(), key), { seed });
  const streamed = (count: number, seed: number) =>
    dataset(() => items(count)).augment(({ y }, key) => noisy(y, key), { seed });
  const flat = (batches: Iterable<BatchLeaf>): number[] => [...batches].flatMap(listOf);

  test("depends only on seed, epoch and item: not on order, batches, or the kind of data set", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer(),
        fc.nat(3),
        async (count, size, seed, k) => {
          const expected = flat(held(count, seed).batch("full").epoch(k));
          const shuffled = flat(held(count, seed).shuffle({ seed: 3 }).batch(size).epoch(k));
          expect(shuffled.sort((a, b) => a - b)).toEqual(expected);
          const stream = await collect(streamed(count, seed).batch(size).epoch(k));
          expect(stream.flatMap(listOf)).toEqual(expected);
          const mixed = await collect(streamed(count, seed).shuffle({ buffer: 4 }).batch(size).epoch(k));
          expect(mixed.flatMap(listOf).sort((a, b) => a - b)).toEqual(expected);
        },
      ),
    );
  });

  test("differs between epochs, seeds and items, and continues equally from the middle", async () => {
    const of = (seed: number, k: number): number[] =>
      flat(held(8, seed).batch(3).epoch(k)).map((y, i) => y - 10 * i);
    expect(new Set([...of(0, 0), ...of(0, 1), ...of(1, 0)]).size).toBe(24);
    expect(flat(held(8, 0).batch(3).epoch(1, { from: 1 }))).toEqual(
      flat(held(8, 0).batch(3).epoch(1)).slice(3),
    );
    const rest = await collect(streamed(8, 0).batch(3).epoch(1, { from: 1 }));
    expect(rest.flatMap(listOf)).toEqual(flat(held(8, 0).batch(3).epoch(1)).slice(3));
  });

  test("has other keys when applied again", () => {
    const keys: string[] = [];
    const note = (y: Tensor, key: Uint32Array): Tensor => {
      keys.push(key.join());
      return y;
    };
    const batches = dataset(Float64Array.of(1, 2))
      .augment(note)
      .augment(note)
      .batch(2)
      .augment(note)
      .augment(note);
    expect([...batches].length).toBe(1);
    expect(keys.length).toBe(6);
    expect(new Set(keys).size).toBe(6);
  });

  test("invalid arguments are refused", () => {
    const data = dataset(numbered(2));
    expect(() => data.augment(({ y }) => y, { sed: 1 } as never)).toThrow(
      'augment: unknown option "sed". Did you mean "seed"?',
    );
    expect(() => data.augment(({ y }) => y, { seed: 0.5 })).toThrow(
      "augment: seed must be an integer, got 0.5.",
    );
    expect(() => data.batch(2).augment(undefined as never)).toThrow("augment: expected a function");
  });
});

describe("map and augment of batches", () => {
  test("pass whole batches to a function, and keep both kinds of loops, positions and counts", async () => {
    const batches = dataset(numbered(7))
      .shuffle({ seed: 4 })
      .batch(3)
      .map(({ x, y }, { epoch, batch }) => ({ x: x.mul(2), y, place: y.mul(0).add(10 * epoch + batch) }));
    expect([batches.count, batches.batchCount]).toEqual([7, 3]);
    const sync = [...batches.epoch(2)].map(({ place }) => listOf(place));
    expect(sync).toEqual([[20, 20, 20], [21, 21, 21], [22]]);
    expect((await collect(batches.epoch(2))).map(({ place }) => listOf(place))).toEqual(sync);
    expect([...batches.epoch(2, { from: 1 })].map(({ place }) => listOf(place))).toEqual(sync.slice(1));
    for (const { x } of batches) expect(x.shape.length).toBe(2); // reads epoch 0
    for (const { place } of batches) expect(listOf(place)[0]).toBeGreaterThanOrEqual(10);
  });

  test("augment has one key per batch", async () => {
    const noisy = dataset(numbered(6))
      .batch(2)
      .augment(({ y }, key) => ({ y, noise: normal(key, y.shape[0]) }), { seed: 5 });
    const noise = (k: number, from = 0): number[] =>
      [...noisy.epoch(k, { from })].flatMap((batch) => listOf(batch.noise));
    expect(noise(1)).toEqual(noise(1));
    expect(new Set([...noise(0), ...noise(1)]).size).toBe(12);
    expect(noise(1, 2)).toEqual(noise(1).slice(4));
    const streamed = dataset(() => items(6))
      .batch(2)
      .augment(async ({ y }, key) => Promise.resolve({ y, noise: normal(key, y.shape[0]) }), { seed: 5 });
    expect((await collect(streamed.epoch(1))).flatMap((batch) => listOf(batch.noise))).toEqual(noise(1));
  });

  test("may return a bare column, and must return equal numbers of items in all fields", () => {
    const batches = dataset(numbered(4)).batch(2);
    expect(all(batches.map(({ y }) => y)).map(listOf)).toEqual([
      [0, 10],
      [20, 30],
    ]);
    expect(() => all(batches.map(({ y }) => ({ y, z: [1] })))).toThrow(
      "map: z has 1 items, where map: y has 2: they must have the same number.",
    );
    expect(() => all(batches.map(() => 3))).toThrow("map: a scalar has no items.");
    expect(() => all(batches.map(() => ({})))).toThrow("map: expected arrays by name");
    expect(() => all(batches.map(async ({ y }) => Promise.resolve(y)))).toThrow(
      "map: the function returned a promise",
    );
  });

  test("leaving the loop closes the source", async () => {
    let closed = 0;
    const source = function* (): Generator<number> {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        closed++;
      }
    };
    for await (const x of dataset(source)
      .batch(2)
      .map((item) => item)) {
      expect(x.shape).toEqual([2]);
      break;
    }
    expect(closed).toBe(1);
  });
});

describe("chunks", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 });

  /** The numbered items in parts of these sizes, all in one array that is reused. */
  function* parts(
    cuts: readonly number[],
  ): Generator<{ x: { shape: number[]; dtype: "float32"; data: Float32Array }; y: Int16Array }> {
    const x = new Float32Array(24);
    const y = new Int16Array(12);
    let at = 0;
    for (const n of cuts) {
      for (let i = 0; i < n; i++, at++) {
        x.set([at, -at], 2 * i);
        y[i] = 10 * at;
      }
      yield { x: { shape: [n, 2], dtype: "float32", data: x.subarray(0, 2 * n) }, y: y.subarray(0, n) };
    }
  }

  test("yield the batches of single items, for any division into parts and any start", async () => {
    await fc.assert(
      fc.asyncProperty(
        sizes,
        fc.integer({ min: 1, max: 15 }),
        fc.nat(4),
        fc.boolean(),
        fc.constantFrom("plain", "shuffle", "map"),
        fc.constantFrom("float64" as const, undefined),
        async (cuts, size, from, dropLast, how, dtype) => {
          const count = cuts.reduce((a, b) => a + b, 0);
          const options = dtype === undefined ? {} : { dtype };
          const whole = dataset(() => parts(cuts), { chunks: true, ...options });
          const each = dataset(() => items(count), { dtype: dtype ?? "float32" });
          const read = async (data: typeof whole): Promise<unknown[]> => {
            const changed =
              how === "plain"
                ? data
                : how === "shuffle"
                  ? data.shuffle({ buffer: 5 })
                  : data.map(({ x, y }) => ({ x, y }));
            const found = await collect(changed.batch(size, { dropLast }).epoch(1, { from }));
            return found.map(({ x, y }) => [x.shape, x.dtype, listOf(x), listOf(y)]);
          };
          expect(await read(whole)).toEqual(await read(each as never));
        },
      ),
    );
  });

  test("must have equal fields; messages name the part by its number", async () => {
    const first = { x: [[1, 2]], y: [1] };
    const read = async (second: unknown): Promise<unknown> =>
      collect(dataset(() => [first, second] as Iterable<typeof first>, { chunks: true }).batch(2));
    await expect(read({ x: [[1]], y: [1] })).rejects.toThrow(
      "dataset: part 1: x: has items of f64[1], the parts before it of f64[2]. All items must be alike.",
    );
    await expect(read({ x: [[1, 2]] })).rejects.toThrow(
      "dataset: part 1: holds x, the items before it x, y.",
    );
    await expect(read({ x: [[1, 2]], z: [1] })).rejects.toThrow("dataset: part 1: holds x, z");
    await expect(read({ x: [[1, 2]], y: [1, 2] })).rejects.toThrow(
      "dataset: part 1: x has 1 items and y has 2",
    );
    await expect(collect(dataset(() => [], { chunks: true }).batch(2))).rejects.toThrow(
      "has no items in epoch 0",
    );
    expect(() => dataset({ x: [1] }, { chunks: true } as never)).toThrow(
      "dataset: chunks applies only to iterables",
    );
    expect(() => dataset(() => [], { chunks: 1 } as never)).toThrow(
      "dataset: chunks must be true or false, got 1.",
    );
  });
});
