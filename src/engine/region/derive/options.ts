/** Passes over the flat form of a region before it is differentiated. Each pass runs unless its option is false. */
export interface FlatOptions {
  /** Eliminates common subexpressions. */
  readonly common?: boolean | undefined;
  /** Moves loop invariants before loops. */
  readonly hoist?: boolean | undefined;
  /** Declares arrays within the loop whose iterations fill them before reading them. */
  readonly localise?: boolean | undefined;
  /** Computes costly functions of loop invariants once, in tables that nested loops read. */
  readonly tables?: boolean | undefined;
  /** Removes bounds checks that loop bounds prove unnecessary. */
  readonly prove?: boolean | undefined;
}

export interface TangentOptions extends FlatOptions {
  /** True to return the results of the region before their tangents. */
  readonly primal: boolean;
  /** For each parameter, true if its tangent may contain masked zeros (docs/masks.md). Default: false for all. */
  readonly masked?: readonly boolean[] | undefined;
  /**
   * True if counted loops may have no iterations, so that locals keep the constants they had before such a loop.
   * Default false.
   */
  readonly emptyLoops?: boolean | undefined;
}

export interface TransposeOptions extends FlatOptions {
  /** For each linear result, true if its cotangent may be a masked zero (docs/masks.md). Default: false for all. */
  readonly masked?: readonly boolean[] | undefined;
  /**
   * For each linear scalar result, a constant to use as its cotangent; `undefined` for a cotangent that is a parameter.
   */
  readonly seeds?: readonly (number | undefined)[] | undefined;
  /** Recomputes cheap values in the backward pass instead of saving them. Default true. */
  readonly recompute?: boolean | undefined;
  /**
   * Reads elements of mutable arrays again in the backward pass instead of saving them, if nothing has overwritten
   * them, as in tables that are filled row by row. Needs `recompute`. Default true.
   */
  readonly reread?: boolean | undefined;
  /**
   * Finds stores whose elements are certainly read, or are written only once. Their products need no mask. Default
   * true.
   */
  readonly coverage?: boolean | undefined;
  /** Runs backward loops in ascending order if the order does not matter. Default true. */
  readonly reorder?: boolean | undefined;
  /** Initialises sums with their first term instead of adding it to 0. Default true. */
  readonly sums?: boolean | undefined;
  /**
   * Checkpoints the outermost loops that save values: they run in segments, and the backward pass runs each segment
   * forward once more with tapes of one segment. For loops so long that their tapes exceed memory. `true` takes ⌈√n⌉
   * segments and keeps the state at the beginning of each. A number c takes segments of c iterations and keeps c
   * states, at the price of more recomputation. Default: as the region specifies, else off.
   */
  readonly checkpoint?: boolean | number | undefined;
  /**
   * Runs the forward and the backward pass of each iteration together in one loop, for loops whose iterations share
   * only sums. Default true.
   */
  readonly fuse?: boolean | undefined;
}
