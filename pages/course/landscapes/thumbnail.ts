// The thumbnail shows the run to its end.
import type { Thumbnail } from "../../live/thumbnail.ts";
import { formula, start, step } from "./state.ts";
import { kinds } from "./terrain.ts";

export const thumbnail: Thumbnail = {
  figure: "kinds",
  prepare: async () => {
    const kind = kinds[1]!;
    formula.value = kind.text;
    start.value = kind.start;
    step.value = 1000;
  },
};
