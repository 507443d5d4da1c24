// A small GPT: a transformer that reads characters and scores which comes next.
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

/** How large a network is. */
export interface Sizes {
  /** Numbers that stand for a character on its way through the network; the heads divide it. */
  readonly width: number;
  readonly layers: number;
  /** Heads of attention in each layer. */
  readonly heads: number;
  /** Characters that the network sees at once. */
  readonly context: number;
  /** Kinds of characters. */
  readonly kinds: number;
}

/** What a network learns. */
export interface GptParams {
  /** What stands for each kind of character, [kinds, width]. */
  readonly characters: Tensor;
  /** What stands for each place of the context, [context, width]. */
  readonly places: Tensor;
  readonly layers: readonly TransformerEncoderParams[];
  readonly norm: ScaleParams;
  /** From the width to a score for each kind. */
  readonly scores: DenseParams;
}

const widening = 4; // numbers between the dense layers for each of the width, as in the paper

/** First parameters. All scores are 0: the network begins by holding all characters for equally likely. */
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

/** What stands for characters at places before the first layer; both of one shape, the result has the width as a last axis. */
export function placed(params: GptParams, characters: Tensor, places: Tensor): Tensor {
  return add(embedding(params.characters, characters), embedding(params.places, places));
}

/** Scores of the kinds, of what has passed all layers. */
export function afterLayers(params: GptParams, x: Tensor): Tensor {
  return dense(params.scores, layerNorm(params.norm, x));
}

/** Scores of what comes after each of the characters [batch, length]: [batch, length, kinds]. */
export function scoresOf(params: GptParams, characters: Tensor, heads: number): Tensor {
  const places = arange(0, characters.shape.at(-1), 1, { dtype: "int32" });
  let x = placed(params, characters, places);
  for (const layer of params.layers)
    x = transformerEncoderLayer(layer, x, { heads, causal: true, normFirst: true });
  return afterLayers(params, x);
}

/** How many numbers a network learns. */
export function parameterCount(sizes: Sizes): number {
  const { width, layers, context, kinds } = sizes;
  const attention = 4 * (width * width + width);
  const feedForward = 2 * widening * width * width + (widening + 1) * width;
  const norms = 2 * 2 * width;
  const ends = (kinds + context) * width + 2 * width + (width + 1) * kinds;
  return layers * (attention + feedForward + norms) + ends;
}

/**
 * Multiplications and additions of a step on so many characters: two for each weight and each pair of characters that attention
 * compares or sums, and twice as many again for the derivatives.
 */
export function stepOperations(sizes: Sizes, characters: number): number {
  const { width, layers, context, kinds } = sizes;
  const weights = layers * (4 + 2 * widening) * width * width + width * kinds;
  const pairs = layers * 2 * width * context;
  return 3 * 2 * (weights + pairs) * characters;
}
