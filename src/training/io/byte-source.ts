import { DownhillError } from "../../engine/errors/index.ts";
import { explained, type FolderReader } from "./file-errors.ts";
import { joined } from "./bytes.ts";
import { gunzipParts, isGzip, readerParts, tooMuch, type UnpackLimit } from "./gzip.ts";

/**
 * Source of bytes in parts: the path of a file (in Node, Deno and Bun), or any iterable of byte arrays, such as the
 * body of a response.
 */
export type ByteSource =
  string | AsyncIterable<Uint8Array> | Iterable<Uint8Array> | ReadableStream<Uint8Array>;

/** Bytes per read of a file: a compromise between memory and the number of event loop turns. */
const partSize = 1 << 18;

/** Returns the bytes of a source in parts. Gzip data are unpacked, up to the limit. */
export function openBytes(
  operation: string,
  source: ByteSource,
  name: string,
  limit: UnpackLimit,
): AsyncIterable<Uint8Array> {
  return unpacked(partsOf(operation, source), name, limit);
}

/** Returns the name of a source in messages: the path of a file, otherwise `other`. */
export function nameOfSource(source: ByteSource, other: string): string {
  return typeof source === "string" ? source : other;
}

function partsOf(operation: string, source: unknown): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  if (typeof source === "string") return fileParts(source);
  if (source instanceof Uint8Array) return [source];
  if (typeof source === "object" && source !== null) {
    if (Symbol.asyncIterator in source) return source as AsyncIterable<Uint8Array>;
    if (Symbol.iterator in source) return source as Iterable<Uint8Array>;
    if (source instanceof ReadableStream) return readerParts(source as ReadableStream<Uint8Array>); // Safari has no async iterator
  }
  throw new DownhillError(
    "data",
    `${operation}: expected the path of a file or parts of bytes such as response.body; got ${source === null ? "null" : `a ${typeof source}`}.`,
  );
}

interface OpenFile {
  readonly read: (
    into: Uint8Array,
    offset: number,
    length: number,
  ) => Promise<{ readonly bytesRead: number }>;
  readonly close: () => Promise<void>;
}

interface FileOpener extends FolderReader {
  readonly open: (path: string) => Promise<OpenFile>;
}

/** Yields the bytes of a file as they are, in parts. */
export async function* fileParts(path: string): AsyncGenerator<Uint8Array, undefined> {
  // looked up at run time, so that bundles for browsers contain no import of node:
  const fs: FileOpener | undefined = globalThis.process?.getBuiltinModule?.("node:fs/promises");
  if (fs === undefined) {
    throw new DownhillError(
      "file",
      `${path}: there are no files to read here. In a browser, pass the body of a response or a file's stream().`,
    );
  }
  const file = await explained(fs, path, fs.open(path));
  try {
    for (;;) {
      const part = new Uint8Array(partSize);
      const { bytesRead } = await explained(fs, path, file.read(part, 0, partSize));
      if (bytesRead === 0) return undefined;
      yield part.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function* unpacked(
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  name: string,
  limit: UnpackLimit,
): AsyncGenerator<Uint8Array, undefined> {
  const source = iteratorOf(parts);
  let isOpen = true;
  const next = async (): Promise<Uint8Array | undefined> => {
    const result: IteratorResult<unknown, unknown> = await source.next();
    if (result.done === true) {
      isOpen = false;
      return undefined;
    }
    const { value } = result;
    if (value instanceof Uint8Array) return value;
    throw new DownhillError("data", `${name}: expected parts of bytes (Uint8Array), got a ${typeof value}.`);
  };
  try {
    let head = await next();
    while (head !== undefined && head.length < 2) {
      const more = await next();
      if (more === undefined) break;
      head = joined([head, more]);
    }
    if (head === undefined) return undefined;
    const whole = andThen(head, next);
    yield* isGzip(head) ? gunzipParts(whole, name, limit) : whole;
    return undefined;
  } finally {
    if (isOpen) await source.return?.();
  }
}

async function* andThen(
  head: Uint8Array,
  next: () => Promise<Uint8Array | undefined>,
): AsyncGenerator<Uint8Array, undefined> {
  for (let part: Uint8Array | undefined = head; part !== undefined; part = await next()) yield part;
  return undefined;
}

/** Reads exact numbers of bytes from parts of other sizes. */
export interface ChunkedByteReader {
  /**
   * Reads the next `n` bytes, or all that are left, and appends them to `before`, if given. Allocates memory as bytes
   * arrive, because `n` may come from an untrusted file.
   */
  readonly take: (n: number, before?: Uint8Array) => Promise<Uint8Array>;
  /** Closes the source. */
  readonly close: () => Promise<void>;
}

const trustedSize = 1 << 20; // bytes that are allocated before they arrive

/** Creates a reader of the parts of a source. */
export function byteReader(parts: AsyncIterable<Uint8Array>): ChunkedByteReader {
  const source = parts[Symbol.asyncIterator]();
  let part = new Uint8Array(0) as Uint8Array;
  let ended = false;
  return {
    async take(n, before = new Uint8Array(0)) {
      const end = before.length + n;
      let out = new Uint8Array(Math.min(end, before.length + trustedSize));
      out.set(before);
      let filled = before.length;
      while (filled < end) {
        if (part.length === 0) {
          const next = ended ? undefined : await source.next();
          if (next === undefined || next.done === true) {
            ended = true;
            break;
          }
          part = next.value;
        }
        if (filled === out.length) {
          const larger = new Uint8Array(Math.min(end, 2 * out.length));
          larger.set(out);
          out = larger;
        }
        const taken = part.subarray(0, out.length - filled);
        out.set(taken, filled);
        filled += taken.length;
        part = part.subarray(taken.length);
      }
      return out.subarray(0, filled);
    },
    async close() {
      if (!ended) await source.return?.();
    },
  };
}

/**
 * Unpacks a gzip file up to the end that its header states, plus one byte if it is longer. `readHead` reads the header
 * and returns the stated end.
 *
 * @throws DownhillError `data` like `gunzip`, and if the stated size exceeds the limit.
 */
export async function unpackByHead(
  bytes: Uint8Array,
  name: string,
  limit: UnpackLimit,
  readHead: (reader: ChunkedByteReader) => Promise<{ readonly head: Uint8Array; readonly end: number }>,
): Promise<Uint8Array> {
  const reader = byteReader(gunzipParts([bytes], name, limit));
  try {
    const { head, end } = await readHead(reader);
    const most = limit(bytes.length);
    if (end > most) throw tooMuch(name, most, bytes.length);
    return await reader.take(end + 1 - head.length, head);
  } finally {
    await reader.close();
  }
}

function iteratorOf<T>(items: AsyncIterable<T> | Iterable<T>): AsyncIterator<T> | Iterator<T> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}
