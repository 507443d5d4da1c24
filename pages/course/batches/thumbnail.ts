// The thumbnail shows the first part of the runs.
import type { Thumbnail } from "../../live/thumbnail.ts";
import { tick, ticks } from "./state.ts";

export const thumbnail: Thumbnail = {
  figure: "three-ways",
  prepare: async () => {
    tick.value = ticks / 5;
  },
};
