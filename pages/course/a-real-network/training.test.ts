import { tensor } from "downhill";
import { digits } from "downhill/data";
import { expect, test } from "vitest";
import { testInCi } from "../../../test/support/extent.ts";
import { hiddenUnits } from "./hidden.ts";
import { firstParams, net, opinion, paramsOf, pixels, plain } from "./network.ts";
import { samples, inkOf } from "./samples.ts";
import { type DigitsEpoch, trainDigits, type TrainedNetwork } from "./training.ts";

let epochs: DigitsEpoch[] = [];
let trained: TrainedNetwork | undefined;

async function network(): Promise<TrainedNetwork> {
  if (trained !== undefined) return trained;
  epochs = [];
  trained = await trainDigits({ method: "tuned", rate: 0.2, epochs: 30, seed: 0 }, (epoch) =>
    epochs.push(epoch),
  );
  return trained;
}

testInCi("thirty epochs classify nine of ten held-out digits correctly", async () => {
  await network();
  expect(epochs).toHaveLength(30);
  expect(epochs[0]!.unseenAccuracy).toBeLessThan(0.6);
  expect(epochs.at(-1)!.unseenAccuracy).toBeGreaterThan(0.9);
  expect(epochs.at(-1)!.loss).toBeLessThan(0.05);
});

test("the path goes down in the slice, from a loss of about ln 10 to the centre", async () => {
  const { slice } = await network();
  expect(slice.path).toHaveLength(31);
  expect(Math.abs(slice.path[0]!.loss - Math.log(10))).toBeLessThan(0.3);
  expect(slice.centre).toBe(slice.path.at(-1)!.loss);
  expect(slice.centre).toBeLessThan(0.1);
  expect(slice.explained![0] + slice.explained![1]).toBeGreaterThan(0.7);
});

test("mistakes are misclassified digits, the most confident first", async () => {
  const { mistakes } = await network();
  expect(mistakes.length).toBeGreaterThan(3);
  mistakes.forEach(({ label, guess, confidence }, i) => {
    expect(guess).not.toBe(label);
    if (i > 0) expect(confidence).toBeLessThanOrEqual(mistakes[i - 1]!.confidence);
  });
  expect(mistakes[0]!.confidence).toBeGreaterThan(0.9);
});

test("parameters survive a message unchanged, and classify the samples", async () => {
  const { params } = await network();
  const received = paramsOf(params);
  expect(plain(received)).toEqual(params);
  const guesses = samples.map((text) => opinion(received, inkOf(text)).guess);
  expect(guesses.filter((guess, digit) => guess === digit).length).toBeGreaterThanOrEqual(9);
});

test("the samples are digits of the data set, one of each class", () => {
  const { images, labels } = digits();
  samples.forEach((text, digit) => {
    const at = labels.indexOf(digit);
    expect(inkOf(text)).toEqual(Array.from(images.subarray(at * pixels, (at + 1) * pixels)));
  });
});

test("the derivative in a pixel is the effect of a little ink on the score", async () => {
  const params = paramsOf((await network()).params);
  const ink = inkOf(samples[3]!);
  const score = (x: readonly number[]): number => {
    const p = opinion(params, x, 3).probabilities;
    return Math.log(p[3]!) - Math.log(p[5]!); // a difference of scores: the softmax denominator cancels
  };
  const [of3, of5] = [opinion(params, ink, 3).byPixel, opinion(params, ink, 5).byPixel];
  for (const pixel of [10, 27, 36, 44]) {
    const h = 1e-2; // piecewise linear, in float32
    const more = ink.map((x, i) => (i === pixel ? x + h : x));
    expect((score(more) - score(ink)) / h).toBeCloseTo(of3[pixel]! - of5[pixel]!, 1);
  }
});

test("the hidden units add up to the scores of the network", () => {
  const params = firstParams(3);
  const ink = inkOf(samples[5]!);
  const units = hiddenUnits(params, ink);
  expect(units.length).toBe(32);
  const scores = net.apply(params, tensor(Float32Array.from(ink))).tolist() as number[];
  const biases = params.layers[1]!.bias.tolist() as number[];
  for (const [k, score] of scores.entries()) {
    const sum = units.reduce((total, { activation, votes }) => total + activation * votes[k]!, biases[k]!);
    expect(sum).toBeCloseTo(score, 4); // float32
  }
  expect(units.some(({ activation }) => activation === 0)).toBe(true);
});

test("an untrained network has nearly uniform predictions", () => {
  const { probabilities } = opinion(firstParams(0), inkOf(samples[3]!));
  expect(Math.max(...probabilities)).toBeLessThan(0.4);
  expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
});
