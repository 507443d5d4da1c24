import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { arrayType } from "../../engine/ir/types.ts";
import { concatenate, iota, part } from "../../engine/prims/index-ops.ts";
import { convert, full } from "../../engine/prims/linear.ts";
import { threefry } from "../../engine/prims/random.ts";
import { reshape } from "../../engine/prims/shape.ts";
import type { Key } from "./key.ts";
import { checkCount, checkWord, foldIn as foldInWords, split as splitWords } from "./threefry.ts";

/** A list of `N` members, where `N` is known and small; else one of any length. */
type Repeated<T, N extends number, R extends T[] = []> = number extends N
  ? T[]
  : R["length"] extends N
    ? R
    : R["length"] extends 32
      ? T[]
      : Repeated<T, N, [...R, T]>;

/**
 * `n` new keys from one; the streams of all of them are independent. Use the old key for nothing else.
 *
 * Key `i` is the Threefry block of the counter `[0, i]`, as in `jax.random.split` with
 * `jax_threefry_partitionable` on, the default since JAX 0.5: the first keys do not depend on `n`. A key that is a tensor
 * (in a jitted function, a loop, a loss) is split into tensors of the same words.
 *
 * @example
 * const [weights, biases] = split(key(0), 2);
 */
export function split<const N extends number = 2>(key: Key, n?: N): Repeated<Key, N>;
export function split<const N extends number = 2>(key: Tensor, n?: N): Repeated<Tensor, N>;
export function split(key: Key | Tensor, n = 2): Key[] | Tensor[] {
  if (arguments.length > 2) refuseExtra("split", arguments, 2);
  if (!(key instanceof Tensor)) return splitWords(key, n);
  checkCount("split", n);
  const words = checkKeyTensor("split", key);
  const counters = iota("uint32", [n], 0);
  const all = concatenate(
    [
      reshape(threefry(words, counters, "first"), [n, 1]),
      reshape(threefry(words, counters, "second"), [n, 1]),
    ],
    1,
  );
  return Array.from({ length: n }, (_, i) => reshape(part(all, 0, i, i + 1), [2]));
}

/**
 * A new key from a key and a number, for instance that of an epoch or of a step. A key that is a tensor takes a number or
 * an integer scalar, and gives a tensor.
 *
 * The Threefry block of the counter `[0, data]`, as in `jax.random.fold_in`.
 *
 * @throws DownhillError `range` if `data` is not an integer from 0 to 2³² − 1.
 * @example
 * foldIn(key(0), 1); // Uint32Array [928981903, 3453687069]
 */
export function foldIn(key: Key, data: number): Key;
export function foldIn(key: Tensor, data: number | Tensor): Tensor;
export function foldIn(key: Key | Tensor, data: number | Tensor): Key | Tensor {
  if (arguments.length > 2) refuseExtra("foldIn", arguments, 2);
  if (!(key instanceof Tensor)) return foldInWords(key, data as number);
  const words = checkKeyTensor("foldIn", key);
  const counter =
    data instanceof Tensor ? checkCounter(data) : full(arrayType("uint32", []), checkWord("foldIn", data));
  return concatenate(
    [reshape(threefry(words, counter, "first"), [1]), reshape(threefry(words, counter, "second"), [1])],
    0,
  );
}

/** A key as a tensor: two words of uint32. */
export function checkKeyTensor(operation: string, key: Tensor): Tensor {
  if (key.dtype === "uint32" && key.ndim === 1 && key.shape[0] === 2) return key;
  throw new DownhillError(
    "dtype",
    `${operation}: a key that is a tensor has two words, u32[2]; got ${showType(key.type)}. Make one with tensor(key(0)).`,
  );
}

function checkCounter(data: Tensor): Tensor {
  const isInteger = data.dtype === "uint32" || data.dtype === "int32";
  if (isInteger && data.ndim === 0) return convert(data, "uint32");
  throw new DownhillError(
    "dtype",
    `foldIn: the number must be an integer scalar, got ${showType(data.type)}. Convert it with astype("uint32").`,
  );
}
