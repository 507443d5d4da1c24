import type { Peephole } from "./peephole.ts";

/**
 * Vectors of float64 are negated by turning their sign bits. V8's revectorizer (13, 14) compiles `f64x2.neg` wrongly where its
 * operand is used again: results come out as NaN.
 */
export const signFlips: Peephole = {
  isFor: ({ mayWiden }) => mayWiden,
};
