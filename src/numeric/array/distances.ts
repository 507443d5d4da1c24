import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import * as p from "../../engine/prims/index.ts";
import { broadcastShapes } from "../../engine/util/shape.ts";
import { expandTo, promoteTypes } from "./promote.ts";
import { isFloating } from "../../engine/ir/types.ts";
import { checkExponent, lengthAlong } from "./lengths.ts";

/** Options of `cdist`. */
export interface CdistOptions {
  /**
   * Exponent p of the norm `(Σ |d|^p)^(1/p)`: 2 for Euclidean distance (default), 1 for the sum of absolute differences,
   * Infinity for the largest one, 0 for the number of different elements.
   */
  readonly p?: number;
}

/**
 * Distances between all pairs of rows: `x` has shape `[…, n, features]`, `y` has shape `[…, m, features]`, and the result
 * `[…, n, m]`. The leading axes broadcast. Integers become float64. PyTorch's `cdist` and SciPy's with the metric
 * `minkowski`.
 *
 * The differences are computed first, so that nearby rows lose no digits. At equal rows the derivative is 0, and so is the
 * derivative in equal features for p < 1; the largest differences share that of p = ∞ evenly.
 *
 * @throws DownhillError `shape` if the rows do not have equally many features, `range` if p is negative or NaN.
 * @example
 * cdist([[0, 0], [3, 4]], [[0, 0]]).tolist();           // [[0], [5]]
 * cdist([[0, 0], [3, 4]], [[0, 0]], { p: 1 }).tolist(); // [[0], [7]]
 */
export function cdist(x: TensorLike, y: TensorLike, options: CdistOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("cdist", arguments, 3);
  checkOptions("cdist", options, ["p"]);
  const { p: exponent = 2 } = options;
  checkExponent("cdist", exponent);
  const [a, b] = [p.asTensor(x, "cdist"), p.asTensor(y, "cdist")];
  const lead = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  if (a.ndim < 2 || b.ndim < 2 || a.shape.at(-1) !== b.shape.at(-1) || lead === undefined) {
    throw new DownhillError(
      "shape",
      `cdist: x is ${showType(a.type)} and y ${showType(b.type)}; they must have shapes […, n, features] and […, m, features].`,
    );
  }
  const { dtype, weak } = promoteTypes(a.type, b.type);
  const kind = isFloating(dtype) ? dtype : "float64";
  const [n, m, features] = [a.shape.at(-2)!, b.shape.at(-2)!, a.shape.at(-1)!];
  const rows = (t: Tensor, sizes: readonly number[]): Tensor =>
    expandTo(p.reshape(p.convert(t, kind, weak), [...t.shape.slice(0, -2), ...sizes, features]), [
      ...lead,
      n,
      m,
      features,
    ]);
  return lengthAlong(p.sub(rows(a, [n, 1]), rows(b, [1, m])), exponent, lead.length + 2);
}
