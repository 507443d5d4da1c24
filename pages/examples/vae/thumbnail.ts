// The thumbnail shows the plane of codes after the classes have separated.
import type { Thumbnail } from "../../live/thumbnail.ts";
import { prepare, showNow, trainBy } from "./state.ts";
import { train } from "./training.ts";

const epochs = 40; // takes a few seconds

export const thumbnail: Thumbnail = {
  figure: "plane",
  prepare: async () => {
    await prepare();
    await trainBy(train, epochs);
    showNow();
  },
};
