// The digits of this page.
import { type Tensor, tensor } from "downhill";
import { digits } from "downhill/data";
import { pixels } from "./model.ts";

/** The digits before this one are learned from; it and those behind it are held out. */
export const heldOutFrom = 1437;

/** Ink from 0 to 1, a row a digit: of those from one on to before another, [digits, 64]. */
export function digitImages(from: number, to?: number): Tensor {
  const { images, count } = digits();
  const end = to ?? count;
  return tensor(images.slice(from * pixels, end * pixels), { shape: [end - from, pixels] });
}

/** Which digit each shows, 0 to 9. */
export function digitLabels(): number[] {
  return Array.from(digits().labels);
}
