// Threefry-2x32, and uniform numbers and procedures based on one block of it.
import type { Block } from "../build.ts";
import { add, constant, convert, f64, mul, or, procedure, shl, shr, xor } from "../build.ts";
import type { Expr, Procedure } from "../scalar.ts";

export const u32 = (value: number): Expr => constant("u32", value);

/** Two words: a key, or a block of random bits. */
export interface WordPair {
  readonly first: Expr;
  readonly second: Expr;
}

const rotations = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;

/**
 * Block of Threefry-2x32 with 20 rounds for the counter (0, `counter`) under a key. Declares names that begin with
 * `name`.
 *
 * @see Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3, SC 2011; constants from its Random123.
 */
export function threefryBlock(block: Block, name: string, key: WordPair, counter: Expr): WordPair {
  const parity = block.let(`${name}Parity`, xor(xor(key.first, key.second), u32(0x1bd11bda))); // Skein's constant
  const keys = [key.first, key.second, parity];
  const first = block.let(`${name}First`, key.first);
  const second = block.let(`${name}Second`, add(counter, key.second));
  for (let group = 1; group <= 5; group++) {
    for (const n of rotations[(group - 1) % 2]!) {
      block.set(first, add(first, second));
      block.set(second, xor(first, or(shl(second, u32(n)), shr(second, u32(32 - n)))));
    }
    // after each group of four rounds the next words of the key are mixed in; their sum is the same for all counters
    block.set(first, add(first, keys[group % 3]!));
    block.set(second, add(second, add(keys[(group + 1) % 3]!, u32(group))));
  }
  return { first, second };
}

/** 32 random bits from a block: the xor of its two words. `bits` in `downhill/random` returns them. */
export const wordOf = ({ first, second }: WordPair): Expr => xor(first, second);

/** Number in [0, 1) in steps of 2⁻²³ or 2⁻⁵², from the upper bits of a block, times a power of two. */
export function unitOf(type: "f32" | "f64", words: WordPair, scale = 1): Expr {
  if (type === "f32") {
    // as an int32, which is converted in one instruction
    const upper = convert("i32", shr(wordOf(words), u32(9)));
    return mul(convert("f32", upper), constant("f32", scale * 2 ** -23));
  }
  const high = mul(convert("f64", words.first), f64(2 ** 20));
  return mul(add(high, convert("f64", shr(words.second, u32(12)))), f64(scale * 2 ** -52));
}

/** Procedure of a key and a counter that computes its result from one block. */
export function ofBlock(name: string, result: (block: Block, words: WordPair) => Expr): Procedure {
  const params = [["first", "u32"], ["second", "u32"], ["counter", "u32"]] as const; // prettier-ignore
  return procedure(name, params, (block, [first, second, counter]) =>
    result(block, threefryBlock(block, "block", { first: first!, second: second! }, counter!)),
  );
}
