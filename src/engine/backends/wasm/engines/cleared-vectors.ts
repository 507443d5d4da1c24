import type { Fragment } from "../encode/body.ts";
import type { Peephole } from "./peephole.ts";

/**
 * Each iteration ends by clearing the locals of its vectors. To V8's revectorizer (13, 14) a vector that is left in a local goes
 * on to the next iteration, which counts as a use of its halves, and it would rather not make an operation of 256 bits of these.
 */
export const clearedVectors: Peephole = {
  isFor: ({ wide }) => wide,
};

/** Sets the vectors that a piece of code sets before it reads them to zero, as they were at first. */
export function clearVectors(code: Fragment): void {
  const set = [...code.firstUses()].flatMap(([index, isSet]) => (isSet ? [index] : []));
  if (set.length === 0) return;
  const zero = code.zeroVector();
  for (const index of set) {
    code.localGet(zero);
    code.localSet(index);
  }
}
