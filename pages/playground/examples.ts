// Example programs.
import type { Range, Texts, View } from "./question.ts";

/** A program and its initial view. */
export interface Example {
  readonly name: string;
  readonly text: string;
  readonly typed?: Texts;
  readonly view?: View;
  readonly ranges?: Readonly<Record<string, Range>>;
  readonly optimizers?: string;
  readonly data?: string;
}

const pendulum = `// A pendulum, step by step: how far is it from where it was seen?
export function miss(length: number, angle: number, seen: number[]): number {
  "use ad";
  const dt = 0.1;
  let speed = 0;
  let sum = 0;
  for (let i = 0; i < seen.length; i++) {
    speed -= dt * (9.81 / length) * Math.sin(angle);
    angle += dt * speed;
    sum += (angle - seen[i]) ** 2;
  }
  return sum;
}
`;

const line = `// Least squares by hand: points, slope and intercept.
export function loss(a: number, b: number, xs: number[], ys: number[]): number {
  "use ad";
  let sum = 0;
  for (let i = 0; i < xs.length; i++) {
    const miss = a * xs[i] + b - ys[i];
    sum += miss * miss;
  }
  return sum / xs.length;
}
`;

const decay = `x,y
0,5.02
0.5,4.37
1,3.82
1.5,3.40
2,2.97
3,2.41
4,1.95
5,1.65
6,1.44
8,1.20
10,1.05
12,1.01
`;

export const examples: readonly [Example, ...Example[]] = [
  { name: "x · y + sin(x)", text: "x*y + sin(x)" },
  { name: "Lecture notes", text: "x = 2\ny = 3\na = x * y\nb = sin(x)\nz = a + b" },
  { name: "A wave that fades", text: "exp(-x^2 / 8) * sin(3*x)", typed: { x: "0.5" }, view: "plot" },
  { name: "A neuron", text: "h = tanh(w*x + b)\n(h - t)^2", typed: { w: "0.4", x: "1.5", b: "0.1", t: "1" } },
  {
    name: "Rosenbrock's valley",
    text: "(1 - x)^2 + 100*(y - x^2)^2",
    typed: { x: "-1.2", y: "1" },
    view: "descent",
    ranges: { x: [-2, 2], y: [-1, 3] },
    optimizers: "sgd(lr=0.001), sgd(lr=0.0005, momentum=0.9), adam(lr=0.1), lbfgs",
  },
  {
    name: "Two wells",
    text: "x^4 - 3*x^2 + 0.5*x + y^2",
    typed: { x: "0.2", y: "1.5" },
    view: "descent",
    ranges: { x: [-2, 2], y: [-2, 2] },
    optimizers: "sgd(lr=0.02), sgd(lr=0.02, momentum=0.9), adam(lr=0.1)",
  },
  {
    name: "A decay, fitted",
    text: "a*exp(-b*x) + c",
    typed: { a: "4", b: "0.3", c: "1" },
    view: "fit",
    data: decay,
  },
  {
    name: "A line through points (TypeScript)",
    text: line,
    typed: { a: "0.5", b: "0", xs: "[0, 1, 2, 3]", ys: "[1.1, 2.9, 5.2, 6.8]" },
    ranges: { a: [-1, 4], b: [-2, 4] },
  },
  {
    name: "A pendulum (TypeScript)",
    text: pendulum,
    typed: { length: "1.2", angle: "0.5", seen: "[0.46, 0.38, 0.27, 0.14, 0]" },
    ranges: { length: [0.4, 3], angle: [-1, 1] },
  },
];
