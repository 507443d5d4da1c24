import { hashProgram } from "../ir/hash.ts";
import type { Program } from "../ir/program.ts";
import { isStaging } from "./bind.ts";
import { isDebugging } from "./debug.ts";
import type { Lru } from "../util/lru.ts";
import { makeLru } from "../util/lru.ts";

/** Programs kept; the one asked for longest ago goes first. */
const capacity = 256;
let programs: Lru<string, Program> | undefined;

/**
 * An equal program that was seen before, if there is one: a loop or branch outside of `jit` is traced at every call, but
 * what transforms and the compiler make of it is remembered by the program itself.
 */
export function interned(program: Program): Program {
  // while a program is in the making nothing runs, and while debugging each has the lines of its own call
  if (isStaging() || isDebugging()) return program;
  programs ??= makeLru(capacity);
  const key = hashProgram(program);
  const known = programs.get(key);
  if (known !== undefined) return known;
  programs.set(key, program);
  return program;
}
