import type { Puzzle } from "../lab/puzzle.ts";

/** Puzzles of the chapter. */
export const puzzles: readonly Puzzle[] = [
  {
    id: "loop-backward",
    task: "The loop computes logistic growth: `p = p + r * p * (1 - p)`, n times, from `p = x`. Write its derivative in `x` and in `r`, with a backward pass. The forward pass stores every `p` on a tape.\n\nOne line of the backward pass is missing: the contribution to `dr`.",
    start: `function gradient(x, r, n) {
  const tape = [];
  let p = x;
  for (let i = 0; i < n; i++) {
    tape.push(p);
    p = p + r * p * (1 - p);
  }
  let dp = 1;
  let dr = 0;
  for (let i = n - 1; i >= 0; i--) {
    const q = tape[i];   // p before this iteration
    dp = dp * (1 + r * (1 - 2 * q));
  }
  return [dp, dr];
}`,
    names: ["gradient"],
    hints: [
      "Each iteration reads r, so each iteration contributes to dr.",
      "The local derivative of the line in r is q * (1 - q). Multiply it by the derivative that arrives, dp.",
      "Put dr = dr + dp * q * (1 - q) before the line that changes dp.",
    ],
    solution: `function gradient(x, r, n) {
  const tape = [];
  let p = x;
  for (let i = 0; i < n; i++) {
    tape.push(p);
    p = p + r * p * (1 - p);
  }
  let dp = 1;
  let dr = 0;
  for (let i = n - 1; i >= 0; i--) {
    const q = tape[i];
    dr = dr + dp * q * (1 - q);
    dp = dp * (1 + r * (1 - 2 * q));
  }
  return [dp, dr];
}`,
  },
  {
    id: "branch",
    task: "`f` doubles a number until it is at least 100, and then takes the square root if the count of doublings is odd. Return its derivative: differentiate the lines that run for this `x`, and ignore the others.",
    start: `function f(x) {
  let y = x;
  let count = 0;
  while (y < 100) {
    y = 2 * y;
    count = count + 1;
  }
  if (count % 2 === 1) y = Math.sqrt(y);
  return y;
}

function slope(x) {
  return 2;
}`,
    names: ["slope"],
    hints: [
      "Copy the body of f, and add a variable dy that begins with 1. The count has no derivative.",
      "In the loop, dy = 2 * dy. In the branch, the chain rule for the square root.",
      "Before y = Math.sqrt(y), add dy = dy / (2 * Math.sqrt(y)). Return dy.",
    ],
    solution: `function slope(x) {
  let y = x;
  let dy = 1;
  let count = 0;
  while (y < 100) {
    y = 2 * y;
    dy = 2 * dy;
    count = count + 1;
  }
  if (count % 2 === 1) dy = dy / (2 * Math.sqrt(y));
  return dy;
}`,
  },
  {
    id: "overwritten",
    task: "The loop replaces an array by its running products, in place: `a[i] = a[i - 1] * a[i]`. Return the derivatives of the last entry in the original entries.\n\nThe backward pass needs the two factors of every product. One of them has been overwritten. Save it on the tape.",
    start: `function gradient(a) {
  a = [...a];
  const n = a.length;
  const tape = [];
  for (let i = 1; i < n; i++) {
    a[i] = a[i - 1] * a[i];
  }
  const d = new Array(n).fill(0);
  d[n - 1] = 1;
  for (let i = n - 1; i >= 1; i--) {
    const old = a[i];          // should be the entry before it was overwritten
    d[i - 1] = d[i - 1] + d[i] * old;
    d[i] = d[i] * a[i - 1];
  }
  return d;
}`,
    names: ["gradient"],
    hints: [
      "Before the assignment, the old a[i] is still there. Push it to the tape.",
      "The backward pass needs the saved values in reverse order: last in, first out.",
      "tape.push(a[i]) before the product, and const old = tape.pop() in the backward loop.",
    ],
    solution: `function gradient(a) {
  a = [...a];
  const n = a.length;
  const tape = [];
  for (let i = 1; i < n; i++) {
    tape.push(a[i]);
    a[i] = a[i - 1] * a[i];
  }
  const d = new Array(n).fill(0);
  d[n - 1] = 1;
  for (let i = n - 1; i >= 1; i--) {
    const old = tape.pop();
    d[i - 1] = d[i - 1] + d[i] * old;
    d[i] = d[i] * a[i - 1];
  }
  return d;
}`,
  },
  {
    id: "one-exp",
    task: "The derivative of $f(x) = x*exp(−x²)$ is $exp(−x²) − 2*x²*exp(−x²)$. A compiler notices that all three exponentials are equal, and computes one.\n\nReturn the value and the derivative with one call of `exp` and at most four calls of `mul`. Use `mul(a, b)` for every product.",
    start: `function both(x, exp, mul) {
  const value = mul(x, exp(-mul(x, x)));
  const slope = exp(-mul(x, x)) - mul(2, mul(mul(x, x), exp(-mul(x, x))));
  return [value, slope];
}`,
    names: ["both"],
    hints: [
      "Give each repeated expression a name, and compute it once: the square of x and the exponential.",
      "With s = mul(x, x) and e = exp(-s), the value is mul(x, e).",
      "The slope is e - mul(2, mul(s, e)), or mul(e, 1 - 2s) with 2s written as s + s.",
    ],
    solution: `function both(x, exp, mul) {
  const s = mul(x, x);
  const e = exp(-s);
  return [mul(x, e), mul(e, 1 - (s + s))];
}`,
  },
];
