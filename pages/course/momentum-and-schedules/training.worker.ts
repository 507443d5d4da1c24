// Trains in a worker of the page.
import type { LrRange } from "downhill/train";
import { work } from "../../live/job.ts";
import { testRange, train, type TrainedEpoch, type TrainingOrder } from "./training.ts";

/** Orders from the page and messages to it. */
export interface TrainingWork {
  readonly order:
    | { readonly kind: "train"; readonly training: TrainingOrder }
    | { readonly kind: "range"; readonly seed: number };
  readonly told:
    | { readonly kind: "epoch"; readonly epoch: TrainedEpoch }
    | { readonly kind: "range"; readonly range: LrRange };
}

work<TrainingWork>(async (order, tell) => {
  switch (order.kind) {
    case "train":
      await train(order.training, (epoch) => tell({ kind: "epoch", epoch }));
      return;
    case "range":
      tell({ kind: "range", range: await testRange(order.seed) });
      return;
    default:
      return order satisfies never;
  }
});
