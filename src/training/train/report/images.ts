import { element, type Markup } from "../../../pictures/plot/markup.ts";
import type { ImagesFigure } from "./figures.ts";

const shownWidth = 80; // pixels of the page

/** Images beside each other, each with its label. */
export function drawImages({ width, height, images }: ImagesFigure): Markup {
  const size = { width: shownWidth, height: Math.round((shownWidth * height) / width) };
  return element(
    "div",
    { class: "images" },
    "", // so that no images make an empty element and not an unclosed one
    ...images.map(({ pixels, label, description }) =>
      element(
        "figure",
        { title: description },
        element(
          "span",
          {},
          element("img", { src: bitmap(pixels, width, height), ...size, alt: description }),
        ),
        element("figcaption", {}, label),
      ),
    ),
  );
}

/** A grey image, dark where there is ink, as the address of a Windows bitmap: every browser reads it, and it needs no packing. */
export function bitmap(pixels: ArrayLike<number>, width: number, height: number): string {
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
  view.setUint16(28, 24, true); // bits a pixel
  for (let y = 0; y < height; y++) {
    const row = header + (height - 1 - y) * stride; // the lowest row comes first
    for (let x = 0; x < width; x++) {
      const ink = Math.min(1, Math.max(0, pixels[y * width + x] ?? 0));
      bytes.fill(Math.round(255 * (1 - ink)), row + 3 * x, row + 3 * x + 3);
    }
  }
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return `data:image/bmp;base64,${btoa(text)}`;
}
