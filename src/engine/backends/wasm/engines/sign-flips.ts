import type { Peephole } from "./peephole.ts";

/**
 * Negates float64 vectors by flipping their sign bits. V8's revectorizer (13, 14) miscompiles `f64x2.neg` if its
 * operand is used again: results become NaN.
 */
export const signFlips: Peephole = {
  isFor: ({ mayWiden }) => mayWiden,
};
