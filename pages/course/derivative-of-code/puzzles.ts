import type { Puzzle } from "../lab/puzzle.ts";

/** Puzzles of the chapter. */
export const puzzles: readonly Puzzle[] = [
  {
    id: "slope-of-square",
    task: "The function is $f(x) = x²$. Make `slope(x)` return its derivative.",
    start: `function slope(x) {
  return x;
}`,
    names: ["slope"],
    hints: [
      "At x = 3 the function grows 6 times as fast as x. At x = 5 it grows 10 times as fast.",
      "The derivative of $x^n$ is $n*x^(n−1)$. Here n is 2.",
      "The derivative is twice x. JavaScript writes a product with a star: `2 * x`.",
    ],
    solution: `function slope(x) {
  return 2 * x;
}`,
  },
  {
    id: "two-sided",
    task: "The difference quotient below uses the value at `x` and one value to the right of it. Its error is proportional to `h`.\n\nUse one value on each side of `x` instead, each at the distance `h`. The error is then proportional to $h²$.",
    start: `function difference(f, x, h) {
  return (f(x + h) - f(x)) / h;
}`,
    names: ["difference"],
    hints: [
      "Subtract the value on the left from the value on the right.",
      "The values are f(x + h) and f(x - h). How far apart are these two points?",
      "The two points are 2 * h apart, so divide by that.",
    ],
    solution: `function difference(f, x, h) {
  return (f(x + h) - f(x - h)) / (2 * h);
}`,
  },
  {
    id: "best-step",
    task: "A large step `h` has a large error because the function is curved. A tiny step has a large error because numbers have 16 digits, and the subtraction loses most of them.\n\nReturn a step for which the two-sided difference quotient is right to nine digits.",
    start: `function step() {
  return 1e-12;
}`,
    names: ["step"],
    hints: [
      "Try some powers of ten, and watch the error in the checks.",
      "The error from the curvature is about $h²$, the error from rounding about $10⁻¹⁶/h$.",
      "The two errors are equal where $h³$ is about $10⁻¹⁶$.",
    ],
    solution: `function step() {
  return 1e-5;
}`,
  },
  {
    id: "loop-slope",
    task: "`power` computes $xⁿ$ with a loop. `slope` runs the same loop and carries the derivative `dp` of `p` along.\n\nComplete the line that updates `dp`. It runs before `p` changes.",
    start: `function power(x, n) {
  let p = 1;
  for (let i = 0; i < n; i++) p = p * x;
  return p;
}

function slope(x, n) {
  let p = 1;
  let dp = 0;
  for (let i = 0; i < n; i++) {
    dp = dp * x;
    p = p * x;
  }
  return dp;
}`,
    names: ["slope"],
    hints: [
      "The new value is a product, p * x. Both factors change when x changes.",
      "The product rule: the derivative of $p*x$ is $p'*x + p*x'$. What is $x'$?",
      "The derivative of x in x is 1, so the second term is p.",
    ],
    solution: `function slope(x, n) {
  let p = 1;
  let dp = 0;
  for (let i = 0; i < n; i++) {
    dp = dp * x + p;
    p = p * x;
  }
  return dp;
}`,
  },
];
