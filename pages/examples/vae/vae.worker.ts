// Trains beside the page.
import { work } from "../../live/job.ts";
import { type Report, train, type TrainingOrder } from "./training.ts";

/** What the page may ask for, and what it is told. */
export interface VaeWork {
  readonly order: TrainingOrder;
  readonly told: Report;
}

work<VaeWork>(train);
