// The thumbnail shows the run to its end.
import type { Thumbnail } from "../../live/thumbnail.ts";
import { step } from "./state.ts";

export const thumbnail: Thumbnail = {
  figure: "ravine",
  prepare: async () => {
    step.value = 1000;
  },
};
