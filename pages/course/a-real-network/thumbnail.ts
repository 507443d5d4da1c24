// The thumbnail shows a hidden unit after a short training.
import type { Thumbnail } from "../../live/thumbnail.ts";
import { chosenUnit, showTrained, units } from "./state.ts";
import { trainDigits } from "./training.ts";

export const thumbnail: Thumbnail = {
  figure: "hidden",
  prepare: async () => {
    showTrained(await trainDigits({ method: "adam", rate: 0.003, epochs: 12, seed: 0 }, () => {}));
    chosenUnit.value = units.value.length - 1;
  },
};
