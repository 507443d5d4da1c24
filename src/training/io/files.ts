import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { checkedTableOptions, readTable, type ReadTableOptions, type Table } from "./csv.ts";
import { encodingOf } from "./encoding.ts";
import { explained, type FolderReader } from "./file-errors.ts";
import { gunzip, type UnpackOptions } from "./gzip.ts";
import { type IdxArray, readIdx, type ReadIdxOptions } from "./idx.ts";
import { checkValueOptions, readJsonLines, type ReadValuesOptions } from "./json-lines.ts";
import { type NpyArray, type NpySource, readNpy, type ReadNpyOptions, writeNpy } from "./npy.ts";
import {
  checkReadNpzOptions,
  checkWriteNpzOptions,
  type NpySourcesByName,
  readNpz,
  type ReadNpzOptions,
  writeNpz,
  type WriteNpzOptions,
} from "./npz.ts";
import { replaceFileOrExplain } from "./replace-file.ts";

/**
 * Reads the bytes of a file in Node, Deno and Bun.
 *
 * @throws DownhillError `file`, naming the file and the remedy, if it is missing (with the most similar name in its
 *   folder), is a folder, or may not be read; and in a browser, where bytes come from `fetch` or a file input.
 */
export async function readFileBytes(path: string): Promise<Uint8Array> {
  if (arguments.length > 1) refuseExtra("readFileBytes", arguments, 1);
  const fs = fileSystem(path);
  return explained(fs, path, fs.readFile(path));
}

/**
 * Reads the text of a file in UTF-8 (or UTF-16 with a byte order mark), unpacking gzip.
 *
 * @throws DownhillError `file` like `readFileBytes`; `data` if the bytes are not text, exceed the longest string (use
 *   `streamTable` then), or unpack to more than `maxUnpackedBytes`.
 */
export async function readFileText(path: string, options: UnpackOptions = {}): Promise<string> {
  if (arguments.length > 2) refuseExtra("readFileText", arguments, 2);
  checkOptions("readFileText", options, ["maxUnpackedBytes"]); // checked before anything is read, like below
  const bytes = await gunzip(await readFileBytes(path), path, options);
  const encoding = encodingOf(bytes, path);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    // By the standard, engines throw a TypeError for bytes that are not text, and other errors for texts that are too
    // long.
    if (!(cause instanceof TypeError) || bytes.length >= longestText) {
      const size = `its ${bytes.length} bytes exceed the longest possible string`;
      throw new DownhillError("data", `${path}: ${size}. Read it part by part, with streamTable.`, { cause });
    }
    const repair = `Save it as UTF-8 (in a spreadsheet: "CSV UTF-8").`;
    throw new DownhillError("data", `${path}: this is not text in ${encoding.toUpperCase()}. ${repair}`, {
      cause,
    });
  }
}

/** Like `readTable`, for a file, gzip or not. Messages name the path unless `name` is given. */
export async function readTableFile(
  path: string,
  options: ReadTableOptions & UnpackOptions = {},
): Promise<Table> {
  if (arguments.length > 2) refuseExtra("readTableFile", arguments, 2);
  checkedTableOptions("readTableFile", options, ["maxUnpackedBytes"]);
  const { maxUnpackedBytes, ...rest } = options;
  const text = await readFileText(path, maxUnpackedBytes === undefined ? {} : { maxUnpackedBytes });
  return readTable(text, { name: path, ...rest });
}

/** Like `readJsonLines`, for a file, gzip or not. Messages name the path unless `name` is given. */
export async function readJsonLinesFile(
  path: string,
  options: ReadValuesOptions & UnpackOptions = {},
): Promise<Table> {
  if (arguments.length > 2) refuseExtra("readJsonLinesFile", arguments, 2);
  checkValueOptions("readJsonLinesFile", options, ["maxUnpackedBytes"]); // checked before anything is read
  const { maxUnpackedBytes, ...rest } = options;
  const text = await readFileText(path, maxUnpackedBytes === undefined ? {} : { maxUnpackedBytes });
  return readJsonLines(text, { name: path, ...rest });
}

/** Like `readIdx`, for a file, gzip or not. Messages name the path unless `name` is given. */
export async function readIdxFile(path: string, options: ReadIdxOptions = {}): Promise<IdxArray> {
  if (arguments.length > 2) refuseExtra("readIdxFile", arguments, 2);
  checkOptions("readIdxFile", options, ["name", "maxUnpackedBytes"]);
  return readIdx(await readFileBytes(path), { name: path, ...options });
}

/** Like `readNpy`, for a file, gzip or not. Messages name the path unless `name` is given. */
export async function readNpyFile(path: string, options: ReadNpyOptions = {}): Promise<NpyArray> {
  if (arguments.length > 2) refuseExtra("readNpyFile", arguments, 2);
  checkOptions("readNpyFile", options, ["name", "maxUnpackedBytes"]);
  return readNpy(await readFileBytes(path), { name: path, ...options });
}

/**
 * Like `writeNpy`, to a file. Replaces an existing file atomically: at any time the name refers to either the old or
 * the complete new content.
 *
 * @throws DownhillError like `writeNpy`; `file`, naming the file, if it cannot be written.
 */
export async function writeNpyFile(path: string, array: NpySource): Promise<void> {
  if (arguments.length > 2) refuseExtra("writeNpyFile", arguments, 2);
  await replaceFileOrExplain("writeNpyFile", path, writeNpy(array));
}

/** Like `readNpz`, for a file. Messages name the path unless `name` is given. */
export async function readNpzFile(
  path: string,
  options: ReadNpzOptions = {},
): Promise<ReadonlyMap<string, NpyArray>> {
  if (arguments.length > 2) refuseExtra("readNpzFile", arguments, 2);
  checkReadNpzOptions("readNpzFile", options);
  return readNpz(await readFileBytes(path), { name: path, ...options });
}

/**
 * Like `writeNpz`, to a file. Replaces an existing file atomically: at any time the name refers to either the old or
 * the complete new content.
 *
 * @throws DownhillError like `writeNpz`; `file`, naming the file, if it cannot be written.
 */
export async function writeNpzFile(
  path: string,
  arrays: NpySourcesByName,
  options: WriteNpzOptions = {},
): Promise<void> {
  if (arguments.length > 3) refuseExtra("writeNpzFile", arguments, 3);
  checkWriteNpzOptions("writeNpzFile", options);
  await replaceFileOrExplain("writeNpzFile", path, await writeNpz(arrays, options));
}

const longestText = 2 ** 29 - 24; // characters, in V8; other engines allow more

interface FileSystemReader extends FolderReader {
  readonly readFile: (path: string) => Promise<Uint8Array>;
}

/** Returns the file system, looked up at run time so that bundles for browsers contain no import of `node:`. */
function fileSystem(path: string): FileSystemReader {
  const fs = globalThis.process?.getBuiltinModule?.("node:fs/promises");
  if (fs !== undefined) return fs;
  throw new DownhillError(
    "file",
    `${path}: there are no files to read here. In a browser, pass bytes from fetch or a file input.`,
  );
}
