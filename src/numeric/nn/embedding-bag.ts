import { astype, div, equal, maximum, mul, notEqual, sub, where } from "../array/elementwise.ts";
import { search } from "../array/halving.ts";
import { asFloating, asPlaces, placesAlong } from "../array/promote.ts";
import { max, sum } from "../array/reduce.ts";
import { segmentMax, segmentSum } from "../array/segments.ts";
import { expandDims, take } from "../array/shape.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import { isAtHand, readElements } from "../../engine/ir/elements.ts";
import { checkInteger } from "../../engine/ir/plain-number.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { arrayType } from "../../engine/ir/types.ts";
import { iota } from "../../engine/prims/index-ops.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { full } from "../../engine/prims/linear.ts";
import { sameShape } from "../../engine/util/shape.ts";

/** Options of `embeddingBag`. */
export interface EmbeddingBagOptions {
  /** Reduction of the rows of a bag: `"mean"` (default, as in PyTorch), `"sum"` or `"max"`. */
  readonly mode?: "mean" | "sum" | "max";
  /** For words of one axis: index of the first word of each bag, in ascending order from 0. */
  readonly offsets?: TensorLike;
  /** Factor of each word, in the shape of the words, for the mode `"sum"`. Default 1. */
  readonly weights?: TensorLike;
  /** A word that is left out of its bag. */
  readonly padding?: number;
}

/**
 * Mean, sum or maximum of rows of `table`, shape `[words, features]`, over bags of words. `words` has shape
 * `[bags, words per bag]`, or one axis with `offsets`. Result: `[bags, features]`; zeros for an empty bag. PyTorch's
 * `embedding_bag`.
 *
 * The derivative accumulates over repeated words; equal elements share that of a maximum evenly.
 *
 * @throws DownhillError `shape` if the operands do not fit, `option` for weights without the mode `"sum"`, `range` for
 * offsets that do not ascend from 0.
 * @example
 * embeddingBag([[1, 2], [3, 4], [5, 6]], [[0, 2], [1, 1]]).tolist();                               // [[3, 4], [3, 4]]
 * embeddingBag([[1, 2], [3, 4], [5, 6]], [0, 1, 2], { mode: "sum", offsets: [0, 2] }).tolist();    // [[4, 6], [5, 6]]
 */
export function embeddingBag(
  table: TensorLike,
  words: TensorLike,
  options: EmbeddingBagOptions = {},
): Tensor {
  if (arguments.length > 3) refuseExtra("embeddingBag", arguments, 3);
  checkOptions("embeddingBag", options, ["mode", "offsets", "weights", "padding"]);
  const { mode = "mean", offsets, weights, padding } = options;
  checkChoice("embeddingBag", "mode", mode, ["mean", "sum", "max"]);
  const rows = asFloating(table, "embeddingBag");
  if (rows.ndim !== 2) {
    throw new DownhillError(
      "shape",
      `embeddingBag: the table is ${showType(rows.type)}; it must have shape [words, features].`,
    );
  }
  const places = placesAlong("embeddingBag", words, rows, 0);
  if (places.ndim !== (offsets === undefined ? 2 : 1)) {
    throw new DownhillError(
      "shape",
      `embeddingBag: the words are ${showType(places.type)}; they must have shape [bags, words per bag], or one axis together with offsets.`,
    );
  }
  if (padding !== undefined) checkInteger("embeddingBag", "padding", padding, { to: rows.shape[0]! - 1 });
  if (weights !== undefined && mode !== "sum")
    throw new DownhillError("option", `embeddingBag: weights are for the mode "sum", not for "${mode}".`);
  const bags = offsets === undefined ? bagsOfRows : bagsFrom(offsets, places.shape[0]!);
  const found = take(rows, places, { axis: 0 });
  const isWord = padding === undefined ? undefined : expandDims(notEqual(places, padding), -1);
  const without = (x: Tensor, neutral: number): Tensor =>
    isWord === undefined ? x : where(isWord, x, neutral);
  if (mode === "sum") {
    const factors = weights === undefined ? undefined : factorsOf(weights, places, rows);
    return bags.sum(without(factors === undefined ? found : mul(found, factors), 0));
  }
  const count = bags.sum(without(full(arrayType(rows.dtype, [...places.shape, 1]), 1), 0));
  if (mode === "mean") return div(bags.sum(without(found, 0)), maximum(count, 1));
  return where(equal(count, 0), 0, bags.max(without(found, -Infinity)));
}

/** Reductions of the rows of each bag. */
interface Bags {
  readonly sum: (rows: Tensor) => Tensor;
  readonly max: (rows: Tensor) => Tensor;
}

/** Bags along the second axis. */
const bagsOfRows: Bags = {
  sum: (rows) => sum(rows, { axis: 1 }),
  max: (rows) => (rows.shape[1] === 0 ? sum(rows, { axis: 1 }) : max(rows, { axis: 1 })),
};

/** Bags of n words in a row, each of which begins at an offset. */
function bagsFrom(offsets: TensorLike, n: number): Bags {
  const starts = asPlaces("embeddingBag", offsets);
  if (starts.ndim !== 1)
    throw new DownhillError("shape", `embeddingBag: offsets are ${showType(starts.type)}, not a vector.`);
  if (isAtHand(starts)) {
    const known = readElements(starts, "embeddingBag");
    const odd = known.findIndex(
      (start, i) => start < (known[i - 1] ?? 0) || start > n || (i === 0 && start !== 0),
    );
    if (odd >= 0) {
      throw new DownhillError(
        "range",
        `embeddingBag: offset ${odd} is ${known[odd]!}; offsets must ascend from 0 to at most ${n}, the number of words.`,
      );
    }
  }
  const size = starts.shape[0]!;
  const ids = sub(search("embeddingBag", starts, iota("int32", [n], 0), "right"), 1);
  return {
    sum: (rows) => segmentSum(rows, ids, { size }),
    max: (rows) => segmentMax(rows, ids, { size }),
  };
}

/** One factor per word, to be multiplied by its row. */
function factorsOf(weights: TensorLike, places: Tensor, rows: Tensor): Tensor {
  const given = asTensor(weights, "embeddingBag");
  if (sameShape(given.shape, places.shape)) return expandDims(astype(given, rows.dtype), -1);
  throw new DownhillError(
    "shape",
    `embeddingBag: weights are ${showType(given.type)}, but the words ${showType(places.type)}; there must be one per word.`,
  );
}
