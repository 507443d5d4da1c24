// Trains in a worker of the page.
import { work } from "../../live/job.ts";
import { type Report, train, type TrainingOrder } from "./training.ts";

/** Orders from the page and messages to it. */
export interface VaeWork {
  readonly order: TrainingOrder;
  readonly told: Report;
}

work<VaeWork>(train);
