import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showShape } from "../../engine/errors/index.ts";
import type { IdxArray } from "../io/index.ts";

/** Grey images of one size, each with a class. */
export interface LabelledImages {
  /** `count` images by rows, from 0 to 1. Image `i` begins at `i · height · width`. */
  readonly images: Float32Array;
  /** Class of each image, from 0 to `classes − 1`. */
  readonly labels: Int32Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** Number of classes. */
  readonly classes: number;
  /** Source of the images, and their licence if known. */
  readonly provenance: string;
}

/**
 * Combines the images and labels of a pair of IDX files, the format of MNIST and Fashion-MNIST. Bytes are scaled from
 * 0..255 to 0..1; floating-point numbers are unchanged.
 *
 * @throws DownhillError `data`, naming the files, if they are swapped, differ in number, or the labels are not integers
 *   of 0 or more.
 * @example
 * ```text
 * const images = await readIdxFile("train-images-idx3-ubyte.gz");
 * const labels = await readIdxFile("train-labels-idx1-ubyte.gz");
 * const { count, height, width, classes } = labelledImages(images, labels); // 60000, 28, 28, 10
 * ```
 */
export function labelledImages(images: IdxArray, labels: IdxArray): LabelledImages {
  if (arguments.length > 2) refuseExtra("labelledImages", arguments, 2);
  if (images.shape.length === 1 && labels.shape.length === 3) {
    throw new DownhillError(
      "data",
      `${images.name} holds labels and ${labels.name} images: they are swapped.`,
    );
  }
  const [count, height, width] = images.shape;
  if (images.shape.length !== 3 || count === undefined || height === undefined || width === undefined) {
    throw new DownhillError(
      "data",
      `${images.name}: expected images, of shape [count, height, width], but it holds ${showShape(images.shape)}.`,
    );
  }
  if (labels.shape.length !== 1) {
    throw new DownhillError(
      "data",
      `${labels.name}: expected labels, of shape [count], but it holds ${showShape(labels.shape)}.`,
    );
  }
  if (labels.shape[0] !== count) {
    const repair = "Are they of the same part, training or test?";
    throw new DownhillError(
      "data",
      `${images.name} has ${count} images but ${labels.name} has ${labels.shape[0]} labels. ${repair}`,
    );
  }
  if (images.data.length === 0) throw new DownhillError("data", `${images.name}: there are no pixels in it.`);

  let classes = 0;
  labels.data.forEach((label, i) => {
    if (!Number.isInteger(label) || label < 0 || label >= 2 ** 31) {
      throw new DownhillError(
        "data",
        `${labels.name}: label ${i} is ${label}, where an integer of 0 or more belongs.`,
      );
    }
    classes = Math.max(classes, label + 1);
  });
  const unit = images.data instanceof Uint8Array ? 255 : 1;
  const pixels = new Float32Array(images.data.length); // Float32Array.from takes seconds for 60,000 images
  for (let i = 0; i < pixels.length; i++) pixels[i] = images.data[i]! / unit;
  return {
    images: pixels,
    labels: Int32Array.from(labels.data),
    count,
    height,
    width,
    classes,
    provenance: `${images.name} and ${labels.name}`,
  };
}
