// A variational autoencoder of digits with codes of two numbers: its networks, and what they make of digits and codes.
import { exp, jit, mul, sigmoid, slice, tanh, type Tensor, tensor } from "downhill";
import { type DenseParams, mlp, type MlpParams } from "downhill/nn";
import * as random from "downhill/random";
import { type SentArrays, withArrays } from "../../live/arrays.ts";

/** Pixels of an image from side to side. */
export const side = 8;
export const pixels: number = side * side;
const codeSize = 2;
const neurons = 64; // of a hidden layer

const encoder = /* @__PURE__ */ mlp([pixels, neurons, 2 * codeSize], { activation: tanh });
const decoder = /* @__PURE__ */ mlp([codeSize, neurons, neurons, pixels], { activation: tanh });

export interface VaeParams {
  readonly encoder: MlpParams;
  readonly decoder: MlpParams;
}

const spread = 8; // of the first codes, times what Glorot's weights would give: about that of the prior, so that the plane is filled

export function firstParams(seed: number): VaeParams {
  const [forEncoder, forDecoder] = random.split(random.key(seed));
  const [first, last] = encoder.init(forEncoder).layers as [DenseParams, DenseParams];
  const wide = { ...last, weight: mul(last.weight, spread) };
  return { encoder: { layers: [first, wide] }, decoder: decoder.init(forDecoder) };
}

/** What a training has come to, to be sent and to go on from. */
export interface Snapshot {
  /** Epochs that were made. */
  readonly epoch: number;
  readonly params: SentArrays;
  /** What Adam keeps. */
  readonly state: SentArrays;
}

/** The parameters of a snapshot. */
export function paramsOf({ params }: Snapshot): VaeParams {
  return withArrays(firstParams(0), params);
}

/** Where the codes of images [images, 64] may lie: mean and standard deviation of each of their two numbers, [images, 2]. */
export function encode(params: VaeParams, images: Tensor): { readonly loc: Tensor; readonly scale: Tensor } {
  const out = encoder.apply(params.encoder, images);
  return {
    loc: slice(out, null, [0, codeSize]),
    scale: exp(mul(0.5, slice(out, null, [codeSize, 2 * codeSize]))),
  };
}

/** The images of codes [codes, 2]: log-odds of ink for each pixel, [codes, 64]. */
export function decode(params: VaeParams, codes: Tensor): Tensor {
  return decoder.apply(params.decoder, codes);
}

const codesNow = /* @__PURE__ */ jit((params: VaeParams, images: Tensor) => encode(params, images).loc);

/** The middle of the codes of each image. */
export function codesOf(params: VaeParams, images: Tensor): [number, number][] {
  return codesNow(params, images).tolist() as [number, number][];
}

const inkNow = /* @__PURE__ */ jit((params: VaeParams, codes: Tensor) => sigmoid(decode(params, codes)));

/** The ink, from 0 to 1, of the pixels of each code's image. */
export function picturesOf(params: VaeParams, codes: readonly (readonly number[])[]): number[][] {
  return inkNow(params, tensor(codes, { dtype: "float32" })).tolist() as number[][];
}
