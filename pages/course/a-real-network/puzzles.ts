import type { Puzzle } from "../lab/puzzle.ts";

/** Puzzles of the chapter. */
export const puzzles: readonly Puzzle[] = [
  {
    id: "relu-backward",
    task: "A neuron with the function `relu` returns its input where it is positive, and 0 elsewhere. `xs` are the inputs of a layer, and `cts` the derivatives that arrive at its outputs.\n\nReturn the derivatives in the inputs. At 0 the derivative is 0 by convention.",
    start: `function reluBack(xs, cts) {
  return cts;
}`,
    names: ["reluBack"],
    hints: [
      "Where the input is negative, a small change of it changes nothing.",
      "Keep the number that arrives where the input is positive, and return 0 elsewhere.",
      "cts.map((ct, i) => (xs[i] > 0 ? ct : 0)).",
    ],
    solution: `function reluBack(xs, cts) {
  return cts.map((ct, i) => (xs[i] > 0 ? ct : 0));
}`,
  },
  {
    id: "layer-backward",
    task: "A layer computes `y[j] = b[j] + Σ x[i] * W[i][j]`. The backward pass arrives with `ct[j]`, the derivatives in the outputs.\n\nReturn the derivatives in `W`, in `b` and in `x`, as `{ W, b, x }`.",
    start: `function layerBack(W, x, ct) {
  return {
    W: W.map((row, i) => row.map((w, j) => ct[j])),
    b: ct,
    x: x.map((_, i) => ct[0]),
  };
}`,
    names: ["layerBack"],
    hints: [
      "The weight W[i][j] enters one product only: x[i] * W[i][j], in the output j.",
      "So the derivative in W[i][j] is x[i] * ct[j]. The input x[i] enters every output: add over j.",
      "x: x.map((_, i) => W[i].reduce((sum, w, j) => sum + w * ct[j], 0)).",
    ],
    solution: `function layerBack(W, x, ct) {
  return {
    W: W.map((row, i) => row.map((w, j) => x[i] * ct[j])),
    b: ct,
    x: x.map((_, i) => W[i].reduce((sum, w, j) => sum + w * ct[j], 0)),
  };
}`,
  },
  {
    id: "softmax-gradient",
    task: "A classifier turns scores into probabilities, $pₖ = exp(sₖ)/Σ exp(sⱼ)$, and its loss is $−log(p)$ of the right class. The derivative in the score of class k is $pₖ$, minus 1 for the right class.\n\nReturn all derivatives. Scores may be as large as 1,000, where `Math.exp` returns infinity.",
    start: `function gradient(scores, right) {
  const powers = scores.map((s) => Math.exp(s));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / sum);
}`,
    names: ["gradient"],
    hints: [
      "Two things are missing: the 1 of the right class, and the large scores.",
      "If all scores change by the same amount, the probabilities stay equal. Subtract the largest score from each.",
      "Math.exp(s - Math.max(...scores)) never overflows. Then return p / sum - (k === right ? 1 : 0).",
    ],
    solution: `function gradient(scores, right) {
  const top = Math.max(...scores);
  const powers = scores.map((s) => Math.exp(s - top));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((p, k) => p / sum - (k === right ? 1 : 0));
}`,
  },
  {
    id: "train-it",
    task: "Train a network that tells two interleaved half moons apart. `lossAndGradient(params)` returns the loss and its gradient. `applyUpdates` adds the changes that an optimiser proposes.\n\nReturn parameters with a loss below 0.1, after at most 300 calls of `lossAndGradient`.",
    start: `import { adam, applyUpdates, sgd } from "downhill/optim";

function train(lossAndGradient, params) {
  const { init, update } = sgd({ learningRate: 0.1 });
  let state = init(params);
  for (let i = 0; i < 100; i++) {
    const [loss, gradient] = lossAndGradient(params);
    if (i % 20 === 0) console.log(i, loss.item());
    const step = update(gradient, state, params);
    params = applyUpdates(params, step.updates);
    state = step.state;
  }
  return params;
}`,
    names: ["train"],
    hints: [
      "Run the start, and read the printed losses: they fall too slowly.",
      "Change the rate, the number of steps, or the optimiser.",
      "adam({ learningRate: 0.05 }) with 200 steps is enough.",
    ],
    solution: `import { adam, applyUpdates } from "downhill/optim";

function train(lossAndGradient, params) {
  const { init, update } = adam({ learningRate: 0.05 });
  let state = init(params);
  for (let i = 0; i < 200; i++) {
    const [loss, gradient] = lossAndGradient(params);
    const step = update(gradient, state, params);
    params = applyUpdates(params, step.updates);
    state = step.state;
  }
  return params;
}`,
  },
];
