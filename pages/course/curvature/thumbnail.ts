// The thumbnail shows the run to its end.
import type { Thumbnail } from "../../live/thumbnail.ts";
import { prepare, step } from "./state.ts";

export const thumbnail: Thumbnail = {
  figure: "newton",
  prepare: async () => {
    await prepare();
    step.value = 1000;
  },
};
