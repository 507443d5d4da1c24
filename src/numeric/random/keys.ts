import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { arrayType } from "../../engine/ir/types.ts";
import { iota, part } from "../../engine/prims/index-ops.ts";
import { concatenate, reshape, threefry } from "../../engine/prims/index.ts";
import { convert, full } from "../../engine/prims/linear.ts";
import { type Key, type KeyWords, readKey } from "./key.ts";
import { checkCount, checkWord, foldWords, splitWords } from "./threefry.ts";

/** A tuple of `N` elements if `N` is a known number up to 32, else an array. */
type FixedList<T, N extends number, R extends T[] = []> = number extends N
  ? T[]
  : R["length"] extends N
    ? R
    : R["length"] extends 32
      ? T[]
      : FixedList<T, N, [...R, T]>;

/** The kind of key that results from `K`: an array for known words, else a tensor. */
type KeyKindOf<K extends Key> = K extends Tensor ? Tensor : KeyWords;

/**
 * Derives `n` new keys with independent streams from one. Do not use the old key for anything else.
 *
 * Key `i` is the Threefry block of the counter `[0, i]`, as in `jax.random.split` with `jax_threefry_partitionable`,
 * the default since JAX 0.5. So the first keys do not depend on `n`. A key tensor (in a jitted function, a loop, a
 * loss) is split into tensors with the same words. For `vmap` and `scan` use `keys`.
 *
 * @example
 * const [weights, biases] = split(key(0), 2);
 */
export function split<K extends Key, const N extends number = 2>(key: K, n?: N): FixedList<KeyKindOf<K>, N>;
export function split(key: Key, n = 2): Key[] {
  if (arguments.length > 2) refuseExtra("split", arguments, 2);
  const words = readKey("split", key);
  if (!(key instanceof Tensor)) return splitWords(key, n);
  const all = keysOf("split", words, n);
  return Array.from({ length: n }, (_, i) => reshape(part(all, 0, i, i + 1), [2]));
}

/**
 * The keys of `split(key, n)` as one uint32 tensor `[n, 2]`: one per item of `vmap` or step of `scan`.
 *
 * @example
 * vmap((k) => normal(k, 3))(keys(key(0), 5)).shape; // [5, 3]
 */
export function keys(key: Key, n: number): Tensor {
  if (arguments.length > 2) refuseExtra("keys", arguments, 2);
  return keysOf("keys", readKey("keys", key), n);
}

function keysOf(operation: string, words: Tensor, n: number): Tensor {
  checkCount(operation, n);
  return joined(words, iota("uint32", [n], 0));
}

/** Both words of the Threefry blocks of counters, along a new last axis. */
function joined(words: Tensor, counters: Tensor): Tensor {
  const { shape } = counters;
  const column = (word: "first" | "second"): Tensor =>
    reshape(threefry(words, counters, word), [...shape, 1]);
  return concatenate([column("first"), column("second")], shape.length);
}

/**
 * Derives a new key from a key and a number, such as that of an epoch or a step. The number may be an integer scalar
 * tensor whose value is known only at run time. The new key is a tensor if the key or the number is one.
 *
 * The Threefry block of the counter `[0, data]`, as in `jax.random.fold_in`.
 *
 * @throws DownhillError `range` if `data` is not an integer from 0 to 2³² − 1.
 * @example
 * foldIn(key(0), 1); // Uint32Array [928981903, 3453687069]
 */
export function foldIn<K extends Key>(key: K, data: number): KeyKindOf<K>;
export function foldIn(key: Key, data: number | Tensor): Tensor;
export function foldIn(key: Key, data: number | Tensor): Key {
  if (arguments.length > 2) refuseExtra("foldIn", arguments, 2);
  const words = readKey("foldIn", key);
  if (data instanceof Tensor) return joined(words, readCounter(data));
  if (!(key instanceof Tensor)) return foldWords(key, data);
  return joined(words, full(arrayType("uint32", []), checkWord("foldIn", data)));
}

function readCounter(data: Tensor): Tensor {
  const isInteger = data.dtype === "uint32" || data.dtype === "int32";
  if (isInteger && data.ndim === 0) return convert(data, "uint32");
  throw new DownhillError(
    "dtype",
    `foldIn: data must be an integer scalar, got ${showType(data.type)}. Convert it with astype("uint32").`,
  );
}

/** Splits a key tensor into two. */
export function splitKey(key: Tensor): [Tensor, Tensor] {
  return split(key);
}
