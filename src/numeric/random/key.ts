import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { fromArray } from "../../engine/prims/lift.ts";
import { arrayType } from "../../engine/ir/types.ts";

/** A key with known words. */
export type KeyWords = Uint32Array;

/**
 * A key: two words that identify a stream of random numbers. Either the array that `key(seed)` returns, or a uint32
 * tensor `[2]`, whose words may come from outside a traced function.
 *
 * Keys have no state. Derive further streams by `split` or `foldIn`; the same key always gives the same numbers.
 */
export type Key = KeyWords | Tensor;

/**
 * The key of a seed.
 *
 * `[seed >> 32, seed & 0xffffffff]` in two's complement, like `jax.random.key(seed)`. (For negative seeds and seeds of
 * 2³² or more this needs JAX's 64-bit mode; without it, JAX drops the upper word.)
 *
 * @throws DownhillError `range` if `seed` is not a safe integer.
 * @example
 * key(42); // Uint32Array [0, 42]
 */
export function key(seed: number): KeyWords {
  if (arguments.length > 1) refuseExtra("key", arguments, 1);
  if (!Number.isSafeInteger(seed)) {
    throw new DownhillError(
      "range",
      `key: the seed must be an integer of at most 53 bits, got ${seed}. Try key(0).`,
    );
  }
  return Uint32Array.of(Math.floor(seed / 2 ** 32), seed);
}

/**
 * Reads a key as a tensor. For other values it throws an error, with a repair hint for the most common mistake, a bare
 * seed.
 */
export function readKey(operation: string, given: unknown): Tensor {
  if (given instanceof Tensor) {
    if (given.dtype === "uint32" && given.ndim === 1 && given.shape[0] === 2) return given;
    const several =
      given.dtype === "uint32" && given.ndim === 2 && given.shape[1] === 2
        ? " For several keys use vmap or scan."
        : " Make one with tensor(key(0)).";
    throw new DownhillError(
      "dtype",
      `${operation}: a key tensor must have two words, u32[2]; got ${showType(given.type)}.${several}`,
    );
  }
  checkWords(operation, given);
  return fromArray(keyType, given.slice());
}

const keyType = /* @__PURE__ */ arrayType("uint32", [2]);

/**
 * Checks that a key is a `Uint32Array` of two words, whose values are therefore known.
 *
 * @throws DownhillError `dtype` for anything else, such as a tensor or a seed.
 */
export function checkWords(operation: string, given: unknown): asserts given is KeyWords {
  if (given instanceof Uint32Array && given.length === 2) return;
  if (given instanceof Tensor) {
    throw new DownhillError(
      "dtype",
      `${operation}: the key is a tensor, but its words must be known; pass key(seed).`,
    );
  }
  const got =
    typeof given === "number"
      ? `the number ${given}. Write key(${given})`
      : Array.isArray(given)
        ? "a list. For vmap and scan, keys(key, n) returns one tensor of keys; split returns a list"
        : `${given === undefined ? "undefined" : "something else"}. Make one with key(seed)`;
  throw new DownhillError(
    "dtype",
    `${operation}: the first argument must be a key, two words in a Uint32Array; got ${got}.`,
  );
}
