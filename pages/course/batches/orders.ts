// Orders to the worker of the page, and its messages.
import type { BatchRun } from "../../../src/pictures/landscapes/batch-runs.ts";

/** Cost of batches of one size. */
export interface Throughput {
  readonly batchSize: number;
  readonly itemsPerSecond: number;
  /** Bytes of memory held by the compiled step. */
  readonly memoryBytes: number;
}

/** The measured batch sizes. */
export const measuredSizes: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** Losses and accuracies of a run after some epochs. */
export interface Learned {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly testLoss: number;
  /** Fraction of correctly classified images, from 0 to 1. */
  readonly trainAccuracy: number;
  readonly testAccuracy: number;
}

/** Random changes to an image. */
export interface Changes {
  /** Maximum rotation in degrees. */
  readonly turn: number;
  /** Standard deviation of the noise added to each pixel; paper is 0 and ink 1. */
  readonly noise: number;
  /** Maximum shift in each direction, in pixels of 8. */
  readonly shift: number;
}

/** Numbers of training and test images. */
export const counts = { train: 100, test: 600 };

/** Number of epochs. */
export const learnedEpochs = 50;

/** Orders to the worker. */
type Order =
  | { readonly kind: "throughput" }
  | { readonly kind: "by-time" }
  | { readonly kind: "augmentation"; readonly changes: Changes };

/** Messages of the worker. */
export type Told =
  | { readonly kind: "throughput"; readonly one: Throughput }
  | { readonly kind: "by-time"; readonly runs: readonly BatchRun[] }
  | { readonly kind: "versions"; readonly images: readonly (readonly number[])[] }
  | { readonly kind: "learned"; readonly isChanged: boolean; readonly one: Learned };

/** Types of the worker's orders and messages. */
export interface Measuring {
  readonly order: Order;
  readonly told: Told;
}
