import { add } from "../array/elementwise.ts";
import { asFloating } from "../array/promote.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { checkFlags, checkNeededOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { type Key, split } from "../random/index.ts";
import { relu } from "./activation.ts";
import { multiHeadAttention, multiHeadInit, type MultiHeadParams } from "./attention.ts";
import { dense, denseInit, type DenseOptions, type DenseParams } from "./dense.ts";
import { dropout } from "./embedding.ts";
import { layerNorm, scaleInit, type ScaleParams } from "./normalise.ts";

/** Parameters of an encoder layer of a transformer. */
export interface TransformerEncoderParams {
  readonly attention: MultiHeadParams;
  readonly attentionNorm: ScaleParams;
  /** The two dense layers after attention: from the features to the hidden size, and back to the number of features. */
  readonly feedForward: readonly [DenseParams, DenseParams];
  readonly feedForwardNorm: ScaleParams;
}

/** Parameters of a decoder layer: those of an encoder layer, and of attention to the encoder output. */
export interface TransformerDecoderParams extends TransformerEncoderParams {
  readonly crossAttention: MultiHeadParams;
  readonly crossAttentionNorm: ScaleParams;
}

/** Options of `transformerEncoderLayer`. */
export interface TransformerOptions {
  /** Number of heads, a divisor of the number of features. */
  readonly heads: number;
  /** Keys that each query attends to, as in `multiHeadAttention`. Default all. */
  readonly mask?: TensorLike;
  /** True if a query attends only to keys at or before its own position. Default false. */
  readonly causal?: boolean;
  /** Activation function between the two dense layers. Default `relu`. */
  readonly activation?: (x: Tensor) => Tensor;
  /**
   * True to normalise the input of each sublayer instead of its sum with the output. Default false, as in the paper and
   * PyTorch.
   */
  readonly normFirst?: boolean;
  /**
   * Dropout after each sublayer and between the dense layers, by default with rate 0.5 and training true. Without this
   * option there is no dropout.
   */
  readonly dropout?: { readonly key: Key | Tensor; readonly rate?: number; readonly training?: boolean };
}

/** Options of `transformerDecoderLayer`. */
export interface TransformerDecoderOptions extends TransformerOptions {
  /** Positions of the encoder output that each query attends to. Default all. */
  readonly contextMask?: TensorLike;
}

const options = ["heads", "mask", "causal", "activation", "normFirst", "dropout"];

/**
 * Initial parameters of an encoder layer over the given number of features, with hidden size `hidden` between the dense
 * layers.
 *
 * @throws DownhillError `range` if a number is not a positive integer.
 * @example
 * transformerEncoderInit(key(0), 8, 32).feedForward[0].weight.shape; // [8, 32]
 */
export function transformerEncoderInit(
  key: Key,
  features: number,
  hidden: number,
  more: DenseOptions = {},
): TransformerEncoderParams {
  if (arguments.length > 4) refuseExtra("transformerEncoderInit", arguments, 4);
  const [a, b, c] = split(key, 3);
  const norm = scaleInit(features, { dtype: more.dtype ?? "float32" });
  return {
    attention: multiHeadInit(a, features, more),
    attentionNorm: norm,
    feedForward: [denseInit(b, features, hidden, more), denseInit(c, hidden, features, more)],
    feedForwardNorm: norm,
  };
}

/**
 * Initial parameters of a decoder layer; see `transformerEncoderInit`.
 *
 * @throws DownhillError `range` if a number is not a positive integer.
 * @example
 * transformerDecoderInit(key(0), 8, 32).crossAttention.query.weight.shape; // [8, 8]
 */
export function transformerDecoderInit(
  key: Key,
  features: number,
  hidden: number,
  more: DenseOptions = {},
): TransformerDecoderParams {
  if (arguments.length > 4) refuseExtra("transformerDecoderInit", arguments, 4);
  const [a, b] = split(key);
  return {
    ...transformerEncoderInit(a, features, hidden, more),
    crossAttention: multiHeadInit(b, features, more),
    crossAttentionNorm: scaleInit(features, { dtype: more.dtype ?? "float32" }),
  };
}

/**
 * Returns `part`, which applies a sublayer with dropout, a residual connection and a normalisation, and `drop`, which
 * applies only the next dropout.
 */
function residuals({ normFirst = false, dropout: dropped }: TransformerOptions): {
  readonly part: (x: Tensor, norm: ScaleParams, f: (x: Tensor) => Tensor) => Tensor;
  readonly drop: (x: Tensor) => Tensor;
} {
  // at most four dropouts, each with its own key
  const keys = dropped === undefined ? [] : split(dropped.key, 4);
  let next = 0;
  const drop = (x: Tensor): Tensor => {
    if (dropped === undefined) return x;
    const { rate = 0.5, training = true } = dropped;
    return dropout(keys[next++]!, x, { rate, training });
  };
  return {
    drop,
    part: (x, norm, f) =>
      normFirst ? add(x, drop(f(layerNorm(norm, x)))) : layerNorm(norm, add(x, drop(f(x)))),
  };
}

/**
 * An encoder layer of a transformer, from shape `[…, length, features]` to the same shape: self-attention, then two
 * dense layers, each with a residual connection and a normalisation.
 *
 * @throws DownhillError `shape` if x or a mask does not fit.
 * @see Vaswani et al., Attention is all you need, NeurIPS 2017, section 3.1; `normFirst` is Xiong et al., ICML 2020.
 * @example
 * const p = transformerEncoderInit(key(0), 4, 16);
 * transformerEncoderLayer(p, ones([2, 10, 4]), { heads: 2 }).shape; // [2, 10, 4]
 */
export function transformerEncoderLayer(
  params: TransformerEncoderParams,
  x: TensorLike,
  given: TransformerOptions,
): Tensor {
  if (arguments.length > 3) refuseExtra("transformerEncoderLayer", arguments, 3);
  checkNeededOptions("transformerEncoderLayer", given, options);
  checkFlags("transformerEncoderLayer", given, ["causal", "normFirst"]);
  const { part, drop } = residuals(given);
  const seen = part(asFloating(x, "transformerEncoderLayer"), params.attentionNorm, (y) =>
    multiHeadAttention(params.attention, y, attentionOptions(given)),
  );
  return part(seen, params.feedForwardNorm, feedForward(params, given, drop));
}

/**
 * A decoder layer of a transformer: like an encoder layer, with attention to `context` between its two sublayers.
 * `context` is the output of an encoder, shape `[…, others, features]`.
 *
 * @throws DownhillError `shape` if x, the context or a mask does not fit.
 * @see Vaswani et al., Attention is all you need, NeurIPS 2017, section 3.1.
 * @example
 * const p = transformerDecoderInit(key(0), 4, 16);
 * transformerDecoderLayer(p, ones([5, 4]), ones([10, 4]), { heads: 2, causal: true }).shape; // [5, 4]
 */
export function transformerDecoderLayer(
  params: TransformerDecoderParams,
  x: TensorLike,
  context: TensorLike,
  given: TransformerDecoderOptions,
): Tensor {
  if (arguments.length > 4) refuseExtra("transformerDecoderLayer", arguments, 4);
  checkNeededOptions("transformerDecoderLayer", given, [...options, "contextMask"]);
  checkFlags("transformerDecoderLayer", given, ["causal", "normFirst"]);
  const { part, drop } = residuals(given);
  const { heads, contextMask } = given;
  const seen = part(asFloating(x, "transformerDecoderLayer"), params.attentionNorm, (y) =>
    multiHeadAttention(params.attention, y, attentionOptions(given)),
  );
  const crossed = part(seen, params.crossAttentionNorm, (y) =>
    multiHeadAttention(params.crossAttention, y, {
      heads,
      context,
      ...(contextMask !== undefined && { mask: contextMask }),
    }),
  );
  return part(crossed, params.feedForwardNorm, feedForward(params, given, drop));
}

function attentionOptions({
  heads,
  mask,
  causal = false,
}: TransformerOptions): Parameters<typeof multiHeadAttention>[2] {
  return { heads, causal, ...(mask !== undefined && { mask }) };
}

function feedForward(
  { feedForward: [first, second] }: TransformerEncoderParams,
  { activation = relu }: TransformerOptions,
  drop: (x: Tensor) => Tensor,
): (x: Tensor) => Tensor {
  return (x) => dense(second, drop(activation(dense(first, x))));
}
