import type { Puzzle } from "../lab/puzzle.ts";

/** Puzzles of the chapter. */
export const puzzles: readonly Puzzle[] = [
  {
    id: "one-step",
    task: "Write one step of gradient descent. `point` and `gradient` are arrays of the same length.\n\nThe checks run your step on a landscape, where the run must arrive at the minimum.",
    start: `function step(point, gradient, rate) {
  return point.map((x, i) => x + gradient[i]);
}`,
    names: ["step"],
    hints: [
      "The gradient points uphill.",
      "The learning rate decides how far the step goes for each unit of slope.",
      "Each coordinate becomes x - rate * gradient[i].",
    ],
    solution: `function step(point, gradient, rate) {
  return point.map((x, i) => x - rate * gradient[i]);
}`,
  },
  {
    id: "make-it-diverge",
    task: "Make gradient descent diverge, but only just. The function is a parabola with the given curvature $λ$.\n\nReturn a learning rate at which the run moves away from the minimum, at most 1 % above the largest rate that does not.",
    start: `function rate(curvature) {
  return 1 / curvature;
}`,
    names: ["rate"],
    hints: [
      "One step multiplies the distance from the minimum by $1 − η*λ$.",
      "The run diverges if this factor is below −1.",
      "The factor is −1 at $η = 2/λ$. Go a little above it.",
    ],
    solution: `function rate(curvature) {
  return 2.01 / curvature;
}`,
  },
  {
    id: "best-rate",
    task: "A bowl has the curvature `low` in one direction and `high` in the other. Return the learning rate that needs the fewest steps.",
    start: `function rate(low, high) {
  return 1 / high;
}`,
    names: ["rate"],
    hints: [
      "The slower of the two directions decides. With 1/high the steep direction is done in one step, and the flat one is slow.",
      "Raise the rate until both directions shrink equally fast: $1 − η*low$ = $η*high − 1$.",
      "Solve this equation for η: the rate is 2 divided by the sum of the curvatures.",
    ],
    solution: `function rate(low, high) {
  return 2 / (low + high);
}`,
  },
  {
    id: "line-search",
    task: "No single learning rate suits every landscape. Choose one for each step: begin with 1, and halve the rate until the function value after the step is lower than before.\n\n`f` is the function, `point` and `gradient` are arrays.",
    start: `function rate(f, point, gradient) {
  return 0.01;
}`,
    names: ["rate"],
    hints: [
      "Compute the point after a step at the rate 1, and compare f there with f(point).",
      "Use a loop: while the new value is not lower, divide the rate by 2.",
      "while (!(f(point.map((x, i) => x - r * gradient[i])) < f(point))) r = r / 2. Stop when r is tiny, or the loop never ends at a minimum.",
    ],
    solution: `function rate(f, point, gradient) {
  const here = f(point);
  let r = 1;
  while (r > 1e-12) {
    if (f(point.map((x, i) => x - r * gradient[i])) < here) return r;
    r = r / 2;
  }
  return r;
}`,
  },
];
