import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError } from "../errors/index.ts";
import { checkedTableOptions, readTable, type ReadTableOptions, type Table } from "./csv.ts";
import { encodingOf } from "./encoding.ts";
import { explainReadError, type FolderReader } from "./file-errors.ts";
import { gunzip } from "./gzip.ts";
import { type IdxArray, readIdx } from "./idx.ts";
import { type NpyArray, type NpySource, readNpy, writeNpy } from "./npy.ts";

/**
 * The bytes of a file, in Node, Deno and Bun.
 *
 * @throws DownhillError `file`, naming the file and what to do, if it is missing (with the nearest name in
 * its folder), a folder, or may not be read; and in a browser, where bytes come from `fetch` or a file input.
 */
export async function readFileBytes(path: string): Promise<Uint8Array> {
  if (arguments.length > 1) refuseExtra("readFileBytes", arguments, 1);
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
  if (arguments.length > 1) refuseExtra("readFileText", arguments, 1);
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

/** `readTable` of a file, gzip or not; messages name the path unless `name` is given. */
export async function readTableFile(path: string, options: ReadTableOptions = {}): Promise<Table> {
  if (arguments.length > 2) refuseExtra("readTableFile", arguments, 2);
  checkedTableOptions("readTableFile", options); // before anything is read
  return readTable(await readFileText(path), { name: path, ...options });
}

/** `readIdx` of a file, gzip or not; messages name the path. */
export async function readIdxFile(path: string): Promise<IdxArray> {
  if (arguments.length > 1) refuseExtra("readIdxFile", arguments, 1);
  return readIdx(await readFileBytes(path), { name: path });
}

/** `readNpy` of a file, gzip or not; messages name the path. */
export async function readNpyFile(path: string): Promise<NpyArray> {
  if (arguments.length > 1) refuseExtra("readNpyFile", arguments, 1);
  return readNpy(await readFileBytes(path), { name: path });
}

/**
 * `writeNpy` to a file; one that is there is replaced.
 *
 * @throws DownhillError as `writeNpy`; `file`, naming the file, if it cannot be written.
 */
export async function writeNpyFile(path: string, array: NpySource): Promise<void> {
  if (arguments.length > 2) refuseExtra("writeNpyFile", arguments, 2);
  const bytes = writeNpy(array);
  const fs = fileSystem(path);
  try {
    await fs.writeFile(path, bytes);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DownhillError("file", `${path}: cannot be written (${why}).`, { cause });
  }
}

interface FileSystem extends FolderReader {
  readonly readFile: (path: string) => Promise<Uint8Array>;
  readonly writeFile: (path: string, bytes: Uint8Array) => Promise<void>;
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
