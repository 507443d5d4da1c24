// Trains in a worker of the page.
import { work } from "../../live/job.ts";
import { train, type TrainingOrder, type Update } from "./training.ts";

/** Orders from the page and messages to it. */
export interface TrainingWork {
  readonly order: TrainingOrder;
  readonly told: Update;
}

work<TrainingWork>(train);
