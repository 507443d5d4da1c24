// The hidden units of the network.
import type { MlpParams } from "downhill/nn";
import { classes, pixels } from "./network.ts";

/** A hidden unit, and its response to an image. */
export interface HiddenUnit {
  /** Weight of each pixel, row by row. */
  readonly weights: readonly number[];
  /** Result for the image: the weighted sum of its ink plus the bias, or 0 if that is negative. */
  readonly activation: number;
  /** Weight of this unit in the score of each digit. */
  readonly votes: readonly number[];
}

/** Computes the hidden units of a network with one hidden layer for an image of {@link pixels} numbers. */
export function hiddenUnits({ layers }: MlpParams, ink: readonly number[]): HiddenUnit[] {
  const [first, second] = layers as [MlpParams["layers"][number], MlpParams["layers"][number]];
  const weights = first.weight.data();
  const biases = first.bias.data();
  const votes = second.weight.data();
  const count = biases.length;
  return Array.from({ length: count }, (_, unit) => {
    const own = Array.from({ length: pixels }, (__, pixel) => Number(weights[pixel * count + unit]));
    const sum = own.reduce((total, weight, i) => total + weight * ink[i]!, Number(biases[unit]));
    return {
      weights: own,
      activation: Math.max(0, sum),
      votes: Array.from({ length: classes }, (__, k) => Number(votes[unit * classes + k])),
    };
  });
}
