import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DownhillError } from "../../engine/errors/index.ts";
import { readIdx } from "./idx.ts";

/** Writes an IDX file independently of the reader. */
function writeIdx(code: number, shape: readonly number[], numbers: readonly number[]): Uint8Array {
  const size = { 8: 1, 9: 1, 11: 2, 12: 4, 13: 4, 14: 8 }[code] ?? 1;
  const view = new DataView(new ArrayBuffer(4 + 4 * shape.length + size * numbers.length));
  view.setUint8(2, code);
  view.setUint8(3, shape.length);
  shape.forEach((n, axis) => view.setUint32(4 + 4 * axis, n));
  numbers.forEach((x, i) => {
    const at = 4 + 4 * shape.length + size * i;
    if (code === 8) view.setUint8(at, x);
    else if (code === 9) view.setInt8(at, x);
    else if (code === 11) view.setInt16(at, x);
    else if (code === 12) view.setInt32(at, x);
    else if (code === 13) view.setFloat32(at, x);
    else view.setFloat64(at, x);
  });
  return new Uint8Array(view.buffer);
}

const kinds = [
  { code: 8, array: Uint8Array, least: 0, most: 255 },
  { code: 9, array: Int8Array, least: -128, most: 127 },
  { code: 11, array: Int16Array, least: -32768, most: 32767 },
  { code: 12, array: Int32Array, least: -(2 ** 31), most: 2 ** 31 - 1 },
  { code: 13, array: Float32Array, least: -1e6, most: 1e6 },
  { code: 14, array: Float64Array, least: -1e6, most: 1e6 },
];

async function problemOf(bytes: Uint8Array): Promise<string> {
  try {
    await readIdx(bytes, { name: "train.idx" });
  } catch (error) {
    expect(error).toBeInstanceOf(DownhillError);
    return `${(error as DownhillError).code}: ${(error as DownhillError).message}`;
  }
  return "none";
}

describe("readIdx", () => {
  test.each(kinds)(
    "restores arrays of kind $code, packed or not, at any offset in a buffer",
    async (kind) => {
      const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(shapes, fc.gen(), fc.boolean(), fc.nat(8), async (shape, gen, packed, offset) => {
          const n = shape.reduce((a, b) => a * b, 1);
          const numbers = Array.from({ length: n }, () =>
            gen(fc.integer, { min: kind.least, max: kind.most }),
          );
          const file = writeIdx(kind.code, shape, numbers);
          const bytes = packed ? gzipSync(file) : file;
          const within = new Uint8Array(bytes.length + offset);
          within.set(bytes, offset);
          const array = await readIdx(within.subarray(offset), { name: "x.idx" });
          expect(array).toEqual({ name: "x.idx", shape, data: new kind.array(numbers) });
        }),
        { numRuns: 50 },
      );
    },
  );

  test("returns a copy, not a view of the bytes of the file", async () => {
    const file = writeIdx(8, [2], [1, 2]);
    const { data } = await readIdx(file);
    file.fill(0);
    expect([...data]).toEqual([1, 2]);
  });
});

describe("readIdx names the file and what is wrong with", () => {
  const images = writeIdx(8, [2, 3, 3], new Array<number>(18).fill(7));
  const packed = gzipSync(images);
  test.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(0), "data: train.idx: this is not an IDX file: it is empty."],
    [
      "text",
      new TextEncoder().encode("x,y\n1,2\n"),
      "data: train.idx: this is not an IDX file: it begins with the bytes 78 2c 79 0a where 00 00, a kind of number (08 to 0e) and a number of axes belong. It looks like text: a CSV file needs another reader, and a page saved by mistake must be fetched again.",
    ],
    [
      "a ZIP archive",
      Uint8Array.of(0x50, 0x4b, 3, 4, 0),
      "data: train.idx: this is not an IDX file: it begins with the bytes 50 4b 03 04 where 00 00, a kind of number (08 to 0e) and a number of axes belong. It looks like a ZIP archive: unpack it first.",
    ],
    [
      "an unknown number type",
      Uint8Array.of(0, 0, 0x0a, 1, 0, 0, 0, 0),
      "data: train.idx: this is not an IDX file: it begins with the bytes 00 00 0a 01 where 00 00, a kind of number (08 to 0e) and a number of axes belong.",
    ],
    [
      "no axes",
      Uint8Array.of(0, 0, 8, 0),
      "data: train.idx: this is not an IDX file: it begins with the bytes 00 00 08 00 where 00 00, a kind of number (08 to 0e) and a number of axes belong.",
    ],
    [
      "half a header",
      images.subarray(0, 10),
      "data: train.idx: cut short within its header, after 10 of 16 bytes.",
    ],
    [
      "a missing byte",
      images.subarray(0, -1),
      "data: train.idx: cut short: an array of shape [2,3,3] makes 34 bytes, the file has 33. Fetch or copy it again.",
    ],
    [
      "bytes too many",
      Uint8Array.of(...images, 0),
      "data: train.idx: longer than its header says: an array of shape [2,3,3] makes 34 bytes, the file has more. Fetch or copy it again.",
    ],
    [
      "sizes beyond available memory",
      Uint8Array.of(0, 0, 8, 2, 0, 1, 0, 0, 0, 1, 0, 0, 1),
      "data: train.idx: cut short: an array of shape [65536,65536] makes 4294967308 bytes, the file has 13. Fetch or copy it again.",
    ],
  ])("%s", async (_, bytes, message) => {
    expect(await problemOf(bytes)).toBe(message);
  });

  test("a gzip file cut short", async () => {
    expect(await problemOf(packed.subarray(0, -5))).toMatch(
      /^data: train\.idx: the gzip file is damaged or cut short \(after \d+ unpacked bytes\)\. Fetch/,
    );
  });

  test("a changed byte in a gzip file", async () => {
    const damaged = Uint8Array.from(packed);
    damaged[damaged.length - 8]! ^= 1; // a byte of the checksum
    expect(await problemOf(damaged)).toMatch(/^data: train\.idx: the gzip file is damaged or cut short/);
  });

  test("an unknown option", async () => {
    await expect(readIdx(images, { file: "x" } as never)).rejects.toThrow(
      'readIdx: unknown option "file". It takes name, maxUnpackedBytes.',
    );
  });
});
