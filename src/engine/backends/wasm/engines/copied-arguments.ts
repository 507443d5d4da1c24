import type { FunctionBody } from "../encode/body.ts";
import type { Peephole } from "./peephole.ts";

/**
 * Functions of vectors are called with copies, `v | v`. V8's revectorizer (13, 14) ends the process ("unreachable code") where it
 * makes operations of 256 bits of a pair of vectors that a call takes as they are, in a branch or beside stores of what is
 * computed of them; it takes what is made of them.
 */
export const copiedArguments: Peephole = {
  isFor: ({ mayWiden }) => mayWiden,
};

/** Makes a copy of the vector that `emit` puts on the stack. */
export function emitCopy(body: FunctionBody, emit: () => void): void {
  emit();
  emit();
  body.op("v128.or");
}
