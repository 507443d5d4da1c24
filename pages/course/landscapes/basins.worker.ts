// Maps of starts, made finer beside the page.
import { work } from "../../live/job.ts";
import { type BasinQuestion, type Basins, basins } from "./basins.ts";

/** The work of the chapter's worker. */
export interface BasinWork {
  readonly order: BasinQuestion;
  readonly told: Basins;
}

work<BasinWork>(async (question, tell) => {
  for (const map of basins(question)) tell(map);
});
