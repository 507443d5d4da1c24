// Valid ranges of the parameters of distributions.
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

/** Valid values of the elements of a parameter. */
export interface Domain {
  /** The range in words, which messages show after "must be". */
  readonly range: string;
  holds(x: number): boolean;
  /** For each element of x, true if it is valid. Used for tensors whose elements are not known. */
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
  range: "an integer of 0 or more",
  holds: (x) => x >= 0 && Number.isInteger(x),
  test: (x) => logicalAnd(greaterEqual(x, 0), equal(floor(x), x)),
};
/** Logits; −∞ stands for a probability of 0. */
export const logit: Domain = {
  range: "a number, and not NaN",
  holds: (x) => !Number.isNaN(x),
  test: (x) => equal(x, x),
};
