import { DownhillError } from "../../engine/errors/index.ts";
import { type ByteSource, openBytes } from "./byte-source.ts";
import { encodingOf, notText } from "./encoding.ts";
import type { UnpackLimit } from "./gzip.ts";

/**
 * Decodes the text of a source in parts: UTF-8, or UTF-16 with a byte order mark. The mark stays in the text. Unpacks
 * gzip.
 *
 * @throws DownhillError `data`, naming the byte, if it is not text, or unpacks to more than the limit.
 */
export async function* textParts(
  operation: string,
  source: ByteSource,
  name: string,
  limit: UnpackLimit,
): AsyncGenerator<string, undefined> {
  let decoder: TextDecoder | undefined;
  let encoding: ReturnType<typeof encodingOf> = "utf-8";
  let head: Uint8Array | undefined;
  let at = 0; // number of bytes before this part
  const decode = (part: Uint8Array, stream: boolean): string => {
    if (decoder === undefined) {
      encoding = encodingOf(part, name);
      decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
    } else if (encoding === "utf-8" && part.includes(0)) {
      throw new DownhillError("data", `${name}: ${notText(at + part.indexOf(0))}`);
    }
    try {
      return decoder.decode(part, { stream });
    } catch (cause) {
      const where = `this is not text in ${encoding.toUpperCase()} (byte ${at} to ${at + part.length})`;
      const repair = `Save it as UTF-8 (in a spreadsheet: "CSV UTF-8").`;
      throw new DownhillError("data", `${name}: ${where}. ${repair}`, { cause });
    } finally {
      at += part.length;
    }
  };
  for await (const part of openBytes(operation, source, name, limit)) {
    if (head === undefined && part.length > 0 && part.length < 4)
      head = part; // too short for a byte order mark
    else {
      const whole = head === undefined ? part : Uint8Array.from([...head, ...part]);
      head = undefined;
      if (whole.length > 0) yield decode(whole, true);
    }
  }
  yield decode(head ?? new Uint8Array(0), false);
  return undefined;
}
