// What a reader of this chapter chooses.

/** The ways to train. */
export const methods = ["adam", "sgd", "tuned"] as const;

export type Method = (typeof methods)[number];

export const methodWords: Readonly<Record<Method, string>> = {
  adam: "Adam",
  sgd: "SGD",
  tuned: "SGD, one cycle",
};

/** Rates to begin with: Adam's of its paper, a guess, and one that was tuned. */
export const usualRates: Readonly<Record<Method, number>> = { adam: 0.001, sgd: 0.01, tuned: 0.2 };
