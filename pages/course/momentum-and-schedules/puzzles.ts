import type { Puzzle } from "../lab/puzzle.ts";

/** Puzzles of the chapter. */
export const puzzles: readonly Puzzle[] = [
  {
    id: "momentum",
    task: "Write gradient descent with momentum. The velocity keeps the fraction `decay` of itself, and adds the gradient. The parameter moves against the new velocity, times the rate.\n\nReturn the new velocity and the change of the parameter.",
    start: `function update(velocity, gradient, rate, decay) {
  return [velocity, -rate * gradient];
}`,
    names: ["update"],
    hints: [
      "First compute the new velocity from the old one and the gradient.",
      "The new velocity is decay * velocity + gradient.",
      "The change is -rate times the new velocity.",
    ],
    solution: `function update(velocity, gradient, rate, decay) {
  const v = decay * velocity + gradient;
  return [v, -rate * v];
}`,
  },
  {
    id: "nesterov",
    task: "Nesterov's momentum looks one step ahead: the parameter moves by the gradient plus the fraction `decay` of the new velocity.\n\nReturn the new velocity and the change of the parameter.",
    start: `function update(velocity, gradient, rate, decay) {
  const v = decay * velocity + gradient;
  return [v, -rate * v];
}`,
    names: ["update"],
    hints: [
      "The velocity is computed as before. Only the change differs.",
      "Instead of v, the step uses a sum of two terms.",
      "The change is -rate * (gradient + decay * v).",
    ],
    solution: `function update(velocity, gradient, rate, decay) {
  const v = decay * velocity + gradient;
  return [v, -rate * (gradient + decay * v)];
}`,
  },
  {
    id: "momentum-limit",
    task: "Without momentum, gradient descent on a parabola of curvature $λ$ diverges above the rate $2/λ$. With momentum it bears larger rates.\n\nReturn the largest rate that converges, for a given curvature and decay. Experiment: `diverges(rate, curvature, decay)` runs 2,000 steps for you, and what you print with `console.log` is shown.",
    start: `function diverges(rate, curvature, decay) {
  let x = 1, v = 0;
  for (let i = 0; i < 2000; i++) {
    v = decay * v + curvature * x;
    x = x - rate * v;
  }
  return !(Math.abs(x) < 1);
}

function limit(curvature, decay) {
  console.log(diverges(2.1, 1, 0), diverges(2.1, 1, 0.5));
  return 2 / curvature;
}`,
    names: ["limit"],
    hints: [
      "For the decay 0.5 and the curvature 1, the limit is 3. For the decay 0.9, it is 3.8.",
      "In these two cases the limit is 2 times 1.5, and 2 times 1.9.",
      "The limit is 2 * (1 + decay) / curvature.",
    ],
    solution: `function limit(curvature, decay) {
  return 2 * (1 + decay) / curvature;
}`,
  },
  {
    id: "cosine",
    task: "The rate falls from `from` at step 0 to `to` at step `steps`, along half a period of a cosine. After that it stays at `to`.",
    start: `function rate(t, steps, from, to) {
  return from + (to - from) * t / steps;
}`,
    names: ["rate"],
    hints: [
      "The cosine of an angle from 0 to π goes from 1 to −1. Map this to a range from 1 to 0.",
      "(1 + Math.cos(Math.PI * t / steps)) / 2 goes from 1 to 0. Limit t to steps.",
      "Return to + (from - to) times this number.",
    ],
    solution: `function rate(t, steps, from, to) {
  const done = Math.min(t, steps) / steps;
  return to + (from - to) * (1 + Math.cos(Math.PI * done)) / 2;
}`,
  },
  {
    id: "warm-up",
    task: "Large steps at the beginning can ruin a run. During the first `warm` steps the rate rises in equal steps to `top`: it is `top / warm` at step 0, and `top` at step `warm − 1`. After that it falls in proportion to $1/√t$, so that it is half of `top` at step `4 * warm`.",
    start: `function rate(t, warm, top) {
  return top;
}`,
    names: ["rate"],
    hints: [
      "Two cases: t < warm, and the rest.",
      "In the first case the rate is top * (t + 1) / warm. In the second case it is top at t = warm.",
      "In the second case the rate is top * Math.sqrt(warm / t).",
    ],
    solution: `function rate(t, warm, top) {
  if (t < warm) return top * (t + 1) / warm;
  return top * Math.sqrt(warm / t);
}`,
  },
];
