// The thumbnail shows the arrows, because the dial of the first figure is small.
import type { Thumbnail } from "../../live/thumbnail.ts";

export const thumbnail: Thumbnail = { figure: "arrows", prepare: async () => {} };
