import type { FunctionBody } from "../encode/body.ts";
import type { Peephole } from "./peephole.ts";

/**
 * Passes copies, `v | v`, to functions of vectors. V8's revectorizer (13, 14) aborts the process ("unreachable code")
 * if it widens a pair of vectors that a call takes directly, in a branch or next to stores of values computed from
 * them. It accepts values computed from the vectors.
 */
export const copiedArguments: Peephole = {
  isFor: ({ mayWiden }) => mayWiden,
};

/** Pushes a copy of the vector that `emit` pushes: `v | v`. It calls `emit` twice. */
export function emitCopy(body: FunctionBody, emit: () => void): void {
  emit();
  emit();
  body.op("v128.or");
}
