import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tensor, type Tensor } from "downhill";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWithPython, runPython } from "../../../test/support/python.ts";
import { crc32c, maskedCrc32c } from "./crc32c.ts";
import {
  readSafetensors,
  type ReadSafetensorsOptions,
  writeSafetensors,
  type WriteSafetensorsOptions,
} from "./safetensors.ts";
import { readSafetensorsFile, writeSafetensorsFile } from "./safetensors-files.ts";
import type { StoredFloat } from "./stored-numbers.ts";
import { extent } from "../../../test/support/extent.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A file with this header and body. */
function fileOf(header: unknown, body: ArrayLike<number> = []): Uint8Array {
  const text = bytesOf(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(Array.from(body), 8 + text.length);
  return bytes;
}
const f32 = (data_offsets: unknown, shape: unknown = [1], dtype: unknown = "F32"): object => ({
  dtype,
  shape,
  data_offsets,
});
const one = (dtype: string, shape: number[], body: number[]): Tensor =>
  readSafetensors(fileOf({ x: { dtype, shape, data_offsets: [0, body.length] } }, body)).tensors.get("x")!;

describe("safetensors", () => {
  test("are written byte for byte as the format specifies", () => {
    const bytes = writeSafetensors({
      b: tensor([1, 0], { dtype: "bool" }),
      a: tensor(-2, { dtype: "int32" }),
    });
    const header =
      '{"a":{"dtype":"I32","shape":[],"data_offsets":[0,4]},"b":{"dtype":"BOOL","shape":[2],"data_offsets":[4,6]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
    const length = [padded.length, 0, 0, 0, 0, 0, 0, 0];
    expect([...bytes]).toEqual([...length, ...bytesOf(padded), 0xfe, 0xff, 0xff, 0xff, 1, 0]);
  });

  test("keep every bit of every dtype, any name, and any shape", () => {
    const views = {
      float64: [8, (bytes: Uint8Array) => new Float64Array(bytes.buffer)],
      float32: [4, (bytes: Uint8Array) => new Float32Array(bytes.buffer)],
      int32: [4, (bytes: Uint8Array) => new Int32Array(bytes.buffer)],
      uint32: [4, (bytes: Uint8Array) => new Uint32Array(bytes.buffer)],
      bool: [1, (bytes: Uint8Array) => bytes.map((byte) => byte % 2)],
    } as const;
    const dtype = fc.constantFrom("float64", "float32", "int32", "uint32", "bool");
    const array = fc
      .tuple(dtype, fc.array(fc.nat(3), { maxLength: 3 }), fc.uint8Array({ minLength: 216, maxLength: 216 }))
      .map(([kind, shape, bytes]) => {
        const [size, view] = views[kind];
        return tensor(view(bytes.slice(0, size * shape.reduce((a, b) => a * b, 1))), { shape });
      });
    const name = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("1", "0", "__proto__", "constructor"),
    );
    const bits = (x: Tensor): unknown => [
      x.dtype,
      x.shape,
      [...new Uint8Array(x.data().buffer as ArrayBuffer)],
    ];
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, array), { selector: ([key]) => key }), (entries) => {
        // JSON has no lone surrogates
        const tensors = new Map(
          entries.filter(([key]) => !/\p{Surrogate}/u.test(key) && key !== "__metadata__"),
        );
        const read = readSafetensors(writeSafetensors(tensors)).tensors;
        expect([...read.keys()].toSorted()).toEqual([...tensors.keys()].toSorted());
        for (const [key, x] of tensors) expect(bits(read.get(key)!)).toEqual(bits(x));
      }),
      { seed: 1, numRuns: extent(10, 200, 24) },
    );
  });

  test("of other number types are read exactly", () => {
    expect(one("F16", [6], [0, 0x3c, 1, 0, 0, 0xc0, 0xff, 0x7b, 0, 0x7c, 0, 0x7e]).tolist()).toEqual([
      1,
      2 ** -24,
      -2,
      65504,
      Infinity,
      Number.NaN, // prettier-ignore
    ]);
    expect(one("BF16", [3], [0x80, 0x3f, 0x49, 0x40, 0x80, 0xff]).tolist()).toEqual([1, 3.140625, -Infinity]);
    expect(one("I8", [2], [255, 127]).tolist()).toEqual([-1, 127]);
    expect(one("U8", [2], [255, 127]).tolist()).toEqual([255, 127]);
    expect(one("I16", [1], [0, 0x80]).tolist()).toEqual([-32768]);
    expect(one("U16", [1], [0, 0x80]).tolist()).toEqual([32768]);
  });

  test("keep metadata strings", () => {
    const { metadata } = readSafetensors(writeSafetensors({}, { made: "today", "": "é" }));
    expect(metadata).toEqual({ made: "today", "": "é" });
  });

  test.each<[string, Uint8Array, string]>([
    ["too short", Uint8Array.of(1, 2), "this is not a safetensors file: it has 2 bytes"],
    [
      "another file",
      bytesOf("PK\u0003\u0004 and so on"),
      "this is not a safetensors file: its header would be",
    ],
    [
      "cut in its header",
      fileOf({ x: f32([0, 4]) }).subarray(0, 20),
      "cut short within its header, after 20 of",
    ],
    ["without an object", fileOf("[1]"), "its header does not begin with {"],
    ["with a broken header", fileOf("{1}"), "damaged: its header is not JSON"],
    ["with a header that is no text", fileOf('{"\u0001":1}').fill(0xff, 10, 11), "its header is not JSON"],
    ["cut short", fileOf({ x: f32([0, 4]) }, [1, 2]), "cut short: its tensors end at byte"],
    ["too long", fileOf({ x: f32([0, 4]) }, [1, 2, 3, 4, 5]), "longer than its header says"],
    [
      "with a gap",
      fileOf({ x: f32([4, 8]) }, [1, 2, 3, 4, 5, 6, 7, 8]),
      'the tensor "x" leaves a gap before it',
    ],
    [
      "with an overlap",
      fileOf({ x: f32([0, 4]), y: f32([2, 6]) }, [1, 2, 3, 4, 5, 6]),
      'the tensor "y" overlaps the tensor before it',
    ],
    ["of a name twice", fileOf(`{"x":${JSON.stringify(f32([0, 4]))},"x":${JSON.stringify(f32([4, 8]))}}`, [1, 2, 3, 4, 5, 6, 7, 8]), "leaves a gap"], // prettier-ignore
    [
      "of the wrong size",
      fileOf({ x: f32([0, 4], [2]) }, [1, 2, 3, 4]),
      "F32 of shape [2], takes 8 bytes and has 4",
    ],
    ["without a dtype", fileOf({ x: f32([0, 4], [1], 3) }, [1, 2, 3, 4]), "has no dtype"],
    ["without a shape", fileOf({ x: f32([0, 4], [-1]) }, [1, 2, 3, 4]), "has no shape of integers"],
    ["without places", fileOf({ x: f32([4, 0]) }), "has no data_offsets"],
    ["with an invalid tensor", fileOf({ x: 3 }), 'the tensor "x" is not an object'],
    [
      "with metadata that are not strings",
      fileOf({ __metadata__: { a: 1 } }),
      "__metadata__ contains values that are not strings",
    ],
    ["with a boolean of 2", fileOf({ x: f32([0, 1], [1], "BOOL") }, [2]), "is 2, and booleans are 0 or 1"],
  ])("a file %s is refused by its name", (_, bytes, message) => {
    expect(() => readSafetensors(bytes, { name: "model.safetensors" })).toThrow("model.safetensors: ");
    expect(() => readSafetensors(bytes, { name: "model.safetensors" })).toThrow(message);
  });

  test("of 64-bit integers are refused, naming the remedy", () => {
    expect(() => one("I64", [1], [0, 0, 0, 0, 0, 0, 0, 0])).toThrow(
      'the tensor "x" is I64, which is not supported. Set int64: "int32" if its numbers are small, ' +
        'int64: "skip" to omit such tensors, or select the tensors to read with only.',
    );
    expect(() => one("C64", [1], [0, 0, 0, 0, 0, 0, 0, 0])).toThrow("Convert it to F32 or F64");
  });

  test("are refused under the name that the format reserves", () => {
    expect(() => writeSafetensors({ __metadata__: tensor(1) })).toThrow('"__metadata__" cannot be the name');
  });
});

describe("a file with one tensor of 64-bit integers", () => {
  const wide = (values: readonly bigint[], from: number, dtype = "I64"): [object, number[]] => [
    { dtype, shape: [values.length], data_offsets: [from, from + 8 * values.length] },
    [...new Uint8Array(BigInt64Array.from(values).buffer)],
  ];
  const [steps, bytesOfSteps] = wide([7n, -3n], 4);
  const file = fileOf({ w: f32([0, 4]), steps }, [0, 0, 128, 63, ...bytesOfSteps]);
  const read = (options: ReadSafetensorsOptions): [string, unknown][] =>
    [...readSafetensors(file, options).tensors].map(([name, x]) => [name, [x.dtype, x.tolist()]]);

  test("yields its other tensors, by name or by skipping", () => {
    expect(read({ only: ["w"] })).toEqual([["w", ["float32", [1]]]]);
    expect(read({ int64: "skip" })).toEqual([["w", ["float32", [1]]]]);
    expect(read({ only: [] })).toEqual([]);
    expect(() => read({ only: ["steps"] })).toThrow('the tensor "steps" is I64');
    expect(() => read({ only: ["W", "w"] })).toThrow(
      'safetensors: there is no tensor "W". Did you mean "w"?',
    );
    expect(() => read({ only: ["bias"] })).toThrow('there is no tensor "bias". Available: w, steps.');
  });

  test("converts them to 32-bit integers if every number fits", () => {
    expect(read({ int64: "int32" })).toContainEqual(["steps", ["int32", [7, -3]]]);
    const unsigned = wide([2n ** 32n - 1n], 0, "U64");
    const options = { int64: "int32" } as const;
    const { tensors } = readSafetensors(fileOf({ x: unsigned[0] }, unsigned[1]), options);
    expect([tensors.get("x")!.dtype, tensors.get("x")!.tolist()]).toEqual(["uint32", [4294967295]]);
    for (const [value, dtype] of [
      [2n ** 31n, "I64"],
      [-(2n ** 31n) - 1n, "I64"],
      [2n ** 32n, "U64"],
    ] as const) {
      // prettier-ignore
      const [entry, bytes] = wide([1n, value], 0, dtype);
      expect(() => readSafetensors(fileOf({ x: entry }, bytes), options)).toThrow(
        `element 1 of the tensor "x" is ${value}, which does not fit in ${dtype === "I64" ? "int32" : "uint32"}.`,
      );
    }
  });

  test.each<[object, string]>([
    [{ only: "w" }, "readSafetensors: only must be names of tensors"],
    [{ int64: "int64" }, 'readSafetensors: int64 must be "error" or "int32" or "skip"'],
    [{ ony: ["w"] }, 'unknown option "ony". Did you mean "only"?'],
  ])("%o is refused", (options, message) => expect(() => read(options)).toThrow(message));
});

describe("files of safetensors", () => {
  test("are read back, replaced atomically, and leave no temporary files", async () => {
    const folder = mkdtempSync(join(tmpdir(), "downhill-safetensors-"));
    const path = join(folder, "a.safetensors");
    await writeSafetensorsFile(path, { x: tensor([1, 2]) });
    await writeSafetensorsFile(path, { x: tensor([3]) }, { n: "2" });
    const { tensors, metadata } = await readSafetensorsFile(path);
    expect([tensors.get("x")!.tolist(), metadata]).toEqual([[3], { n: "2" }]);
    expect(readdirSync(folder)).toEqual(["a.safetensors"]);
    expect((await readSafetensorsFile(path, { only: [] })).tensors.size).toBe(0);
    writeFileSync(path, readFileSync(path).subarray(0, 40));
    await expect(readSafetensorsFile(path)).rejects.toThrow(`${path}: cut short`);
    await expect(writeSafetensorsFile(join(folder, "none", "a"), {})).rejects.toMatchObject({ code: "file" });
    rmSync(folder, { recursive: true });
  });
});

describe("checksums", () => {
  // RFC 3720, appendix B.4
  test.each([
    [new Uint8Array(32), 0x8a9136aa],
    [new Uint8Array(32).fill(0xff), 0x62a8ab43],
    [Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    [Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    [bytesOf("123456789"), 0xe3069283],
    [new Uint8Array(0), 0],
  ])("agree with the standard's test values", (bytes, crc) => expect(crc32c(bytes)).toBe(crc));

  test("do not depend on the offset of the bytes", () => {
    const bytes = Uint8Array.from({ length: 61 }, (_, i) => i * 37);
    for (const from of [1, 2, 3, 7]) expect(crc32c(bytes.subarray(from))).toBe(crc32c(bytes.slice(from)));
  });

  test("are masked like in TensorFlow", () => {
    // masked checksum of 24, the length of TensorBoard's first record
    expect(maskedCrc32c(Uint8Array.of(24, 0, 0, 0, 0, 0, 0, 0))).toBe(0x224b7fa3);
  });
});

describe("numbers of 16 and 8 bits", () => {
  const written = (x: Tensor, dtype: StoredFloat): Tensor =>
    readSafetensors(writeSafetensors({ x }, {}, { dtype })).tensors.get("x")!;
  const patterns = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);
  const lastBytes = (bytes: Uint8Array, n: number): Uint16Array => new Uint16Array(bytes.slice(-n).buffer);

  test.each([
    ["F16", "float16"],
    ["BF16", "bfloat16"],
  ] as const)(
    "every %s is read and written with the same bits, except NaN, which stays NaN",
    (type, dtype) => {
      const x = one(type, [2 ** 16], [...new Uint8Array(patterns.buffer)]);
      const back = lastBytes(writeSafetensors({ x }, {}, { dtype }), 2 ** 17);
      const values = x.data();
      const wrong = patterns.filter((bits) => !Number.isNaN(values[bits]!) && back[bits] !== bits);
      expect([...wrong]).toEqual([]);
      const again = written(x, dtype).data();
      expect(patterns.every((bits) => Number.isNaN(values[bits]!) === Number.isNaN(again[bits]!))).toBe(true);
    },
  );

  test("bfloat16 is the upper half of a float32, the rest rounded to nearest even", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (x) => {
        const bits = new Uint32Array(Float32Array.of(x).buffer)[0]!;
        const upper = (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
        const bytes = writeSafetensors({ x: tensor(x, { dtype: "float32" }) }, {}, { dtype: "bfloat16" });
        expect(lastBytes(bytes, 2)[0]).toBe(upper);
      }),
    );
  });

  test("round ties to even, beyond the largest to infinity, and float64 only once", () => {
    const cases = [
      2049,
      2051,
      65519.99,
      65520,
      -1e300,
      2 ** -25,
      2 ** -25 * 1.0001,
      -0,
      1 + 2 ** -11 + 2 ** -40,
    ];
    expect(written(tensor(cases), "float16").tolist()).toEqual([
      2048,
      2052,
      65504,
      Infinity,
      -Infinity,
      0,
      2 ** -24,
      -0,
      1 + 2 ** -10,
    ]);
    expect(written(tensor([5e-324, 3.4e38, 3.39e38, NaN]), "bfloat16").tolist()).toEqual([
      0,
      Infinity,
      3.3895313892515355e38,
      NaN,
    ]);
    expect(written(tensor([1 / 3]), "float32").tolist()).toEqual([Math.fround(1 / 3)]);
  });

  test("are chosen for all floating-point tensors or by name, and leave integers unchanged", () => {
    const tensors = { a: tensor([1, 2]), b: tensor([3]), n: tensor([4], { dtype: "int32" }) };
    const types = (options: WriteSafetensorsOptions): unknown => {
      const bytes = writeSafetensors(tensors, {}, options);
      const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
      const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<
        string,
        { dtype: string }
      >;
      expect(
        [...readSafetensors(bytes).tensors.values()].flatMap((x) => [...x.data()]).sort((a, b) => a - b),
      ).toEqual([1, 2, 3, 4]);
      return ["a", "b", "n"].map((name) => header[name]!.dtype);
    };
    expect(types({})).toEqual(["F64", "F64", "I32"]);
    expect(types({ dtype: "bfloat16" })).toEqual(["BF16", "BF16", "I32"]);
    expect(types({ dtype: { b: "float16" } })).toEqual(["F64", "F16", "I32"]);
    expect(() => types({ dtype: { c: "float16" } })).toThrow(
      'writeSafetensors: dtype: there is no tensor "c".',
    );
    expect(() => types({ dtype: { n: "float16" } })).toThrow(
      'the tensor "n" is int32 and cannot be float16.',
    );
    expect(() => types({ dtype: "float8" as never })).toThrow("writeSafetensors: dtype must be");
  });

  test("of 8 bits are read exactly: E5M2 as the upper half of float16, E4M3 without infinities, E8M0 as powers of two", () => {
    const bytes = [0x00, 0x80, 0x01, 0x07, 0x08, 0x38, 0xb8, 0x7e, 0x7f, 0xff];
    expect(one("F8_E4M3", [10], bytes).tolist()).toEqual([
      0,
      -0,
      2 ** -9,
      7 * 2 ** -9,
      2 ** -6,
      1,
      -1,
      448,
      NaN,
      NaN,
    ]);
    const wide = [0x00, 0x01, 0x04, 0x3c, 0xbc, 0x7b, 0x7c, 0xfc, 0x7d];
    expect(one("F8_E5M2", [9], wide).tolist()).toEqual([
      0,
      2 ** -16,
      2 ** -14,
      1,
      -1,
      57344,
      Infinity,
      -Infinity,
      NaN,
    ]);
    expect(one("F8_E8M0", [4], [0, 127, 254, 255]).tolist()).toEqual([2 ** -127, 1, 2 ** 127, NaN]);
    expect(one("I16", [2], [0xff, 0xff, 0, 0x80]).tolist()).toEqual([-1, -32768]);
  });
});

describe("weights split over several files", () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "downhill-shards-"));
    await writeSafetensorsFile(
      join(folder, "m-1.safetensors"),
      { a: tensor([1]), b: tensor([2]) },
      { format: "pt" },
    );
    await writeSafetensorsFile(join(folder, "m-2.safetensors"), { c: tensor([3]) }, { format: "pt" });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const index = (weights: unknown): string => {
    const path = join(folder, "model.safetensors.index.json");
    writeFileSync(
      path,
      typeof weights === "string"
        ? weights
        : JSON.stringify({ metadata: { total_size: 24 }, weight_map: weights }),
    );
    return path;
  };

  test("are read through their index, in its order", async () => {
    const path = index({ c: "m-2.safetensors", a: "m-1.safetensors", b: "m-1.safetensors" });
    const { tensors, metadata } = await readSafetensorsFile(path);
    expect([...tensors].map(([name, x]) => [name, x.item()])).toEqual([["c", 3], ["a", 1], ["b", 2]]); // prettier-ignore
    expect(metadata).toEqual({ format: "pt" });
  });

  test("are read only if they contain a requested tensor", async () => {
    const path = index({ a: "m-1.safetensors", b: "m-1.safetensors", d: "m-3.safetensors" });
    expect([...(await readSafetensorsFile(path, { only: ["b"] })).tensors.keys()]).toEqual(["b"]);
    await expect(readSafetensorsFile(path)).rejects.toThrow("m-3.safetensors: there is no such file.");
    await expect(readSafetensorsFile(path, { only: ["x"] })).rejects.toThrow(
      `${path}: there is no tensor "x".`,
    );
    const wrong = index({ c: "m-1.safetensors" });
    await expect(readSafetensorsFile(wrong)).rejects.toThrow(
      'm-1.safetensors: there is no tensor "c". Available: a, b.',
    );
  });

  test.each<[string, unknown, string]>([
    ["no JSON", "{", "this is not an index of safetensors: it is not JSON"],
    ["another JSON", "[]", "it has no weight_map"],
    ["a list", [1], "it has no weight_map"],
    [
      "a number for a file",
      { a: 1 },
      'the file of the tensor "a" is 1, which does not name a file next to the index',
    ],
    [
      "a path outside the folder",
      { a: "../m-1.safetensors" },
      'is "../m-1.safetensors", which does not name',
    ],
    ["a path", { a: "/etc/passwd" }, "which does not name a file next to the index"],
    ["the parent folder", { a: ".." }, "which does not name"],
    ["a Windows path", { a: "C:\\x" }, "which does not name"],
  ])("refuses %s", async (_, weights, message) => {
    const path = index(weights);
    await expect(readSafetensorsFile(path)).rejects.toThrow(message);
  });
});

describeWithPython("NumPy", ["numpy"], () => {
  test("rounds to float16 as writeSafetensors does", () => {
    const spread = [...Array(4000).keys()].map(
      (i) => (i % 2 === 0 ? 1 : -1) * (1 + ((i * 7919) % 4001) / 4001) * 2 ** ((i % 46) - 27),
    );
    const bytes = writeSafetensors({ x: tensor(spread) }, {}, { dtype: "float16" });
    const program = `import sys, json, numpy as np\nprint(json.dumps(np.array(json.loads(sys.argv[1])).astype("<f2").view("<u2").tolist()))`;
    const expected = JSON.parse(runPython(program, JSON.stringify(spread))) as number[];
    expect(Array.from(new Uint16Array(bytes.slice(-8000).buffer))).toEqual(expected);
  });
});

describeWithPython("Python's safetensors", ["numpy", "safetensors"], () => {
  test("reads tensors written in 16 bits, and writes tensors that can be read", async () => {
    const folder = mkdtempSync(join(tmpdir(), "downhill-python-"));
    try {
      const [ours, theirs] = [join(folder, "a.safetensors"), join(folder, "b.safetensors")];
      const tensors = {
        h: tensor([1.5, -(2 ** -24), 65504]),
        n: tensor([7], { dtype: "int32" }),
        f: tensor([0.1]),
      };
      await writeSafetensorsFile(ours, tensors, {}, { dtype: { h: "float16" } });
      const printed = runPython(
        `
import sys, numpy as np
from safetensors.numpy import load_file, save_file
print({key: (x.dtype.str, x.tolist()) for key, x in sorted(load_file(sys.argv[1]).items())})
kinds = "float64 float32 float16 int32 int16 int8 uint32 uint16 uint8 bool".split()
save_file({kind: np.arange(6).reshape(2, 3).astype(kind) for kind in kinds}, sys.argv[2])
`,
        ours,
        theirs,
      );
      expect(printed.trim()).toBe(
        "{'f': ('<f8', [0.1]), 'h': ('<f2', [1.5, -5.960464477539063e-08, 65504.0]), 'n': ('<i4', [7])}",
      );
      const read = await readSafetensorsFile(theirs);
      expect(read.tensors.size).toBe(10);
      for (const [kind, x] of read.tensors) {
        const last = kind === "bool" ? [1, 1, 1] : [3, 4, 5];
        const expected = [[0, 1, kind === "bool" ? 1 : 2], last];
        expect([kind, x.tolist()]).toEqual([kind, expected]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test.each([
  [new Map([["layer", { w: tensor(1) }]]), '"layer" is not a tensor'],
  [3, "got a number"],
  [tensor(1), "got a tensor"],
])("writeSafetensors of %s reports the value that is not a tensor", (given, what) => {
  expect(() => writeSafetensors(given as never)).toThrow(
    `writeSafetensors: expected tensors by name, as in { w: tensor([1, 2]) }; ${what}.`,
  );
});
