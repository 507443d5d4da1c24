import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { joined } from "./bytes.ts";

/** Options of all that unpacks gzip. */
export interface UnpackOptions {
  /**
   * How many bytes may come of unpacking. Default: 100 for each packed byte, and at least 64 MiB. Real data take a tenth
   * of that at most; files made to fill the memory of whoever opens them take ten times as much. `Infinity` for no limit.
   */
  readonly maxUnpackedBytes?: number;
}

const mostRatio = 100; // deflate makes at most 1,032 bytes of one; tables and images 2 to 20
const alwaysAllowed = 64 * 2 ** 20; // bytes: a small file of zeros does no harm

/** Whether bytes begin as a gzip file does. */
export function isGzip(bytes: Uint8Array): boolean {
  if (arguments.length > 1) refuseExtra("isGzip", arguments, 1);
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * The bytes that a gzip file holds; other bytes as they are.
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

/** How many bytes may come of so many packed ones. */
export type UnpackLimit = (packed: number) => number;

/**
 * The limit that the options set.
 *
 * @throws DownhillError `option` for what is no number of bytes.
 */
export function unpackLimit(operation: string, { maxUnpackedBytes }: UnpackOptions): UnpackLimit {
  if (maxUnpackedBytes === undefined) return (packed) => Math.max(mostRatio * packed, alwaysAllowed);
  if (typeof maxUnpackedBytes === "number" && maxUnpackedBytes >= 0) return () => maxUnpackedBytes;
  throw new DownhillError(
    "option",
    `${operation}: maxUnpackedBytes must be a number of bytes, or Infinity; got ${String(maxUnpackedBytes)}.`,
  );
}

/** What is wrong with a file that unpacks to more than it may. */
export function tooMuch(name: string, most: number, packed: number): DownhillError {
  return new DownhillError(
    "data",
    `${name}: unpacks to more than ${most} bytes, from ${packed}: files made to fill the memory do so. ` +
      "If this one is meant, unpack it first, or say maxUnpackedBytes (Infinity for no limit).",
  );
}

/**
 * What packed parts hold (a gzip file, or bare deflate as in zip archives), part by part, until it is more than the limit allows; a packed part is read when what came of
 * those before it has been taken.
 *
 * @throws DownhillError `data` as `gunzip`. What the source throws goes on as it is.
 */
export async function* gunzipParts(
  packed: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  name: string,
  limit: UnpackLimit,
  format: "gzip" | "deflate-raw" = "gzip",
): AsyncGenerator<Uint8Array, undefined> {
  let failure: { readonly error: unknown } | undefined; // of the source, which is no fault of the packing
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
    // engines word the cause differently, or not at all
    const what = format === "gzip" ? "the gzip file" : "the packed data";
    const where = `${what} ${format === "gzip" ? "is" : "are"} damaged or cut short (after ${given} unpacked bytes)`;
    throw new DownhillError("data", `${name}: ${where}. Fetch or copy it again.`, { cause });
  }
  return undefined;
}

/** What unpacks here: Node's zlib, whose `DecompressionStream` would read 16,384 parts ahead, or the web's. */
function unpackers(
  packed: AsyncGenerator<Uint8Array, undefined>,
  format: "gzip" | "deflate-raw",
): AsyncIterable<Uint8Array> {
  const zlib = globalThis.process?.getBuiltinModule?.("node:zlib");
  const streams = globalThis.process?.getBuiltinModule?.("node:stream");
  if (zlib !== undefined && streams !== undefined) {
    // whoever reads gets its errors too
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

const pieceSize = 1 << 14; // the web's streams unpack all of a piece before anything of it is taken: 16 MB at most

async function* smallPieces(
  parts: AsyncGenerator<Uint8Array, undefined>,
): AsyncGenerator<Uint8Array, undefined> {
  for await (const part of parts) {
    for (let at = 0; at < part.length; at += pieceSize) yield part.subarray(at, at + pieceSize);
  }
  return undefined;
}

/** The parts of a stream of the web. */
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
