// Grey-scale pictures: drawing by code, and conversion to a data URL.
import { type Tensor, tensor } from "downhill";

/** Width and height of every picture in pixels. */
export const side = 96;

/** A picture: grey values [side, side] from 0 (black) to 1 (white), with the lowest row first. */
export type Picture = Tensor;

/** Centres of columns and rows. Pictures span −1 to 1, with x to the right and y upwards. */
export const middles: readonly number[] = Array.from({ length: side }, (_, i) => (2 * i + 1) / side - 1);

/** Converts a distance in these units to pixels. */
export const pixelsOf = (distance: number): number => (distance * side) / 2;

export const figureNames = ["head", "dots", "fence"] as const;
export type FigureName = (typeof figureNames)[number];

/**
 * Ellipses of a section through a head: added grey value, half axes, centre, and rotation in degrees.
 *
 * @see Shepp, Logan, The Fourier reconstruction of a head section, IEEE Transactions on Nuclear Science 21, 1974; with the stronger
 * greys that are common since Toft, 1996.
 */
const ellipses: readonly (readonly [
  grey: number,
  a: number,
  b: number,
  x: number,
  y: number,
  turn: number,
])[] = [
  [1, 0.69, 0.92, 0, 0, 0],
  [-0.8, 0.6624, 0.874, 0, -0.0184, 0],
  [-0.2, 0.11, 0.31, 0.22, 0, -18],
  [-0.2, 0.16, 0.41, -0.22, 0, 18],
  [0.1, 0.21, 0.25, 0, 0.35, 0],
  [0.1, 0.046, 0.046, 0, 0.1, 0],
  [0.1, 0.046, 0.046, 0, -0.1, 0],
  [0.1, 0.046, 0.023, -0.08, -0.605, 0],
  [0.1, 0.023, 0.023, 0, -0.606, 0],
  [0.1, 0.023, 0.046, 0.06, -0.605, 0],
];

const dots: readonly (readonly [x: number, y: number])[] = [
  [-0.5, 0.45],
  [0.05, 0.6],
  [0.55, 0.3],
  [0.15, 0],
  [-0.35, -0.2],
  [0.5, -0.45],
  [-0.1, -0.6],
];

/** Grey value of each figure at a point. */
const greys: Readonly<Record<FigureName, (x: number, y: number) => number>> = {
  head: (x, y) =>
    ellipses.reduce((sum, [grey, a, b, cx, cy, degrees]) => {
      const turn = (degrees * Math.PI) / 180;
      const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
      const along = (cos * (x - cx) + sin * (y - cy)) / a;
      const across = (cos * (y - cy) - sin * (x - cx)) / b;
      return along ** 2 + across ** 2 <= 1 ? sum + grey : sum;
    }, 0),
  dots: (x, y) => (dots.some(([cx, cy]) => Math.hypot(x - cx, y - cy) < 0.09) ? 1 : 0),
  fence: (x, y) => {
    const isPost = Math.abs(x) < 0.8 && Math.abs(y) < 0.5 && Math.abs(4 * x - Math.round(4 * x)) < 0.22;
    const isRail = Math.abs(x) < 0.85 && Math.abs(Math.abs(y) - 0.3) < 0.05;
    return isPost || isRail ? 0.9 : 0;
  },
};

const parts = 4; // samples along each side of a pixel, for antialiased edges

/** Draws a figure as a picture. */
export function draw(name: FigureName): Picture {
  const offsets = Array.from({ length: parts }, (_, i) => ((2 * i + 1) / parts - 1) / side);
  return pictureOf((row, column) => {
    let sum = 0;
    for (const dx of offsets)
      for (const dy of offsets) sum += greys[name](middles[column]! + dx, middles[row]! + dy);
    return sum / parts ** 2;
  });
}

/** Creates a picture from a function of row (from below) and column. */
export function pictureOf(grey: (row: number, column: number) => number): Picture {
  return tensor(
    middles.map((_, row) => middles.map((__, column) => grey(row, column))),
    { dtype: "float64" },
  );
}

type Colour = readonly [red: number, green: number, blue: number];

/** Colour of a grey value as it is. */
const asGrey = (value: number): Colour => [value, value, value];

/** Colours of differences from −1 to 1: two hues, and black for zero. Small differences are amplified. */
export function asDifference(value: number): Colour {
  const strength = Math.min(1, Math.abs(2 * value)) ** 0.7;
  const full: Colour = value > 0 ? [0.35, 0.7, 1] : [1, 0.6, 0.2];
  return full.map((part) => part * strength) as unknown as Colour;
}

const headerBytes = 54;
const colours = 64; // number of distinguishable grey levels; few, because the page files contain these pictures

/**
 * Encodes a picture as a data URL of a bitmap (BMP), whose rows start from below too.
 *
 * @param picture a square picture whose side is a multiple of 4
 * @param colourOf returns the colour of a value, with components from 0 to 1
 * @param low the least distinguished value
 * @param high the greatest distinguished value
 */
export function addressOf(
  picture: Picture,
  colourOf: (value: number) => Colour = asGrey,
  [low, high]: readonly [low: number, high: number] = [0, 1],
): string {
  const size = picture.shape[0]!;
  const offset = headerBytes + 4 * colours;
  const bytes = new Uint8Array(offset + size * size);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]); // BM
  const header = [bytes.length, 0, offset, 40, size, size];
  header.forEach((value, i) => view.setUint32(2 + 4 * i, value, true));
  view.setUint16(26, 1, true); // planes
  view.setUint16(28, 8, true); // bits per pixel
  view.setUint32(46, colours, true);
  for (let i = 0; i < colours; i++) {
    const [red, green, blue] = colourOf(low + ((high - low) * i) / (colours - 1));
    [blue, green, red].forEach((part, k) => (bytes[headerBytes + 4 * i + k] = Math.round(255 * part)));
  }
  picture.data().forEach((value, i) => {
    const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
    bytes[offset + i] = Math.round(share * (colours - 1));
  });
  return `data:image/bmp;base64,${btoa(String.fromCharCode(...bytes))}`;
}
