import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import "../../numeric/array/methods.ts";
import "../../engine/runtime/install.ts";
import { extent, testInCi } from "../../../test/support/extent.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import type { BatchLeaf } from "./column.ts";
import { dataset } from "./dataset.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a module for a worker to its own file. */
function moduleOf(code: string, name = "map.mjs"): URL {
  const path = join(folder, name);
  writeFileSync(path, code);
  return pathToFileURL(path);
}

type Batch = { readonly x: BatchLeaf; readonly y: BatchLeaf };
const listOf = ({ x, y }: Batch): unknown => [x.shape, x.dtype, [...x.data()], y.dtype, [...y.data()]];

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of source) found.push(item);
  return found;
}

const numbered = (count: number): { x: Float32Array; y: Int32Array } => ({
  x: Float32Array.from({ length: count }, (_, i) => i / 2),
  y: Int32Array.from({ length: count }, (_, i) => i),
});

function* items(count: number): Generator<{ x: number; y: number }> {
  for (let i = 0; i < count; i++) yield { x: i / 2, y: i };
}

const noisy = `
export function map({ x, y }, key, { epoch, batch }) {
  const data = x.data.map((value, i) => value + (key[i % 2] % 1000) / 1024 + epoch + batch);
  return { x: { ...x, data }, y };
}`;

describe("prefetch", () => {
  test("yields the same batches as without it, in order, from any start, for any number ahead", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(5),
        fc.boolean(),
        async (count, size, ahead, from, isStream) => {
          const batches = isStream
            ? dataset(() => items(count))
                .shuffle({ buffer: 7 })
                .batch(size)
            : dataset(numbered(count)).shuffle({ seed: 1 }).batch(size);
          const fetched = batches.prefetch({ ahead });
          expect(fetched.batchCount).toBe(batches.batchCount);
          for (const k of [0, 2]) {
            const expected = (await collect(batches.epoch(k, { from }))).map(listOf);
            expect((await collect(fetched.epoch(k, { from }))).map(listOf)).toEqual(expected);
          }
        },
      ),
      { numRuns: extent(30, 100) },
    );
  });

  test("reads ahead by the given number and no further, and nothing before the loop begins", async () => {
    let read = 0;
    const source = function* (): Generator<number> {
      for (;;) yield read++;
    };
    const batches = dataset(source).batch(2).prefetch({ ahead: 3 });
    expect(read).toBe(0);
    const seen: number[] = [];
    for await (const x of batches) {
      seen.push(x.data()[0]!);
      await new Promise((resolve) => setImmediate(resolve)); // lets the reading catch up
      expect(read).toBe(2 * (seen.length + 3));
      if (seen.length === 4) break;
    }
    expect(seen).toEqual([0, 2, 4, 6]);
  });

  test("batches that were read ahead but not used are not lost: a run resumes at its position", async () => {
    const batches = dataset(numbered(20)).shuffle({ seed: 3 }).batch(3);
    const fetched = batches.prefetch({ ahead: 4 }).map(({ x, y }) => ({ x: x.mul(2), y }));
    const taken: unknown[] = [];
    for await (const batch of fetched.epoch(5)) {
      taken.push(listOf(batch));
      if (taken.length === 3) break;
    }
    const rest = await collect(fetched.epoch(5, { from: taken.length }));
    expect([...taken, ...rest.map(listOf)]).toEqual((await collect(fetched.epoch(5))).map(listOf));
  });

  test("leaving the loop closes the source, even while it waits for an item that never comes", async () => {
    let closed = 0;
    const source = async function* (): AsyncGenerator<number> {
      try {
        yield 1;
        yield 2;
        await new Promise(() => {});
      } finally {
        closed++;
      }
    };
    for await (const x of dataset(source).batch(1).prefetch({ ahead: 1 })) {
      expect(x.data()[0]).toBe(1);
      break;
    }
    expect(closed).toBe(1);
    const seen: number[] = [];
    for await (const x of dataset(source).batch(1).prefetch({ ahead: 5 })) {
      seen.push(x.data()[0]!);
      if (seen.length === 2) break; // the loop is waiting for the third item
    }
    expect(seen).toEqual([1, 2]);
  });

  test("an error of the source is thrown at its position, after the batches before it", async () => {
    const broken = new Error("line 7");
    const source = function* (): Generator<number> {
      yield* [1, 2, 3];
      throw broken;
    };
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      for await (const x of dataset(source).batch(1).prefetch({ ahead: 9 })) seen.push(x.data()[0]!);
    };
    await expect(read()).rejects.toBe(broken);
    expect(seen).toEqual([1, 2, 3]);
  });

  test.each<[object, string]>([
    [{ ahead: 0 }, "prefetch: ahead must be an integer of 1 or more, got 0."],
    [{ aheed: 2 }, 'prefetch: unknown option "aheed". Did you mean "ahead"?'],
    [{ seed: 2 }, "prefetch: seed is for a map in a worker. Name its module: { worker }."],
    [
      { worker: "./map.mjs" },
      'prefetch: worker must be the URL of a module, as in new URL("./map.js", import.meta.url); got "./map.mjs".',
    ],
    [{ worker: 3 }, "import.meta.url); got 3."],
    [{ worker: "file:///map.mjs", export: 3 }, "prefetch: export must be the name of a function, got 3."],
    [{ worker: "file:///map.mjs", seed: 0.5 }, "seed must be an integer, got 0.5."],
  ])("misuse %j is told", (options, message) => {
    expect(() => dataset(numbered(3)).batch(1).prefetch(options)).toThrow(message);
  });
});

describe("prefetch with a worker", () => {
  test("yields the batches of augment with the same function, in every epoch and from any start", async () => {
    const worker = moduleOf(noisy);
    const batches = dataset(numbered(23)).shuffle({ seed: 2 }).batch(4);
    const there = batches.prefetch<Batch>({ ahead: 3, worker, seed: 8 });
    const here = batches.augment(
      ({ x, y }, key, { epoch, batch }) => ({
        x: Float32Array.from(x.data(), (value, i) => value + (key[i % 2]! % 1000) / 1024 + epoch + batch),
        y,
      }),
      { seed: 8 },
    );
    for (const [k, from] of [
      [0, 0],
      [1, 0],
      [1, 4],
      [7, 2],
    ] as const) {
      expect((await collect(there.epoch(k, { from }))).map(listOf)).toEqual(
        [...here.epoch(k, { from })].map(listOf),
      );
    }
    // two concurrent epochs share the thread
    const [first, second] = await Promise.all([collect(there.epoch(0)), collect(there.epoch(1))]);
    expect(first.map(listOf)).toEqual([...here.epoch(0)].map(listOf));
    expect(second.map(listOf)).toEqual([...here.epoch(1)].map(listOf));
    // A loop that is left continues at its position, although more batches were in progress.
    const taken: unknown[] = [];
    for await (const batch of there.epoch(3)) if (taken.push(listOf(batch)) === 2) break;
    const rest = await collect(there.epoch(3, { from: 2 }));
    expect([...taken, ...rest.map(listOf)]).toEqual([...here.epoch(3)].map(listOf));
  });

  test("accepts typed arrays, nested arrays, views and arrays that the module keeps, and may be async", async () => {
    const worker = moduleOf(`
      const table = Float32Array.of(9, 8, 7, 6);
      export async function change({ x, y }) {
        return { table: table.subarray(1, 1 + y.data.length), buffer: Buffer.from(y.data.map((v) => v % 2)), nest: Array.from(y.data, (v) => [v, -v]), x: x.data };
      }`);
    const batches = dataset(numbered(4))
      .batch(2)
      .prefetch<{ table: BatchLeaf; nest: BatchLeaf }>({ worker, export: "change" });
    const found = await collect(batches.map(({ table, nest }) => ({ table, nest })));
    expect(found.map(({ table }) => [...table.data()])).toEqual([
      [8, 7],
      [8, 7],
    ]);
    expect(found.map(({ nest }) => nest.tolist())).toEqual([
      [
        [0, -0],
        [1, -1],
      ],
      [
        [2, -2],
        [3, -3],
      ],
    ]);
  });

  /** Returns the error of a loop, and the number of batches before it. */
  async function failure(worker: URL, more: object = {}): Promise<[number, DownhillError]> {
    let count = 0;
    try {
      const batches = dataset(numbered(8))
        .batch(1)
        .prefetch({ ahead: 3, worker, ...more });
      for await (const batch of batches) {
        expect(batch).toBeDefined();
        count++;
      }
    } catch (error) {
      expect(error).toBeInstanceOf(DownhillError);
      return [count, error as DownhillError];
    }
    return expect.unreachable("it should fail");
  }

  test("an error in it reaches the loop at the position of its batch, with the module's name and its cause", async () => {
    const worker = moduleOf(
      `
      export function map({ x, y }) {
        if (y.data[0] === 4) null.length;
        return { x, y };
      }`,
      "broken.mjs",
    );
    const [count, error] = await failure(worker);
    expect(count).toBe(4);
    expect(error.code).toBe("data");
    expect(error.message).toMatch(
      /^prefetch: batch 4 of epoch 0 \(from 0\): map of .*broken\.mjs failed: TypeError: Cannot read properties of null/,
    );
    expect((error.cause as Error).stack).toContain("broken.mjs:3");
  });

  test.each<[string, string, object, RegExp]>([
    [
      "a module that is not there",
      "",
      { worker: "file:///nowhere/map.mjs" },
      /\/nowhere\/map\.mjs: the module of the worker cannot be used: Cannot find module/,
    ],
    [
      "a module that fails",
      "throw new Error('no memory')",
      {},
      /map\.mjs: the module of the worker cannot be used: no memory/,
    ],
    [
      "no such function",
      "export const augment = 1; export const other = 2;",
      {},
      /it must export a function map, but it exports augment, other\./,
    ],
    [
      "another name",
      "export const map = 1;",
      { export: "augment" },
      /it must export a function augment, but it exports map\./,
    ],
    [
      "a result that cannot be handed over",
      "export const map = () => ({ x: () => 1 });",
      {},
      /map\.mjs failed: DataCloneError/,
    ],
    [
      "a result that is no batch",
      "export const map = () => 'oak';",
      {},
      /map of the worker: expected arrays by name, as in \{ x, y \}, or one array; got "oak"/,
    ],
    [
      "something else thrown",
      "export const map = () => { throw 'oak'; };",
      {},
      /map\.mjs failed: it threw: oak/,
    ],
    [
      "an end of the thread",
      "export const map = () => process.exit(3);",
      {},
      /the worker of .*map\.mjs ended before its work was done \(exit code 3\)/,
    ],
    [
      "an error outside a call",
      "export const map = () => new Promise(() => setTimeout(() => null.length));",
      {},
      /the worker of .*map\.mjs failed: Cannot read properties of null/,
    ],
  ])("%s is told", async (_, code, more, message) => {
    const [count, error] = await failure(moduleOf(code), more);
    expect(count).toBe(0);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^prefetch: batch 0 of epoch 0/);
  });

  test("after an error the next loop has a new thread", async () => {
    const worker = moduleOf(`
      let calls = 0;
      export function map(batch) {
        if (++calls > 1) throw new Error("tired");
        return batch;
      }`);
    const batches = dataset(numbered(2)).batch(1).prefetch({ worker, ahead: 1 });
    for (let i = 0; i < 2; i++) {
      const seen: unknown[] = [];
      await expect(
        (async () => {
          for await (const batch of batches.epoch(0)) seen.push(batch);
        })(),
      ).rejects.toThrow("tired");
      expect(seen.length).toBe(1);
    }
  });

  test("leaving the loop ends a function that never returns", async () => {
    const worker = moduleOf(`
      export function map(batch) {
        if (batch.y.data[0] === 1) for (;;);
        return batch;
      }`);
    for await (const batch of dataset(numbered(5)).batch(1).prefetch<Batch>({ worker })) {
      expect(batch.y.data()[0]).toBe(0);
      break;
    }
  });
});

describe("a program with a worker", () => {
  async function run(code: string): Promise<{ status: number | null; stdout: string; stderr: string }> {
    const outfile = join(folder, "program.mjs");
    await build({
      stdin: { contents: code, resolveDir: fileURLToPath(new URL(".", import.meta.url)) },
      bundle: true,
      format: "esm",
      platform: "neutral",
      outfile,
      logLevel: "silent",
      ignoreAnnotations: true, // package.json lists the modules of dist/ that must stay
    });
    const { status, stdout, stderr } = spawnSync(process.execPath, [outfile], {
      encoding: "utf8",
      timeout: 20_000,
    });
    return { status, stdout, stderr };
  }

  const begin = (worker: URL): string => `
    import { dataset } from "./index.ts";
    const batches = dataset(Float32Array.of(1, 2, 3, 4, 5, 6)).batch(2).prefetch({ worker: ${JSON.stringify(worker.href)} });`;
  const slow = `
    export async function map(x) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { ...x, data: x.data.map((v) => 2 * v) };
    }`;

  test("waits for its batches, and ends after the last", async () => {
    const { status, stdout, stderr } = await run(`${begin(moduleOf(slow))}
      for await (const x of batches) console.log([...x.data()].join());
      console.log("done");`);
    expect([status, stderr, stdout]).toEqual([0, "", "2,4\n6,8\n10,12\ndone\n"]);
  });

  testInCi("is not kept alive by an abandoned loop, nor by a worker that never ends", async () => {
    const endless = moduleOf("export const map = (x) => { if (x.data[0] > 1) for (;;); return x; };");
    const { status, stdout, stderr } = await run(`${begin(endless)}
      const { value } = await batches[Symbol.asyncIterator]().next();
      console.log([...value.data()].join());`);
    expect([status, stderr, stdout]).toEqual([0, "", "1,2\n"]);
  });
});
