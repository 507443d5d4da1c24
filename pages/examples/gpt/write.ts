// Writes text with a network, character by character, with cached keys and values.
import {
  add,
  arange,
  argmax,
  div,
  equal,
  expandDims,
  jit,
  lessEqual,
  matmul,
  maximum,
  mul,
  less,
  reshape,
  scan,
  softmax,
  stack,
  type Tensor,
  tensor,
  transpose,
  vmap,
  where,
  zeros,
} from "downhill";
import { dense, layerNorm, relu, type TransformerEncoderParams } from "downhill/nn";
import * as random from "downhill/random";
import { afterLayers, type GptParams, placed, type Sizes } from "./model.ts";

/** Cache of a layer for the characters read so far, [context, width] each. */
interface Kept {
  readonly keys: Tensor;
  readonly values: Tensor;
}

/** Output of a layer for one character. */
interface Read {
  readonly x: Tensor;
  readonly kept: Kept;
  /** Attention weights of each head, [heads, context]. */
  readonly weights: Tensor;
}

/**
 * Passes one character, [1, width], through one layer. Equals the result of `transformerEncoderLayer` for the whole
 * text, at the cost of one character.
 */
function readLayer(
  params: TransformerEncoderParams,
  x: Tensor,
  before: Kept,
  place: Tensor,
  heads: number,
): Read {
  const [context, width] = before.keys.shape as [number, number];
  const places = arange(0, context, 1, { dtype: "int32" });
  const { query, key, value, output } = params.attention;
  const y = layerNorm(params.attentionNorm, x);
  const isHere = expandDims(equal(places, place), 1);
  const keys = where(isHere, dense(key, y), before.keys);
  const values = where(isHere, dense(value, y), before.values);
  /** Reshapes [n, width] to [heads, n, width / heads]. */
  const apart = (t: Tensor): Tensor => transpose(reshape(t, [t.shape[0]!, heads, width / heads]), [1, 0, 2]);
  const agreement = matmul(apart(dense(query, y)), transpose(apart(keys), [0, 2, 1]));
  const isRead = lessEqual(places, place);
  const weights = softmax(where(isRead, div(agreement, Math.sqrt(width / heads)), -Infinity));
  const seen = reshape(matmul(weights, apart(values)), [1, width]);
  const attended = add(x, dense(output, seen));
  const [widen, narrow] = params.feedForward;
  const more = dense(narrow, relu(dense(widen, layerNorm(params.feedForwardNorm, attended))));
  return { x: add(attended, more), kept: { keys, values }, weights: reshape(weights, [heads, context]) };
}

/** Characters written into a context, with their probabilities and attention weights. */
interface Written {
  /** Numbers of the characters, [context]. */
  readonly characters: Tensor;
  /** Probability of each next character after each character at the given temperature, [context, kinds]. */
  readonly chances: Tensor;
  /** Attention weights of the heads from each character, [context, layers, heads, context]. */
  readonly weights: Tensor;
}

/**
 * Fills a context.
 *
 * Draws each character with the probabilities `softmax(scores / temperature)`: the index of the largest of `scores +
 * temperature · g`, with g from the Gumbel distribution. At temperature 0, this is the most likely character.
 *
 * @param prompt [context]: the numbers of the given characters, then −1
 */
function fillContext(
  params: GptParams,
  prompt: Tensor,
  temperature: Tensor,
  key: Tensor,
  heads: number,
): Written {
  const [context] = prompt.shape as [number];
  const width = params.places.shape[1]!;
  const nothing = zeros([context, width], { dtype: "float32" });
  const start = {
    kept: params.layers.map((): Kept => ({ keys: nothing, values: nothing })),
    next: tensor(0, { dtype: "int32" }),
  };
  const steps = {
    place: arange(0, context, 1, { dtype: "int32" }),
    given: prompt,
    key: random.keys(key, context),
  };
  const [, written] = scan(
    (carry: typeof start, step: typeof steps) => {
      const character = where(less(step.given, 0), carry.next, step.given);
      let x = placed(params, expandDims(character, 0), expandDims(step.place, 0));
      const kept: Kept[] = [];
      const weights: Tensor[] = [];
      for (const [i, layer] of params.layers.entries()) {
        const read = readLayer(layer, x, carry.kept[i]!, step.place, heads);
        x = read.x;
        kept.push(read.kept);
        weights.push(read.weights);
      }
      const scores = afterLayers(params, x).at(0);
      const noise = random.gumbel(step.key, scores.shape, { dtype: "float32" });
      const next = argmax(add(scores, mul(temperature, noise))).astype("int32");
      // Temperature 0 is treated as very low: all probability goes to the most likely character.
      const chances = softmax(div(scores, maximum(temperature, 1e-3)));
      return [
        { kept, next },
        { characters: character, chances, weights: stack(weights) },
      ] as const;
    },
    start,
    steps,
  );
  return written;
}

const fillContexts = /* @__PURE__ */ jit(
  (params: GptParams, prompts: Tensor, temperature: Tensor, keys: Tensor, heads: number) =>
    vmap((prompt: Tensor, key: Tensor) => fillContext(params, prompt, temperature, key, heads))(
      prompts,
      keys,
    ),
  { staticArgnums: 4 },
);

/** Settings of writing. */
export interface Manner {
  readonly temperature: number;
  readonly seed: number;
  /** Number of independent texts. */
  readonly samples: number;
  /** Characters of each text, including the prompt. */
  readonly length: number;
}

/**
 * Texts written from one prompt, as character numbers, with the probabilities and attention weights of the first one.
 */
export interface Writing {
  readonly samples: readonly (readonly number[])[];
  /** Number of characters of the first context of the first sample. */
  readonly context: number;
  /** Returns the probability of each next character after a position of the context. */
  readonly chancesAfter: (place: number) => readonly number[];
  /** Returns the attention weights of a head from a position to the positions up to it. They sum to 1. */
  readonly weightsFrom: (place: number, layer: number, head: number) => readonly number[];
}

/**
 * Continues a prompt. When the context is full, the network continues from its second half.
 *
 * @param prompt character numbers; at least one, and fewer than the context
 */
export function write(
  params: GptParams,
  { context, heads }: Sizes,
  prompt: readonly number[],
  manner: Manner,
): Writing {
  const { temperature, seed, samples, length } = manner;
  const fill = (given: readonly (readonly number[])[], part: number): Written => {
    const padded = given.flatMap((one) => [...one, ...Array<number>(context - one.length).fill(-1)]);
    const prompts = tensor(Int32Array.from(padded)).reshape([samples, context]);
    const keys = random.keys(random.foldIn(random.key(seed), part), samples);
    return fillContexts(params, prompts, tensor(temperature, { dtype: "float32" }), keys, heads);
  };
  const first = fill(
    Array.from({ length: samples }, () => prompt),
    0,
  );
  let texts = first.characters.tolist() as number[][];
  for (let part = 1; texts[0]!.length < length; part++) {
    const seen = texts.map((text) => text.slice(-Math.floor(context / 2)));
    const more = fill(seen, part).characters.tolist() as number[][];
    texts = texts.map((text, i) => [...text, ...more[i]!.slice(seen[i]!.length)]);
  }
  const chances = first.chances.at(0).tolist() as number[][];
  const weights = first.weights.at(0).tolist() as number[][][][];
  return {
    samples: texts.map((text) => text.slice(0, length)),
    context: Math.min(context, length),
    chancesAfter: (place) => chances[place]!,
    weightsFrom: (place, layer, head) => weights[place]![layer]![head]!.slice(0, place + 1),
  };
}
