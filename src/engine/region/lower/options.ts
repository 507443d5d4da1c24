import type { Stmt } from "../../kernel/scalar.ts";
import type { LoopPassOptions } from "../../loops/options.ts";

/** Statements after a pass of lowering. */
export interface LoweringStage {
  readonly pass: string;
  readonly statements: readonly Stmt[];
}

/** Options of lowering a region. They may change the order in which sums are added, and no other result. */
export interface LowerOptions extends LoopPassOptions {
  /** Removes bounds checks that always hold, and moves checks before loops. Default true. */
  readonly hoistChecks?: boolean;
  /**
   * Code after a failed check before a loop: a copy of the loop with all its checks (default), or the end of the call with the site
   * `checks`, for callers that then run the region as lowered with copies. Few calls need the copies, which take as long to compile as the
   * rest.
   */
  readonly failedChecks?: "copy" | "end";
  /** Receives the statements after each pass; the last entry holds those of the routine. */
  readonly stages?: LoweringStage[];
}
