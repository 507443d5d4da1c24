// Training on the digits included in the library, in a worker or a test.
import { type Tensor, tensor } from "downhill";
import { makeJitted as jit } from "../../../src/engine/runtime/jitted.ts";
import { dataset, digits } from "downhill/data";
import { accuracy, type MlpParams, softmaxCrossEntropy } from "downhill/nn";
import { adam, type GeneralOptimizer, oneCycle, sgd } from "downhill/optim";
import { fit } from "downhill/train";
import { landscape, type LossSlice } from "../../../src/pictures/landscapes/loss-slice.ts";
import { firstParams, net, opinion, pixels, plain, type PlainParams } from "./network.ts";
import type { Method } from "./settings.ts";

/** Number of training digits; the other 360 are held out. */
const trainCount = 1437;
const batchSize = 32;
/** Of a slice: the number of points along each axis, and the number of digits in the loss at each point. */
const sliceAcross = 25;
const sliceItems = 400;
const shownMistakes = 8;

/** Settings of a training run. */
export interface DigitsOrder {
  readonly method: Method;
  readonly rate: number;
  readonly epochs: number;
  readonly seed: number;
}

/** One epoch, evaluated on the training digits and on the held-out digits. */
export interface DigitsEpoch {
  readonly epoch: number;
  readonly loss: number;
  readonly unseenLoss: number;
  /** A fraction from 0 to 1. */
  readonly unseenAccuracy: number;
}

/** A misclassified held-out digit. */
export interface Mistake {
  readonly ink: readonly number[];
  readonly label: number;
  readonly guess: number;
  /** Probability of the guess. */
  readonly confidence: number;
}

/** Result of a training run. */
export interface TrainedNetwork {
  readonly params: PlainParams;
  /** The mistakes with the highest confidence. */
  readonly mistakes: readonly Mistake[];
  /** The loss on the plane in which the training path varies most. */
  readonly slice: LossSlice;
}

/** Digit images with their labels. */
interface Digits {
  readonly x: Tensor;
  readonly y: Tensor;
}

function digitsFrom(from: number, to: number): Digits {
  const { images, labels } = digits();
  return {
    x: tensor(images.slice(from * pixels, to * pixels), { shape: [to - from, pixels] }),
    y: tensor(labels.slice(from, to)),
  };
}

function optimizerOf({ method, rate, epochs }: DigitsOrder): GeneralOptimizer<unknown> {
  switch (method) {
    case "adam":
      return adam({ learningRate: rate });
    case "sgd":
      return sgd({ learningRate: rate });
    case "tuned": {
      const steps = Math.ceil(trainCount / batchSize) * epochs;
      return sgd({ learningRate: oneCycle({ max: rate, steps }), momentum: 0.9, weightDecay: 5e-4 });
    }
    default:
      return method satisfies never;
  }
}

/**
 * Trains the network on the digits, and calls `tell` after each epoch. Returns the parameters, the images that it
 * classifies wrongly, and a slice of the loss.
 */
export async function trainDigits(
  order: DigitsOrder,
  tell: (epoch: DigitsEpoch) => void,
): Promise<TrainedNetwork> {
  const unseen = digitsFrom(trainCount, digits().count);
  const params = firstParams(order.seed);
  const path: MlpParams[] = [params];
  const run = fit({
    params,
    loss: (p: MlpParams, { x, y }: Digits) => {
      const scores = net.apply(p, x);
      return { loss: softmaxCrossEntropy(scores, y), metrics: { accuracy: accuracy(scores, y) } };
    },
    data: dataset(digitsFrom(0, trainCount))
      .shuffle({ seed: order.seed, when: "each-epoch" })
      .batch(batchSize),
    validation: dataset(unseen).batch("full"),
    optimizer: optimizerOf(order),
    epochs: order.epochs,
    seed: order.seed,
    divergence: false, // the effect of too high a rate must be visible
  });
  for await (const event of run) {
    if (event.kind !== "epoch") continue;
    path.push(event.params);
    tell({
      epoch: event.epoch,
      loss: event.loss,
      unseenLoss: event.validation!.loss,
      unseenAccuracy: event.validation!.metrics["accuracy"]!,
    });
  }
  const last = path.at(-1)!;
  return { params: plain(last), mistakes: mistakesOf(last, unseen), slice: sliceOf(last, path) };
}

function sliceOf(params: MlpParams, path: readonly MlpParams[]): LossSlice {
  const { x, y } = digitsFrom(0, sliceItems);
  return landscape((p: MlpParams) => softmaxCrossEntropy(net.apply(p, x), y), params, {
    directions: "pca",
    path,
    resolution: sliceAcross,
  });
}

const scoresOf = /* @__PURE__ */ jit((params: MlpParams, x: Tensor) => net.apply(params, x));

function mistakesOf(params: MlpParams, { x, y }: Digits): Mistake[] {
  const scores = scoresOf(params, x).tolist() as number[][];
  const labels = y.tolist() as number[];
  const images = x.tolist() as number[][];
  const wrong = scores.flatMap((row, i) => {
    const guess = row.indexOf(Math.max(...row));
    return guess === labels[i] ? [] : [i];
  });
  return wrong
    .map((i): Mistake => {
      const { guess, probabilities } = opinion(params, images[i]!);
      return { ink: images[i]!, label: labels[i]!, guess, confidence: probabilities[guess]! };
    })
    .toSorted((a, b) => b.confidence - a.confidence)
    .slice(0, shownMistakes);
}
