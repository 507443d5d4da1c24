/** Loop passes to leave out. A pass changes no result, but the order in which sums are added. */
export interface LoopPassOptions {
  /** Marks loops whose iterations may run in any order. Default true. */
  readonly independentLoops?: boolean;
  /** Adds sums in eight lanes, which differs in the last bits from the order of the text. Default true. */
  readonly sums?: boolean;
  /** Adds to a local where a loop adds to one element; only together with `sums`. Default true. */
  readonly fixedPlaces?: boolean;
  /**
   * Runs loops with several sums, or with arrays that each iteration fills before it reads them, in strips of four or eight iterations that
   * have sums and arrays of their own; only together with `sums`. Default true.
   */
  readonly strips?: boolean;
  /**
   * Makes contractions of sums of products in nests of loops. Their terms are added in the order of the text but in blocks of 256, and
   * to the earlier value in the end; only together with `sums`. Default true.
   */
  readonly products?: boolean;
  /** Computes invariant conditions of `select` before a loop. Default true. */
  readonly steadyConditions?: boolean;
  /** Computes invariant products in indices before a loop. Default true. */
  readonly steadyPlaces?: boolean;
  /** Subtracts instead of adding a negated value. Default true. */
  readonly differences?: boolean;
}
