/** How a region is written. What is switched off changes no result, but for the order in which sums are added. */
export interface LowerOptions {
  /** Checks of places are left out where they are seen to hold, and made before loops. Default true. */
  readonly hoistChecks?: boolean;
  /** Loops whose iterations may run in any order are marked so. Default true. */
  readonly independentLoops?: boolean;
  /** Sums are added in eight lanes, which differs in the last bits from adding them in the order of the text. Default true. */
  readonly sums?: boolean;
  /**
   * Sums of products in nests of loops are contractions, whose sums are added in the order of the text but by blocks of 256, and to what
   * was there in the end. Not where `sums` is off. Default true.
   */
  readonly products?: boolean;
}
