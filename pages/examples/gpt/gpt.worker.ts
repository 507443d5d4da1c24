// Trains in a worker of the page.
import { work } from "../../live/job.ts";
import { type Report, train, type TrainingOrder } from "./training.ts";

/** Orders from the page and messages to it. */
export interface TrainingWork {
  readonly order: TrainingOrder;
  readonly told: Report;
}

work<TrainingWork>(train);
