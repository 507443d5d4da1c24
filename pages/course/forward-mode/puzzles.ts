import type { Puzzle } from "../lab/puzzle.ts";

/** Puzzles of the chapter. */
export const puzzles: readonly Puzzle[] = [
  {
    id: "rule-of-sin",
    task: "Forward mode carries a pair: a value and its derivative. Write the rule of `sin` for such a pair.\n\n`x` is the value and `dx` its derivative. Return the pair of $sin(x)$: its value and its derivative.",
    start: `function sin([x, dx]) {
  return [Math.sin(x), dx];
}`,
    names: ["sin"],
    hints: [
      "The derivative of sin(x) in x is cos(x). But x itself moves dx times as fast as the input.",
      "Chain rule: multiply the two factors.",
      "The second entry is Math.cos(x) * dx.",
    ],
    solution: `function sin([x, dx]) {
  return [Math.sin(x), Math.cos(x) * dx];
}`,
  },
  {
    id: "product-rule",
    task: "Now the product of two pairs. Both factors may change with the input.",
    start: `function mul([x, dx], [y, dy]) {
  return [x * y, dx * dy];
}`,
    names: ["mul"],
    hints: [
      "Let only x change. How fast does the product change then?",
      "If only x changes, the product changes by y * dx. Now let only y change.",
      "Add the two contributions: one has the factor y, the other has the factor x.",
    ],
    solution: `function mul([x, dx], [y, dy]) {
  return [x * y, y * dx + x * dy];
}`,
  },
  {
    id: "quotient-rule",
    task: "The same for a quotient. You may start from the equation $q*y = x$ and differentiate both sides.",
    start: `function div([x, dx], [y, dy]) {
  const q = x / y;
  return [q, dx / y];
}`,
    names: ["div"],
    hints: [
      "From $q*y = x$ follows $dq*y + q*dy = dx$.",
      "Solve that equation for dq.",
      "Subtract q * dy from dx, and divide by y.",
    ],
    solution: `function div([x, dx], [y, dy]) {
  const q = x / y;
  return [q, (dx - q * dy) / y];
}`,
  },
  {
    id: "dual-loop",
    task: "The loop computes a square root by Newton's method: each iteration takes the mean of `x` and `a / x`.\n\nReturn the value and its derivative in `a`. Add one line that updates `dx`.",
    start: `function root(a) {
  const da = 1;
  let x = a;
  let dx = da;
  for (let i = 0; i < 30; i++) {
    x = (x + a / x) / 2;
  }
  return [x, dx];
}`,
    names: ["root"],
    hints: [
      "Differentiate the line of the loop: the sum and the quotient, then the factor one half.",
      "The derivative of a / x is (da - (a / x) * dx) / x.",
      "Put the line for dx before the line for x, because it reads the old x.",
    ],
    solution: `function root(a) {
  const da = 1;
  let x = a;
  let dx = da;
  for (let i = 0; i < 30; i++) {
    dx = (dx + (da - (a / x) * dx) / x) / 2;
    x = (x + a / x) / 2;
  }
  return [x, dx];
}`,
  },
  {
    id: "one-pass",
    task: "`jvp` is the forward mode of the library. `jvp(f, [point], [direction])` returns the value and the derivative along the direction.\n\nReturn the derivative of `f` along `direction` with a single call of `f`, however many inputs there are. `point` and `direction` are tensors.",
    start: `import { grad, jvp } from "downhill";

function along(f, point, direction) {
  return f(point.add(direction)).sub(f(point));
}`,
    names: ["along"],
    hints: [
      "The start is a difference quotient with h = 1. It calls f twice, and it is not exact.",
      "jvp returns an array of two: the value and the derivative.",
      "Return entry 1 of jvp(f, [point], [direction]).",
    ],
    solution: `import { jvp } from "downhill";

function along(f, point, direction) {
  const [value, slope] = jvp(f, [point], [direction]);
  return slope;
}`,
  },
];
