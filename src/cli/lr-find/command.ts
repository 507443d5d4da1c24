import type { Command } from "../run.ts";
import type { OptionValues } from "../shared/option-values.ts";
import { trainOptions } from "../train/options.ts";

type TrainOptions = typeof trainOptions;

/** Options shared with `downhill train`. */
type SharedOptions = {
  readonly [
    Name in keyof TrainOptions as TrainOptions[Name] extends { readonly lrFind: true | string } ? Name : never
  ]: TrainOptions[Name];
};

const shared = Object.fromEntries(
  Object.entries(trainOptions).flatMap(([name, option]) => {
    if (!("lrFind" in option)) return [];
    const { lrFind } = option;
    return [[name, lrFind === true ? option : { ...option, description: lrFind }]];
  }),
) as unknown as SharedOptions;

const ownOptions = {
  from: { type: "string", valueHint: "rate", description: "the rate of the first step (default 1e-6)" },
  to: { type: "string", valueHint: "rate", description: "the rate of the last step (default 10)" },
  steps: {
    type: "string",
    valueHint: "N",
    description: "steps from the first to the last rate (default 100)",
  },
  linear: { type: "boolean", description: "raise the rate linearly instead of by a factor" },
  smoothing: {
    type: "string",
    valueHint: "N",
    description: "average each loss over N steps before and after it (default a twentieth of the steps)",
  },
  divergence: {
    type: "string",
    valueHint: "f",
    description: "stop when the loss is f times the first loss (default 2)",
  },
  out: { type: "string", valueHint: "file", description: "draw it to a file: out.svg, out.png or out.html" },
  json: { type: "boolean", description: "write one JSON object" },
} as const;

type FindOptions = SharedOptions & typeof ownOptions;

/** Values of the options of `downhill lr-find`. */
export type FindRequest = OptionValues<FindOptions>;

/** `downhill lr-find`: the learning rate range test. */
export const lrFindCommand: Command<FindOptions> = {
  args: { ...shared, ...ownOptions },
  async run(given, terminal) {
    const { findRates } = await import("./run.ts");
    return findRates(given, terminal);
  },
};
