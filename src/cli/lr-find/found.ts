import type { LrRange } from "../../training/train/index.ts";

/** A range test and what it was made on. */
export interface RangeTestReport {
  readonly range: LrRange;
  readonly isLinear: boolean;
  /** In a line: data, network, optimiser. */
  readonly about: string;
  /** A command that trains with what was found. */
  readonly next: string | undefined;
}
