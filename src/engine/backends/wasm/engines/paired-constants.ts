import type { Peephole } from "./peephole.ts";

/**
 * Constants that are loaded are loaded for each vector, although one load would do for all: V8's revectorizer (13, 14) makes an
 * operation of 256 bits of a pair only where both halves of each operand come from places side by side.
 */
export const pairedConstants: Peephole = {
  isFor: ({ wide }) => wide,
};
