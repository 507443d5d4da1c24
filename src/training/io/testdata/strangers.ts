import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { foldIn, key } from "downhill/random";
import { tensor } from "downhill";
import { DownhillError } from "../../../engine/errors/index.ts";
import {
  gunzip,
  readIdx,
  readJsonLines,
  readNpy,
  readNpz,
  readParquet,
  readSafetensors,
  readTable,
  streamIdx,
  streamJsonLines,
  streamNpy,
  streamParquet,
  streamTable,
  writeNpy,
  writeNpz,
  writeSafetensors,
} from "../index.ts";

/** Writes the header of an IDX file. */
export function idxHeader(kind: number, shape: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  view.setUint8(2, kind);
  view.setUint8(3, shape.length);
  shape.forEach((n, axis) => view.setUint32(4 + 4 * axis, n));
  return new Uint8Array(view.buffer);
}

/** A reader, and valid files for it. */
interface Reader {
  readonly name: string;
  /** Returns the number of numbers, cells or bytes read. */
  readonly read: (bytes: Uint8Array) => Promise<number>;
  readonly files: readonly Uint8Array[];
}

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const latin = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes);
const bytesOfLatin = (content: string): Uint8Array => Uint8Array.from(content, (c) => c.charCodeAt(0));

const idxFiles = [
  Uint8Array.of(...idxHeader(8, [3, 2]), 1, 2, 3, 4, 5, 6),
  Uint8Array.of(...idxHeader(11, [2]), 1, 2, 3, 4),
  Uint8Array.of(...idxHeader(14, [1, 1, 1]), 1, 2, 3, 4, 5, 6, 7, 8),
];
const npyFiles = [
  writeNpy({ shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) }),
  writeNpy({ shape: [4], data: Int16Array.of(1, 2, 3, 4) }),
  bytesOfLatin(latin(writeNpy({ shape: [2], data: Float64Array.of(1, 2) })).replace("<f8", "<i8")),
];
const npzSources = {
  w: { shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  "a/b": { shape: [], data: Int16Array.of(7) },
};
const npzFiles = [await writeNpz(npzSources), await writeNpz(npzSources, { compress: true })];
const tables = [
  text("height,species\n1.5,oak\n2,ash\n"),
  text('"a";"b ""c"""\r\n1;"x\ny"\r\n2;z\r\n'),
  text("\uFEFFx\n1\n\n2\n"),
];
const jsonLines = [
  text('{"height": 1.5, "species": "oak"}\n{"height": 2, "species": "ash"}\n'),
  text('\uFEFF{"a": null, "b": true}\r\n\r\n{"a": -1e3, "b": false}'),
];
const parquet = (["SNAPPY", "UNCOMPRESSED"] as const).map(
  (codec) =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: "height", data: [1.5, 2, null, 2], type: "DOUBLE" },
          { name: "species", data: ["oak", "ash", "oak", "oak"], type: "STRING" },
          { name: "n", data: [1, 1, 1, 1], type: "INT32", encoding: "DELTA_BINARY_PACKED" },
          { name: "ok", data: [true, false, true, true], type: "BOOLEAN" },
        ],
        rowGroupSize: 3,
        statistics: codec === "SNAPPY",
        codec,
      }),
    ),
);
const packed = (files: readonly Uint8Array[]): Uint8Array[] => [...files, ...files.map((file) => gzipSync(file))];
const tensors = writeSafetensors(
  { w: tensor([[1, 2], [3, 4]]), b: tensor([1, 0], { dtype: "bool" }) }, // prettier-ignore
  { made: "by hand" },
);
const halves = writeSafetensors({ h: tensor([1.5, -2]), b: tensor([3]) }, {}, { dtype: { h: "float16", b: "bfloat16" } });

async function total<T>(parts: AsyncIterable<T>, size: (part: T) => number): Promise<number> {
  let n = 0;
  for await (const part of parts) n += size(part);
  return n;
}

const ofData = ({ data }: { readonly data: ArrayLike<number> }): number => data.length;
const ofTable = ({ columns }: { readonly columns: readonly { readonly values: ArrayLike<unknown> }[] }): number =>
  columns.reduce((n, { values }) => n + values.length, 0);
const decoded = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Every file reader, with valid files for it. */
export const readers: readonly Reader[] = [
  { name: "readIdx", read: async (bytes) => ofData(await readIdx(bytes)), files: packed(idxFiles) },
  { name: "streamIdx", read: async (bytes) => total(streamIdx([bytes]), ofData), files: packed(idxFiles) },
  { name: "readNpy", read: async (bytes) => ofData(await readNpy(bytes)), files: packed(npyFiles) },
  { name: "streamNpy", read: async (bytes) => total(streamNpy([bytes]), ofData), files: packed(npyFiles) },
  {
    name: "readNpz",
    read: async (bytes) => [...(await readNpz(bytes)).values()].reduce((n, array) => n + ofData(array), 0),
    files: npzFiles,
  },
  { name: "readTable", read: async (bytes) => ofTable(readTable(decoded(bytes))), files: tables },
  { name: "streamTable", read: async (bytes) => total(streamTable([bytes]), ofTable), files: packed(tables) },
  {
    name: "readSafetensors",
    read: async (bytes) =>
      [...readSafetensors(bytes, { int64: "int32" }).tensors.values()].reduce((n, x) => n + x.data().length, 0),
    files: [tensors, halves],
  },
  {
    name: "readJsonLines",
    read: async (bytes) => ofTable(readJsonLines(decoded(bytes), { missing: "keep" })),
    files: jsonLines,
  },
  {
    name: "streamJsonLines",
    read: async (bytes) => total(streamJsonLines([bytes], { missing: "keep", rows: 1 }), ofTable),
    files: packed(jsonLines),
  },
  {
    name: "readParquet",
    read: async (bytes) => ofTable(await readParquet(bytes, { missing: "keep" })),
    files: parquet,
  },
  {
    name: "streamParquet",
    read: async (bytes) => total(streamParquet(bytes, { missing: "keep", rows: 2 }), ofTable),
    files: parquet,
  },
  { name: "gunzip", read: async (bytes) => (await gunzip(bytes, "x")).length, files: packed(tables) },
];

/** Returns a function that draws random integers below a bound; the seed determines the sequence. */
export function chance(seed: number): (bound: number) => number {
  let count = 0;
  const root = key(seed);
  return (bound) => Math.floor((foldIn(root, count++)[0]! / 2 ** 32) * bound);
}

const telling = ["0", "9", "-1", "1e999", '"', ",", "\n", "{", "}", "[", "]", "(", ")", "NaN", "null", "\\u0000", "99999999999999999999"]; // prettier-ignore

/**
 * Returns a file with a few faults: changed bits or bytes; pieces removed, doubled or inserted; an end too early or too
 * late.
 */
export function spoilt(file: Uint8Array, below: (bound: number) => number): Uint8Array {
  let bytes = [...file];
  for (let n = 1 + below(3); n > 0; n--) {
    const at = below(bytes.length + 1);
    const length = below(1 + Math.min(16, bytes.length - at));
    const bound = bytes.length;
    switch (below(8)) {
      case 0:
        if (at < bound) bytes[at]! ^= 1 << below(8);
        break;
      case 1:
        if (at < bound) bytes[at] = [0, 1, 0x7f, 0x80, 0xff][below(5)]!;
        break;
      case 2:
        bytes.splice(at, length);
        break;
      case 3:
        bytes.splice(at, 0, ...bytes.slice(at, at + length));
        break;
      case 4:
        bytes = bytes.slice(0, at);
        break;
      case 5:
        bytes.push(...Array.from({ length }, () => below(256)));
        break;
      case 6:
        bytes.splice(at, length, ...text(telling[below(telling.length)]!));
        break;
      default: // four bytes of a size
        for (let i = at; i < Math.min(at + 4, bound); i++) bytes[i] = below(2) === 0 ? 0xff : below(256);
    }
  }
  return Uint8Array.from(bytes);
}

/** Returns the outcome of reading: "read", or the code of the library's error. Rethrows other errors. */
export async function outcomeOf(run: () => Promise<number>, most: number): Promise<string> {
  try {
    const n = await run();
    if (n > most) throw new Error(`${n} elements came of a file that holds ${most} at most`);
    return "read";
  } catch (error) {
    if (error instanceof DownhillError && error.code !== "internal") return error.code;
    throw error;
  }
}
