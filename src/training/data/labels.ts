import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { naturalOrder } from "./natural-order.ts";

/** Classes in order, and the index of the class of each item. */
export interface EncodedLabels<T extends number | string> {
  /**
   * Distinct classes: numbers ascending, text by character codes, with digits in text ordered as numbers (`c2` before
   * `c10`).
   */
  readonly classes: readonly T[];
  /** Index into `classes` for each item. */
  readonly labels: Int32Array;
}

/**
 * Encodes names (or numbers) of classes as integers from 0.
 *
 * @throws DownhillError `data` if there are none, or if numbers and text are mixed or a number is NaN.
 * @example
 * encodeLabels(["oak", "ash", "oak"]); // { classes: ["ash", "oak"], labels: Int32Array [1, 0, 1] }
 */
export function encodeLabels<T extends number | string>(values: ArrayLike<T>): EncodedLabels<T> {
  if (arguments.length > 1) refuseExtra("encodeLabels", arguments, 1);
  if (typeof values !== "object" || typeof (values as { length?: number } | null)?.length !== "number") {
    const got = values === null ? "null" : typeof values;
    throw new DownhillError("data", `encodeLabels: expected a list of strings or numbers, got ${got}.`);
  }
  if (values.length === 0) throw new DownhillError("data", "encodeLabels: there are no labels.");
  const list = Array.from(values);
  const odd = list.findIndex((value) => typeof value !== typeof list[0] || Number.isNaN(value));
  if (odd >= 0) {
    const shown = typeof list[odd] === "string" ? JSON.stringify(list[odd]) : String(list[odd]);
    throw new DownhillError(
      "data",
      `encodeLabels: labels must be all text or all numbers, but label ${odd} is ${shown}.`,
    );
  }
  const classes = [...new Set(list)].sort(naturalOrder);
  const places = new Map(classes.map((label, i) => [label, i]));
  return { classes, labels: Int32Array.from(list, (label) => places.get(label)!) };
}
