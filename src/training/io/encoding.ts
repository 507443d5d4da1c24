import { DownhillError } from "../../engine/errors/index.ts";

/**
 * Determines the encoding of a text by its byte order mark; UTF-8 without one.
 *
 * @throws DownhillError `data` if there are zero bytes, which do not occur in UTF-8 text.
 */
export function encodingOf(bytes: Uint8Array, path: string): "utf-8" | "utf-16le" | "utf-16be" {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  const zero = bytes.indexOf(0);
  if (zero < 0) return "utf-8";
  // In UTF-16 every other byte of most texts is zero.
  const zeros = [0, 0];
  const begin = bytes.subarray(0, 1000);
  begin.forEach((byte, i) => (zeros[i % 2]! += byte === 0 ? 1 : 0));
  const [even, odd] = zeros as [number, number];
  const isWide = Math.max(even, odd) > begin.length / 4 && Math.min(even, odd) < begin.length / 16;
  const wide = `this looks like text in UTF-16 without a byte order mark. ${saveAgain}`;
  throw new DownhillError("data", `${path}: ${isWide ? wide : notText(zero)}`);
}

/** Describes a text that contains a zero byte, and the remedy. */
export function notText(zero: number): string {
  return `this is not text: byte ${zero} is zero. ${saveAgain}`;
}

const saveAgain = `Save it as UTF-8 (in a spreadsheet: "CSV UTF-8").`;
