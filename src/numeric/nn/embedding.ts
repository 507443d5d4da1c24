import { div, equal, stopGradient, where } from "../array/elementwise.ts";
import { asFloating, placesAlong } from "../array/promote.ts";
import { expandDims, take } from "../array/shape.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkFlags, checkOptions } from "../../engine/errors/options.ts";
import { checkInteger, refuseTensor } from "../../engine/ir/plain-number.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { bernoulli, type Key } from "../random/index.ts";

/**
 * Looks up the rows of `table`, shape `[words, features]`, at the indices `words`. The result has the shape of `words`,
 * then `features`. The derivative accumulates over repeated words. The row `padding` gets no derivative.
 *
 * @throws DownhillError `shape` if the table does not have two axes, `dtype` if the words are not integers.
 * @example
 * embedding([[1, 2], [3, 4], [5, 6]], [2, 0]).tolist(); // [[5, 6], [1, 2]]
 */
export function embedding(
  table: TensorLike,
  words: TensorLike,
  options: { readonly padding?: number } = {},
): Tensor {
  if (arguments.length > 3) refuseExtra("embedding", arguments, 3);
  checkOptions("embedding", options, ["padding"]);
  const rows = asTensor(table, "embedding");
  if (rows.ndim !== 2) {
    throw new DownhillError(
      "shape",
      `embedding: the table is ${showType(rows.type)}; it must have shape [words, features].`,
    );
  }
  const places = placesAlong("embedding", words, rows, 0);
  const out = take(rows, places, { axis: 0 });
  if (options.padding === undefined) return out;
  checkInteger("embedding", "padding", options.padding, { to: rows.shape[0]! - 1 });
  return where(expandDims(equal(places, options.padding), -1), stopGradient(out), out);
}

/** Options of `dropout`. */
export interface DropoutOptions {
  /** Fraction of the elements that is set to 0. Default 0.5. */
  readonly rate?: number;
  /** True in training; otherwise x is returned unchanged. Default true. */
  readonly training?: boolean;
}

/**
 * Sets each element of x to 0 with probability `rate` and divides the rest by `1 − rate`. The same key drops the same
 * elements, so each call needs its own key (`foldIn`, `split`). In a loss, derive it from the `key` that `fit` passes.
 *
 * @throws DownhillError `range` if the rate is not in [0, 1).
 * @see Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, Dropout, JMLR 15, 2014.
 * @example
 * dropout(key(0), [1, 1, 1, 1]).tolist();                      // [0, 0, 2, 2]
 * dropout(key(0), [1, 1, 1, 1], { training: false }).tolist(); // [1, 1, 1, 1]
 */
export function dropout(key: Key | Tensor, x: TensorLike, options: DropoutOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("dropout", arguments, 3);
  checkOptions("dropout", options, ["rate", "training"]);
  checkFlags("dropout", options, ["training"]);
  const { rate = 0.5, training = true } = options;
  refuseTensor("dropout", "rate", rate);
  if (!(rate >= 0 && rate < 1)) {
    throw new DownhillError("range", `dropout: rate must be 0 or more and below 1, got ${String(rate)}.`);
  }
  const t = asFloating(x, "dropout");
  if (!training || rate === 0) return t;
  return where(bernoulli(key, 1 - rate, t.shape), div(t, 1 - rate), 0);
}
