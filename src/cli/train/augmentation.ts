import { randomNoise, randomRotation, randomShift } from "../../training/data/index.ts";
import type { Column } from "../../training/data/column.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { type KeyWords, split } from "../../numeric/random/index.ts";
import { isNumber, readCall } from "../shared/call-text.ts";
import { optionError, readNumber } from "../shared/words.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import type { SourceKind } from "./defaults.ts";

/** Random changes of the training items, drawn again in each epoch. */
export interface Augmentation {
  /** Maximal shift of an image in pixels, in each direction. */
  readonly shift: number;
  /** Maximal rotation in degrees. */
  readonly rotate: number;
  /** Standard deviation of the noise added to each input. */
  readonly noise: number;
}

const initial: Augmentation = { shift: 0, rotate: 0, noise: 0 };

/**
 * Reads `shift=1,rotate=10,noise=0.05`.
 *
 * @throws DownhillError `option` for other words, and for changes of images if the data are a table.
 */
export function readAugmentation(text: string, kind: SourceKind): Augmentation {
  const { options } = readCall("--augment", `augment(${text})`);
  const names = Object.keys(initial);
  const read = [...options].map(([name, value]) => {
    if (!names.includes(name)) {
      const near = didYouMean(name, names);
      throw optionError(
        `--augment has no ${JSON.stringify(name)}.${near === "" ? ` It takes ${names.join(", ")}.` : near}`,
      );
    }
    if (kind === "table" && name !== "noise")
      throw optionError(`--augment ${name} is for images; tables take noise.`);
    if (!isNumber(value)) throw optionError(`--augment: ${name} must be a number, as in ${name}=1.`);
    const most = { shift: Infinity, rotate: 180, noise: Infinity }[name]!;
    const size = readNumber(`--augment: ${name}`, value, { from: 0, to: most });
    if (name === "shift" && !Number.isInteger(size))
      throw optionError("--augment: shift must be an integer number of pixels.");
    return [name, size] as const;
  });
  if (read.length === 0) throw optionError("--augment needs changes, as in shift=1,rotate=10,noise=0.05.");
  return { ...initial, ...Object.fromEntries(read) };
}

/** Formats an augmentation as the text of the option. */
export function augmentationWords(augmentation: Augmentation): string {
  return Object.entries(augmentation)
    .filter(([, value]) => value !== 0)
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
}

/**
 * Changes a batch of inputs at random. Without `image`, the inputs are not pixels and only get noise. Equal keys give
 * equal changes.
 */
export function augmentInputs(
  x: Tensor,
  { shift, rotate, noise }: Augmentation,
  image: { readonly width: number; readonly height: number } | undefined,
  key: KeyWords,
): Tensor | Column {
  const [ofShift, ofRotation, ofNoise] = split(key, 3);
  const sides = image === undefined ? undefined : ([image.height, image.width] as const);
  let changed: Tensor | Column = x;
  if (sides !== undefined && shift > 0) {
    changed = randomShift(changed, { key: ofShift, pixels: shift, sides });
  }
  if (sides !== undefined && rotate > 0) {
    changed = randomRotation(changed, { key: ofRotation, degrees: rotate, sides });
  }
  return noise > 0 ? randomNoise(changed, { key: ofNoise, std: noise }) : changed;
}
