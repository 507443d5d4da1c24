import { hashProgram } from "../ir/hash.ts";
import type { Program } from "../ir/program.ts";
import { isStaging } from "./bind.ts";
import { isDebugging } from "./debug.ts";
import type { Lru } from "../util/lru.ts";
import { makeLru } from "../util/lru.ts";

/** Number of cached programs; the least recently used one is dropped first. */
const capacity = 256;
let programs: Lru<string, Program> | undefined;

/**
 * Returns the cached program that is structurally equal to `program`, if any, and otherwise caches `program`. Returns
 * `program` itself while another program is traced, and in debug mode. A loop or branch outside `jit` is traced at
 * every call, while transforms and the compiler cache their results by the program object.
 */
export function interned(program: Program): Program {
  // nothing runs while a program is traced; while debugging, each program has the lines of its own call
  if (isStaging() || isDebugging()) return program;
  programs ??= makeLru(capacity);
  const key = hashProgram(program);
  const known = programs.get(key);
  if (known !== undefined) return known;
  programs.set(key, program);
  return program;
}
