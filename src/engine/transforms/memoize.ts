import type { Program } from "../ir/program.ts";
import type { Lru } from "../util/lru.ts";
import { makeLru } from "../util/lru.ts";

/** Formats a mask over operands as a part of a cache key, with one digit per operand. */
export function maskKey(mask: readonly boolean[]): string {
  return mask.map((m) => (m ? "1" : "0")).join("");
}

/**
 * Maximum number of cached results per program. The keys contain masks over operands and batch sizes. Few masks occur,
 * but batch sizes vary without limit.
 */
const formsPerProgram = 64;
const memory = new WeakMap<Program, Lru<string, unknown>>();

/**
 * Wraps a function of a program so that its latest results are cached while the program exists. A jitted loop, for
 * example, is transformed once and not at every call.
 */
export function memoizeProgram<A extends readonly unknown[], R extends object>(
  keyOf: (program: Program, ...args: A) => string,
  compute: (program: Program, ...args: A) => R,
): (program: Program, ...args: A) => R {
  return (program, ...args) => {
    let results = memory.get(program);
    if (results === undefined) memory.set(program, (results = makeLru<string, unknown>(formsPerProgram)));
    const key = keyOf(program, ...args);
    let result = results.get(key) as R | undefined;
    if (result === undefined) results.set(key, (result = compute(program, ...args)));
    return result;
  };
}
