// What the page has its worker do, and what it is told.
import type { BatchRun } from "../../../src/pictures/landscapes/batch-runs.ts";

/** What batches of a size cost. */
export interface Throughput {
  readonly batchSize: number;
  readonly itemsPerSecond: number;
  /** Bytes that the compiled step holds. */
  readonly memoryBytes: number;
}

/** The sizes that are measured. */
export const measuredSizes: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** How a run stands after some epochs. */
export interface Learned {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly testLoss: number;
  /** The part of the images whose digit is found, from 0 to 1. */
  readonly trainAccuracy: number;
  readonly testAccuracy: number;
}

/** The random changes that are made to an image. */
export interface Changes {
  /** The most degrees that it is turned by. */
  readonly turn: number;
  /** The standard deviation of what is added to each pixel; paper is 0 and ink 1. */
  readonly noise: number;
  /** The most pixels that it is moved by, in each direction: of 8. */
  readonly shift: number;
}

/** How many images are learned from, and how many others are asked about. */
export const counts = { train: 100, test: 600 };

/** How often the images are gone through. */
export const learnedEpochs = 50;

/** What the worker is asked to do. */
type Order =
  | { readonly kind: "throughput" }
  | { readonly kind: "by-time" }
  | { readonly kind: "augmentation"; readonly changes: Changes };

/** What it tells. */
export type Told =
  | { readonly kind: "throughput"; readonly one: Throughput }
  | { readonly kind: "by-time"; readonly runs: readonly BatchRun[] }
  | { readonly kind: "versions"; readonly images: readonly (readonly number[])[] }
  | { readonly kind: "learned"; readonly isChanged: boolean; readonly one: Learned };

/** The work of the chapter's worker. */
export interface Measuring {
  readonly order: Order;
  readonly told: Told;
}
