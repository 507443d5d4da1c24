import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";

/**
 * A key: two words that stand for one stream of random numbers.
 *
 * Keys are never advanced. Whoever needs a second stream makes one with `split` or `foldIn`; the same key
 * always gives the same numbers.
 */
export type Key = Uint32Array;

/**
 * The key of a seed.
 *
 * `[seed >> 32, seed & 0xffffffff]` in two's complement, as `jax.random.key(seed)` makes it (for negative
 * seeds and those of 2³² and more: with 64-bit mode on; without it JAX drops the upper word).
 *
 * @throws DownhillError `range` if `seed` is not a safe integer.
 * @example
 * key(42); // Uint32Array [0, 42]
 */
export function key(seed: number): Key {
  if (arguments.length > 1) refuseExtra("key", arguments, 1);
  if (!Number.isSafeInteger(seed)) {
    throw new DownhillError(
      "range",
      `key: the seed must be an integer of at most 53 bits, got ${seed}. Try key(0).`,
    );
  }
  return Uint32Array.of(Math.floor(seed / 2 ** 32), seed);
}
