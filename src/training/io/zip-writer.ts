import { readerParts } from "./gzip.ts";
import { joined } from "./bytes.ts";
import {
  all16,
  all32,
  crc32,
  directoryHeader,
  end,
  localHeader,
  method,
  wideEnd,
  wideField,
  wideLocator,
} from "./zip-format.ts";

/** A file to be stored in an archive. */
export interface ZipFile {
  readonly name: string;
  readonly content: Uint8Array;
}

const version = 45; // version of the format, the first with sizes of eight bytes
const utf8 = 0x800; // flag of a name in UTF-8
const firstDay = 0x21; // 1980-01-01, the earliest date of the format
const mayReadAndWrite = 0o600 * 2 ** 16; // permissions of the unpacked file: its owner may read and write

/**
 * Writes a zip archive of these files, stored or deflated, like Python's `zipfile` for NumPy. Sizes in local headers
 * have eight bytes. In the directory and the end record, numbers have eight bytes if they are `wideFrom` or more, and
 * the count of entries also from 65,535. All files are dated 1980-01-01, so that equal files produce equal bytes.
 */
export async function writeZip(
  files: Iterable<ZipFile>,
  compress: boolean,
  wideFrom: number = all32,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  let count = 0;
  for (const { name, content } of files) {
    const packed = compress ? await deflated(content) : content;
    const raw = new TextEncoder().encode(name);
    const about: readonly ZipField[] = [
      [2, utf8],
      [2, compress ? method.deflated : method.stored],
      [2, 0], // time
      [2, firstDay],
      [4, crc32(content)],
    ];
    const wide = widened([content.length, packed.length, at], wideFrom);
    const [size, packedSize, local] = wide.numbers as [number, number, number];
    directory.push(
      fields(
        [4, directoryHeader.signature],
        [2, version], // of the writer
        [2, version], // required of a reader
        ...about,
        [4, packedSize],
        [4, size],
        [2, raw.length],
        [2, wide.extra.length],
        [2, 0], // length of the comment
        [2, 0], // disk number
        [2, 0], // internal attributes
        [4, mayReadAndWrite],
        [4, local],
      ),
      raw,
      wide.extra,
    );
    const both = widened([content.length, packed.length], 0);
    const sizes: readonly ZipField[] = [[4, all32], [4, all32]]; // prettier-ignore
    const header = fields(
      [4, localHeader.signature],
      [2, version],
      ...about,
      ...sizes,
      [2, raw.length],
      [2, both.extra.length],
    );
    for (const piece of [header, raw, both.extra, packed]) {
      pieces.push(piece);
      at += piece.length;
    }
    count++;
  }
  const size = directory.reduce((n, piece) => n + piece.length, 0);
  return joined([...pieces, ...directory, endOf(count, at, size, wideFrom)]);
}

/** Writes the end of an archive with `count` entries, whose directory has `size` bytes and begins at byte `from`. */
function endOf(count: number, from: number, size: number, wideFrom: number): Uint8Array {
  const isWide = count >= Math.min(all16, wideFrom) || from >= wideFrom || size >= wideFrom;
  const wide: readonly ZipField[] = [
    [4, wideEnd.signature],
    [8, wideEnd.size - 12], // size of the rest of this record
    [2, version],
    [2, version],
    [4, 0], // numbers of this disk and of that with the directory
    [4, 0],
    [8, count],
    [8, count],
    [8, size],
    [8, from],
    [4, wideLocator.signature],
    [4, 0],
    [8, from + size],
    [4, 1], // number of disks
  ];
  return fields(
    ...(isWide ? wide : []),
    [4, end.signature],
    [2, 0],
    [2, 0],
    [2, isWide ? all16 : count],
    [2, isWide ? all16 : count],
    [4, isWide ? all32 : size],
    [4, isWide ? all32 : from],
    [2, 0],
  );
}

/**
 * Returns numbers as a header stores them in four bytes, and the zip64 field `extra`. Numbers of `wideFrom` or more are
 * stored as `all32` in the header and with eight bytes in `extra`. Without such numbers `extra` is empty.
 */
function widened(
  numbers: readonly number[],
  wideFrom: number,
): { readonly numbers: readonly number[]; readonly extra: Uint8Array } {
  const wide = numbers.filter((n) => n >= wideFrom);
  const content = wide.map((n): ZipField => [8, n]);
  return {
    numbers: numbers.map((n) => (n >= wideFrom ? all32 : n)),
    extra: wide.length === 0 ? new Uint8Array(0) : fields([2, wideField], [2, 8 * wide.length], ...content),
  };
}

/** Number of bytes of a field, and its value. */
type ZipField = readonly [2 | 4 | 8, number];

function fields(...all: readonly ZipField[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(all.reduce((n, [size]) => n + size, 0)));
  let at = 0;
  for (const [size, value] of all) {
    if (size === 2) view.setUint16(at, value, true);
    else if (size === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += size;
  }
  return new Uint8Array(view.buffer);
}

async function deflated(content: Uint8Array): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const source = new Blob([content as Uint8Array<ArrayBuffer>]).stream();
  for await (const part of readerParts(source.pipeThrough(new CompressionStream("deflate-raw"))))
    parts.push(part);
  return joined(parts);
}
