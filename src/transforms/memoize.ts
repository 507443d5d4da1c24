import type { Program } from "../ir/program.ts";

/** A mask as text, for keys. */
export function maskKey(mask: readonly boolean[]): string {
  return mask.map((m) => (m ? "1" : "0")).join("");
}

const memory = new WeakMap<Program, Map<string, unknown>>();

/**
 * A function of a program that remembers its results for as long as the program lives: a jitted loop is transformed once,
 * not at every call.
 */
export function memoizeProgram<A extends readonly unknown[], R>(
  keyOf: (program: Program, ...args: A) => string,
  compute: (program: Program, ...args: A) => R,
): (program: Program, ...args: A) => R {
  return (program, ...args) => {
    let results = memory.get(program);
    if (results === undefined) memory.set(program, (results = new Map<string, unknown>()));
    const key = keyOf(program, ...args);
    if (!results.has(key)) results.set(key, compute(program, ...args));
    return results.get(key) as R;
  };
}
