// Settings of this chapter.

/** Training methods to choose from. */
export const methods = ["adam", "sgd", "tuned"] as const;

export type Method = (typeof methods)[number];

export const methodWords: Readonly<Record<Method, string>> = {
  adam: "Adam",
  sgd: "SGD",
  tuned: "SGD, one cycle",
};

/** Initial rates: Adam's default, a guess, and a tuned rate. */
export const usualRates: Readonly<Record<Method, number>> = { adam: 0.001, sgd: 0.01, tuned: 0.2 };
