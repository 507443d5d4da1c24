// Writing with a network: character by character, each read once, with what was kept of those before.
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

/** What a layer keeps of the characters that it has read, [context, width] each. */
interface Kept {
  readonly keys: Tensor;
  readonly values: Tensor;
}

/** What became of a character in a layer. */
interface Read {
  readonly x: Tensor;
  readonly kept: Kept;
  /** What each head attends to, [heads, context]. */
  readonly weights: Tensor;
}

/**
 * One character, [1, width], through one layer: what `transformerEncoderLayer` makes of it with all of the text, for the work of
 * one character.
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
  /** [n, width] to [heads, n, width / heads]. */
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

/** What was written into a context, and how. */
interface Written {
  /** Numbers of the characters, [context]. */
  readonly characters: Tensor;
  /** The probability of each kind to come after each character, at the temperature asked for, [context, kinds]. */
  readonly chances: Tensor;
  /** What the heads attended to from each character, [context, layers, heads, context]. */
  readonly weights: Tensor;
}

/**
 * Fills a context.
 *
 * A character is drawn with the probabilities `softmax(scores / temperature)`: it is the place of the largest of `scores + temperature · g`, g
 * drawn from Gumbel's distribution; so at temperature 0 it is the likeliest one.
 *
 * @param prompt [context]: the numbers of the characters that are given, then −1
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
      // at 0 as for a very low temperature: all on the likeliest
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

/** How to write. */
export interface Manner {
  readonly temperature: number;
  readonly seed: number;
  /** Texts, each written for itself. */
  readonly samples: number;
  /** Characters of each, with the prompt. */
  readonly length: number;
}

/** Texts that were written from one prompt, by the numbers of their characters, and how the first of them came about. */
export interface Writing {
  readonly samples: readonly (readonly number[])[];
  /** The characters of the first context of the first sample. */
  readonly context: number;
  /** The probability of each kind to come after the character at a place of it. */
  readonly chancesAfter: (place: number) => readonly number[];
  /** What a head attends to from the character at a place: weights of the characters up to it, which sum to 1. */
  readonly weightsFrom: (place: number, layer: number, head: number) => readonly number[];
}

/**
 * Writes from a prompt. Beyond its context a network sees nothing: it goes on with the last half of what stands there.
 *
 * @param prompt numbers of characters, from one to one fewer than the context
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
