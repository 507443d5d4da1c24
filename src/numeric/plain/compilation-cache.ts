import { DownhillError } from "../../engine/errors/index.ts";
import { engine } from "../../engine/runtime/engine.ts";
import type { CompiledRecord, RecordStore } from "../../engine/runtime/region-records.ts";
import { keeperOf, makeRecords } from "../../engine/runtime/region-records.ts";

/** How much a compilation cache keeps. */
export interface CompilationCacheOptions {
  /** Bytes of all files in the folder, at most: of more, the half that was written first is deleted. Default 64 MiB. */
  readonly mostBytes?: number;
}

/**
 * Keeps what plain functions and their derivatives are compiled to in a folder, so that the first call of a later run of the program
 * neither derives nor compiles it, and takes a quarter to a ninth of the time. Results have the same bits. `undefined` keeps nothing from now on.
 *
 * Files of other versions of downhill or of Node, and damaged ones, are passed over and written anew; several processes may share a
 * folder; one that cannot be written to is only read. What lies there is run as code: give a folder that nobody else may write to.
 *
 * @throws DownhillError `option` where there are no files, as in pages.
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

/** The same for what loads a program: it is done unless the program, or another module of it, has done so before. */
export function offerCompilationCache(folder: string): void {
  if (engine.records?.keeper === undefined) setCompilationCache(folder);
}

/** Records in the files of a folder. */
function recordFolder(folder: string, mostBytes: number): RecordStore {
  const process = globalThis.process as Partial<NodeJS.Process> | undefined;
  const fs = process?.getBuiltinModule?.("node:fs");
  const path = process?.getBuiltinModule?.("node:path");
  if (fs === undefined || path === undefined)
    throw new DownhillError(
      "option",
      "setCompilationCache: there are no files here, only in Node, Bun and Deno.",
    );
  const root = path.resolve(folder);
  const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];
  /** Records fit engines of one version. */
  const fullKey = (key: string): string => `${process?.version ?? ""} ${process?.arch ?? ""} ${key}`;
  const fileOf = (key: string): string => path.join(root, `${checksum(encoder.encode(key))}.json`);
  let canWrite = true;
  let isPruned = false;
  return {
    get(key) {
      const full = fullKey(key);
      try {
        const bytes = fs.readFileSync(fileOf(full));
        const body = bytes.subarray(checksumLength);
        if (decoder.decode(bytes.subarray(0, checksumLength)) !== checksum(body)) return undefined;
        const content = JSON.parse(decoder.decode(body)) as Content;
        return content.key === full ? content.record : undefined;
      } catch {
        return undefined; // absent, or damaged: it is compiled, and written anew
      }
    },
    put(key, record) {
      if (!canWrite) return;
      const full = fullKey(key);
      const body = encoder.encode(JSON.stringify({ key: full, record } satisfies Content));
      const file = fileOf(full);
      try {
        fs.mkdirSync(root, { recursive: true });
        // whoever reads finds the old file or the new one, and no half of it
        const part = `${file}.${process?.pid ?? 0}.part`;
        fs.writeFileSync(part, checksum(body));
        fs.appendFileSync(part, body);
        fs.renameSync(part, file);
        if (!isPruned) prune();
        isPruned = true;
      } catch {
        canWrite = false; // a folder for reading only, or no room: what is there serves
      }
    },
  };

  /** Deletes what was written first where there is too much. */
  function prune(): void {
    const files = fs!.readdirSync(root).map((name) => {
      const file = path!.join(root, name);
      const { size, mtimeMs } = fs!.statSync(file);
      return { file, size, mtimeMs };
    });
    let bytes = files.reduce((sum, { size }) => sum + size, 0);
    if (bytes <= mostBytes) return;
    for (const { file, size } of files.toSorted((a, b) => a.mtimeMs - b.mtimeMs)) {
      if (bytes <= mostBytes / 2) break;
      fs!.rmSync(file, { force: true });
      bytes -= size;
    }
  }
}

/** What a file holds behind its checksum. */
interface Content {
  readonly key: string;
  readonly record: CompiledRecord;
}

/** Characters of a checksum. */
const checksumLength = 16;

/**
 * A checksum of bytes, as text: two sums of 32 bits, the second of which depends on the order. It runs once in a process over some ten
 * thousand words, before the engine has compiled it: so it does little for each, and loads no module of hashes, which takes longer.
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
