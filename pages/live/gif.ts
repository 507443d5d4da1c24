// Animated pictures as GIF. Loaded when a reader asks for one.
import type { Markup } from "../../src/pictures/plot/markup.ts";
import { framesOf } from "../../src/pictures/plot/still.ts";
import { gifOfFrames } from "./gif-frames.ts";

/**
 * Draws an animated picture as GIF, as `downhill race --out race.gif` does.
 *
 * @param report is called with the number of drawn frames, and the number of all frames
 */
export async function gifOf(
  picture: Markup,
  report: (drawn: number, all: number) => void,
): Promise<ArrayBuffer> {
  return await gifOfFrames(framesOf(picture), report);
}
