import type { Source } from "./source.ts";

export type SourceKind = Source["kind"];

interface Defaults {
  readonly batch: number;
  readonly epochs: number;
  readonly hidden: readonly number[];
}

/** Chosen on parts of training data, never by a test part. The options' descriptions tell them. */
export const defaults: Readonly<Record<SourceKind, Defaults>> = {
  digits: { batch: 32, epochs: 30, hidden: [128] },
  table: { batch: 32, epochs: 100, hidden: [32] },
  images: { batch: 64, epochs: 10, hidden: [128] },
};

/** Learning rates of optimisers for digits, tables and images, chosen likewise. */
const rates: Readonly<Record<string, readonly [digits: number, table: number, images: number]>> = {
  sgd: [0.2, 0.02, 0.1],
  adam: [0.003, 0.003, 0.001],
};

/** The rate of an optimiser where none is said. */
export function defaultRate(optimizer: string, kind: SourceKind): number {
  const [digits, table, images] = rates[optimizer] ?? rates["adam"]!;
  return { digits, table, images }[kind];
}

/** The momentum of an optimiser where none is said; `undefined` leaves it to the optimiser. */
export function defaultMomentum(optimizer: string): number | undefined {
  return optimizer === "sgd" ? 0.9 : undefined;
}
