import type { Source } from "./source.ts";

/** What sort of data, as far as defaults go. */
export type SourceKind = "digits" | "table" | "images";

export function kindOf({ kind }: Source): SourceKind {
  return kind === "set" ? "table" : kind;
}

interface Defaults {
  readonly batch: number | "full";
  readonly epochs: number;
  readonly hidden: readonly number[];
}

const ofSources: Readonly<Record<SourceKind, Defaults>> = {
  digits: { batch: 32, epochs: 30, hidden: [128] },
  table: { batch: 32, epochs: 100, hidden: [32] },
  images: { batch: 64, epochs: 10, hidden: [128] },
};

/**
 * Rates of optimisers for digits, tables and images. These and the others were chosen by items held out of training
 * parts, never by a test part.
 */
const rates: ReadonlyMap<string, readonly [digits: number, table: number, images: number]> = new Map([
  ["sgd", [0.2, 0.02, 0.1]],
  ["adam", [0.003, 0.003, 0.001]],
  ["adamw", [0.003, 0.003, 0.001]],
  ["nadam", [0.003, 0.003, 0.001]],
  ["sparseAdam", [0.003, 0.003, 0.001]],
  ["radam", [0.01, 0.01, 0.003]],
  ["adamax", [0.01, 0.01, 0.003]],
  ["adagrad", [0.05, 0.05, 0.02]],
  ["adadelta", [3, 3, 1]],
  ["rmsprop", [0.002, 0.002, 0.0005]],
  ["rprop", [0.01, 0.01, 0.01]],
  ["asgd", [0.5, 0.3, 0.2]],
  ["adafactor", [0.03, 0.03, 0.01]],
  ["muon", [0.01, 0.01, 0.005]],
  ["lion", [0.001, 0.001, 0.0003]],
  ["lamb", [0.01, 0.01, 0.005]],
  ["yogi", [0.01, 0.01, 0.003]],
  ["lbfgs", [0.3, 0.3, 0.3]],
]);

/** The rate of an optimiser where none is said. */
export function defaultRate(optimizer: string, kind: SourceKind): number {
  const [digits, table, images] = rates.get(optimizer)!;
  return { digits, table, images }[kind];
}

/** The momentum of an optimiser where none is said; `undefined` leaves it to the optimiser. */
export function defaultMomentum(optimizer: string): number | undefined {
  return optimizer === "sgd" ? 0.9 : undefined;
}

/**
 * Batch, epochs and hidden layers where they are not said. `rprop` and `lbfgs` compare a step with the one before it, so
 * they see all items in each; the one takes small steps and the other twenty in one.
 */
export function defaultsOf(optimizer: string, kind: SourceKind): Defaults {
  const initial = ofSources[kind];
  if (optimizer === "rprop") return { ...initial, batch: "full", epochs: 10 * initial.epochs };
  if (optimizer === "lbfgs") return { ...initial, batch: "full", epochs: 10 };
  return initial;
}
