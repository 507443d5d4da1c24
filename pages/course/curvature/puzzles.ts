import type { Puzzle } from "../lab/puzzle.ts";

/** Puzzles of the chapter. */
export const puzzles: readonly Puzzle[] = [
  {
    id: "newton-step",
    task: "Newton's method replaces the function by the parabola with the same slope and the same curvature at `x`, and goes to the minimum of that parabola.\n\nReturn the next point. The curvature is positive.",
    start: `function next(x, slope, curvature) {
  return x - slope;
}`,
    names: ["next"],
    hints: [
      "The slope of the parabola at the distance d from x is slope + curvature * d.",
      "At the minimum of the parabola its slope is 0. Solve for d.",
      "The step d is -slope / curvature.",
    ],
    solution: `function next(x, slope, curvature) {
  return x - slope / curvature;
}`,
  },
  {
    id: "hessian-vector",
    task: "A Hessian of a million inputs has $10¹²$ entries, but its product with one vector costs little: it is the derivative of the gradient along `v`.\n\nReturn the product of the Hessian of `f` at `x` with `v`, exactly, and with one call of `f`.",
    start: `import { grad, jvp } from "downhill";

function product(f, x, v) {
  const slope = grad(f);
  return slope(x.add(v)).sub(slope(x));
}`,
    names: ["product"],
    hints: [
      "The start is a difference quotient of the gradient. It is exact for parabolas only.",
      "grad(f) is a function. jvp gives its derivative along v.",
      "jvp(grad(f), [x], [v]) returns the gradient and the product. Return entry 1.",
    ],
    solution: `import { grad, jvp } from "downhill";

function product(f, x, v) {
  return jvp(grad(f), [x], [v])[1];
}`,
  },
  {
    id: "gauss-newton",
    task: "A fit minimises the sum of squared residuals `r[i]`. `J[i]` holds the derivatives of `r[i]` in the two parameters. Gauss-Newton takes the step d that solves $Jᵀ*J*d = −Jᵀ*r$.\n\nReturn d. The code computes both sides.",
    start: `function step(J, r) {
  let a = 0, b = 0, c = 0, p = 0, q = 0;
  for (let i = 0; i < r.length; i++) {
    const [u, v] = J[i];
    a += u * u; b += u * v; c += v * v;
    p -= u * r[i]; q -= v * r[i];
  }
  // solve  a * d0 + b * d1 = p,  b * d0 + c * d1 = q
  return [p, q];
}`,
    names: ["step"],
    hints: [
      "Two equations with two unknowns: eliminate one of them, or use Cramer's rule.",
      "The determinant is a * c - b * b.",
      "d0 = (p * c - b * q) / det and d1 = (a * q - b * p) / det.",
    ],
    solution: `function step(J, r) {
  let a = 0, b = 0, c = 0, p = 0, q = 0;
  for (let i = 0; i < r.length; i++) {
    const [u, v] = J[i];
    a += u * u; b += u * v; c += v * v;
    p -= u * r[i]; q -= v * r[i];
  }
  const det = a * c - b * b;
  return [(p * c - b * q) / det, (a * q - b * p) / det];
}`,
  },
  {
    id: "conjugate-gradients",
    task: "Solve $H*x = b$ without the matrix: `times(v)` returns the product of H with a vector. H is symmetric and positive definite.\n\nThe code is steepest descent. Conjugate gradients differ in one line: the new direction is the residual plus a multiple of the old direction. Reach a residual of $10⁻⁸$ in as many products as there are unknowns.",
    start: `const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

function solve(times, b) {
  let x = b.map(() => 0);
  let r = b;             // the residual b - H x
  let d = r;             // the direction
  for (let k = 0; k < b.length; k++) {
    const Hd = times(d);
    const step = dot(r, d) / dot(d, Hd);
    x = x.map((xi, i) => xi + step * d[i]);
    const next = r.map((ri, i) => ri - step * Hd[i]);
    const beta = 0;
    d = next.map((ri, i) => ri + beta * d[i]);
    r = next;
  }
  return x;
}`,
    names: ["solve"],
    hints: [
      "Only beta is wrong. It makes the new direction conjugate to the old one: d · H dOld = 0.",
      "For conjugate gradients, beta is a ratio of squared sizes of the two residuals.",
      "beta = dot(next, next) / dot(r, r).",
    ],
    solution: `const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

function solve(times, b) {
  let x = b.map(() => 0);
  let r = b;
  let d = r;
  for (let k = 0; k < b.length; k++) {
    const Hd = times(d);
    const step = dot(r, d) / dot(d, Hd);
    x = x.map((xi, i) => xi + step * d[i]);
    const next = r.map((ri, i) => ri - step * Hd[i]);
    const beta = dot(next, next) / dot(r, r);
    d = next.map((ri, i) => ri + beta * d[i]);
    r = next;
  }
  return x;
}`,
  },
  {
    id: "two-loops",
    task: "L-BFGS estimates the curvature from its last steps. Each pair has `s`, the step, and `y`, the change of the gradient over that step. Two loops over the pairs turn the gradient into a direction.\n\nThe first loop runs from the newest pair (the last one) to the oldest. Write the second loop, from the oldest to the newest: it adds $(a − b)*s$, where $b = (y·q)/(y·s)$, and `a` is the number that the first loop stored for this pair.",
    start: `const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

function direction(gradient, pairs) {
  let q = gradient;
  const as = [];
  for (let k = pairs.length - 1; k >= 0; k--) {
    const { s, y } = pairs[k];
    as[k] = dot(s, q) / dot(y, s);
    q = q.map((qi, i) => qi - as[k] * y[i]);
  }
  const last = pairs.at(-1);
  const scale = last === undefined ? 1 : dot(last.s, last.y) / dot(last.y, last.y);
  q = q.map((qi) => scale * qi);
  // the second loop

  return q.map((qi) => -qi);
}`,
    names: ["direction"],
    hints: [
      "The second loop looks like the first one, in the other order. It reads as[k] and does not change it.",
      "for (let k = 0; k < pairs.length; k++) { const { s, y } = pairs[k]; … }",
      "const b = dot(y, q) / dot(y, s); q = q.map((qi, i) => qi + (as[k] - b) * s[i]);",
    ],
    solution: `const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

function direction(gradient, pairs) {
  let q = gradient;
  const as = [];
  for (let k = pairs.length - 1; k >= 0; k--) {
    const { s, y } = pairs[k];
    as[k] = dot(s, q) / dot(y, s);
    q = q.map((qi, i) => qi - as[k] * y[i]);
  }
  const last = pairs.at(-1);
  const scale = last === undefined ? 1 : dot(last.s, last.y) / dot(last.y, last.y);
  q = q.map((qi) => scale * qi);
  for (let k = 0; k < pairs.length; k++) {
    const { s, y } = pairs[k];
    const b = dot(y, q) / dot(y, s);
    q = q.map((qi, i) => qi + (as[k] - b) * s[i]);
  }
  return q.map((qi) => -qi);
}`,
  },
];
