// A small GPT: a transformer that reads characters and predicts the next one.
import { add, arange, mul, type Tensor } from "downhill";
import {
  dense,
  denseInit,
  type DenseParams,
  embedding,
  layerNorm,
  scaleInit,
  type ScaleParams,
  transformerEncoderInit,
  transformerEncoderLayer,
  type TransformerEncoderParams,
  zerosInit,
} from "downhill/nn";
import * as random from "downhill/random";

/** Sizes of a network. */
export interface Sizes {
  /** Length of the vector of a character in the network; a multiple of the number of heads. */
  readonly width: number;
  readonly layers: number;
  /** Attention heads per layer. */
  readonly heads: number;
  /** Context length in characters. */
  readonly context: number;
  /** Number of distinct characters. */
  readonly kinds: number;
}

/** Trainable parameters. */
export interface GptParams {
  /** Embedding of each distinct character, [kinds, width]. */
  readonly characters: Tensor;
  /** Embedding of each position of the context, [context, width]. */
  readonly places: Tensor;
  readonly layers: readonly TransformerEncoderParams[];
  readonly norm: ScaleParams;
  /** Output layer, from the width to one score per distinct character. */
  readonly scores: DenseParams;
}

const widening = 4; // hidden size of the feed-forward layer divided by the width, as in the paper

/** Initial parameters. All scores are 0, so that all characters are initially equally likely. */
export function firstParams({ width, layers, context, kinds }: Sizes, seed: number): GptParams {
  const [forCharacters, forPlaces, ...forLayers] = random.split(random.key(seed), 2 + layers);
  const small = (key: random.Key, rows: number): Tensor =>
    mul(random.normal(key, [rows, width], { dtype: "float32" }), 0.5);
  return {
    characters: small(forCharacters!, kinds),
    places: small(forPlaces!, context),
    layers: forLayers.map((key) => transformerEncoderInit(key, width, widening * width)),
    norm: scaleInit(width),
    scores: denseInit(forLayers[0]!, width, kinds, { init: zerosInit }),
  };
}

/**
 * Sum of the embeddings of characters and of positions. Both have the same shape; the result has the width as an
 * additional last axis.
 */
export function placed(params: GptParams, characters: Tensor, places: Tensor): Tensor {
  return add(embedding(params.characters, characters), embedding(params.places, places));
}

/** Scores of the next character from the output of the last layer. */
export function afterLayers(params: GptParams, x: Tensor): Tensor {
  return dense(params.scores, layerNorm(params.norm, x));
}

/** Scores of the next character after each character [batch, length]: [batch, length, kinds]. */
export function scoresOf(params: GptParams, characters: Tensor, heads: number): Tensor {
  const places = arange(0, characters.shape.at(-1), 1, { dtype: "int32" });
  let x = placed(params, characters, places);
  for (const layer of params.layers)
    x = transformerEncoderLayer(layer, x, { heads, causal: true, normFirst: true });
  return afterLayers(params, x);
}

/** Number of trainable parameters. */
export function parameterCount(sizes: Sizes): number {
  const { width, layers, context, kinds } = sizes;
  const attention = 4 * (width * width + width);
  const feedForward = 2 * widening * width * width + (widening + 1) * width;
  const norms = 2 * 2 * width;
  const ends = (kinds + context) * width + 2 * width + (width + 1) * kinds;
  return layers * (attention + feedForward + norms) + ends;
}

/**
 * Number of multiplications and additions of a training step on the given number of characters. The forward pass needs
 * two for each weight and for each pair of characters in the attention. The derivatives need twice as many again.
 */
export function stepOperations(sizes: Sizes, characters: number): number {
  const { width, layers, context, kinds } = sizes;
  const weights = layers * (4 + 2 * widening) * width * width + width * kinds;
  const pairs = layers * 2 * width * context;
  return 3 * 2 * (weights + pairs) * characters;
}
