import { loadEncoder, loadRasteriser } from "./packages.ts";
import { readPicture } from "./still.ts";

const pngZoom = 2; // pixels per unit, for screens of high resolution
const gifZoom = 0.75;
const frameDelay = 120; // milliseconds

/** Draws one of our SVG pictures as PNG, with its colours for light backgrounds and two pixels per unit. */
export async function toPng(svg: string): Promise<Uint8Array> {
  const { Resvg } = await loadRasteriser();
  const still = readPicture(svg).still({ scheme: "light" });
  return new Resvg(still, { fitTo: { mode: "zoom", value: pngZoom } }).render().asPng();
}

/**
 * Draws one of our animated SVG pictures as GIF, with its colours for light backgrounds. It repeats for ever. A picture
 * without animations yields one frame.
 */
export async function toGif(svg: string): Promise<Uint8Array> {
  const [{ Resvg }, { encode }] = [await loadRasteriser(), await loadEncoder()];
  const { duration, still } = readPicture(svg);
  const frames: { data: Uint8ClampedArray; delay: number }[] = [];
  let size = { width: 0, height: 0 };
  let last = "";
  const end = Math.max(1000 * duration, frameDelay);
  for (let now = 0; now < end; now += frameDelay) {
    const drawing = still({ scheme: "light", time: now / 1000 });
    const delay = Math.min(frameDelay, end - now);
    if (drawing === last) {
      frames.at(-1)!.delay += delay;
      continue;
    }
    last = drawing;
    const { width, height, pixels } = new Resvg(drawing, {
      fitTo: { mode: "zoom", value: gifZoom },
    }).render();
    size = { width, height };
    frames.push({ data: new Uint8ClampedArray(pixels), delay });
  }
  return new Uint8Array(await encode({ ...size, frames }));
}
