import type { Fragment } from "../encode/body.ts";
import type { Peephole } from "./peephole.ts";

/**
 * Clears the vector locals at the end of each iteration. V8's revectorizer (13, 14) regards a vector left in a local as
 * live in the next iteration. It counts that as a use of the vector's halves, which makes a 256-bit operation
 * unprofitable.
 */
export const clearedVectors: Peephole = {
  isFor: ({ wide }) => wide,
};

/**
 * Writes code that sets to zero the vectors that `code` sets before it reads them. Zero is their initial value, so no
 * result changes.
 */
export function clearVectors(code: Fragment): void {
  const set = [...code.firstUses()].flatMap(([index, isSet]) => (isSet ? [index] : []));
  if (set.length === 0) return;
  const zero = code.zeroVector();
  for (const index of set) {
    code.localGet(zero);
    code.localSet(index);
  }
}
