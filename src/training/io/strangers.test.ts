// Untrusted files: made to exhaust memory, to take for ever, or wrong at some byte. Every reader must end with an array
// or an error of the library, without reading or allocating more than the file contains.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { constants, deflateRawSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  gunzip,
  readFileText,
  readIdx,
  readIdxFile,
  readNpy,
  readNpyFile,
  readTable,
  readTableFile,
  streamIdx,
  streamNpy,
  streamTable,
  writeNpy,
} from "./index.ts";
import { extent, testInCi } from "../../../test/support/extent.ts";
import { chance, idxHeader, outcomeOf, readers, spoilt } from "./testdata/strangers.ts";

const mega = 2 ** 20;

/**
 * Packs zeros, a number of mebibytes, after a beginning. The checksum at the end is wrong, so that a reader that
 * unpacks all of it is detected. One packed mebibyte is repeated, because packing all of them would take longer than
 * unpacking them.
 */
function bomb(beginning: Uint8Array, mebibytes: number): Uint8Array {
  const pack = (bytes: Uint8Array): Buffer =>
    deflateRawSync(bytes, { level: constants.Z_BEST_COMPRESSION, finishFlush: constants.Z_FULL_FLUSH });
  const zeros = pack(new Uint8Array(mega));
  const end = Buffer.alloc(8); // checksum and size
  end.writeUInt32LE(beginning.length + mebibytes * mega, 4);
  return Buffer.concat([
    gzipSync("").subarray(0, 10), // the header
    pack(beginning),
    ...Array.from({ length: mebibytes }, () => zeros),
    deflateRawSync(""), // the last block, empty
    end,
  ]);
}

/** A source that counts the bytes read from it. */
function counted(bytes: Uint8Array, size = 1000): { source: AsyncIterable<Uint8Array>; read: () => number } {
  let read = 0;
  async function* parts(): AsyncGenerator<Uint8Array> {
    for (; read < bytes.length; read += size) yield bytes.subarray(read, read + size);
  }
  return { source: parts(), read: () => Math.min(read, bytes.length) };
}

async function drain(parts: AsyncIterable<unknown>): Promise<number> {
  const iterator = parts[Symbol.asyncIterator]();
  let n = 0;
  while ((await iterator.next()).done !== true) n++;
  return n;
}

describe("a gzip bomb", () => {
  const npyHead = writeNpy({ shape: [2], data: Float32Array.of(1, 2) });
  const small = bomb(idxHeader(8, [2, 3]), 80);
  const behindNpy = bomb(npyHead, 80);

  test("after a small header is unpacked only up to the end that the header states", async () => {
    await expect(readIdx(small, { name: "a.idx" })).rejects.toThrow(
      "a.idx: longer than its header says: an array of shape [2,3] makes 18 bytes, the file has more.",
    );
    await expect(readNpy(behindNpy)).rejects.toThrow("something follows at byte 136");
  });

  test("whose header states its full size is refused before it is unpacked", async () => {
    const large = bomb(idxHeader(8, [80, mega]), 80);
    await expect(readIdx(large, { name: "a.idx" })).rejects.toThrow(
      `a.idx: unpacks to more than ${64 * mega} bytes, from ${large.length}: files made to exhaust memory do so. ` +
        "If this is intended, unpack it first, or set maxUnpackedBytes (Infinity for no limit).",
    );
  });

  testInCi("of text, or of anything, is unpacked up to the limit", async () => {
    const text = bomb(new TextEncoder().encode("x,y\n"), 80);
    await expect(gunzip(text, "t.csv")).rejects.toThrow("t.csv: unpacks to more than");
    await expect(gunzip(text, "t.csv", { maxUnpackedBytes: 10 })).rejects.toThrow("more than 10 bytes, from");
    await expect(gunzip(text, "t.csv", { maxUnpackedBytes: Infinity })).rejects.toThrow("damaged"); // unpacks all of it
  });

  test("in a stream ends it once the unpacked bytes exceed the limit", async () => {
    // engines read about 64 KB ahead
    const zeros = Uint8Array.of(...idxHeader(8, [320, mega]));
    const whole = bomb(zeros, 320);
    const limited = counted(whole);
    const run = drain(streamIdx(limited.source, { rows: 1, maxUnpackedBytes: mega }));
    await expect(run).rejects.toThrow(`IDX: unpacks to more than ${mega} bytes, from`);
    expect(limited.read()).toBeLessThan(whole.length / 4);
    const table = counted(whole);
    await expect(drain(streamTable(table.source, { maxUnpackedBytes: mega }))).rejects.toThrow(
      /unpacks to more|not text/,
    );
    expect(table.read()).toBeLessThan(whole.length / 4);
  });

  test("does not prevent reading files that compress well", async () => {
    const zeros = new Uint8Array(4 * mega);
    const bytes = gzipSync(writeNpy({ shape: [4, mega], data: zeros }));
    expect(bytes.length).toBeLessThan(zeros.length / 900);
    expect((await readNpy(bytes)).data).toHaveLength(4 * mega);
    expect(await drain(streamNpy([bytes], { rows: 1 }))).toBe(4);
  });

  test.each([-1, Number.NaN, "1 GB", null])("a limit of %s is refused", async (maxUnpackedBytes) => {
    const what = maxUnpackedBytes === null ? "not be null" : "be a number of bytes, or Infinity";
    const message = `maxUnpackedBytes must ${what}`;
    const options = { maxUnpackedBytes } as never;
    await expect(readIdx(small, options)).rejects.toThrow(`readIdx: ${message}`);
    await expect(readNpy(behindNpy, options)).rejects.toThrow(`readNpy: ${message}`);
    await expect(drain(streamTable([small], options))).rejects.toThrow(`streamTable: ${message}`);
  });

  describe("in a file", () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "downhill-strangers-"));
      writeFileSync(join(folder, "a.gz"), small);
      writeFileSync(join(folder, "b.gz"), behindNpy);
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    test("is subject to the same limits, which the file readers also accept", async () => {
      const options = { maxUnpackedBytes: 5 };
      const [idx, npy] = [join(folder, "a.gz"), join(folder, "b.gz")];
      await expect(readIdxFile(idx, options)).rejects.toThrow("more than 5 bytes");
      await expect(readNpyFile(npy, options)).rejects.toThrow("more than 5 bytes");
      await expect(readFileText(idx, options)).rejects.toThrow("more than 5 bytes");
      await expect(readTableFile(idx, options)).rejects.toThrow("more than 5 bytes");
      await expect(readTableFile(idx)).rejects.toThrow(`more than ${64 * mega} bytes`);
    });
  });
});

describe("a header that promises more than there is", () => {
  test("allocates nothing: a file of 20 bytes would have taken 2 TB per part", async () => {
    const bytes = Uint8Array.of(...idxHeader(8, [2 ** 20, 2 ** 15, 2 ** 16]), 1, 2, 3, 4);
    await expect(drain(streamIdx([bytes]))).rejects.toThrow("IDX: cut short: an array of shape");
    await expect(readIdx(bytes)).rejects.toThrow("IDX: cut short");
    await expect(readIdx(gzipSync(bytes), { maxUnpackedBytes: Infinity })).rejects.toThrow("IDX: cut short");
    const npy = writeNpy({ shape: [1], data: Float64Array.of(1) });
    const text = Buffer.from(npy).toString("latin1").replace("(1,), }        ", "(1048576,99999999)");
    const larger = Uint8Array.from(text, (c) => c.charCodeAt(0)).subarray(0, npy.length);
    await expect(drain(streamNpy([larger]))).rejects.toThrow(/cut short|header/);
  });

  test("is refused if no array can be that large", async () => {
    const bytes = idxHeader(14, [2 ** 32 - 1, 2 ** 32 - 1]);
    const message = "its header says that its shape is [4294967295,4294967295], too large for any array";
    await expect(readIdx(bytes)).rejects.toThrow(message);
    await expect(drain(streamIdx([bytes]))).rejects.toThrow(message);
  });

  test("of items without elements is refused", async () => {
    const bytes = idxHeader(8, [2 ** 32 - 1, 0]);
    await expect(drain(streamIdx([bytes]))).rejects.toThrow(
      "its 4294967295 items hold no numbers (shape [4294967295,0])",
    );
    await expect(drain(streamNpy([writeNpy({ shape: [5, 0], data: new Float64Array(0) })]))).rejects.toThrow(
      "its 5 items hold no numbers",
    );
    expect(await drain(streamIdx([idxHeader(8, [0, 3])]))).toBe(0);
  });

  test("with more axes than arrays can have is refused", async () => {
    const npy = Buffer.from(writeNpy({ shape: [1], data: Uint8Array.of(1) })).toString("latin1");
    const dictionary = `{'descr': '|u1', 'fortran_order': False, 'shape': (${"1,".repeat(65)}), }`;
    const bytes = Uint8Array.from(`${npy.slice(0, 8)}\0\0${dictionary}\n\u0001`, (c) => c.charCodeAt(0));
    new DataView(bytes.buffer).setUint16(8, dictionary.length + 1, true);
    await expect(readNpy(bytes)).rejects.toThrow("has a shape of 65 axes, and arrays have 64 at most");
  });
});

describe("a table made to take long", () => {
  test("of many cells after a quoted one is read in one pass", () => {
    const n = 20_000;
    const looked = countSearches(() => readTable(`"a"${",b".repeat(n)}\n`, { header: false, name: "t" }));
    expect(looked).toBeLessThan(10);
  });

  test("with a cell of very many digits is refused in linear time", () => {
    const digits = (n: number): string => `x\n1\n${"1".repeat(n)}\n`;
    // a pattern that tries all divisions of the digits would take 10^10 steps here
    expect(() => readTable(digits(100_000))).toThrow("is not a number");
  });
});

/** Counts the searches for the end of a line while `run` runs. */
function countSearches(run: () => unknown): number {
  const { indexOf } = String.prototype;
  let n = 0;
  // oxlint-disable-next-line no-extend-native -- counted for a moment, and put back
  String.prototype.indexOf = function (this: string, text: string, from?: number): number {
    if (text === "\n") n++;
    return indexOf.call(this, text, from);
  };
  try {
    run();
  } finally {
    // oxlint-disable-next-line no-extend-native
    String.prototype.indexOf = indexOf;
  }
  return n;
}

/** Number of files tried with each reader; set by DOWNHILL_STRANGERS for many more. */
const tries = Number(process.env["DOWNHILL_STRANGERS"] ?? extent(60, 400, 150));
const seed = Number(process.env["DOWNHILL_STRANGERS_SEED"] ?? 1);

describe(`${tries} spoilt files`, () => {
  test.each(readers)(
    "are read by $name or refused by the library, within their memory",
    async ({ read, files }) => {
      const below = chance(seed);
      const ends = new Map<string, number>();
      for (let i = 0; i < tries; i++) {
        const bytes = spoilt(files[i % files.length]!, below);
        const most = 1032 * bytes.length + 100; // largest expansion of gzip per byte
        const about = `seed ${seed}, file ${i}: ${JSON.stringify(new TextDecoder("latin1").decode(bytes))}`;
        const end = await outcomeOf(async () => read(bytes), most).catch((cause: unknown) => {
          throw new Error(about, { cause });
        });
        ends.set(end, (ends.get(end) ?? 0) + 1);
      }
      expect(ends.get("data")).toBeGreaterThan(tries / 10);
      expect([...ends.keys()].sort().every((end) => ["read", "data", "dtype"].includes(end))).toBe(true);
    },
    60_000 + tries * 100,
  );
});
