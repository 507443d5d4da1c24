// The network of this chapter and its predictions, for the page and its worker.
import { grad, mul, softmax, sum, type Tensor, tensor } from "downhill";
import { makeJitted as jit } from "../../../src/engine/runtime/jitted.ts";
import { mlp, type MlpParams } from "downhill/nn";
import * as random from "downhill/random";

/** Width of an image in pixels. */
export const side = 8;
export const pixels: number = side * side;
export const classes = 10;

/** The network of the chapter: 64 pixels, a hidden layer of 32 neurons, 10 scores. */
export const net: ReturnType<typeof mlp> = /* @__PURE__ */ mlp([pixels, 32, classes]);

/** Parameters as plain arrays, for messages between a page and its worker. */
export type PlainParams = readonly { readonly weight: Float32Array; readonly bias: Float32Array }[];

/** Initial parameters of a training run. */
export function firstParams(seed: number): MlpParams {
  return net.init(random.key(seed));
}

/** Converts parameters for a message. */
export function plain({ layers }: MlpParams): PlainParams {
  return layers.map(({ weight, bias }) => ({
    weight: Float32Array.from(weight.data() as Float32Array),
    bias: Float32Array.from(bias.data() as Float32Array),
  }));
}

/** Restores parameters from a message. */
export function paramsOf(sent: PlainParams): MlpParams {
  return {
    layers: sent.map(({ weight, bias }) => ({
      weight: tensor(weight, { shape: [weight.length / bias.length, bias.length] }),
      bias: tensor(bias),
    })),
  };
}

/** Prediction of the network for an image. */
export interface Opinion {
  /** Probability of each class. */
  readonly probabilities: readonly number[];
  /** The class with the largest probability. */
  readonly guess: number;
  /** Derivative of the chosen class's score with respect to the ink of each pixel. */
  readonly byPixel: readonly number[];
}

const judged = /* @__PURE__ */ jit((params: MlpParams, image: Tensor, chosen: Tensor) => {
  const score = (x: Tensor): Tensor => sum(mul(net.apply(params, x), chosen));
  return [softmax(net.apply(params, image)), grad(score)(image)] as const;
});

/**
 * Computes the prediction of the network for an image.
 *
 * @param ink 64 numbers from 0 (paper) to 1, row by row
 * @param about the class whose score is differentiated; default: the predicted class
 */
export function opinion(params: MlpParams, ink: readonly number[], about?: number): Opinion {
  const image = tensor(Float32Array.from(ink));
  const oneHot = (k: number): Tensor =>
    tensor(Float32Array.from({ length: classes }, (_, i) => (i === k ? 1 : 0)));
  const [first, byGuess] = judged(params, image, oneHot(about ?? 0));
  const probabilities = first.tolist() as number[];
  const guess = probabilities.indexOf(Math.max(...probabilities));
  const byPixel = about !== undefined || guess === 0 ? byGuess : judged(params, image, oneHot(guess))[1];
  return { probabilities, guess, byPixel: byPixel.tolist() as number[] };
}
