// What parameters of distributions may be.
import type { Tensor } from "../../engine/ir/tensor.ts";
import {
  equal,
  floor,
  greater,
  greaterEqual,
  isFinite,
  lessEqual,
  logicalAnd,
} from "../array/elementwise.ts";

/** What each element of a parameter may be. */
export interface Domain {
  /** In words, as messages show it after "must be". */
  readonly range: string;
  holds(x: number): boolean;
  /** The same of tensors whose elements are not known yet. */
  test(x: Tensor): Tensor;
}

export const real: Domain = {
  range: "finite",
  holds: (x) => Number.isFinite(x),
  test: (x) => isFinite(x),
};
export const positive: Domain = {
  range: "above 0",
  holds: (x) => x > 0,
  test: (x) => greater(x, 0),
};
export const nonnegative: Domain = {
  range: "at least 0",
  holds: (x) => x >= 0,
  test: (x) => greaterEqual(x, 0),
};
export const probability: Domain = {
  range: "between 0 and 1",
  holds: (x) => x >= 0 && x <= 1,
  test: (x) => logicalAnd(greaterEqual(x, 0), lessEqual(x, 1)),
};
export const count: Domain = {
  range: "a whole number of 0 or more",
  holds: (x) => x >= 0 && Number.isInteger(x),
  test: (x) => logicalAnd(greaterEqual(x, 0), equal(floor(x), x)),
};
/** Of logits: −∞ stands for a probability of 0. */
export const logit: Domain = {
  range: "a number, and not NaN",
  holds: (x) => !Number.isNaN(x),
  test: (x) => equal(x, x),
};
