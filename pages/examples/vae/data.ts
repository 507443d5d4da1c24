// The digits of this page.
import { type Tensor, tensor } from "downhill";
import { digits } from "downhill/data";
import { pixels } from "./model.ts";

/** Index of the first held-out digit. All previous ones are used for training. */
export const heldOutFrom = 1437;

/** Ink from 0 to 1, one row per digit, of a range of digits, [digits, 64]. */
export function digitImages(from: number, to?: number): Tensor {
  const { images, count } = digits();
  const end = to ?? count;
  return tensor(images.slice(from * pixels, end * pixels), { shape: [end - from, pixels] });
}

/** Labels of the digits, 0 to 9. */
export function digitLabels(): number[] {
  return Array.from(digits().labels);
}
