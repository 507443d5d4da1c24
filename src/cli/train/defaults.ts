import { type DataKind, factsOf } from "../shared/optimizer-table.ts";
import type { DataSource } from "./source.ts";

/** The kind of data, on which defaults depend. */
export type SourceKind = DataKind;

export function kindOf({ kind }: DataSource): SourceKind {
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

/** Returns the default learning rate of an optimiser. */
export function defaultRate(optimizer: string, kind: SourceKind): number {
  return factsOf(optimizer).rates[kind];
}

/** Returns the default momentum of an optimiser; `undefined` leaves it to the optimiser. */
export function defaultMomentum(optimizer: string): number | undefined {
  return factsOf(optimizer).initialMomentum;
}

/** Default batch, epochs and hidden layers. */
export function defaultsOf(optimizer: string, kind: SourceKind): Defaults {
  const initial = ofSources[kind];
  const { fullBatch } = factsOf(optimizer);
  if (fullBatch === undefined) return initial;
  const epochs = "epochs" in fullBatch ? fullBatch.epochs : fullBatch.timesEpochs * initial.epochs;
  return { ...initial, batch: "full", epochs };
}
