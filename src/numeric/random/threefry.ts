// Threefry in JavaScript, for keys with known words and for draws while data is read.
import { DownhillError } from "../../engine/errors/index.ts";
import type { KeyWords } from "./key.ts";
import { checkInteger, isIntegerIn } from "../../engine/ir/plain-number.ts";

/** Derives `n` new keys from one. */
export function splitWords(key: KeyWords, n: number): KeyWords[] {
  checkCount("split", n);
  return Array.from({ length: n }, (_, i) => blockOf(key, i));
}

/** Derives a new key from a key and a number. */
export function foldWords(key: KeyWords, data: number): KeyWords {
  return blockOf(key, checkWord("foldIn", data));
}

/** Writes the words `start`, `start + 1`, … of the stream of `bits` to an array. */
export function fillBits(key: KeyWords, start: number, out: Uint32Array): void {
  const block = new Uint32Array(2);
  for (let i = 0; i < out.length; i++) {
    threefry2x32(key[0]!, key[1]!, 0, start + i, block, 0);
    out[i] = block[0]! ^ block[1]!;
  }
}

/**
 * One block of Threefry-2x32 with 20 rounds: encrypts the counter `(c0, c1)` with the key `(k0, k1)` and writes the
 * result to `out[at]` and `out[at + 1]`.
 *
 * @see Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3, SC 2011; constants and test
 * vectors from its Random123.
 */
export function threefry2x32(
  k0: number,
  k1: number,
  c0: number,
  c1: number,
  out: Uint32Array,
  at: number,
): void {
  let a = k0 | 0;
  let b = k1 | 0;
  let c = k0 ^ k1 ^ 0x1bd11bda; // Skein's parity constant
  let x0 = (c0 + a) | 0;
  let x1 = (c1 + b) | 0;
  for (let group = 1; group <= 5; group++) {
    const odd = (group & 1) === 1;
    x0 = (x0 + x1) | 0;
    x1 = x0 ^ rotate(x1, odd ? 13 : 17);
    x0 = (x0 + x1) | 0;
    x1 = x0 ^ rotate(x1, odd ? 15 : 29);
    x0 = (x0 + x1) | 0;
    x1 = x0 ^ rotate(x1, odd ? 26 : 16);
    x0 = (x0 + x1) | 0;
    x1 = x0 ^ rotate(x1, odd ? 6 : 24);
    // after each group of four rounds, the next words of the key are added
    x0 = (x0 + b) | 0;
    x1 = (x1 + c + group) | 0;
    const first = a;
    a = b;
    b = c;
    c = first;
  }
  out[at] = x0;
  out[at + 1] = x1;
}

function rotate(x: number, n: number): number {
  return (x << n) | (x >>> (32 - n));
}

function blockOf(key: KeyWords, counter: number): KeyWords {
  const out = new Uint32Array(2);
  threefry2x32(key[0]!, key[1]!, 0, counter, out, 0);
  return out;
}

/**
 * Checks that `n` is an integer of 0 or more.
 *
 * @throws DownhillError `range` if it is not.
 */
export function checkCount(operation: string, n: number): void {
  checkInteger(operation, "how many", n);
}

/**
 * Returns `n` if it is an integer from 0 to 2³² − 1.
 *
 * @throws DownhillError `range` if it is not.
 */
export function checkWord(operation: string, n: unknown): number {
  if (typeof n === "number" && isWord(n)) return n;
  throw new DownhillError(
    "range",
    `${operation}: the number must be an integer from 0 to 4294967295, got ${String(n)}.`,
  );
}

function isWord(n: number): boolean {
  return isIntegerIn(n, { to: 2 ** 32 - 1 });
}
