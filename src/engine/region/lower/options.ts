import type { Stmt } from "../../kernel/scalar.ts";

/** How a region is written. What is switched off changes no result, but for the order in which sums are added. */
export interface LowerOptions {
  /** Checks of places are left out where they are seen to hold, and made before loops. Default true. */
  readonly hoistChecks?: boolean;
  /**
   * What stands where a check before a loop fails: a copy of the loop with all checks in it (default), or the end of the call with
   * the site `checks`, for callers that then run the region as it is written with copies. Few calls get there, and copies take as
   * long to compile as all the rest.
   */
  readonly failedChecks?: "copy" | "end";
  /** Loops whose iterations may run in any order are marked so. Default true. */
  readonly independentLoops?: boolean;
  /** Sums are added in eight lanes, which differs in the last bits from adding them in the order of the text. Default true. */
  readonly sums?: boolean;
  /** A sum in an element whose place stays the same in a loop goes through a local; only together with `sums`. Default true. */
  readonly fixedPlaces?: boolean;
  /**
   * Loops that have several sums, or arrays that each iteration could have for itself, go in strips of four or eight iterations, which
   * add to sums of their own; only together with `sums`. Default true.
   */
  readonly strips?: boolean;
  /**
   * Sums of products in nests of loops are contractions, whose sums are added in the order of the text but by blocks of 256, and to what
   * was there in the end. Not where `sums` is off. Default true.
   */
  readonly products?: boolean;
  /** Conditions that choose between two values, and that a loop does not change, are computed before it. Default true. */
  readonly steadyConditions?: boolean;
  /** Products in places of elements that a loop does not change are computed before it. Default true. */
  readonly steadyPlaces?: boolean;
  /** What is added with its sign changed is subtracted. Default true. */
  readonly differences?: boolean;
  /** Gets the statements after each pass, those of the routine last. */
  readonly stages?: (readonly Stmt[])[];
}
