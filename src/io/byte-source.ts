import { DownhillError } from "../errors/index.ts";
import { explainReadError, type FolderReader } from "./file-errors.ts";
import { isGzip } from "./gzip.ts";

/**
 * Where bytes come from, part by part: the path of a file (in Node, Deno and Bun), or anything that gives
 * parts, such as the body of a response.
 */
export type ByteSource =
  string | AsyncIterable<Uint8Array> | Iterable<Uint8Array> | ReadableStream<Uint8Array>;

/** Bytes of a file read at once: so few that many parts stay small, so many that each is worth its turn. */
const partSize = 1 << 18;

/** The parts of a source, unpacked if it is gzip. */
export function openBytes(operation: string, source: ByteSource, name: string): AsyncIterable<Uint8Array> {
  return unpacked(partsOf(operation, source), name);
}

/** What messages call a source: the path of a file, else `other`. */
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
    `${operation}: expected the path of a file or parts of bytes, as response.body gives them; got ${source === null ? "null" : `a ${typeof source}`}.`,
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

async function* fileParts(path: string): AsyncGenerator<Uint8Array, undefined> {
  // asked for at run time, so that bundles for browsers hold no import of node:
  const fs: FileOpener | undefined = globalThis.process?.getBuiltinModule?.("node:fs/promises");
  if (fs === undefined) {
    throw new DownhillError(
      "file",
      `${path}: there are no files to read here. In a browser, pass the body of a response or a file's stream().`,
    );
  }
  const explained = async <T>(action: Promise<T>): Promise<T> => {
    try {
      return await action;
    } catch (cause) {
      throw new DownhillError("file", await explainReadError(fs, path, cause), { cause });
    }
  };
  const file = await explained(fs.open(path));
  try {
    for (;;) {
      const part = new Uint8Array(partSize);
      const { bytesRead } = await explained(file.read(part, 0, partSize));
      if (bytesRead === 0) return undefined;
      yield part.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function* readerParts(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  const reader = stream.getReader();
  let isOpen = true;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        isOpen = false;
        return undefined;
      }
      yield value;
    }
  } finally {
    if (isOpen) await reader.cancel();
  }
}

async function* unpacked(
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  name: string,
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
      head = joined(head, more);
    }
    if (head === undefined) return undefined;
    if (isGzip(head)) {
      yield* gunzipParts(head, next, name);
      return undefined;
    }
    for (let part: Uint8Array | undefined = head; part !== undefined; part = await next()) yield part;
    return undefined;
  } finally {
    if (isOpen) await source.return?.();
  }
}

/** Unpacks part by part; a packed part is read when what came of those before it has been taken. */
async function* gunzipParts(
  head: Uint8Array,
  next: () => Promise<Uint8Array | undefined>,
  name: string,
): AsyncGenerator<Uint8Array, undefined> {
  let failure: unknown; // of the source, which is no fault of the packing
  async function* packed(): AsyncGenerator<Uint8Array, undefined> {
    try {
      for (let part: Uint8Array | undefined = head; part !== undefined; part = await next()) yield part;
    } catch (error) {
      failure = error;
      throw error;
    }
    return undefined;
  }
  let count = 0;
  try {
    for await (const part of unpackers(packed())) {
      count += part.length;
      yield part;
    }
  } catch (cause) {
    if (failure !== undefined) throw failure as Error;
    const where = `the gzip file is damaged or cut short (after ${count} unpacked bytes)`;
    throw new DownhillError("data", `${name}: ${where}. Fetch or copy it again.`, { cause });
  }
  return undefined;
}

/** What unpacks here: Node's zlib, whose `DecompressionStream` would read 16,384 parts ahead, or the web's. */
function unpackers(packed: AsyncGenerator<Uint8Array, undefined>): AsyncIterable<Uint8Array> {
  const zlib = globalThis.process?.getBuiltinModule?.("node:zlib");
  const streams = globalThis.process?.getBuiltinModule?.("node:stream");
  if (zlib !== undefined && streams !== undefined) {
    // whoever reads gets its errors too
    return streams.pipeline(packed, zlib.createGunzip(), () => {}) as AsyncIterable<Uint8Array>;
  }
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = await packed.next();
      if (done === true) controller.close();
      else controller.enqueue(new Uint8Array(value));
    },
    async cancel() {
      await packed.return(undefined);
    },
  });
  return readerParts(source.pipeThrough(new DecompressionStream("gzip")));
}

/** Takes numbers of bytes from parts of other sizes. */
export interface ByteReader {
  /** The next `n` bytes, or as many as there are. */
  readonly take: (n: number) => Promise<Uint8Array>;
  /** Leaves the source. */
  readonly close: () => Promise<void>;
}

/** A reader of the parts of a source. */
export function byteReader(parts: AsyncIterable<Uint8Array>): ByteReader {
  const source = parts[Symbol.asyncIterator]();
  let part = new Uint8Array(0) as Uint8Array;
  let ended = false;
  return {
    async take(n) {
      const out = new Uint8Array(n);
      let filled = 0;
      while (filled < n) {
        if (part.length === 0) {
          const next = ended ? undefined : await source.next();
          if (next === undefined || next.done === true) {
            ended = true;
            break;
          }
          part = next.value;
        }
        const taken = part.subarray(0, n - filled);
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

function iteratorOf<T>(items: AsyncIterable<T> | Iterable<T>): AsyncIterator<T> | Iterator<T> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}

/** Two pieces of bytes in one array. */
export function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
