// Animated pictures as GIF. Loaded when a reader asks for one.
import { encode } from "modern-gif";
import type { Markup } from "../../src/pictures/plot/markup.ts";
import { canvasOf } from "../../src/pictures/plot/page/share.ts";
import { framesOf } from "../../src/pictures/plot/still.ts";

const zoom = 0.75; // pixels per unit

/**
 * Draws an animated picture as GIF, as `downhill race --out race.gif` does.
 *
 * @param report is called with the number of drawn frames, and the number of all frames
 */
export async function gifOf(
  picture: Markup,
  report: (drawn: number, all: number) => void,
): Promise<ArrayBuffer> {
  let size = { width: 0, height: 0 };
  const frames: { data: Uint8ClampedArray<ArrayBuffer>; delay: number }[] = [];
  const stills = framesOf(picture);
  for (const { svg, delay } of stills) {
    report(frames.length, stills.length);
    const { width, height, data } = await pixelsOf(svg);
    size = { width, height };
    frames.push({ data, delay });
  }
  return await encode({ ...size, frames });
}

async function pixelsOf(svg: string): Promise<ImageData> {
  const canvas = await canvasOf(svg, zoom);
  return canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
}
