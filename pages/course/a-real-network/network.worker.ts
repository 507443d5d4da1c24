// Trains in a worker of the page.
import { compareAdvice, type DigitsRun } from "../../../src/pictures/landscapes/presets/take-aways.ts";
import { work } from "../../live/job.ts";
import { type DigitsEpoch, type DigitsOrder, trainDigits, type TrainedNetwork } from "./training.ts";

/** Orders from the page and messages to it. */
export interface NetworkWork {
  readonly order:
    | { readonly kind: "train"; readonly training: DigitsOrder }
    | { readonly kind: "compare"; readonly seed: number };
  readonly told:
    | { readonly kind: "epoch"; readonly epoch: DigitsEpoch }
    | { readonly kind: "trained"; readonly network: TrainedNetwork }
    | { readonly kind: "compared"; readonly run: DigitsRun };
}

work<NetworkWork>(async (order, tell) => {
  switch (order.kind) {
    case "train": {
      const network = await trainDigits(order.training, (epoch) => tell({ kind: "epoch", epoch }));
      tell({ kind: "trained", network });
      return;
    }
    case "compare":
      await compareAdvice(order.seed, (run) => tell({ kind: "compared", run }));
      return;
    default:
      return order satisfies never;
  }
});
