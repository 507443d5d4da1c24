import type { Stmt } from "../../kernel/scalar.ts";
import type { LoopPassOptions } from "../../loops/options.ts";

/** Statements after a pass of lowering. */
export interface LoweringStage {
  readonly pass: string;
  readonly statements: readonly Stmt[];
}

/** Options of lowering a region. They change no result, but the order in which sums are added. */
export interface LowerOptions extends LoopPassOptions {
  /** Leaves out checks of indices that always hold, and checks indices of loops before them. Default true. */
  readonly hoistChecks?: boolean;
  /**
   * Code for a check before a loop that fails: a copy of the loop with all its checks (default), or the end of the call with the site
   * `checks`, for callers that then run the region as lowered with copies. Few calls get there, and copies take as long to compile as
   * the rest.
   */
  readonly failedChecks?: "copy" | "end";
  /** Receives the statements after each pass; the last entry holds those of the routine. */
  readonly stages?: LoweringStage[];
}
