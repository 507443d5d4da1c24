import { refuseExtra } from "../../engine/errors/arguments.ts";
import { digitCount, packedDigits } from "./digits.generated.ts";
import type { LabelledImages } from "./labelled-images.ts";
import { unpack } from "./unpack.ts";

const height = 8;
const width = 8;
const places = height * width + 1; // the pixels of an image and its label
const grey = 16; // pixels are integers from 0 to 16

/**
 * Returns the handwritten digits of the UCI repository: 1,797 images of 8 by 8 pixels from 0 (paper) to 1 (ink), and
 * the digit that each shows.
 *
 * They are part of the library: nothing is read or fetched. Each call unpacks new arrays, in about 20 ms.
 *
 * @example
 * const { images, labels, count } = digits();
 * count; // 1797
 * labels[0]; // 0
 */
export function digits(): LabelledImages {
  if (arguments.length > 0) refuseExtra("digits", arguments, 0);
  const packed = unpack(packedDigits, digitCount * places, places, grey + 1);
  const images = new Float32Array(digitCount * height * width);
  const labels = new Int32Array(digitCount);
  for (let i = 0; i < digitCount; i++) {
    const line = packed.subarray(i * places, (i + 1) * places);
    for (let pixel = 0; pixel < places - 1; pixel++) images[i * height * width + pixel] = line[pixel]! / grey;
    labels[i] = line[places - 1]!;
  }
  return { images, labels, count: digitCount, height, width, classes: 10, provenance };
}

const provenance =
  "Optical Recognition of Handwritten Digits (test part) by E. Alpaydin and C. Kaynak, 1998, UCI Machine Learning Repository, " +
  "https://doi.org/10.24432/C50P49, CC BY 4.0.";
