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
  /** The two dense layers behind attention: to the hidden numbers, and back to the features. */
  readonly feedForward: readonly [DenseParams, DenseParams];
  readonly feedForwardNorm: ScaleParams;
}

/** Parameters of a decoder layer: those of an encoder layer, and attention to what was encoded. */
export interface TransformerDecoderParams extends TransformerEncoderParams {
  readonly crossAttention: MultiHeadParams;
  readonly crossAttentionNorm: ScaleParams;
}

/** Options of `transformerEncoderLayer`. */
export interface TransformerOptions {
  /** Number of heads; it divides the number of features. */
  readonly heads: number;
  /** Which keys a query sees, as in `multiHeadAttention`. Default all. */
  readonly mask?: TensorLike;
  /** Whether a query sees only keys that are not behind it. Default false. */
  readonly causal?: boolean;
  /** What stands between the two dense layers. Default `relu`. */
  readonly activation?: (x: Tensor) => Tensor;
  /** Whether to normalise what each part takes, and not its sum with what it gives. Default false, as in the paper and PyTorch. */
  readonly normFirst?: boolean;
  /** Drops out what each part gives, and what stands between the dense layers. Rate 0.5 and training true unless said otherwise. */
  readonly dropout?: { readonly key: Key | Tensor; readonly rate?: number; readonly training?: boolean };
}

/** Options of `transformerDecoderLayer`. */
export interface TransformerDecoderOptions extends TransformerOptions {
  /** Which of what was encoded a query sees. Default all. */
  readonly contextMask?: TensorLike;
}

const options = ["heads", "mask", "causal", "activation", "normFirst", "dropout"];

/**
 * First parameters of an encoder layer over so many features, with `hidden` numbers between the dense layers.
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
 * First parameters of a decoder layer; see `transformerEncoderInit`.
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

/** Puts the parts of a layer together: each adds what it gives to what it takes. */
function residuals({ normFirst = false, dropout: dropped }: TransformerOptions): {
  readonly part: (x: Tensor, norm: ScaleParams, f: (x: Tensor) => Tensor) => Tensor;
  readonly drop: (x: Tensor) => Tensor;
} {
  // four times at most, each time by a key of its own
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
 * An encoder layer of a transformer, shape `[…, length, features]` to the same: attention of x to itself, and two dense layers, each with a
 * way around it and normalised.
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
 * A decoder layer of a transformer: as an encoder layer, and between its two parts attention of x to `context`, what an encoder gave, shape
 * `[…, others, features]`.
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
