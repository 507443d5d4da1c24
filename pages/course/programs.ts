// Initial programs of the first four chapters.
import type { ProgramExample } from "../live/program-field.tsx";

/** The first program of the course. */
export const notes = `x = ?
y = ?
a = x * y
b = sin(x)
z = a + b`;

export const notesValues: Readonly<Record<string, string>> = { x: "2", y: "3" };

/** Growth with a limit: a loop of n iterations. */
export const growth = (n: number): string => `function grow(x: number, r: number) {
  "use ad";
  let p = x;
  for (let i = 0; i < ${n}; i++) {
    p = p + r * p * (1 - p);
  }
  return p;
}`;

/** Newton's method for a square root: a loop with an unknown number of iterations. */
export const squareRoot = `function root(a: number) {
  "use ad";
  let x = a;
  while (Math.abs(x * x - a) > 1e-9) {
    x = (x + a / x) / 2;
  }
  return x;
}`;

export const loop: string = growth(4);

/** Example programs for the reader. */
export const examples: readonly ProgramExample[] = [
  { name: "a small program", text: notes, values: notesValues },
  { name: "a formula", text: "exp(-(x^2 + y^2) / 2)", values: { x: "0.5", y: "-1" } },
  {
    name: "one value used twice",
    text: "u = x * y\nv = u + x\nz = u * v",
    values: { x: "2", y: "3" },
  },
  {
    name: "a neuron",
    text: "s = w1 * x1 + w2 * x2 + b\nh = tanh(s)\nz = (h - t)^2",
    values: { w1: "0.4", x1: "1.5", w2: "-0.3", x2: "2", b: "0.1", t: "1" },
  },
  { name: "a branch", text: "where(x > y, x^2, x * y)", values: { x: "2", y: "3" } },
  { name: "TypeScript with a loop", text: loop, values: { x: "0.2", r: "0.8" } },
];
