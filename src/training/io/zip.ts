import { DownhillError } from "../../engine/errors/index.ts";
import { byteReader } from "./byte-source.ts";
import { gunzipParts } from "./gzip.ts";
import {
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

const longestComment = 0xffff; // bytes after the end record

/** One entry of an archive, according to the directory. */
export interface ZipEntry {
  /** Name of the entry. It is never used as a path. */
  readonly name: string;
  /** Unpacked size in bytes. */
  readonly size: number;
  readonly crc: number;
  readonly method: number;
  readonly isEncrypted: boolean;
  /** Range of its packed data in the archive, in bytes. */
  readonly from: number;
  readonly to: number;
}

/**
 * Reads the entries of a zip archive in the order of its directory. Checks that each is inside the archive and overlaps
 * no other.
 *
 * @throws DownhillError `data`, naming `name` and the byte, if it is not a zip archive, cut short or damaged.
 * @see PKWARE, APPNOTE.TXT, .ZIP File Format Specification, 4.3 and 4.5.3 (zip64).
 */
export function readZipDirectory(bytes: Uint8Array, name: string): readonly ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { count, from, to } = findDirectory(bytes, view, name);
  const entries: ZipEntry[] = [];
  let at = from;
  for (let i = 0; i < count; i++) {
    if (at + directoryHeader.size > to || view.getUint32(at, true) !== directoryHeader.signature) {
      throw damaged(name, `entry ${i + 1} of ${count} is not in its directory (byte ${at})`);
    }
    const nameStart = at + directoryHeader.size;
    const extraStart = nameStart + view.getUint16(at + 28, true);
    const extraEnd = extraStart + view.getUint16(at + 30, true);
    const next = extraEnd + view.getUint16(at + 32, true);
    if (next > to) throw damaged(name, `entry ${i + 1} reaches beyond its directory (byte ${at})`);
    const [size, packed, local] = widened(
      view,
      [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)],
      extraStart,
      extraEnd,
    );
    const raw = bytes.subarray(nameStart, extraStart);
    const entryName = new TextDecoder().decode(raw);
    const about = `${name}: entry ${JSON.stringify(entryName)}`;
    if (local + localHeader.size > from || view.getUint32(local, true) !== localHeader.signature) {
      throw damaged(about, `its data do not begin at byte ${local}`);
    }
    const start =
      local + localHeader.size + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    if (start + packed > from) throw damaged(about, `its ${packed} packed bytes are not all there`);
    entries.push({
      name: entryName,
      size,
      crc: view.getUint32(at + 16, true),
      method: view.getUint16(at + 10, true),
      isEncrypted: (view.getUint16(at + 8, true) & 1) === 1,
      from: start,
      to: start + packed,
    });
    at = next;
  }
  const places = entries.toSorted((a, b) => a.from - b.from);
  for (let i = 1; i < places.length; i++) {
    if (places[i]!.from >= places[i - 1]!.to) continue;
    const two = `${JSON.stringify(places[i - 1]!.name)} and ${JSON.stringify(places[i]!.name)}`;
    throw damaged(name, `its entries ${two} overlap (byte ${places[i]!.from})`);
  }
  return entries;
}

/**
 * Finds the directory of an archive: the byte range `from` to `to`, and its number of entries.
 *
 * @throws DownhillError `data` if there is no end record, or if its numbers are inconsistent.
 */
function findDirectory(
  bytes: Uint8Array,
  view: DataView,
  name: string,
): { readonly count: number; readonly from: number; readonly to: number } {
  const last = bytes.length - end.size;
  const first = Math.max(0, last - longestComment);
  let at = last;
  const isEnd = (place: number): boolean =>
    view.getUint32(place, true) === end.signature &&
    place + end.size + view.getUint16(place + 20, true) === bytes.length;
  while (at >= first && !isEnd(at)) at--;
  if (at < first || last < 0) {
    const isZip = bytes.length >= 4 && view.getUint32(0, true) === localHeader.signature;
    throw new DownhillError(
      "data",
      isZip
        ? `${name}: cut short or damaged: it has no end of a zip archive, after ${bytes.length} bytes. Fetch or copy it again.`
        : `${name}: this is not a zip archive (${bytes.length} bytes).`,
    );
  }
  let [count, size, from] = [
    view.getUint16(at + 10, true),
    view.getUint32(at + 12, true),
    view.getUint32(at + 16, true),
  ];
  let to = at;
  const locator = at - wideLocator.size;
  if (locator >= 0 && view.getUint32(locator, true) === wideLocator.signature) {
    const wide = readWide(view, locator + 8);
    if (wide + wideEnd.size > locator || view.getUint32(wide, true) !== wideEnd.signature) {
      throw damaged(name, `its end says that the sizes are at byte ${wide}, where they are not`);
    }
    [count, size, from] = [readWide(view, wide + 32), readWide(view, wide + 40), readWide(view, wide + 48)];
    to = wide;
  }
  if (from + size !== to) {
    throw damaged(name, `its directory should end at byte ${from + size}, and what follows begins at ${to}`);
  }
  if (count * directoryHeader.size > size) {
    throw damaged(name, `its directory of ${size} bytes cannot hold ${count} entries`);
  }
  return { count, from, to };
}

/**
 * Returns the sizes and the offset of a header. A number `0xffffffff` is replaced by the next number of eight bytes in
 * the zip64 field. Bytes `from` to `to` are the extra fields of the header.
 */
function widened(
  view: DataView,
  numbers: readonly [number, number, number],
  from: number,
  to: number,
): readonly [number, number, number] {
  if (!numbers.includes(all32)) return numbers;
  for (let at = from; at + 4 <= to;) {
    const fieldEnd = Math.min(to, at + 4 + view.getUint16(at + 2, true));
    if (view.getUint16(at, true) !== wideField) {
      at = fieldEnd;
      continue;
    }
    let next = at + 4;
    const widen = (n: number): number => {
      if (n !== all32 || next + 8 > fieldEnd) return n;
      next += 8;
      return readWide(view, next - 8);
    };
    const [size, packed, local] = numbers;
    return [widen(size), widen(packed), widen(local)];
  }
  return numbers;
}

/**
 * Reads an integer of 64 bits. It is exact up to 2^53; larger numbers are beyond the end of every archive and therefore
 * refused.
 */
function readWide(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

/**
 * Unpacks an entry up to its stated size, and verifies its checksum.
 *
 * @throws DownhillError `data`, naming `name`, if the entry is damaged, encrypted, or packed by another method than
 *   deflate.
 */
export async function unpackZipEntry(bytes: Uint8Array, entry: ZipEntry, name: string): Promise<Uint8Array> {
  const { size } = entry;
  if (entry.isEncrypted) throw new DownhillError("data", `${name}: it is encrypted. Unpack it first.`);
  if (entry.method !== method.stored && entry.method !== method.deflated) {
    const what = `it is packed by method ${entry.method}, and 0 (stored) and 8 (deflated) are known`;
    throw new DownhillError("data", `${name}: ${what}. Pack it with deflate.`);
  }
  const packed = bytes.subarray(entry.from, entry.to);
  const content = entry.method === method.stored ? packed : await inflated(packed, size, name);
  if (content.length !== size) {
    const more = content.length > size ? "more" : `${content.length}`;
    throw damaged(name, `it should have ${size} bytes, and has ${more}`);
  }
  if (crc32(content) !== entry.crc) throw damaged(name, "its checksum (CRC-32) does not match");
  return content;
}

/** Unpacks deflated data of `size` bytes. If there are more, returns only one byte more, so that the caller notices. */
async function inflated(packed: Uint8Array, size: number, name: string): Promise<Uint8Array> {
  const reader = byteReader(gunzipParts([packed], name, () => Infinity, "deflate-raw"));
  try {
    return await reader.take(size + 1);
  } finally {
    await reader.close();
  }
}

function damaged(name: string, what: string): DownhillError {
  return new DownhillError("data", `${name}: damaged: ${what}. Fetch or copy it again.`);
}
