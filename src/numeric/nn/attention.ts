import { add, equal, lessEqual, mul, where } from "../array/elementwise.ts";
import { max, softmax } from "../array/reduce.ts";
import { matmul, reshape, transpose } from "../array/shape.ts";
import { asFloating } from "../array/promote.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkFlags, checkNeededOptions, checkOptions } from "../../engine/errors/options.ts";
import { isIntegerIn, plainHint, showPlain } from "../../engine/ir/plain-number.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { iota } from "../../engine/prims/index-ops.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import type { Key } from "../random/index.ts";
import { split } from "../random/index.ts";
import { broadcastShapes, range, sameShape } from "../../engine/util/shape.ts";
import type { DenseOptions, DenseParams } from "./dense.ts";
import { dense, denseInit } from "./dense.ts";
import { glorotUniform, zerosInit } from "./initialise.ts";
import { checkTensors } from "./parameters.ts";

/** Options of `dotProductAttention`. */
export interface AttentionOptions {
  /**
   * Keys that each query attends to: bool, true for attended keys, or floats that are added to the scores; of shape
   * `[…, queries, keys]` or broadcast to it.
   */
  readonly mask?: TensorLike;
  /** True if query i attends only to keys 0 … i. Default false. */
  readonly causal?: boolean;
  /** Factor of the scores. Default `1 / √features`. */
  readonly scale?: number;
}

/**
 * `softmax(query · keyᵀ · scale) · value` over the last two axes; leading axes are batches (items, heads).
 *
 * `query` is `[…, queries, features]`, `key` `[…, keys, features]`, `value` `[…, keys, outputs]`; the result is
 * `[…, queries, outputs]`. A query that attends to no key gets 0.
 *
 * @throws DownhillError `shape` if the shapes of the three do not match.
 * @see Vaswani et al., Attention is all you need, NeurIPS 2017, section 3.2.1.
 * @example
 * const x = tensor([[1, 0], [0, 1]]);
 * dotProductAttention(x, x, x, { causal: true }).at(0); // f64[2] [1, 0]
 */
export function dotProductAttention(
  query: TensorLike,
  key: TensorLike,
  value: TensorLike,
  options: AttentionOptions = {},
): Tensor {
  if (arguments.length > 4) refuseExtra("dotProductAttention", arguments, 4);
  checkOptions("dotProductAttention", options, ["mask", "causal", "scale"]);
  checkFlags("dotProductAttention", options, ["causal"]);
  const [q, k, v] = [query, key, value].map((x) => asFloating(x, "dotProductAttention"));
  checkAttention(q!, k!, v!);
  const { causal = false, scale = 1 / Math.sqrt(q!.shape.at(-1)!) } = options;
  // scales the queries, because they have fewer elements than the scores
  return attend("dotProductAttention", mul(q!, scale), k!, v!, causal, options.mask);
}

/**
 * `softmax(query · keyᵀ + mask) · value` for queries that have been multiplied by the scale. If `causal`, no query
 * attends to a later key. The result is 0 for a query to which the mask leaves no key.
 */
function attend(
  operation: string,
  query: Tensor,
  key: Tensor,
  value: Tensor,
  causal: boolean,
  mask: TensorLike | undefined,
): Tensor {
  const turned = transpose(key, [...range(0, key.ndim - 2), key.ndim - 1, key.ndim - 2]);
  let scores = matmul(query, turned);
  const [queries, keys] = [query.shape.at(-2)!, key.shape.at(-2)!];
  if (causal) {
    const sees = lessEqual(iota("int32", [queries, keys], 1), iota("int32", [queries, keys], 0));
    scores = where(sees, scores, -Infinity);
  }
  // without a mask, each query attends to at least one key
  if (mask === undefined) return matmul(softmax(scores), value);
  const own = asTensor(mask, operation);
  const fitted = broadcastShapes(own.shape, scores.shape)?.slice(-2);
  if (fitted === undefined || !sameShape(fitted, [queries, keys])) {
    throw new DownhillError(
      "shape",
      `${operation}: the mask is ${showType(own.type)}; for ${queries} queries and ${keys} keys it must end in these two axes, or in 1 for one that is repeated.`,
    );
  }
  scores = own.dtype === "bool" ? where(own, scores, -Infinity) : add(scores, own);
  const isBlind = equal(max(scores, { axis: -1, keepdims: true }), -Infinity);
  const weights = softmax(where(isBlind, 0, scores));
  // multiplies instead of selecting: the weights are finite, and cotangents that come from a mask cost more
  return matmul(mul(weights, where(isBlind, 0, 1)), value);
}

function checkAttention(q: Tensor, k: Tensor, v: Tensor): void {
  const fits =
    q.ndim >= 2 &&
    k.ndim >= 2 &&
    v.ndim >= 2 &&
    q.shape.at(-1) === k.shape.at(-1) &&
    k.shape.at(-2) === v.shape.at(-2);
  if (fits) return;
  throw new DownhillError(
    "shape",
    `dotProductAttention: query ${showType(q.type)} and key ${showType(k.type)} must have the same last axis, key and value ${showType(v.type)} the same last but one.`,
  );
}

/** Parameters of `multiHeadAttention`. */
export interface MultiHeadParams {
  readonly query: DenseParams;
  readonly key: DenseParams;
  readonly value: DenseParams;
  readonly output: DenseParams;
}

/**
 * Initial parameters of attention over the given number of features: four dense layers with Glorot weights and biases
 * 0.
 *
 * @throws DownhillError `range` if the number is not a positive integer.
 * @example
 * multiHeadInit(key(0), 8).query.weight.shape; // [8, 8]
 */
export function multiHeadInit(key: Key, features: number, options: DenseOptions = {}): MultiHeadParams {
  if (arguments.length > 3) refuseExtra("multiHeadInit", arguments, 3);
  checkOptions("multiHeadInit", options, ["init", "biasInit", "dtype"]);
  const layers = split(key, 4).map((own) =>
    denseInit(own, features, features, { init: glorotUniform, biasInit: zerosInit, ...options }),
  );
  return { query: layers[0]!, key: layers[1]!, value: layers[2]!, output: layers[3]! };
}

/** Options of `multiHeadAttention`. */
export interface MultiHeadOptions extends Omit<AttentionOptions, "scale"> {
  /** Number of heads, a divisor of the number of features. */
  readonly heads: number;
  /** Source of the keys and values, shape `[…, keys, features]`. Default x. */
  readonly context?: TensorLike;
}

/**
 * Multi-head attention: queries from `x`, keys and values from `context` (default x). They are split into `heads` parts
 * that attend separately; the concatenated results pass through the output layer. Shapes `[…, length, features]`.
 *
 * @throws DownhillError `shape` if the number of features is not a multiple of the number of heads.
 * @see Vaswani et al., Attention is all you need, NeurIPS 2017, section 3.2.2.
 * @example
 * const p = multiHeadInit(key(0), 4);
 * multiHeadAttention(p, [[1, 2, 3, 4], [5, 6, 7, 8]], { heads: 2 }).shape; // [2, 4]
 */
export function multiHeadAttention(
  params: MultiHeadParams,
  x: TensorLike,
  options: MultiHeadOptions,
): Tensor {
  if (arguments.length > 3) refuseExtra("multiHeadAttention", arguments, 3);
  checkNeededOptions("multiHeadAttention", options, ["heads", "mask", "causal", "context"]);
  checkFlags("multiHeadAttention", options, ["causal"]);
  const { heads, context = x, mask, causal = false } = options;
  const { query, key, value, output } = params ?? ({} as MultiHeadParams); // untyped callers may omit it
  checkTensors("multiHeadAttention", "the layer query", query, ["weight", "bias"], "multiHeadInit");
  const features = query.weight.shape[1]!;
  if (!isIntegerIn(heads, { from: 1 }) || features % heads !== 0) {
    throw new DownhillError(
      "shape",
      `multiHeadAttention: ${features} features cannot be divided into ${showPlain(heads)} heads.${plainHint("Sizes", [heads])}`,
    );
  }
  /** Splits heads: `[…, length, features]` to `[…, heads, length, features / heads]`. */
  const apart = (t: Tensor): Tensor => {
    const lead = t.shape.slice(0, -1);
    const cut = reshape(t, [...lead, heads, features / heads]);
    const n = lead.length;
    return transpose(cut, [...range(0, n - 1), n, n - 1, n + 1]);
  };
  // scaled while contiguous, before the heads are split
  const scaled = mul(dense(query, x), 1 / Math.sqrt(features / heads));
  const [q, k, v] = [scaled, dense(key, context), dense(value, context)].map(apart);
  checkAttention(q!, k!, v!);
  const own = mask === undefined ? undefined : overHeads(asTensor(mask, "multiHeadAttention"));
  const seen = attend("multiHeadAttention", q!, k!, v!, causal, own);
  const n = seen.ndim;
  const together = transpose(seen, [...range(0, n - 3), n - 2, n - 3, n - 1]);
  return dense(output, reshape(together, [...together.shape.slice(0, -2), features]));
}

/** Inserts an axis of size 1 for the heads into a mask with batch axes, so that the mask applies to all heads. */
function overHeads(mask: Tensor): Tensor {
  return mask.ndim <= 2 ? mask : reshape(mask, [...mask.shape.slice(0, -2), 1, ...mask.shape.slice(-2)]);
}
