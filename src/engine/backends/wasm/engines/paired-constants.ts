import type { Peephole } from "./peephole.ts";

/**
 * Loads a constant separately for each vector, although one load would suffice. V8's revectorizer (13, 14) widens a
 * pair only if both halves of each operand come from adjacent addresses.
 */
export const pairedConstants: Peephole = {
  isFor: ({ wide }) => wide,
};
