import { displayedBy, importByName } from "../plot/notebook.ts";
import type { landscapeSvg as drawSvg } from "./draw/to-svg.ts";
import type { landscapeText as drawText } from "./draw/to-text.ts";
import type { LossSlice } from "./loss-slice.ts";
import type { Race } from "./race.ts";
import type { Study } from "./study.ts";

/** Makes a race, a study or a slice display itself in notebooks: as an animated picture, and as text. */
export function displayed<T extends Study | Race | LossSlice>(shown: T): T {
  return displayedBy<T>(shown, async () => {
    const { landscapeSvg, landscapeText } = (await importByName("downhill/landscapes")) as {
      readonly landscapeSvg: typeof drawSvg;
      readonly landscapeText: typeof drawText;
    };
    return {
      "image/svg+xml": landscapeSvg(shown, { animated: true }),
      "text/plain": landscapeText(shown),
    };
  });
}
