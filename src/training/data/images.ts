import { tensor } from "../../numeric/array/create.ts";
import { cos, sin } from "../../numeric/array/elementwise.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showShape } from "../../engine/errors/index.ts";
import { checkNeededOptions } from "../../engine/errors/options.ts";
import type { KeyWords } from "../../numeric/random/key.ts";
import { checkWords } from "../../numeric/random/key.ts";
import { normalNow, uniformNow } from "../../numeric/random/at-once.ts";
import { arrayOf, asColumn, type Column, type ColumnLike } from "./column.ts";

/** Options of all random changes of images. */
export interface ImageOptions {
  /** Key of the random numbers, as passed by `augment`. Equal keys produce equal changes. */
  readonly key: KeyWords;
  /**
   * Height and width in pixels, for flat images such as those of `digits`. Default: the last two axes are rows and
   * columns.
   */
  readonly sides?: readonly [height: number, width: number];
}

/** Options of `randomShift`. */
export interface RandomShiftOptions extends ImageOptions {
  /** Largest shift in pixels, in every direction; or separately for vertical and horizontal shifts. */
  readonly pixels: number | readonly [vertical: number, horizontal: number];
  /** Value of pixels outside the original image. Default 0. */
  readonly fill?: number;
}

/**
 * Shifts each image by an integer number of pixels, uniformly from `−pixels` to `pixels`, down and to the right. Pixels
 * that leave the image are lost; new ones are `fill`.
 *
 * Accepts one image `[height, width]`, many `[n, height, width]`, or flat ones with `sides`; float32 and float64. Each
 * image of a batch has its own random numbers.
 *
 * @throws DownhillError `shape` for arrays that are not images, `dtype` for integers, `option` for options out of
 *   range.
 * @example
 * const image = [[1, 2], [3, 4]];
 * randomShift(image, { key: key(2), pixels: 1 }).shape; // [2, 2]
 * @example
 * const { images, labels, count } = digits();
 * const x = { shape: [count, 64], dtype: "float32", data: images };
 * const data = dataset({ x, y: labels })
 *   .batch(32)
 *   .augment(({ x, y }, key) => ({ x: randomShift(x, { key, pixels: 1, sides: [8, 8] }), y }), { seed: 1 });
 * [...data.epoch(0)][0].x.shape; // [32, 64]
 */
export function randomShift(images: ColumnLike, options: RandomShiftOptions): Column {
  if (arguments.length > 2) refuseExtra("randomShift", arguments, 2);
  checkNeededOptions("randomShift", options, ["key", "sides", "pixels", "fill"]);
  const { column, count, height, width, fill } = imagesOf("randomShift", images, options);
  const { pixels } = options;
  const [vertical, horizontal] = typeof pixels === "number" ? [pixels, pixels] : (pixels ?? []);
  for (const most of [vertical, horizontal]) {
    if (most !== undefined && Number.isInteger(most) && most >= 0) continue;
    throw new DownhillError(
      "option",
      `randomShift: pixels must be an integer of 0 or more, or two of them; got ${String(pixels)}.`,
    );
  }
  const places = uniformNow(options.key, 2 * count);
  const step = (place: number, most: number): number => Math.floor(place * (2 * most + 1)) - most;
  const out = arrayOf(column.dtype, column.data.length).fill(fill);
  for (let i = 0; i < count; i++) {
    const down = step(places[2 * i]!, vertical);
    const right = step(places[2 * i + 1]!, horizontal);
    const from = Math.max(0, -right);
    const to = Math.min(width, width - right);
    if (from >= to) continue; // shifted out of the image
    for (let row = Math.max(0, down); row < Math.min(height, height + down); row++) {
      const source = (i * height + row - down) * width;
      out.set(column.data.subarray(source + from, source + to), (i * height + row) * width + from + right);
    }
  }
  return { shape: column.shape, dtype: column.dtype, data: out };
}

/** Options of `randomRotation`. */
export interface RandomRotationOptions extends ImageOptions {
  /** Largest rotation in degrees, in either direction: 0 to 180. */
  readonly degrees: number;
  /** Value of pixels outside the original image. Default 0. */
  readonly fill?: number;
}

/**
 * Rotates each image about its centre by an angle drawn uniformly from `−degrees` to `degrees`, anticlockwise with the
 * first row on top. Pixels are interpolated bilinearly; outside the image they are `fill`.
 *
 * Accepts the shapes and dtypes of `randomShift`.
 *
 * @throws DownhillError like `randomShift`.
 * @example
 * const image = [[0, 0, 0], [1, 1, 1], [0, 0, 0]];
 * randomRotation(image, { key: key(1), degrees: 0 }).data; // Float64Array [0, 0, 0, 1, 1, 1, 0, 0, 0]
 */
export function randomRotation(images: ColumnLike, options: RandomRotationOptions): Column {
  if (arguments.length > 2) refuseExtra("randomRotation", arguments, 2);
  checkNeededOptions("randomRotation", options, ["key", "sides", "degrees", "fill"]);
  const { column, count, height, width, fill } = imagesOf("randomRotation", images, options);
  const { degrees } = options;
  if (!(degrees >= 0 && degrees <= 180)) {
    throw new DownhillError(
      "option",
      `randomRotation: degrees must be from 0 to 180, got ${String(degrees)}.`,
    );
  }
  const angles = tensor(uniformNow(options.key, count).map((u) => ((2 * u - 1) * degrees * Math.PI) / 180));
  // downhill's sine and cosine, which have the same bits on every engine
  const [cosines, sines] = [cos(angles).data(), sin(angles).data()];
  const out = arrayOf(column.dtype, column.data.length);
  const [middleRow, middleColumn] = [(height - 1) / 2, (width - 1) / 2];
  for (let i = 0, at = 0; i < count; i++) {
    const [c, s] = [cosines[i]!, sines[i]!];
    const image = column.data.subarray(i * height * width, (i + 1) * height * width);
    for (let row = 0; row < height; row++) {
      for (let col = 0; col < width; col++) {
        // position of the pixel before the rotation; rows count downwards
        const [up, right] = [middleRow - row, col - middleColumn];
        out[at++] = between(
          image,
          height,
          width,
          middleRow - (c * up - s * right),
          middleColumn + (c * right + s * up),
          fill,
        );
      }
    }
  }
  return { shape: column.shape, dtype: column.dtype, data: out };
}

/** Interpolates an image bilinearly from the four surrounding pixels; `fill` beyond the edge. */
function between(
  image: ArrayLike<number>,
  height: number,
  width: number,
  row: number,
  column: number,
  fill: number,
): number {
  const [top, left] = [Math.floor(row), Math.floor(column)];
  const [down, right] = [row - top, column - left];
  const pixel = (r: number, c: number): number =>
    r >= 0 && r < height && c >= 0 && c < width ? image[r * width + c]! : fill;
  // A pixel of weight 0 is ignored, even if it is beyond the edge, infinite or NaN.
  const across = (r: number): number =>
    right === 0 ? pixel(r, left) : (1 - right) * pixel(r, left) + right * pixel(r, left + 1);
  return down === 0 ? across(top) : (1 - down) * across(top) + down * across(top + 1);
}

/** Options of `randomNoise`. */
export interface RandomNoiseOptions {
  /** Key of the random numbers, as passed by `augment`. */
  readonly key: KeyWords;
  /** Standard deviation of the noise. */
  readonly std: number;
}

/**
 * Adds normal noise to each element of a column of any shape; float32 and float64. The results are not clipped to the
 * range of the input.
 *
 * @throws DownhillError `dtype` for integers, `option` for a negative deviation.
 * @example
 * randomNoise([0, 0, 0], { key: key(0), std: 0.1 }).data; // Float64Array [-0.020…, …]
 */
export function randomNoise(x: ColumnLike, options: RandomNoiseOptions): Column {
  if (arguments.length > 2) refuseExtra("randomNoise", arguments, 2);
  checkNeededOptions("randomNoise", options, ["key", "std"]);
  const column = floating("randomNoise", asColumn(x, "randomNoise"));
  const { std } = options;
  if (!(std >= 0 && std < Infinity)) {
    throw new DownhillError("option", `randomNoise: std must be a number of 0 or more, got ${String(std)}.`);
  }
  checkWords("randomNoise", options.key);
  const out = arrayOf(column.dtype, column.data.length);
  const noise = normalNow(options.key, out.length, {
    dtype: column.dtype === "float32" ? "float32" : "float64",
  });
  for (let i = 0; i < out.length; i++) out[i] = column.data[i]! + std * noise[i]!;
  return { shape: column.shape, dtype: column.dtype, data: out };
}

interface Images {
  readonly column: Column;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly fill: number;
}

function imagesOf(
  operation: string,
  images: ColumnLike,
  options: ImageOptions & { readonly fill?: number },
): Images {
  const { sides, fill = 0 } = options;
  checkWords(operation, options.key);
  if (typeof fill !== "number") {
    throw new DownhillError("option", `${operation}: fill must be a number, got ${String(fill)}.`);
  }
  const column = floating(operation, asColumn(images, operation));
  const { shape, data } = column;
  if (sides === undefined) {
    const [height, width] = shape.slice(-2);
    if (height === undefined || width === undefined || shape.length > 3) {
      throw new DownhillError(
        "shape",
        `${operation}: expected images of shape [n, height, width], got ${showShape(shape)}. ` +
          `For flat images pass the sides, as in { sides: [28, 28] }.`,
      );
    }
    return { column, count: shape.length === 2 ? 1 : shape[0]!, height, width, fill };
  }
  const [height, width] = sides;
  if (!(sides.length === 2 && [height, width].every((side) => Number.isInteger(side) && side >= 1))) {
    throw new DownhillError(
      "option",
      `${operation}: sides must be height and width in pixels, got ${String(sides)}.`,
    );
  }
  const size = height * width;
  if (shape.length > 2 || data.length % size !== 0 || (shape.length === 2 && shape[1] !== size)) {
    const expected = `flat images of ${height}·${width} = ${size} pixels, [n, ${size}]`;
    throw new DownhillError("shape", `${operation}: expected ${expected}, got ${showShape(shape)}.`);
  }
  return { column, count: data.length / size, height, width, fill };
}

function floating(operation: string, column: Column): Column {
  if (column.dtype === "float32" || column.dtype === "float64") return column;
  throw new DownhillError(
    "dtype",
    `${operation}: expected float32 or float64, got ${column.dtype}. Scale the pixels first, as in x.div(255).`,
  );
}
