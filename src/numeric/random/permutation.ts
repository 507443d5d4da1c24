import { refuseExtra } from "../../engine/errors/arguments.ts";
import { makeArray } from "../../engine/kernel/executable.ts";
import type { Key } from "./key.ts";
import { checkCount, checkKey, fillBits } from "./threefry.ts";

/**
 * The integers from 0 to `n − 1` in random order, every order equally likely.
 *
 * Fisher and Yates's shuffle, its draws exact by rejection. `jax.random.permutation` sorts by random words
 * instead, which takes longer and is not exactly fair where two words tie; the orders differ from ours.
 *
 * @example
 * permutation(key(0), 5); // Uint32Array(5) [ 3, 0, 4, 1, 2 ]
 */
export function permutation(key: Key, n: number): Uint32Array {
  if (arguments.length > 2) refuseExtra("permutation", arguments, 2);
  checkKey("permutation", key);
  checkCount("permutation", n);
  const order = makeArray("u32", n) as Uint32Array;
  for (let i = 0; i < n; i++) order[i] = i;
  shuffleInPlace(order, integersBelow(key));
  return order;
}

/** Puts a list in random order, given a source of integers below a bound. */
export function shuffleInPlace<T>(
  list: { [index: number]: T; readonly length: number },
  below: (bound: number) => number,
): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = below(i + 1);
    const last = list[i]!;
    list[i] = list[j]!;
    list[j] = last;
  }
}

/**
 * A source of integers `0 ≤ i < bound`, each equally likely, from the words of `bits(key, …)`.
 *
 * Takes as many upper bits of a word as `bound − 1` has and draws again where they are not below `bound`:
 * less than twice on average.
 */
export function integersBelow(key: Key): (bound: number) => number {
  const words = new Uint32Array(256);
  let next = words.length;
  let start = 0;
  return (bound) => {
    if (bound === 1) return 0;
    const shift = Math.clz32(bound - 1);
    for (;;) {
      if (next === words.length) {
        fillBits(key, start, words);
        start += words.length;
        next = 0;
      }
      const i = words[next++]! >>> shift;
      if (i < bound) return i;
    }
  };
}
