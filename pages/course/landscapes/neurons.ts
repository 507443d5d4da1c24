// Two interchangeable neurons.
import { adam, sgd } from "downhill/optim";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";
import { findLandscape } from "../../../src/pictures/landscapes/zoo.ts";
import { type Descent, descentOf, type GradientNoise } from "../../live/descent.ts";

/** The loss as a function of the weights of the two neurons. */
export const neurons = /* @__PURE__ */ findLandscape("two-neurons");

/** Number of steps of each method. */
export const neuronSteps = 500;

const methods = /* @__PURE__ */ (() => [
  {
    name: "gradient descent",
    rate: 0.15,
    run: descentOf<{ rate: number }>(neurons.value, ({ rate }) => sgd({ learningRate: rate }), neuronSteps),
  },
  {
    name: "Adam",
    rate: 0.1,
    run: descentOf<{ rate: number }>(neurons.value, ({ rate }) => adam({ learningRate: rate }), neuronSteps),
  },
])();

/** Runs gradient descent and Adam from a start, with or without noise on each gradient. */
export function trainNeurons(
  start: Point,
  noise: GradientNoise,
): readonly (Descent & { readonly name: string })[] {
  return methods.map(({ name, rate, run }) => ({ name, ...run(start, { rate }, noise) }));
}
