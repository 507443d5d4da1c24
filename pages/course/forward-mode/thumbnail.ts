// The thumbnail shows the arrows, because the dial of the first figure is small.
import type { Thumbnail } from "../../live/thumbnail.ts";

export const thumbnail: Thumbnail = {
  figure: "arrows",
  view: [300, 0, 340, 178], // to the right of the names
  prepare: async () => {},
};
