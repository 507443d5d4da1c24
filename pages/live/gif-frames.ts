// Animated pictures of a page as GIF.
import { encode } from "modern-gif";
import { canvasOf, type SvgFrame } from "../../src/pictures/plot/page/share.ts";

const zoom = 0.75; // pixels per unit

/**
 * Draws frames as GIF, which repeats for ever.
 *
 * @param report is called with the number of drawn frames, and the number of all frames
 */
export async function gifOfFrames(
  frames: readonly SvgFrame[],
  report: (drawn: number, all: number) => void,
): Promise<ArrayBuffer> {
  let size = { width: 0, height: 0 };
  const drawn: { data: Uint8ClampedArray<ArrayBuffer>; delay: number }[] = [];
  for (const { svg, delay } of frames) {
    report(drawn.length, frames.length);
    const { width, height, data } = await pixelsOf(svg);
    size = { width, height };
    drawn.push({ data, delay });
  }
  return await encode({ ...size, frames: drawn });
}

async function pixelsOf(svg: string): Promise<ImageData> {
  const canvas = await canvasOf(svg, zoom);
  return canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
}
