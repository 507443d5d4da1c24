import type { Puzzle } from "../lab/puzzle.ts";

/** Puzzles of the chapter. */
export const puzzles: readonly Puzzle[] = [
  {
    id: "classify",
    task: 'At a point where the gradient is 0, the second derivatives are $∂²f/∂x² = a$, $∂²f/∂x∂y = b$ and $∂²f/∂y² = c$.\n\nReturn `"minimum"`, `"maximum"` or `"saddle"`. The checks use no case in between.',
    start: `function kind(a, b, c) {
  if (a > 0 && c > 0) return "minimum";
  if (a < 0 && c < 0) return "maximum";
  return "saddle";
}`,
    names: ["kind"],
    hints: [
      "The curvatures along x and along y are not enough. With a large b, a diagonal direction curves the other way.",
      "The determinant $a*c − b²$ is the product of the two curvatures along the principal directions.",
      "If a * c - b * b is below 0, it is a saddle. Otherwise the sign of a decides.",
    ],
    solution: `function kind(a, b, c) {
  if (a * c - b * b < 0) return "saddle";
  return a > 0 ? "minimum" : "maximum";
}`,
  },
  {
    id: "escape",
    task: "The function $x² − y² + y⁴/4$ has a saddle at (0, 0) and minima on both sides of it. The run below starts near the saddle, and ends in it.\n\nReturn a start at most 0.001 away from (0, 0), from which 200 steps at the rate 0.1 reach a minimum.",
    start: `function start() {
  return [0.001, 0];
}`,
    names: ["start"],
    hints: [
      "Along x the saddle is a valley: the run slides back. In which direction does it go down?",
      "The term −y² goes down along y. The smallest push in that direction grows with every step.",
      "Start with x = 0 and a small y, which must not be 0.",
    ],
    solution: `function start() {
  return [0, 0.001];
}`,
  },
  {
    id: "plateau",
    task: "On a plateau the gradient is almost 0, so that steps of gradient descent are tiny. Make a step of fixed `length` against the direction of the gradient, whatever its size.\n\nWhere the gradient is exactly 0, the point must not move.",
    start: `function step(point, gradient, length) {
  return point.map((x, i) => x - length * gradient[i]);
}`,
    names: ["step"],
    hints: [
      "Divide the gradient by its size. Then its size is 1.",
      "The size is the square root of the sum of the squares: Math.hypot(...gradient).",
      "If the size is 0, return the point. Otherwise subtract length * gradient[i] / size.",
    ],
    solution: `function step(point, gradient, length) {
  const size = Math.hypot(...gradient);
  if (size === 0) return point;
  return point.map((x, i) => x - length * gradient[i] / size);
}`,
  },
  {
    id: "many-starts",
    task: "The landscape has many minima. `descend(x)` runs gradient descent from the start `x`, a number from −5 to 5, and returns the minimum that it reaches. `f(x)` is the height there.\n\nReturn the lowest minimum that you can find with at most 40 runs. `random()` returns a number from 0 to 1.",
    start: `function search(f, descend, random) {
  return descend(0);
}`,
    names: ["search"],
    hints: [
      "One start decides on one minimum. Use several starts, and compare.",
      "A random start is 10 * random() - 5. Keep the best point so far.",
      "In a loop of 40: const x = descend(10 * random() - 5); if (f(x) < f(best)) best = x.",
    ],
    solution: `function search(f, descend, random) {
  let best = descend(0);
  for (let i = 0; i < 39; i++) {
    const x = descend(10 * random() - 5);
    if (f(x) < f(best)) best = x;
  }
  return best;
}`,
  },
];
