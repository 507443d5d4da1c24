// The thumbnail shows the attention of a trained network.
import type { Thumbnail } from "../../live/thumbnail.ts";
import { showNow, trainBy } from "./state.ts";
import { train } from "./training.ts";

const steps = 200; // a few seconds, after which the words are correct

export const thumbnail: Thumbnail = {
  figure: "attention",
  prepare: async () => {
    await trainBy(train, steps);
    showNow();
  },
};
