import { DownhillError } from "../errors/index.ts";
import { readTable, type ReadTableOptions, type Table } from "./csv.ts";
import { explainReadError, type FolderReader } from "./file-errors.ts";
import { gunzip } from "./gzip.ts";
import { type IdxArray, readIdx } from "./idx.ts";

/**
 * The bytes of a file, in Node, Deno and Bun.
 *
 * @throws DownhillError `file`, naming the file and what to do, if it is missing (with the nearest name in
 * its folder), a folder, or may not be read; and in a browser, where bytes come from `fetch` or a file input.
 */
export async function readFileBytes(path: string): Promise<Uint8Array> {
  const fs = fileSystem(path);
  try {
    return await fs.readFile(path);
  } catch (cause) {
    throw new DownhillError("file", await explainReadError(fs, path, cause), { cause });
  }
}

/**
 * The text of a file in UTF-8 (or UTF-16 with a byte order mark), unpacked if it is gzip.
 *
 * @throws DownhillError `file` as `readFileBytes`; `data` if the bytes are no text.
 */
export async function readFileText(path: string): Promise<string> {
  const bytes = await gunzip(await readFileBytes(path), path);
  const encoding = encodingOf(bytes, path);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    const repair = `Save it as UTF-8 (in a spreadsheet: "CSV UTF-8").`;
    throw new DownhillError("data", `${path}: this is not text in ${encoding.toUpperCase()}. ${repair}`, {
      cause,
    });
  }
}

/**
 * The encoding of a text by its byte order mark, UTF-8 without one.
 *
 * @throws DownhillError `data` if there are zero bytes, which no text in UTF-8 has.
 */
function encodingOf(bytes: Uint8Array, path: string): "utf-8" | "utf-16le" | "utf-16be" {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  const zero = bytes.indexOf(0);
  if (zero < 0) return "utf-8";
  // in UTF-16 every other byte of most texts is zero
  const zeros = [0, 0];
  const begin = bytes.subarray(0, 1000);
  begin.forEach((byte, i) => (zeros[i % 2]! += byte === 0 ? 1 : 0));
  const [even, odd] = zeros as [number, number];
  const isWide = Math.max(even, odd) > begin.length / 4 && Math.min(even, odd) < begin.length / 16;
  const what = isWide
    ? "this looks like text in UTF-16 without a byte order mark"
    : `this is not text: byte ${zero} is zero`;
  const repair = `Save it as UTF-8 (in a spreadsheet: "CSV UTF-8").`;
  throw new DownhillError("data", `${path}: ${what}. ${repair}`);
}

/** `readTable` of a file, gzip or not; messages name the path unless `name` is given. */
export async function readTableFile(path: string, options: ReadTableOptions = {}): Promise<Table> {
  return readTable(await readFileText(path), { name: path, ...options });
}

/** `readIdx` of a file, gzip or not; messages name the path. */
export async function readIdxFile(path: string): Promise<IdxArray> {
  return readIdx(await readFileBytes(path), { name: path });
}

interface FileSystem extends FolderReader {
  readonly readFile: (path: string) => Promise<Uint8Array>;
}

/** Asked for at run time, so that bundles for browsers hold no import of `node:`. */
function fileSystem(path: string): FileSystem {
  const fs = globalThis.process?.getBuiltinModule?.("node:fs/promises");
  if (fs !== undefined) return fs;
  throw new DownhillError(
    "file",
    `${path}: there are no files to read here. In a browser, pass bytes from fetch or a file input.`,
  );
}
