import type { Markup } from "../../../pictures/plot/markup.ts";
import { framesOf, styledPicture } from "../../../pictures/plot/still.ts";
import { loadEncoder, loadRasteriser } from "./packages.ts";

const pngZoom = 2; // pixels per unit, for screens of high resolution
const gifZoom = 0.75;

/** Draws one of our pictures as PNG, with its colours for light backgrounds and two pixels per unit. */
export async function toPng(picture: Markup): Promise<Uint8Array> {
  const { Resvg } = await loadRasteriser();
  const still = styledPicture(picture).still({ scheme: "light" });
  return new Resvg(still, { fitTo: { mode: "zoom", value: pngZoom } }).render().asPng();
}

/**
 * Draws one of our animated pictures as GIF, with its colours for light backgrounds. It repeats for ever. A picture
 * without animations yields one frame.
 */
export async function toGif(picture: Markup): Promise<Uint8Array> {
  const [{ Resvg }, { encode }] = [await loadRasteriser(), await loadEncoder()];
  let size = { width: 0, height: 0 };
  const frames = framesOf(picture).map(({ svg, delay }) => {
    const { width, height, pixels } = new Resvg(svg, { fitTo: { mode: "zoom", value: gifZoom } }).render();
    size = { width, height };
    return { data: new Uint8ClampedArray(pixels), delay };
  });
  return new Uint8Array(await encode({ ...size, frames }));
}
