/** Loop passes to switch off. A pass changes no result, except the order in which sums are added. */
export interface LoopPassOptions {
  /** Marks loops whose iterations may run in any order. Default true. */
  readonly independentLoops?: boolean;
  /**
   * Adds sums in eight lanes, so that results may differ in their last bits from those in program order. Default true.
   */
  readonly sums?: boolean;
  /** Accumulates in a local where a loop adds to an element at an invariant index; requires `sums`. Default true. */
  readonly fixedPlaces?: boolean;
  /**
   * Runs loops with several sums, or with arrays that each iteration fills before reading, in strips of four or eight
   * iterations with separate sums and arrays; requires `sums`. Default true.
   */
  readonly strips?: boolean;
  /**
   * Rewrites sums of products in loop nests as contractions. Terms are added in program order but in blocks of 256, and
   * to the earlier value at the end; requires `sums`. Default true.
   */
  readonly products?: boolean;
  /** Computes invariant conditions of `select` before a loop. Default true. */
  readonly steadyConditions?: boolean;
  /** Computes invariant products in indices before a loop. Default true. */
  readonly steadyPlaces?: boolean;
  /** Subtracts instead of adding a negated value. Default true. */
  readonly differences?: boolean;
}
