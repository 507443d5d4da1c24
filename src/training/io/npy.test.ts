import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { zeros } from "../../numeric/array/index.ts";
import { tensor } from "../../numeric/array/create.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import type { NpyData } from "./npy-header.ts";
import { readNpy, writeNpy } from "./npy.ts";
import written from "./testdata/npy.json" with { type: "json" };

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, "base64"));

async function problemOf(bytes: Uint8Array): Promise<string> {
  try {
    await readNpy(bytes, { name: "a.npy" });
  } catch (error) {
    expect(error).toBeInstanceOf(DownhillError);
    return `${(error as DownhillError).code}: ${(error as DownhillError).message}`;
  }
  return "none";
}

/** A file with this header and body. */
function file(header: string, body: readonly number[] = [], version = 1): Uint8Array {
  const text = new TextEncoder().encode(header);
  const length =
    version === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0];
  return Uint8Array.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0, ...length, ...text, ...body]);
}

const kindsOfArray: Readonly<Record<string, readonly [string, string]>> = {
  f8: ["Float64Array", "float64"],
  f4: ["Float32Array", "float32"],
  i4: ["Int32Array", "int32"],
  i2: ["Int16Array", "int32"],
  i1: ["Int8Array", "int32"],
  i8: ["Int32Array", "int32"],
  u4: ["Uint32Array", "uint32"],
  u2: ["Uint16Array", "int32"],
  u1: ["Uint8Array", "int32"],
  u8: ["Uint32Array", "uint32"],
  b1: ["Uint8Array", "bool"],
};

describe("readNpy", () => {
  test.each(written.read)("reads the output of NumPy: $name", async ({ name, base64, shape, values }) => {
    const array = await readNpy(bytesOf(base64), { name: "a.npy" });
    expect(array.shape).toEqual(shape);
    const single = array.data instanceof Float32Array;
    expect([...array.data]).toEqual(single ? values.map(Math.fround) : values);
    const kind = kindsOfArray[name.slice(-2)];
    if (kind !== undefined) expect([array.data.constructor.name, array.dtype]).toEqual(kind);
    expect(await readNpy(gzipSync(bytesOf(base64)), { name: "a.npy" })).toEqual(array);
  });

  test("reads a file at an odd offset of a larger buffer", async () => {
    const bytes = writeNpy({ shape: [3], data: Float64Array.of(1, 2, 3) });
    const larger = new Uint8Array(bytes.length + 7);
    larger.set(bytes, 7);
    expect([...(await readNpy(larger.subarray(7))).data]).toEqual([1, 2, 3]);
  });

  test.each([
    [
      "<f2",
      'a.npy: it holds "<f2" (byte 10), half-precision numbers, which have no array here. Save it with .astype("float32").',
    ],
    [
      "<c8",
      'it holds "<c8" (byte 10), complex numbers, which have no array here. Save it with .real and .imag as two arrays.',
    ],
    ["<U3", 'it holds "<U3" (byte 10), text, not numbers.'],
    ["O", 'it holds "|O" (byte 10), Python objects, not numbers.'],
    ["<M8[D]", 'it holds "<M8[D]" (byte 10), dates or spans of time, not plain numbers.'],
    ["records", "a.npy: it holds records of several fields (byte 10). Save each field as a separate array."],
    ["large <i8", "a.npy: the integer at byte 136 is 2147483648, which does not fit in int32."],
    ["large <u8", "a.npy: the integer at byte 128 is 1099511627776, which does not fit in uint32."],
  ])("refuses unsupported types, with the remedy: %s", async (name, message) => {
    const { base64 } = written.refused.find((entry) => entry.name === name)!;
    expect(await problemOf(bytesOf(base64))).toContain(message);
  });

  test("a file cut at any byte is an error that names the file and that byte", async () => {
    const whole = bytesOf(written.read[0]!.base64);
    for (let length = 0; length < whole.length; length++) {
      const problem = await problemOf(whole.subarray(0, length));
      expect(problem).toMatch(/^data: a\.npy: /);
      expect(problem).toMatch(length === 0 ? /empty \(0 bytes\)/ : new RegExp(`\\b${length}\\b.*bytes`));
    }
  });

  test("a file with trailing bytes is an error that names the byte", async () => {
    const whole = writeNpy({ shape: [2], data: Float32Array.of(1, 2) });
    expect(await problemOf(Uint8Array.from([...whole, 7]))).toBe(
      "data: a.npy: something follows at byte 136: an array of shape [2] makes 136 bytes, the file has more. Fetch or copy it again.",
    );
  });

  test("a header with any changed byte gives an error or an array of the available bytes", async () => {
    const whole = bytesOf(written.read[0]!.base64);
    await fc.assert(
      fc.asyncProperty(fc.nat(127), fc.nat(255), async (at, byte) => {
        const changed = whole.slice();
        changed[at] = byte;
        const problem = await problemOf(changed);
        if (problem === "none") expect((await readNpy(changed)).data.byteLength).toBe(48);
        else expect(problem).toMatch(/^data: a\.npy: /);
      }),
    );
  });

  const header = "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }\n";
  test.each<[string, Uint8Array, string]>([
    ["text", new TextEncoder().encode("1,2\n"), "byte 0 is 31 where \\x93NUMPY begins a file"],
    ["an archive", Uint8Array.of(0x50, 0x4b, 3, 4), "It looks like an NPZ archive: read it with readNpz."],
    ["a pickle", Uint8Array.of(0x80, 4), "It looks like a pickle: save the array with numpy.save."],
    ["a version to come", file(header, [], 9), "byte 6 says version 9 of the format; 1, 2 and 3 are known."],
    ["no dictionary", file("[1, 2]"), "the header, from byte 10, is not a dictionary"],
    [
      "no order",
      file(header.replace("False", "maybe")),
      "does not say whether fortran_order is True or False",
    ],
    ["no shape", file(header.replace("shape", "shap")), "has no shape, a tuple of integers"],
    [
      "a shape with a hole",
      file(header.replace("(2,)", "(2,,3)")),
      "has the shape (2,,3), which contains a non-integer",
    ],
    ["a giant shape", file(header.replace("(2,)", "(9999999999999999,)")), "too large for any array"],
    ["no kind", file(header.replace("descr", "desc")), "does not say what kind of number it holds (descr)"],
    [
      "an odd boolean",
      file(header.replace("<i2", "|b1"), [1, 2]),
      "byte 69 is 2, where a boolean is 0 or 1.",
    ],
  ])("refuses %s", async (_, bytes, message) => {
    expect(await problemOf(bytes)).toContain(message);
  });

  test("reads a header of Python 2, and either quotes", async () => {
    const { shape, data } = await readNpy(
      file(header.replace("(2,)", "(2L,)").replaceAll("'", '"'), [1, 0, 2, 1]),
    );
    expect([shape, [...data]]).toEqual([[2], [1, 258]]);
  });
});

describe("writeNpy", () => {
  const arrays = fc.oneof(
    fc.float64Array({ noNaN: true }),
    fc.float32Array({ noNaN: true }),
    fc.int8Array(),
    fc.int16Array(),
    fc.int32Array(),
    fc.uint8Array(),
    fc.uint16Array(),
    fc.uint32Array(),
  );

  test("is inverted by readNpy", async () => {
    await fc.assert(
      fc.asyncProperty(arrays, async (data: NpyData) => {
        const shape = data.length % 2 === 0 ? [data.length / 2, 2] : [data.length];
        const back = await readNpy(writeNpy({ shape, data }));
        expect(back.shape).toEqual(shape);
        expect(back.data).toEqual(data);
      }),
    );
  });

  test("writes the same bytes as NumPy", () => {
    const same = written.read.filter(({ name }) =>
      ["<f8", "<f4", "<i4", "<i2", "|i1", "<u4", "<u2", "|u1"].includes(name),
    );
    expect(same.length).toBe(8);
    return Promise.all(
      same.map(async ({ name, base64 }) => {
        const array = await readNpy(bytesOf(base64));
        expect(Buffer.from(writeNpy(array)).toString("base64"), name).toBe(base64);
      }),
    );
  });

  test("accepts tensors, booleans and scalars", async () => {
    const { shape, dtype, data } = await readNpy(writeNpy(tensor([[true, false]])));
    expect([shape, dtype, [...data]]).toEqual([[1, 2], "bool", [1, 0]]);
    expect((await readNpy(writeNpy(tensor(3)))).shape).toEqual([]);
    expect((await readNpy(writeNpy(zeros([0, 3])))).shape).toEqual([0, 3]);
  });

  test("refuses values that are not arrays of numbers", () => {
    expect(() => writeNpy({ shape: [3], data: [1, 2, 3] as never })).toThrow(
      "writeNpy: data must be a typed array of numbers such as Float64Array, got an array.",
    );
    expect(() => writeNpy({ shape: [3], data: Float32Array.of(1) })).toThrow(
      "writeNpy: shape [3] needs 3 elements, data has 1.",
    );
    expect(() => writeNpy({ shape: [1], dtype: "bool", data: Uint8Array.of(2) })).toThrow(
      "writeNpy: booleans must be 0 and 1 in a Uint8Array.",
    );
  });
});

test.each([undefined, 3, { data: Float64Array.of(1) }])(
  "writeNpy of %s reports the accepted inputs",
  (array) => {
    expect(() => writeNpy(array as never)).toThrow(
      "writeNpy: expected a tensor, or an array as { shape: [2], data: ",
    );
  },
);
