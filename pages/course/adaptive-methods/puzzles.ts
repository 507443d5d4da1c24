import type { Puzzle } from "../lab/puzzle.ts";

/** Puzzles of the chapter. */
export const puzzles: readonly Puzzle[] = [
  {
    id: "adagrad",
    task: "Adagrad adds up the squares of all gradients of a parameter. A step is the rate times the gradient, divided by the square root of this sum plus $ε = 10⁻¹⁰$.\n\nReturn the new sum and the change of the parameter.",
    start: `function update(sum, gradient, rate) {
  return [sum + gradient * gradient, -rate * gradient];
}`,
    names: ["update"],
    hints: [
      "The sum is right already. The change still ignores it.",
      "Use the new sum, which contains the present gradient.",
      "Divide the change by (Math.sqrt(newSum) + 1e-10).",
    ],
    solution: `function update(sum, gradient, rate) {
  const s = sum + gradient * gradient;
  return [s, -rate * gradient / (Math.sqrt(s) + 1e-10)];
}`,
  },
  {
    id: "rmsprop",
    task: "The sum of Adagrad only grows, so that its steps shrink for ever. RMSProp uses a running mean instead: it keeps the fraction `alpha` of the old mean, and takes the fraction `1 − alpha` of the new square. Here $ε = 10⁻⁸$ is added to the root.\n\nReturn the new mean and the change.",
    start: `function update(mean, gradient, rate, alpha) {
  const m = mean + gradient * gradient;
  return [m, -rate * gradient / (Math.sqrt(m) + 1e-8)];
}`,
    names: ["update"],
    hints: [
      "Only the first line changes.",
      "The two weights, alpha and 1 − alpha, add up to 1.",
      "m = alpha * mean + (1 - alpha) * gradient * gradient.",
    ],
    solution: `function update(mean, gradient, rate, alpha) {
  const m = alpha * mean + (1 - alpha) * gradient * gradient;
  return [m, -rate * gradient / (Math.sqrt(m) + 1e-8)];
}`,
  },
  {
    id: "adam",
    task: "Write Adam. It keeps a running mean `m` of the gradients (decay 0.9) and a running mean `v` of their squares (decay 0.999). Both begin at 0, so the first means are too small: divide `m` by $1 − 0.9^t$ and `v` by $1 − 0.999^t$, where t = 1 in the first step.\n\nThe step is the rate times the corrected `m`, divided by the root of the corrected `v` plus $10⁻⁸$. Return the new m, the new v, and the change.",
    start: `function update(m, v, t, gradient, rate) {
  const m1 = 0.9 * m + 0.1 * gradient;
  const v1 = v;
  return [m1, v1, -rate * m1];
}`,
    names: ["update"],
    hints: [
      "First the running mean of the squares, as in RMSProp: v1 = 0.999 * v + 0.001 * gradient * gradient.",
      "Then the corrections: const mean = m1 / (1 - 0.9 ** t), and the same for v1. Return m1 and v1 themselves, not the corrected values.",
      "The change is -rate * mean / (Math.sqrt(square) + 1e-8), where square = v1 / (1 - 0.999 ** t).",
    ],
    solution: `function update(m, v, t, gradient, rate) {
  const m1 = 0.9 * m + 0.1 * gradient;
  const v1 = 0.999 * v + 0.001 * gradient * gradient;
  const mean = m1 / (1 - 0.9 ** t);
  const square = v1 / (1 - 0.999 ** t);
  return [m1, v1, -rate * mean / (Math.sqrt(square) + 1e-8)];
}`,
  },
  {
    id: "adamw",
    task: "Weight decay pulls every weight `x` towards 0. In Adam, a penalty added to the gradient would be divided by the root, too. AdamW applies the decay separately: it adds `−rate * decay * x` to the change.\n\n`adamChange` is the change that Adam makes. Return the change that AdamW makes.",
    start: `function change(adamChange, x, rate, decay) {
  return adamChange - decay * x;
}`,
    names: ["change"],
    hints: [
      "Compare the formula in the task with the code: one factor is missing.",
      "The decay follows the learning rate, so that a schedule changes both.",
      "Subtract rate * decay * x.",
    ],
    solution: `function change(adamChange, x, rate, decay) {
  return adamChange - rate * decay * x;
}`,
  },
];
