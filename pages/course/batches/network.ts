// A small network and the digits that it learns.
import { tensor, type Tensor } from "downhill";
import { digits } from "downhill/data";
import { dense, denseInit, type DenseParams, relu, softmaxCrossEntropy } from "downhill/nn";
import * as random from "downhill/random";

/** Pixels of an image: 8 by 8. */
export const pixels = 64;

const hidden = 48;

/** Two layers. */
export interface Params {
  readonly first: DenseParams;
  readonly second: DenseParams;
}

/** Images with their digits. */
export interface Images {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** Random weights. */
export function begin(key: random.KeyWords): Params {
  return {
    first: denseInit(random.foldIn(key, 1), pixels, hidden),
    second: denseInit(random.foldIn(key, 2), hidden, 10),
  };
}

/** Some of the digits, in their order. */
export function images(from: number, count: number): Images {
  const all = digits();
  return {
    x: tensor(all.images.slice(from * pixels, (from + count) * pixels), { shape: [count, pixels] }),
    y: tensor(all.labels.slice(from, from + count), { dtype: "int32" }),
  };
}

/** How likely each digit is, before the softmax. */
export function classify({ first, second }: Params, x: Tensor): Tensor {
  return dense(second, relu(dense(first, x)));
}

/** The mean cross-entropy. */
export function networkLoss(params: Params, { x, y }: Images): Tensor {
  return softmaxCrossEntropy(classify(params, x), y);
}
