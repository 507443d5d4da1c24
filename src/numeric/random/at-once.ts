// Draws that return arrays immediately, even while a function is traced: for shuffling data and for finding starts.
import type { TypedArray } from "../../engine/kernel/executable.ts";
import { makeArray } from "../../engine/kernel/executable.ts";
import { withoutStaging } from "../../engine/trace/index.ts";
import type { RealOptions } from "./arguments.ts";
import type { KeyWords } from "./key.ts";
import { normal } from "./normal.ts";
import { uniform, type UniformOptions } from "./uniform.ts";
import { fillBits } from "./threefry.ts";

/** The n numbers of `normal(key, n)` as a plain array, drawn immediately even while a function is traced. */
export function normalNow(key: KeyWords, n: number): Float64Array;
export function normalNow(key: KeyWords, n: number, options: RealOptions): Float64Array | Float32Array;
export function normalNow(key: KeyWords, n: number, options: RealOptions = {}): TypedArray {
  return withoutStaging(() => normal(key, n, options).data());
}

/** The n numbers of `uniform(key, n)` as a plain array, drawn immediately even while a function is traced. */
export function uniformNow(key: KeyWords, n: number, options?: Omit<UniformOptions, "dtype">): Float64Array;
export function uniformNow(key: KeyWords, n: number, options: UniformOptions): Float64Array | Float32Array;
export function uniformNow(key: KeyWords, n: number, options: UniformOptions = {}): TypedArray {
  return withoutStaging(() => uniform(key, n, options).data());
}

/** The integers of `permutation(key, n)` as a plain array, drawn immediately even while a function is traced. */
export function orderOf(key: KeyWords, n: number): Uint32Array {
  const order = makeArray("u32", n) as Uint32Array;
  for (let i = 0; i < n; i++) order[i] = i;
  shuffleInPlace(order, integersBelow(key));
  return order;
}

/** Shuffles a list in place, given a source of random integers below a bound. */
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
 * Returns a source of random integers `0 ≤ i < bound`, all equally likely, from the words of `bits(key, …)`.
 *
 * It takes the upper bits of a word, as many as `bound − 1` has, and draws again if the result is not below `bound`; on
 * average fewer than twice.
 */
export function integersBelow(key: KeyWords): (bound: number) => number {
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
