import { DownhillError } from "../../engine/errors/index.ts";
import { engine } from "../../engine/runtime/index.ts";
import type { CompiledRecord, RecordStore } from "../../engine/runtime/region-records.ts";
import { keeperOf, makeRecords } from "../../engine/runtime/region-records.ts";

/** Limits of a compilation cache. */
export interface CompilationCacheOptions {
  /**
   * Limit for the sum of the record files, in bytes. Above it, the oldest files are deleted until half of the limit is
   * left. Default 64 MiB.
   */
  readonly mostBytes?: number;
}

/** Subfolder of the given folder that holds the records. Everything outside of it belongs to the user. */
const ownFolder = "downhill-compiled";

/**
 * Caches compiled plain functions and their derivatives in `folder/downhill-compiled`. The first call of a later run
 * neither derives nor compiles, which takes a quarter to a ninth of the time. Results have the same bits. `undefined`
 * turns the cache off.
 *
 * Files of other versions of downhill or Node, and damaged files, are ignored and rewritten. Several processes may
 * share a folder. A read-only folder is only read. Nothing outside of the subfolder is read, written or deleted.
 *
 * Records are run as code. On POSIX systems a folder is therefore refused if its group or other users can write to it.
 * It is also refused if its owner is neither the current user nor root. Windows reports no such modes, so nothing is
 * checked there: choose a folder in your own profile.
 *
 * @throws DownhillError `option` where there is no file system, as in pages; `file` for a folder that other users can
 *   write to.
 * @example
 * setCompilationCache("node_modules/.cache/downhill");
 * setCompilationCache(undefined);
 */
export function setCompilationCache(
  folder: string | undefined,
  { mostBytes = 64 * 2 ** 20 }: CompilationCacheOptions = {},
): void {
  engine.records = makeRecords(folder === undefined ? null : keeperOf(recordFolder(folder, mostBytes)));
}

/**
 * Turns the cache on unless the program has already called `setCompilationCache`. For tools that load a user's program:
 * if other users can write to the folder, this is reported on the console and the folder is not used.
 */
export function offerCompilationCache(folder: string): void {
  if (engine.records?.keeper !== undefined) return;
  try {
    setCompilationCache(folder);
  } catch (error) {
    if (!(error instanceof DownhillError && error.code === "file")) throw error;
    setCompilationCache(undefined);
    // oxlint-disable-next-line no-console -- the program runs on, only slower
    console.warn(`downhill: compiled code is not cached: ${error.message}`);
  }
}

/** Creates the storage of records as files of a folder. */
function recordFolder(folder: string, mostBytes: number): RecordStore {
  const process = globalThis.process as Partial<NodeJS.Process> | undefined;
  const fs = process?.getBuiltinModule?.("node:fs");
  const path = process?.getBuiltinModule?.("node:path");
  if (fs === undefined || path === undefined)
    throw new DownhillError(
      "option",
      "setCompilationCache: there are no files here, only in Node, Bun and Deno.",
    );
  const root = path.join(path.resolve(folder), ownFolder);
  const { objection, isOwn } = ownership(fs, path.resolve(folder), root, process?.getuid?.());
  const refused = objection();
  if (refused !== undefined) throw new DownhillError("file", `setCompilationCache: ${refused}`);
  const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];
  /**
   * Adds the version of the JavaScript runtime and the processor architecture to the key of a record, because the
   * record is only valid for these.
   */
  const fullKey = (key: string): string => `${process?.version ?? ""} ${process?.arch ?? ""} ${key}`;
  const fileOf = (key: string): string => path.join(root, `${checksum(encoder.encode(key))}.json`);
  let canWrite = true;
  let isPruned = false;
  let isTrusted: boolean | undefined; // undefined until the subfolder exists, which another process may create
  const namesIn = (at: string): readonly string[] => {
    try {
      return fs.readdirSync(at);
    } catch {
      return []; // the folder can be written to but not listed
    }
  };
  const trusts = (): boolean => {
    if (isTrusted === undefined && fs.existsSync(root)) isTrusted = objection() === undefined;
    return isTrusted === true;
  };
  return {
    get(key) {
      const full = fullKey(key);
      try {
        const file = fileOf(full);
        if (!trusts() || !isOwn(fs.lstatSync(file))) return undefined;
        const bytes = fs.readFileSync(file);
        const body = bytes.subarray(checksumLength);
        if (decoder.decode(bytes.subarray(0, checksumLength)) !== checksum(body)) return undefined;
        const content = JSON.parse(decoder.decode(body)) as CacheEntry;
        return content.key === full ? content.record : undefined;
      } catch {
        return undefined; // absent or damaged: compiled and written again
      }
    },
    put(key, record) {
      if (!canWrite) return;
      const full = fullKey(key);
      const body = encoder.encode(JSON.stringify({ key: full, record } satisfies CacheEntry));
      const file = fileOf(full);
      // a concurrent process reads the old file or the new one, never half of it
      const part = `${file}.${process?.pid ?? 0}.part`;
      try {
        // explicit modes, because a umask of 002 would let the group write
        fs.mkdirSync(root, { recursive: true, mode: 0o755 });
        canWrite = trusts();
        if (!canWrite) return;
        fs.writeFileSync(part, checksum(body), { mode: 0o644 });
        fs.appendFileSync(part, body);
      } catch {
        canWrite = false; // read-only, or the disk is full: existing records are still read
        return;
      }
      try {
        fs.renameSync(part, file);
      } catch {
        fs.rmSync(part, { force: true }); // the name is taken by a folder
      }
      if (isPruned) return;
      isPruned = true;
      prune(fs, (name) => path.join(root, name), namesIn(root), mostBytes);
    },
  };
}

/** Functions of `node:fs` that the cache uses. */
interface CacheFileSystem {
  readonly statSync: (path: string) => Stats;
  readonly lstatSync: (path: string) => Stats;
  readonly rmSync: (path: string, options: { readonly force: boolean }) => void;
}

/** Part of the file status that `node:fs` reports. */
interface Stats {
  readonly uid: number;
  readonly mode: number;
  readonly size: number;
  readonly mtimeMs: number;
  isFile(): boolean;
  isSymbolicLink(): boolean;
}

/**
 * Creates checks that only the current user and root can write to a folder, its subfolder and a file. Without user ids
 * (Windows) every check succeeds.
 */
function ownership(
  fs: CacheFileSystem,
  folder: string,
  subfolder: string,
  user: number | undefined,
): { readonly objection: () => string | undefined; readonly isOwn: (stats: Stats) => boolean } {
  const isForeign = ({ uid }: Stats): boolean => user !== undefined && uid !== user && uid !== 0;
  const isShared = ({ mode }: Stats): boolean => user !== undefined && (mode & 0o022) !== 0;
  /** Returns the reason to refuse the folder or the subfolder; `undefined` if neither is unsafe, or neither exists. */
  const objection = (): string | undefined => {
    const given = statsOf(() => fs.statSync(folder));
    const own = statsOf(() => fs.lstatSync(subfolder));
    for (const [path, stats] of [
      [folder, given],
      [subfolder, own],
    ] as const) {
      if (stats === undefined) continue;
      const repair = "The records there are run as code: name a folder that only you can write to";
      if (isForeign(stats)) return `${path} belongs to another user (uid ${stats.uid}). ${repair}.`;
      if (isShared(stats))
        return `other users can write to ${path} (mode ${(stats.mode & 0o777).toString(8)}). ${repair}, or run chmod go-w.`;
    }
    return own?.isSymbolicLink() === true ? `${subfolder} is a link. Remove it.` : undefined;
  };
  return { objection, isOwn: (stats) => !isForeign(stats) && !isShared(stats) };
}

/** Returns the status of a path; `undefined` if it cannot be read, for example because it does not exist. */
function statsOf(read: () => Stats): Stats | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** File names of records, and of partial records left by an interrupted writer. */
const recordName = /^[0-9a-f]{16}\.json(?:\.\d+\.part)?$/;

/**
 * If the records together exceed the limit, deletes the oldest ones until half of the limit is left. Files with other
 * names, folders and links stay.
 */
function prune(
  fs: CacheFileSystem,
  pathOf: (name: string) => string,
  names: readonly string[],
  mostBytes: number,
): void {
  const files = names.flatMap((name) => {
    const file = pathOf(name);
    const stats = recordName.test(name) ? statsOf(() => fs.lstatSync(file)) : undefined;
    return stats?.isFile() === true ? [{ file, size: stats.size, mtimeMs: stats.mtimeMs }] : [];
  });
  let bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (bytes <= mostBytes) return;
  for (const { file, size } of files.toSorted((a, b) => a.mtimeMs - b.mtimeMs)) {
    if (bytes <= mostBytes / 2) break;
    try {
      fs.rmSync(file, { force: true });
      bytes -= size;
    } catch {
      continue; // open in another process (Windows): a later run deletes it
    }
  }
}

/** Contents of a cache file after its checksum. */
interface CacheEntry {
  readonly key: string;
  readonly record: CompiledRecord;
}

/** Length of a checksum in characters. */
const checksumLength = 16;

/**
 * Hexadecimal checksum of bytes: two 32-bit sums, the second of which depends on the order. It runs once per process
 * over about ten thousand words, before the engine has optimised it. It therefore does little per word and loads no
 * hash module, which would take longer.
 */
function checksum(bytes: Uint8Array): string {
  const words = new Int32Array(Math.ceil(bytes.length / 4) + 1);
  new Uint8Array(words.buffer).set(bytes);
  words[words.length - 1] = bytes.length;
  let [a, b] = [1, 0];
  for (let i = 0; i < words.length; i++) {
    a = (a + words[i]!) | 0;
    b = Math.imul(b, 0x9e3779b1) ^ a;
  }
  return [a, b].map((sum) => (sum >>> 0).toString(16).padStart(8, "0")).join("");
}
