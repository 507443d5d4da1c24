// Optimisers that PyTorch lacks, compared with the formulas of their papers on plain numbers: twenty steps, with weight
// decay.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Tensor, tensor } from "downhill";
import * as optim from "downhill/optim";
import { optimizerNames } from "../../cli/shared/optimizer-table.ts";

const eta = 0.05;
const lambda = 0.1;
const start = [1.5, -2, 0.25];

/** Gradients of step t, from 1, with both signs and various sizes. */
const gradientsAt = (t: number): number[] =>
  start.map((_, i) => Math.sin(1.7 * t + i) * 10 ** (((t + i) % 4) - 2));

/** Computes one step: the new weights from the old ones and the gradients. */
type Step = (weights: readonly number[], gradients: readonly number[], t: number) => number[];

/** Chen et al. 2023, algorithm 2. */
function lionSteps(): Step {
  const [beta1, beta2] = [0.9, 0.99];
  const m = start.map(() => 0);
  return (weights, gradients) =>
    weights.map((w, i) => {
      const g = gradients[i]!;
      const c = beta1 * m[i]! + (1 - beta1) * g;
      m[i] = beta2 * m[i]! + (1 - beta2) * g;
      return w - eta * (Math.sign(c) + lambda * w);
    });
}

/** You et al. 2020, algorithm 2, with φ the identity. */
function lambSteps(): Step {
  const [beta1, beta2, eps] = [0.9, 0.999, 1e-6];
  const [m, v] = [start.map(() => 0), start.map(() => 0)];
  return (weights, gradients, t) => {
    const u = weights.map((w, i) => {
      const g = gradients[i]!;
      m[i] = beta1 * m[i]! + (1 - beta1) * g;
      v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
      return m[i] / (1 - beta1 ** t) / (Math.sqrt(v[i] / (1 - beta2 ** t)) + eps) + lambda * w;
    });
    const ratio = Math.hypot(...weights) / Math.hypot(...u);
    return weights.map((w, i) => w - eta * ratio * u[i]!);
  };
}

/** Zaheer et al. 2018, algorithm 2, with the bias corrections and initial values of the authors' code. */
function yogiSteps(): Step {
  const [beta1, beta2, eps] = [0.9, 0.999, 0.001];
  const [m, v] = [start.map(() => 1e-6), start.map(() => 1e-6)];
  return (weights, gradients, t) =>
    weights.map((w, i) => {
      const g = gradients[i]! + lambda * w;
      m[i] = beta1 * m[i]! + (1 - beta1) * g;
      v[i] = v[i]! - (1 - beta2) * Math.sign(v[i]! - g * g) * g * g;
      return w - (eta * (m[i] / (1 - beta1 ** t))) / (Math.sqrt(v[i] / (1 - beta2 ** t)) + eps);
    });
}

const options = { learningRate: eta, weightDecay: lambda };

const rules = [
  ["lion", optim.lion(options), lionSteps],
  ["lamb", optim.lamb(options), lambSteps],
  ["yogi", optim.yogi(options), yogiSteps],
] as const;

test("every optimiser is compared with runs of PyTorch (testdata/optim.json) or with its formula here", () => {
  const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, "testdata/optim.json"), "utf8")) as {
    readonly cases: readonly { readonly optimizer: string }[];
  };
  const compared = new Set([...cases.map(({ optimizer }) => optimizer), ...rules.map(([name]) => name)].map((name) => name.toLowerCase())); // prettier-ignore
  expect(optimizerNames.filter((name) => !compared.has(name.toLowerCase()))).toEqual([]);
});

describe.each(rules)("%s", (_, optimizer, stepsOf) => {
  test("follows the formula of its paper", () => {
    const step = stepsOf();
    let weights: readonly number[] = start;
    let params: { readonly w: Tensor } = { w: tensor(start) };
    let state: unknown = optimizer.init(params);
    for (let t = 1; t <= 20; t++) {
      const gradients = gradientsAt(t);
      weights = step(weights, gradients, t);
      const { updates, state: next } = optimizer.update({ w: tensor(gradients) }, state as never, params);
      params = optim.applyUpdates(params, updates);
      state = next;
      // rounded in another order, by some ulps per step
      for (const [i, w] of params.w.data().entries()) expect(w, `step ${t}`).toBeCloseTo(weights[i]!, 12);
    }
  });
});
