// The thumbnail shows the complete schedule.
import type { Thumbnail } from "../../live/thumbnail.ts";
import { moment } from "./state.ts";

export const thumbnail: Thumbnail = {
  figure: "schedule",
  prepare: async () => {
    moment.value = 1000;
  },
};
