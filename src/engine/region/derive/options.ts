/** What is done to a flat region before it is differentiated; each is on by default. */
export interface FlatOptions {
  /** Computes common subexpressions once. */
  readonly common?: boolean | undefined;
  /** Computes what is the same in every iteration of a loop before it. */
  readonly hoist?: boolean | undefined;
  /** Declares arrays within the loop whose iterations fill them before they read them. */
  readonly localise?: boolean | undefined;
  /** Computes costly functions of what a loop does not change once before it, into tables where loops within it go by. */
  readonly tables?: boolean | undefined;
  /** Leaves out checks of places that are in range by the bounds of loops. */
  readonly prove?: boolean | undefined;
}

export interface TangentOptions extends FlatOptions {
  /** Whether the results of the region come first. */
  readonly primal: boolean;
  /** Whether the tangent of a parameter may hold zeros that count as those of a mask, one each; none by default. */
  readonly masked?: readonly boolean[] | undefined;
  /** Whether counted loops may have no iterations, so that constants from before them remain (off by default). */
  readonly emptyLoops?: boolean | undefined;
}

export interface TransposeOptions extends FlatOptions {
  /** Whether the cotangent of a linear result may be 0 because a mask did not choose it; of none by default. */
  readonly masked?: readonly boolean[] | undefined;
  /** For linear results that are numbers, the number that a cotangent is: there is no parameter for it then. */
  readonly seeds?: readonly (number | undefined)[] | undefined;
  /** Computes again on the way back what is cheap, rather than record it (on by default). */
  readonly recompute?: boolean | undefined;
  /**
   * Reads elements of arrays that change again on the way back, rather than record them, where nothing has overwritten them: of tables
   * that are filled row by row (on by default; only together with `recompute`).
   */
  readonly reread?: boolean | undefined;
  /** Looks for stores that are surely read, or the only ones to their place: their products are plain (on by default). */
  readonly coverage?: boolean | undefined;
  /** Runs loops forwards on the way back where their order does not matter (on by default). */
  readonly reorder?: boolean | undefined;
  /** Begins sums with their first term (on by default). */
  readonly sums?: boolean | undefined;
  /**
   * Runs the outermost loops that record in segments, forwards once more before they go back, and records one segment at a time
   * (by default as the region says, else off): for loops so long that their records do not fit into memory. `true` takes ⌈√n⌉ segments
   * and keeps the state where each begins; a number c takes segments of c iterations and keeps c states, at the price of further runs.
   */
  readonly checkpoint?: boolean | number | undefined;
  /** Lets loops whose iterations share nothing but sums go back within each iteration (on by default). */
  readonly fuse?: boolean | undefined;
}
