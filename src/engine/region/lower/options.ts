import type { Stmt } from "../../kernel/scalar.ts";
import type { LoopPassOptions } from "../../loops/options.ts";

/** Statements of a region after one pass of lowering, for tests and prints. */
export interface LoweringStage {
  readonly pass: string;
  readonly statements: readonly Stmt[];
}

/** Options of lowering a region. They may change the order in which sums are added, and no other result. */
export interface LowerOptions extends LoopPassOptions {
  /** Removes bounds checks that always hold, and moves checks before loops. Default true. */
  readonly hoistChecks?: boolean;
  /**
   * Code that runs if a check before a loop fails. "copy" (default): a copy of the loop with all its checks. "end": the
   * call ends with the site `checks`, and the caller runs the region again, lowered with "copy". Copies are rarely
   * used, but take as long to compile as all other code.
   */
  readonly failedChecks?: "copy" | "end";
  /** Receives the statements after each pass. The last entry holds the statements of the finished routine. */
  readonly stages?: LoweringStage[];
}
