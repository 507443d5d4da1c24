import { must } from "../../engine/util/assert-never.ts";

/** Kinds of data with learning rates of their own. */
export type DataKind = "digits" | "table" | "images";

/** Properties of an optimiser that the commands use. */
export interface OptimizerFacts {
  /** Default learning rate per kind of data, chosen on items held out of the training part, never on a test part. */
  readonly rates: Readonly<Record<DataKind, number>>;
  /** The option that sets the momentum, if the optimiser has one. */
  readonly momentum?: "momentum" | "beta1";
  /** Default of `--momentum`; undefined leaves it to the optimiser. */
  readonly initialMomentum?: number;
  /**
   * Number of epochs of an optimiser that compares successive steps, so that each step must use all items: a factor of
   * the usual number of epochs, or the number itself.
   */
  readonly fullBatch?: { readonly epochs: number } | { readonly timesEpochs: number };
  /** True if the optimiser evaluates the loss along its step. The loss must then be that of the whole batch. */
  readonly searchesLine?: true;
}

const rates = (digits: number, table: number, images: number): OptimizerFacts["rates"] => ({
  digits,
  table,
  images,
});

/**
 * The optimisers of the command line, by their names in `downhill/optim`. Command-line names, help and defaults are
 * derived from this table. It imports no optimiser, so that `--help` stays fast.
 */
const optimizerTable: Readonly<Record<string, OptimizerFacts>> = {
  sgd: { rates: rates(0.2, 0.02, 0.1), momentum: "momentum", initialMomentum: 0.9 },
  adam: { rates: rates(0.003, 0.003, 0.001), momentum: "beta1" },
  adamw: { rates: rates(0.003, 0.003, 0.001), momentum: "beta1" },
  nadam: { rates: rates(0.003, 0.003, 0.001), momentum: "beta1" },
  radam: { rates: rates(0.01, 0.01, 0.003), momentum: "beta1" },
  adamax: { rates: rates(0.01, 0.01, 0.003), momentum: "beta1" },
  adagrad: { rates: rates(0.05, 0.05, 0.02) },
  adadelta: { rates: rates(3, 3, 1) },
  rmsprop: { rates: rates(0.002, 0.002, 0.0005), momentum: "momentum" },
  rprop: { rates: rates(0.01, 0.01, 0.01), fullBatch: { timesEpochs: 10 } },
  asgd: { rates: rates(0.5, 0.3, 0.2) },
  adafactor: { rates: rates(0.03, 0.03, 0.01) },
  muon: { rates: rates(0.01, 0.01, 0.005), momentum: "momentum" },
  sparseAdam: { rates: rates(0.003, 0.003, 0.001), momentum: "beta1" },
  lion: { rates: rates(0.001, 0.001, 0.0003), momentum: "beta1" },
  lamb: { rates: rates(0.01, 0.01, 0.005), momentum: "beta1" },
  yogi: { rates: rates(0.01, 0.01, 0.003), momentum: "beta1" },
  lbfgs: { rates: rates(0.3, 0.3, 0.3), fullBatch: { epochs: 10 }, searchesLine: true },
};

export const optimizerNames: readonly string[] = Object.keys(optimizerTable);

/** An optimiser of the library with preset options, as texts of the command line. */
export interface OptimizerAlias {
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
}

/** Textbook names of variants that the library selects by options. Written options override the preset ones. */
export const optimizerAliases: Readonly<Record<string, OptimizerAlias>> = {
  momentum: { name: "sgd", options: { momentum: "0.9" } },
  nesterov: { name: "sgd", options: { momentum: "0.9", nesterov: "true" } },
  amsgrad: { name: "adam", options: { amsgrad: "true" } },
};

/** Returns the properties of an optimiser, whose name must be in the table. */
export function factsOf(name: string): OptimizerFacts {
  return must(optimizerTable[name], name);
}

/** Returns the names of the optimisers for which `has` holds, joined for a sentence: "sgd, rmsprop and muon". */
export function listOptimizers(has: (facts: OptimizerFacts) => boolean): string {
  const names = optimizerNames.filter((name) => has(factsOf(name)));
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)!}`;
}
