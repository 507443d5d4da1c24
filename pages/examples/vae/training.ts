// Trains a variational autoencoder, epoch by epoch.
import { grad, jit, mean, mul, ones, sub, sum, type Tensor, tensor, zeros } from "downhill";
import { binomial, kl, normal } from "downhill/distributions";
import { adam, type AdamState, applyUpdates } from "downhill/optim";
import * as random from "downhill/random";
import { arraysOf, withArrays } from "../../live/arrays.ts";
import { decode, encode, firstParams, paramsOf, type Snapshot, type VaeParams } from "./model.ts";
import { digitImages, heldOutFrom } from "./data.ts";

const batchSize = 64;
const smallerPixels = 16; // ink of a pixel counts subpixels, 0 to 16, so it has a binomial distribution

/** Settings of a training run. */
export interface TrainingOrder {
  readonly seed: number;
  readonly rate: number;
  /** Weight of the divergence in the loss; 1 for the evidence lower bound. */
  readonly beta: number;
  readonly epochs: number;
  /** Snapshot to resume from. Default: the initial parameters. */
  readonly from?: Snapshot;
}

/** The two parts of the evidence lower bound, `likelihood − divergence`; means over digits, in nats. */
export interface Parts {
  /** Expected log-probability of the image, given its code. */
  readonly likelihood: number;
  /** Divergence of the code distribution of an image from the prior. */
  readonly divergence: number;
}

/** Parts of the bound after an epoch. */
export interface Report {
  readonly learned: Parts;
  readonly heldOut: Parts;
  readonly snapshot: Snapshot;
}

const float32 = { dtype: "float32" } as const;

/** The two parts of the loss for images, likelihood and divergence, with one sampled code per image. */
function partsOf(params: VaeParams, images: Tensor, key: Tensor): [likelihood: Tensor, divergence: Tensor] {
  const codes = normal(encode(params, images));
  const logits = decode(params, codes.sample(key)); // reparameterisation: a code is loc + scale · noise and therefore differentiable
  const ink = binomial({ totalCount: smallerPixels, logits });
  const prior = normal({ loc: zeros([2], float32), scale: ones([2], float32) });
  return [
    mean(sum(ink.logProb(mul(images, smallerPixels)), { axis: 1 })),
    mean(sum(kl(codes, prior), { axis: 1 })),
  ];
}

const measure = /* @__PURE__ */ jit(partsOf);

const improve = /* @__PURE__ */ jit(
  (
    params: VaeParams,
    state: AdamState<VaeParams>,
    images: Tensor,
    key: Tensor,
    rate: Tensor,
    beta: Tensor,
  ) => {
    const loss = (p: VaeParams): Tensor => {
      const [likelihood, divergence] = partsOf(p, images, key);
      return sub(mul(beta, divergence), likelihood);
    };
    const step = adam({ learningRate: rate }).update(grad(loss)(params), state, params);
    return [applyUpdates(params, step.updates), step.state] as const;
  },
);

/**
 * Trains and calls `tell` after each epoch.
 *
 * @throws Error if the bound becomes non-finite
 */
export async function train(order: TrainingOrder, tell: (report: Report) => void): Promise<void> {
  const { seed, from, epochs } = order;
  const learned = digitImages(0, heldOutFrom);
  const heldOut = digitImages(heldOutFrom);
  const [rate, beta] = [order.rate, order.beta].map((x) => tensor(x, float32)) as [Tensor, Tensor];
  let params = from === undefined ? firstParams(seed) : paramsOf(from);
  let state = adam().init(params);
  if (from !== undefined) state = withArrays(state, from.state);
  const begun = from?.epoch ?? 0;
  const all = random.foldIn(random.key(seed), 1);
  const batches = Math.floor(heldOutFrom / batchSize);
  const measured = (images: Tensor, key: Tensor): Parts => {
    const [likelihood, divergence] = measure(params, images, key);
    if (!Number.isFinite(likelihood.item() - divergence.item()))
      throw new Error("The bound is no longer a number: choose a lower learning rate, and start again.");
    return { likelihood: likelihood.item(), divergence: divergence.item() };
  };
  for (let epoch = begun + 1; epoch <= begun + epochs; epoch++) {
    const [forOrder, forNoise] = random.split(random.foldIn(all, epoch));
    const places = random.permutation(forOrder, heldOutFrom);
    const keys = random.keys(forNoise, batches + 1);
    for (let i = 0; i < batches; i++) {
      const images = learned.at(places.slice(i * batchSize, (i + 1) * batchSize));
      [params, state] = improve(params, state, images, keys.at(i), rate, beta);
    }
    const noise = keys.at(batches);
    tell({
      learned: measured(learned, noise),
      heldOut: measured(heldOut, noise),
      snapshot: { epoch, params: arraysOf(params), state: arraysOf(state) },
    });
  }
}
