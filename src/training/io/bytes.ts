import { DownhillError } from "../../engine/errors/index.ts";

/**
 * Throws unless `bytes` is a `Uint8Array`. For some other values, the message says how to convert them.
 *
 * @throws DownhillError `option`
 */
export function checkBytes(operation: string, bytes: unknown): void {
  if (Object.prototype.toString.call(bytes) === "[object Uint8Array]") return; // accepts those of other realms too
  const [got, repair] =
    bytes instanceof ArrayBuffer
      ? ["an ArrayBuffer", " Write new Uint8Array(buffer)."]
      : typeof bytes === "string"
        ? ["a string", ` For the path of a file use ${operation}File.`]
        : [bytes === null ? "null" : typeof bytes, ""];
  throw new DownhillError("option", `${operation}: expected bytes as a Uint8Array, got ${got}.${repair}`);
}

/** Concatenates byte arrays. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((n, piece) => n + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
