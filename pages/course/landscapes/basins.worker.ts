// Refines maps of starts in a worker.
import { work } from "../../live/job.ts";
import { type BasinQuestion, type Basins, basins } from "./basins.ts";

/** Types of the worker's orders and messages. */
export interface BasinWork {
  readonly order: BasinQuestion;
  readonly told: Basins;
}

work<BasinWork>(async (question, tell) => {
  for (const map of basins(question)) tell(map);
});
