import { refuseExtra } from "../../engine/errors/arguments.ts";
import { makeArray } from "../../engine/kernel/executable.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import type { Key } from "./key.ts";

/**
 * `n` new keys from one; the streams of all of them are independent. Use the old key for nothing else.
 *
 * Key `i` is the Threefry block of the counter `[0, i]`, as in `jax.random.split` with
 * `jax_threefry_partitionable` on, the default since JAX 0.5: the first keys do not depend on `n`.
 *
 * @example
 * const [weights, biases] = split(key(0), 2);
 */
export function split(key: Key, n = 2): Key[] {
  checkKey("split", key);
  checkCount("split", n);
  return Array.from({ length: n }, (_, i) => blockOf(key, i));
}

/**
 * A new key from a key and a number, for instance that of an epoch or of a step.
 *
 * The Threefry block of the counter `[0, data]`, as in `jax.random.fold_in`.
 *
 * @throws DownhillError `range` if `data` is not an integer from 0 to 2³² − 1.
 */
export function foldIn(key: Key, data: number): Key {
  checkKey("foldIn", key);
  return blockOf(key, checkWord("foldIn", data));
}

/**
 * `n` random words, each of 32 random bits.
 *
 * Word `i` is the exclusive or of the two words of the Threefry block of the counter `[0, i]`, as in
 * `jax.random.bits` with `jax_threefry_partitionable` on: the first words do not depend on `n`.
 *
 * @example
 * bits(key(0), 2); // Uint32Array [4070199207, 4202968722]
 */
export function bits(key: Key, n: number): Uint32Array {
  if (arguments.length > 2) refuseExtra("bits", arguments, 2);
  checkKey("bits", key);
  checkCount("bits", n);
  const out = makeArray("u32", n) as Uint32Array;
  fillBits(key, 0, out);
  return out;
}

/** Writes the words `start`, `start + 1`, … of the stream that `bits` gives. */
export function fillBits(key: Key, start: number, out: Uint32Array): void {
  const block = new Uint32Array(2);
  for (let i = 0; i < out.length; i++) {
    threefry2x32(key[0]!, key[1]!, 0, start + i, block, 0);
    out[i] = block[0]! ^ block[1]!;
  }
}

/**
 * One block of Threefry-2x32 with 20 rounds: the counter `(c0, c1)` under the key `(k0, k1)`, written to
 * `out[at]` and `out[at + 1]`.
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
    // after each group of four rounds the next words of the key are mixed in
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

function blockOf(key: Key, counter: number): Key {
  const out = new Uint32Array(2);
  threefry2x32(key[0]!, key[1]!, 0, counter, out, 0);
  return out;
}

/** Refuses what is no key, with the repair for the commonest slip, a bare seed. */
export function checkKey(operation: string, key: unknown): void {
  if (key instanceof Uint32Array && key.length === 2) return;
  if (key instanceof Tensor) {
    const where =
      key.tracer === undefined ? "" : ", and inside of a compiled function its words are not known";
    throw new DownhillError(
      "dtype",
      `${operation}: the key is a tensor${where}. ${operation} draws at once, with a key as key(seed) makes it: draw before, ` +
        "and pass what was drawn. Of a key that is a tensor, split, foldIn and bernoulli can make use.",
    );
  }
  const got =
    typeof key === "number"
      ? `the number ${key}. Write key(${key})`
      : `${key === undefined ? "undefined" : "something else"}. Make one with key(seed)`;
  throw new DownhillError(
    "dtype",
    `${operation}: the first argument must be a key, two words in a Uint32Array; got ${got}.`,
  );
}

/** Refuses a count that no array can have. */
export function checkCount(operation: string, n: number): void {
  if (isWord(n)) return;
  throw new DownhillError(
    "range",
    `${operation}: how many must be an integer from 0 to 4294967295, got ${n}.`,
  );
}

/** Refuses a number that is no word of 32 bits. */
export function checkWord(operation: string, n: unknown): number {
  if (typeof n === "number" && isWord(n)) return n;
  throw new DownhillError(
    "range",
    `${operation}: the number must be an integer from 0 to 4294967295, got ${String(n)}.`,
  );
}

function isWord(n: number): boolean {
  return Number.isInteger(n) && n >= 0 && n < 2 ** 32;
}
