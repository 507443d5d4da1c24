import { element, type Markup } from "../../../pictures/plot/markup.ts";
import type { ImagesFigure } from "./figures.ts";

const shownWidth = 80; // pixels of the page

/** Draws images side by side, each with its weights, if any, and its label. */
export function drawImages({ width, height, images }: ImagesFigure): Markup {
  const size = { width: shownWidth, height: Math.round((shownWidth * height) / width) };
  const draw = (src: string, alt: string): Markup => element("img", { src, ...size, alt });
  return element(
    "div",
    { class: "images" },
    "", // Ensures that an empty list gives an empty element rather than an unclosed one.
    ...images.map(({ pixels, weights, label, note, description }) =>
      element(
        "figure",
        { title: description },
        element(
          "span",
          {},
          draw(bitmap(pixels, width, height), description),
          ...(weights === undefined
            ? []
            : [draw(weightsBitmap(weights, width, height), `what each pixel counted in ${label}`)]),
        ),
        element("figcaption", {}, label, ...(note === undefined ? [] : [element("small", {}, note)])),
      ),
    ),
  );
}

type Colour = readonly [red: number, green: number, blue: number];

/** Encodes a grey image as a data URL. 1 is black, 0 is white, and values outside of this range are clipped. */
export function bitmap(pixels: ArrayLike<number>, width: number, height: number): string {
  return writeBitmap(width, height, (i) => {
    const light = Math.round(255 * (1 - Math.min(1, Math.max(0, pixels[i] ?? 0))));
    return [light, light, light];
  });
}

const above: Colour = [149, 56, 0]; // largest positive weight
const below: Colour = [5, 80, 174]; // largest negative weight

/**
 * Encodes signed weights as a data URL of an image: orange for positive weights, blue for negative ones, white for 0
 * and numbers that are not finite.
 */
function weightsBitmap(weights: ArrayLike<number>, width: number, height: number): string {
  let largest = 0;
  for (let i = 0; i < weights.length; i++) {
    const size = Math.abs(weights[i]!);
    if (size < Infinity) largest = Math.max(largest, size);
  }
  return writeBitmap(width, height, (i) => {
    const part = largest > 0 ? (weights[i] ?? 0) / largest : 0;
    const colour = part > 0 ? above : below;
    const strength = Number.isFinite(part) ? Math.abs(part) : 0;
    const mix = (c: number): number => Math.round(255 + strength * (c - 255));
    return [mix(colour[0]), mix(colour[1]), mix(colour[2])];
  });
}

/** Encodes a Windows bitmap as a data URL. Every browser reads the format, and it needs no compression. */
function writeBitmap(width: number, height: number, colourOf: (i: number) => Colour): string {
  const stride = Math.ceil((width * 3) / 4) * 4;
  const header = 54;
  const bytes = new Uint8Array(header + stride * height);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]); // "BM"
  const words: readonly (readonly [offset: number, value: number])[] = [
    [2, bytes.length],
    [10, header],
    [14, 40], // size of the second part of the header
    [18, width],
    [22, height],
    [34, stride * height],
  ];
  for (const [offset, value] of words) view.setUint32(offset, value, true);
  view.setUint16(26, 1, true); // planes
  view.setUint16(28, 24, true); // bits per pixel
  for (let y = 0; y < height; y++) {
    const row = header + (height - 1 - y) * stride; // rows are stored from bottom to top
    for (let x = 0; x < width; x++) {
      const [red, green, blue] = colourOf(y * width + x);
      bytes.set([blue, green, red], row + 3 * x);
    }
  }
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return `data:image/bmp;base64,${btoa(text)}`;
}
