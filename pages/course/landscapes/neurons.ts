// Two neurons that may change places.
import { adam, sgd } from "downhill/optim";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";
import { findLandscape } from "../../../src/pictures/landscapes/zoo.ts";
import { type Descent, descentOf, type GradientNoise } from "../../live/descent.ts";

/** The loss by the weights of the two neurons. */
export const neurons = /* @__PURE__ */ findLandscape("two-neurons");

/** How many steps each method makes. */
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

/** Gradient descent and Adam from a start, with noise on each gradient or without. */
export function trainNeurons(
  start: Point,
  noise: GradientNoise,
): readonly (Descent & { readonly name: string })[] {
  return methods.map(({ name, rate, run }) => ({ name, ...run(start, { rate }, noise) }));
}
