// A variational autoencoder of digits with two-dimensional codes: its networks, encoding and decoding.
import { exp, jit, mul, sigmoid, slice, tanh, type Tensor, tensor } from "downhill";
import { type DenseParams, mlp, type MlpParams } from "downhill/nn";
import * as random from "downhill/random";
import { type SentArrays, withArrays } from "../../live/arrays.ts";

/** Width of an image in pixels. */
export const side = 8;
export const pixels: number = side * side;
const codeSize = 2;
const neurons = 64; // in each hidden layer

const encoder = /* @__PURE__ */ mlp([pixels, neurons, 2 * codeSize], { activation: tanh });
const decoder = /* @__PURE__ */ mlp([codeSize, neurons, neurons, pixels], { activation: tanh });

export interface VaeParams {
  readonly encoder: MlpParams;
  readonly decoder: MlpParams;
}

const spread = 8; // scale of the initial codes relative to Glorot initialisation; close to the prior, so that the codes fill the plane

export function firstParams(seed: number): VaeParams {
  const [forEncoder, forDecoder] = random.split(random.key(seed));
  const [first, last] = encoder.init(forEncoder).layers as [DenseParams, DenseParams];
  const wide = { ...last, weight: mul(last.weight, spread) };
  return { encoder: { layers: [first, wide] }, decoder: decoder.init(forDecoder) };
}

/** State of a training run, to be sent or resumed. */
export interface Snapshot {
  /** Number of completed epochs. */
  readonly epoch: number;
  readonly params: SentArrays;
  /** State of Adam. */
  readonly state: SentArrays;
}

/** Restores the parameters of a snapshot. */
export function paramsOf({ params }: Snapshot): VaeParams {
  return withArrays(firstParams(0), params);
}

/** Distribution of the codes of images [images, 64]: mean and standard deviation of each code element, [images, 2]. */
export function encode(params: VaeParams, images: Tensor): { readonly loc: Tensor; readonly scale: Tensor } {
  const out = encoder.apply(params.encoder, images);
  return {
    loc: slice(out, null, [0, codeSize]),
    scale: exp(mul(0.5, slice(out, null, [codeSize, 2 * codeSize]))),
  };
}

/** Decodes codes [codes, 2] to the log-odds of ink for each pixel, [codes, 64]. */
export function decode(params: VaeParams, codes: Tensor): Tensor {
  return decoder.apply(params.decoder, codes);
}

const codesNow = /* @__PURE__ */ jit((params: VaeParams, images: Tensor) => encode(params, images).loc);

/** Mean code of each image. */
export function codesOf(params: VaeParams, images: Tensor): [number, number][] {
  return codesNow(params, images).tolist() as [number, number][];
}

const inkNow = /* @__PURE__ */ jit((params: VaeParams, codes: Tensor) => sigmoid(decode(params, codes)));

/** Ink, from 0 to 1, of the pixels of each code's picture. */
export function picturesOf(params: VaeParams, codes: readonly (readonly number[])[]): number[][] {
  return inkNow(params, tensor(codes, { dtype: "float32" })).tolist() as number[][];
}
