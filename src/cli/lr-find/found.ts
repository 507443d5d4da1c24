import type { LrRange } from "../../training/train/index.ts";

/** Result of a learning rate range test, with a description of the run. */
export interface RangeTestReport {
  readonly range: LrRange;
  readonly isLinear: boolean;
  /** Summary in one line: data, network, optimiser. */
  readonly about: string;
  /** A command that trains with the rates found; `undefined` if the test found none. */
  readonly next: string | undefined;
  /** The test as a program; `undefined` if its data are too large for one. */
  readonly program: string | undefined;
}
