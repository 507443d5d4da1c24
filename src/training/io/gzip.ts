import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { joined } from "./bytes.ts";

/** Options of functions that unpack gzip. */
export interface UnpackOptions {
  /**
   * Largest number of unpacked bytes. Default: 100 per packed byte, and at least 64 MiB. Real data reach a tenth of
   * that at most; files made to exhaust memory reach ten times as much. `Infinity` for no limit.
   */
  readonly maxUnpackedBytes?: number;
}

const mostRatio = 100; // deflate yields at most 1,032 bytes per byte; tables and images 2 to 20
const alwaysAllowed = 64 * 2 ** 20; // bytes: a small file of zeros is harmless

/** True if bytes begin like a gzip file. */
export function isGzip(bytes: Uint8Array): boolean {
  if (arguments.length > 1) refuseExtra("isGzip", arguments, 1);
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Unpacks a gzip file; returns other bytes unchanged.
 *
 * @throws DownhillError `data` if the file is cut short or damaged, or unpacks to more than `maxUnpackedBytes`.
 */
export async function gunzip(
  bytes: Uint8Array,
  name: string,
  options: UnpackOptions = {},
): Promise<Uint8Array> {
  if (arguments.length > 3) refuseExtra("gunzip", arguments, 3);
  checkOptions("gunzip", options, ["maxUnpackedBytes"]);
  const limit = unpackLimit("gunzip", options);
  if (!isGzip(bytes)) return bytes;
  const pieces: Uint8Array[] = [];
  for await (const piece of gunzipParts([bytes], name, limit)) pieces.push(piece);
  return joined(pieces);
}

/** Returns the largest number of unpacked bytes for a number of packed ones. */
export type UnpackLimit = (packed: number) => number;

/**
 * Returns the limit that the options set.
 *
 * @throws DownhillError `option` for an invalid number of bytes.
 */
export function unpackLimit(operation: string, { maxUnpackedBytes }: UnpackOptions): UnpackLimit {
  if (maxUnpackedBytes === undefined) return (packed) => Math.max(mostRatio * packed, alwaysAllowed);
  if (typeof maxUnpackedBytes === "number" && maxUnpackedBytes >= 0) return () => maxUnpackedBytes;
  throw new DownhillError(
    "option",
    `${operation}: maxUnpackedBytes must be a number of bytes, or Infinity; got ${String(maxUnpackedBytes)}.`,
  );
}

/** Creates the error for a file that unpacks to more than the limit. */
export function tooMuch(name: string, most: number, packed: number): DownhillError {
  return new DownhillError(
    "data",
    `${name}: unpacks to more than ${most} bytes, from ${packed}: files made to exhaust memory do so. ` +
      "If this is intended, unpack it first, or set maxUnpackedBytes (Infinity for no limit).",
  );
}

/**
 * Unpacks parts (a gzip file, or raw deflate as in zip archives) while reading, up to the limit. The next packed part
 * is read after the results of the previous ones were consumed.
 *
 * @throws DownhillError `data` like `gunzip`. Errors of the source are rethrown unchanged.
 */
export async function* gunzipParts(
  packed: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  name: string,
  limit: UnpackLimit,
  format: "gzip" | "deflate-raw" = "gzip",
): AsyncGenerator<Uint8Array, undefined> {
  let failure: { readonly error: unknown } | undefined; // an error of the source, which is not a fault of the packed data
  let [taken, given] = [0, 0];
  async function* counted(): AsyncGenerator<Uint8Array, undefined> {
    try {
      for await (const part of packed) {
        taken += part.length;
        yield part;
      }
    } catch (error) {
      failure = { error };
      throw error;
    }
    return undefined;
  }
  try {
    for await (const part of unpackers(counted(), format)) {
      given += part.length;
      if (given > limit(taken)) throw tooMuch(name, limit(taken), taken);
      yield part;
    }
  } catch (cause) {
    if (failure !== undefined) throw failure.error;
    if (cause instanceof DownhillError) throw cause;
    // Engines word the cause differently, or not at all.
    const what = format === "gzip" ? "the gzip file" : "the packed data";
    const where = `${what} ${format === "gzip" ? "is" : "are"} damaged or cut short (after ${given} unpacked bytes)`;
    throw new DownhillError("data", `${name}: ${where}. Fetch or copy it again.`, { cause });
  }
  return undefined;
}

/**
 * Returns the unpacker of the platform: Node's zlib, whose `DecompressionStream` would read 16,384 parts ahead, or that
 * of the web.
 */
function unpackers(
  packed: AsyncGenerator<Uint8Array, undefined>,
  format: "gzip" | "deflate-raw",
): AsyncIterable<Uint8Array> {
  const zlib = globalThis.process?.getBuiltinModule?.("node:zlib");
  const streams = globalThis.process?.getBuiltinModule?.("node:stream");
  if (zlib !== undefined && streams !== undefined) {
    // The consumer receives its errors too.
    const unpacker = format === "gzip" ? zlib.createGunzip() : zlib.createInflateRaw();
    return streams.pipeline(packed, unpacker, () => {}) as AsyncIterable<Uint8Array>;
  }
  const pieces = smallPieces(packed);
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(new Uint8Array(value));
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
  return readerParts(source.pipeThrough(new DecompressionStream(format)));
}

const pieceSize = 1 << 14; // Web streams unpack a whole piece before any of it is consumed: 16 MB at most.

async function* smallPieces(
  parts: AsyncGenerator<Uint8Array, undefined>,
): AsyncGenerator<Uint8Array, undefined> {
  for await (const part of parts) {
    for (let at = 0; at < part.length; at += pieceSize) yield part.subarray(at, at + pieceSize);
  }
  return undefined;
}

/** Yields the parts of a web stream. */
export async function* readerParts(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array, undefined> {
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
