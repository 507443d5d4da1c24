// Trains beside the page.
import { work } from "../../live/job.ts";
import { train, type TrainingOrder, type Update } from "./training.ts";

/** What the page may ask for, and what it is told. */
export interface TrainingWork {
  readonly order: TrainingOrder;
  readonly told: Update;
}

work<TrainingWork>(train);
