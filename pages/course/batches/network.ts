// A small network and its training digits.
import { tensor, type Tensor } from "downhill";
import { digits } from "downhill/data";
import { dense, denseInit, type DenseParams, relu, softmaxCrossEntropy } from "downhill/nn";
import * as random from "downhill/random";

/** Pixels per image: 8 × 8. */
export const pixels = 64;

const hidden = 48;

/** Parameters of two layers. */
export interface Params {
  readonly first: DenseParams;
  readonly second: DenseParams;
}

/** Images with their labels. */
export interface Images {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** Initial random weights. */
export function begin(key: random.KeyWords): Params {
  return {
    first: denseInit(random.foldIn(key, 1), pixels, hidden),
    second: denseInit(random.foldIn(key, 2), hidden, 10),
  };
}

/** A range of the digits, in order. */
export function images(from: number, count: number): Images {
  const all = digits();
  return {
    x: tensor(all.images.slice(from * pixels, (from + count) * pixels), { shape: [count, pixels] }),
    y: tensor(all.labels.slice(from, from + count), { dtype: "int32" }),
  };
}

/** Logits of the digits. */
export function classify({ first, second }: Params, x: Tensor): Tensor {
  return dense(second, relu(dense(first, x)));
}

/** Mean cross-entropy. */
export function networkLoss(params: Params, { x, y }: Images): Tensor {
  return softmaxCrossEntropy(classify(params, x), y);
}
