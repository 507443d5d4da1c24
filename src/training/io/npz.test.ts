import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { extent } from "../../../test/support/extent.ts";
import { describeWithPython, runPython } from "../../../test/support/python.ts";
import { tensor } from "../../numeric/array/create.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { dataset } from "../data/index.ts";
import { readNpzFile, writeNpzFile } from "./files.ts";
import type { NpyData } from "./npy-header.ts";
import { writeNpy } from "./npy.ts";
import { type NpySourcesByName, readNpz, writeNpz } from "./npz.ts";
import { fromNamedTensors } from "./parameter-names.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";
import { writeZip } from "./zip-writer.ts";

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const one = { shape: [2], data: Int16Array.of(1, 2) };

/** Returns the arrays as plain values, or the error. */
async function contentOf(bytes: Uint8Array): Promise<unknown> {
  try {
    const arrays = await readNpz(bytes, { name: "a.npz" });
    return [...arrays].map(([name, { shape, dtype, data }]) => [
      name,
      shape,
      dtype,
      data.constructor.name,
      ...data,
    ]);
  } catch (error) {
    expect(error).toBeInstanceOf(DownhillError);
    return `${(error as DownhillError).code}: ${(error as DownhillError).message}`;
  }
}

const arrays = fc.oneof(
  fc.float64Array({ noNaN: true }),
  fc.float32Array({ noNaN: true }),
  fc.int16Array(),
  fc.int32Array(),
  fc.uint8Array(),
  fc.uint32Array(),
);

describe("writeNpz", () => {
  test("is inverted by readNpz, stored or deflated, for any names", async () => {
    const named = fc.array(fc.tuple(fc.string({ unit: "grapheme", maxLength: 8 }), arrays), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(named, fc.boolean(), async (entries, compress) => {
        const sources = new Map(entries.map(([name, data]) => [name, { shape: [data.length], data }]));
        const back = await readNpz(await writeNpz(sources, { compress }));
        expect([...back].map(([name, { data }]) => [name, data])).toEqual(
          [...sources].map(([name, { data }]) => [name, data]),
        );
      }),
      { numRuns: extent(15, 200, 50) },
    );
  });

  test("accepts tensors and plain objects, and names that are properties of objects or paths outside a folder", async () => {
    const names = ["__proto__", "toString", "../../x", "/x", "C:\\x", "a/b", ""];
    const bytes = await writeNpz(new Map(names.map((name, i) => [name, tensor([i])])));
    expect([...(await readNpz(bytes))].map(([name, { data }]) => [name, data[0]])).toEqual(
      names.map((name, i) => [name, i]),
    );
    const [x] = (await readNpz(await writeNpz({ x: tensor([[true, false]]) }))).values();
    expect([x!.shape, x!.dtype, [...x!.data]]).toEqual([[1, 2], "bool", [1, 0]]);
  });

  test("writes equal bytes for equal arrays, and fewer for deflated zeros", async () => {
    const zeros = { w: { shape: [10_000], data: new Float64Array(10_000) } };
    expect(await writeNpz(zeros)).toEqual(await writeNpz(zeros));
    expect((await writeNpz(zeros, { compress: true })).length).toBeLessThan(1000);
  });

  test("refuses values that are not arrays, and invalid options", async () => {
    await expect(writeNpz({ x: [1, 2] as never })).rejects.toThrow(
      "writeNpy: expected a tensor, or an array",
    );
    await expect(writeNpz({ x: one }, { compress: 9 as never })).rejects.toThrow(
      "writeNpz: compress must be true or false, got 9.",
    );
  });
});

describe("named arrays", () => {
  const sources = {
    x: tensor([[1, 2], [3, 4]]), // prettier-ignore
    y: { shape: [2], data: Int16Array.of(-1, 7) },
    flag: tensor([true, false]),
  };
  const asJson = (tensors: ReadonlyMap<string, Tensor>): unknown =>
    [...tensors].map(([name, x]) => [name, x.dtype, x.tolist()]);

  // writeSafetensors used to refuse the Map, and wrote "x.shape.0" for the record.
  test("of an archive go into a safetensors file, as a Map and as a record", async () => {
    const arrays = await readNpz(await writeNpz(sources));
    const expected = [
      ["x", "float64", [[1, 2], [3, 4]]],
      ["y", "int32", [-1, 7]],
      ["flag", "bool", [1, 0]],
    ]; // prettier-ignore
    for (const named of [arrays, Object.fromEntries(arrays)]) {
      const { tensors } = readSafetensors(writeSafetensors(named));
      expect(asJson(tensors)).toEqual(expected);
      expect(asJson(readSafetensors(writeSafetensors(tensors)).tensors)).toEqual(expected);
      expect(asJson(readSafetensors(writeSafetensors(Object.fromEntries(tensors))).tensors)).toEqual(
        expected,
      );
      const back = fromNamedTensors(named, { x: tensor([[0, 0], [0, 0]]), y: tensor([0, 0], { dtype: "int32" }), flag: tensor([true, true]) }); // prettier-ignore
      expect(back.x.tolist()).toEqual([[1, 2], [3, 4]]); // prettier-ignore
    }
    expect(() => writeSafetensors(new Map([["x", { shape: [3], data: Float64Array.of(1) }]]))).toThrow(
      'writeSafetensors: "x": shape [3] needs 3 elements, and data has 1.',
    );
  });

  test("of an archive form a data set, as a Map and as a record", async () => {
    const arrays = await readNpz(await writeNpz(sources));
    for (const data of [dataset(arrays), dataset(Object.fromEntries(arrays))])
      for (const batch of data.batch(2).epoch(0)) expect(batch["y"]!.tolist()).toEqual([-1, 7]);
  });
});

describe("readNpz", () => {
  test("reads only the named arrays, regardless of the others", async () => {
    const bytes = await writeZip(
      [
        { name: "text.txt", content: text("hello") },
        { name: "w.npy", content: writeNpy(one) },
        { name: "odd.npy", content: text("no array") },
        { name: "b.npy", content: writeNpy(one) },
      ],
      true,
    );
    expect([...(await readNpz(bytes, { only: ["b", "w"] })).keys()]).toEqual(["w", "b"]);
    await expect(readNpz(bytes, { name: "a.npz", only: ["ww"] })).rejects.toThrow(
      'a.npz: there is no array "ww". Available: text.txt, w, odd, b.',
    );
    expect(await contentOf(bytes)).toBe(
      'data: a.npz, "text.txt": its name is not that of an NPY file. Select the arrays to read with only.',
    );
    await expect(readNpz(bytes, { only: ["odd"] })).rejects.toThrow('NPZ, "odd": this is not an NPY file');
    await expect(readNpz(bytes, { only: "w" as never })).rejects.toThrow(
      'readNpz: only must be names of arrays, as in only: ["w"].',
    );
  });

  test.each([false, true])(
    "detects every changed byte by checksums and sizes (deflated: %s)",
    async (compress) => {
      const whole = await writeNpz(
        { w: one, b: { shape: [3], data: Float64Array.of(1, 2, 3) } },
        { compress },
      );
      const content = await contentOf(whole);
      const renamed: string[] = [];
      for (let at = 0; at < whole.length; at++) {
        const changed = whole.slice();
        changed[at]! ^= 0x55;
        const got = await contentOf(changed);
        if (typeof got === "string") expect(got).toMatch(/^data: a\.npz\b/);
        // names have no checksum
        else if (JSON.stringify(got) !== JSON.stringify(content)) renamed.push(JSON.stringify(got));
      }
      expect(renamed.length).toBeLessThanOrEqual(2);
    },
  );

  test.each([false, true])("refuses a file cut at any byte (deflated: %s)", async (compress) => {
    const whole = await writeNpz({ w: one, b: one }, { compress });
    for (let length = 0; length < whole.length; length++)
      expect(await contentOf(whole.subarray(0, length))).toMatch(
        length < 4 ? /^data: a\.npz: this is not a zip archive/ : /^data: a\.npz: cut short/,
      );
  });

  test("refuses two arrays of one name, encryption and packing by other methods", async () => {
    const twice = ["w.npy", "w"].map((name) => ({ name, content: writeNpy(one) }));
    expect(await contentOf(await writeZip(twice, false))).toBe(
      'data: a.npz: two arrays are named "w". Rename one of them.',
    );
    const whole = await writeNpz({ w: one });
    const directory = whole.findLastIndex(
      (_, i) => whole[i] === 0x50 && whole[i + 1] === 0x4b && whole[i + 2] === 1,
    );
    const encrypted = whole.slice();
    encrypted[directory + 8]! |= 1;
    expect(await contentOf(encrypted)).toBe('data: a.npz, "w": it is encrypted. Unpack it first.');
    const byBzip2 = whole.slice();
    byBzip2[directory + 10] = 12;
    expect(await contentOf(byBzip2)).toBe(
      'data: a.npz, "w": it is packed by method 12, and 0 (stored) and 8 (deflated) are known. Pack it with deflate.',
    );
  });

  test("refuses entries that share their bytes: an archive of 1 MB could hold a thousand of 1 MB each", async () => {
    const whole = await writeNpz({ a: one, b: one });
    const directory = whole.findIndex(
      (_, i) => whole[i] === 0x50 && whole[i + 1] === 0x4b && whole[i + 2] === 1,
    );
    const second = directory + 46 + "a.npy".length;
    const view = new DataView(whole.buffer);
    view.setUint32(second + 42, view.getUint32(directory + 42, true), true);
    expect(await contentOf(whole)).toContain('damaged: its entries "a.npy" and "b.npy" overlap');
  });

  test("unpacks a bomb only up to its stated size, and not at all if that exceeds the limit", async () => {
    const large = { shape: [2 ** 20], data: new Uint8Array(2 ** 20) };
    const bomb = await writeNpz({ large, w: one }, { compress: true });
    await expect(readNpz(bomb, { maxUnpackedBytes: 2 ** 20 })).rejects.toThrow("more than 1048576 bytes");
    expect((await readNpz(bomb, { maxUnpackedBytes: 1000, only: ["w"] })).size).toBe(1);
    expect((await readNpz(bomb)).get("large")!.data.length).toBe(2 ** 20);
    const liar = await writeNpz({ large }, { compress: true });
    const view = new DataView(liar.buffer);
    const sizeAt =
      liar.findLastIndex((_, i) => liar[i] === 0x50 && liar[i + 1] === 0x4b && liar[i + 2] === 1) + 24;
    view.setUint32(sizeAt, 1000, true);
    expect(await contentOf(liar)).toBe(
      'data: a.npz, "large": damaged: it should have 1000 bytes, and has more. Fetch or copy it again.',
    );
    view.setUint32(sizeAt, 2 ** 30, true);
    expect(await contentOf(liar)).toContain(`unpacks to more than ${64 * 2 ** 20} bytes`);
    await expect(readNpz(bomb, { maxUnpackedBytes: "1" as never })).rejects.toThrow(
      "maxUnpackedBytes must be",
    );
  });

  test("reads sizes, offsets and counts of eight bytes (zip64)", async () => {
    const bytes = await writeZip([{ name: "w.npy", content: writeNpy(one) }], true, 1);
    expect(await contentOf(bytes)).toEqual([["w", [2], "int32", "Int16Array", 1, 2]]);
  });

  describe("without node:zlib", () => {
    afterEach(() => vi.restoreAllMocks());

    test("unpacks by web streams, as in browsers", async () => {
      const bytes = await writeNpz({ w: one }, { compress: true });
      vi.spyOn(process, "getBuiltinModule").mockImplementation(() => undefined);
      expect(await contentOf(bytes)).toEqual([["w", [2], "int32", "Int16Array", 1, 2]]);
      bytes[80]! ^= 0x55;
      expect(await contentOf(bytes)).toMatch(/^data: a\.npz, "w": (?:damaged|the packed data are)/);
    });
  });
});

describeWithPython("NumPy", ["numpy"], () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "downhill-npz-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("writes archives that readNpz reads: stored, deflated, and with sizes of eight bytes throughout", async () => {
    runPython(
      `
import sys, zipfile, numpy as np
kinds = "f8 f4 i4 i2 i1 u4 u2 u1 i8 u8".split()
arrays = {kind: np.arange(6).reshape(2, 3).astype(kind) for kind in kinds}
arrays |= {"bool": np.array([True, False]), "scalar": np.float64(2.5), "none": np.zeros((0, 3)), "a/b": np.ones(2, ">f4"),
  "größe": np.arange(6.0).reshape(2, 3).T}
np.savez(sys.argv[1] + "/stored.npz", **arrays)
np.savez_compressed(sys.argv[1] + "/deflated.npz", **arrays)
zipfile.ZIP64_LIMIT = 10
zipfile.ZIP_FILECOUNT_LIMIT = 1
np.savez(sys.argv[1] + "/wide.npz", **arrays)
`,
      folder,
    );
    for (const file of ["stored", "deflated", "wide"]) {
      const loaded = await readNpzFile(join(folder, `${file}.npz`));
      const plain = [...loaded].map(([name, { shape, data }]) => [name, shape, [...data]]);
      expect(plain.slice(0, 10)).toEqual(
        "f8 f4 i4 i2 i1 u4 u2 u1 i8 u8".split(" ").map((kind) => [kind, [2, 3], [0, 1, 2, 3, 4, 5]]),
      );
      expect(plain.slice(10)).toEqual([
        ["bool", [2], [1, 0]],
        ["scalar", [], [2.5]],
        ["none", [0, 3], []],
        ["a/b", [2], [1, 1]],
        ["größe", [3, 2], [0, 3, 1, 4, 2, 5]],
      ]);
    }
    const wide = readFileSync(join(folder, "wide.npz"));
    expect(wide.includes(Buffer.of(0x50, 0x4b, 6, 6))).toBe(true);
  });

  test("reads the output of writeNpz, also with sizes of eight bytes", async () => {
    const data: Readonly<Record<string, NpyData>> = {
      f8: Float64Array.of(0.1, -0, Infinity),
      f4: Float32Array.of(0.5, NaN),
      i4: Int32Array.of(-(2 ** 31)),
      u4: Uint32Array.of(2 ** 32 - 1),
      i2: Int16Array.of(-5),
      u1: Uint8Array.of(1, 2, 3),
      größe: Float64Array.of(1, 2),
    };
    const sources: NpySourcesByName = new Map(
      Object.entries(data).map(([name, array]) => [name, { shape: [array.length], data: array }]),
    );
    await writeNpzFile(join(folder, "a.npz"), sources);
    await writeNpzFile(join(folder, "b.npz"), sources, { compress: true });
    const files = Object.entries(data).map(([name, array]) => ({
      name: `${name}.npy`,
      content: writeNpy({ shape: [array.length], data: array }),
    }));
    writeFileSync(join(folder, "c.npz"), await writeZip(files, true, 1));
    const printed = runPython(
      `
import sys, zipfile, numpy as np
for name in "abc":
    path = sys.argv[1] + f"/{name}.npz"
    assert zipfile.ZipFile(path).testzip() is None
    with np.load(path) as arrays:
        print({key: (arrays[key].dtype.str, arrays[key].tolist()) for key in arrays.files})
`,
      folder,
    );
    const expected =
      "{'f8': ('<f8', [0.1, -0.0, inf]), 'f4': ('<f4', [0.5, nan]), 'i4': ('<i4', [-2147483648]), " +
      "'u4': ('<u4', [4294967295]), 'i2': ('<i2', [-5]), 'u1': ('|u1', [1, 2, 3]), 'größe': ('<f8', [1.0, 2.0])}";
    expect(printed.trim().split("\n")).toEqual([expected, expected, expected]);
  });

  test("has objects in arrays, which are refused: they are pickles", async () => {
    const path = join(folder, "objects.npz");
    runPython("import sys, numpy as np; np.savez(sys.argv[1], o=np.array([{}]), x=np.ones(1))", path);
    await expect(readNpzFile(path)).rejects.toThrow('objects.npz, "o": it holds "|O"');
    expect((await readNpzFile(path, { only: ["x"] })).size).toBe(1);
  });
});
