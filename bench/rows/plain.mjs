// Value and gradient of functions of plain numbers, compiled from their text, compared with hand-written gradients.
import { readFileSync } from "node:fs";
import { numbers } from "../data.mjs";
import * as adbenchByHand from "./adbench-by-hand.mjs";
import * as byHand from "./plain-by-hand.mjs";

export const group = "Ordinary TypeScript: value and gradient";

const functions = "test/plain/functions.ts";
const adbench = "test/plain/adbench.ts";
const textOf = (file) => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");

/** Numbers in float64 from `low` to `high`. */
const typed = (seed, count, low = -1, high = 1) =>
  Float64Array.from(numbers(seed, count), (x) => low + ((x + 1) / 2) * (high - low));
const signs = (seed, count) => typed(seed, count).map((x) => (x > 0 ? 1 : -1));

/**
 * The functions with hand-written values and gradients. `args` builds the arguments, `wrt` holds the indices of the
 * differentiated ones, and `move` sets a number in them to a nearby value.
 */
const subjects = [
  {
    name: "regression",
    hand: byHand.regression,
    title: "squared error of a tanh of 8 inputs, 500 rows",
    args: () => [{ w: [...typed(1, 8)], b: 0.3 }, typed(2, 4000), typed(3, 500)],
    move: ([p], away) => void (p.b = 0.3 + away),
  },
  {
    name: "logistic",
    hand: byHand.logistic,
    title: "logistic loss of 10 inputs, 500 rows",
    args: () => [{ w: [...typed(4, 10)], b: 0.1 }, typed(5, 5000), signs(6, 500)],
    move: ([p], away) => void (p.b = 0.1 + away),
  },
  {
    name: "product",
    hand: byHand.product,
    title: "sum of squares of a product of matrices, 48 x 48",
    args: () => [typed(7, 48 * 48), typed(8, 48 * 48), 48],
    wrt: [0, 1],
    move: ([a], away) => void (a[0] = away),
  },
  {
    name: "convolution",
    hand: byHand.convolution,
    title: "squared error of a rectified convolution, 1,000 places, 16 weights",
    args: () => [typed(9, 1015), typed(10, 16), typed(11, 1000)],
    wrt: [0, 1],
    move: ([x], away) => void (x[0] = away),
  },
  {
    name: "pendulum",
    hand: byHand.pendulum,
    title: "a damped pendulum, 1,000 steps of Runge-Kutta's rule",
    args: () => [{ angle: 1, gravity: 9.81, damping: 0.1 }, 1000],
    move: ([p], away) => void (p.angle = 1 + away),
  },
  {
    name: "softDtw",
    hand: byHand.softDtw,
    title: "soft dynamic time warping, 60 x 60",
    args: () => [typed(12, 60), typed(13, 60), 0.5],
    wrt: [0, 1],
    move: ([x], away) => void (x[0] = away),
  },
  {
    name: "alignment",
    hand: byHand.alignment,
    title: "alignment of two series, 60 x 60",
    args: () => [typed(14, 60), typed(15, 60), 0.3],
    wrt: [0, 1, 2],
    move: ([x], away) => void (x[0] = away),
  },
  {
    name: "mixture",
    hand: byHand.mixture,
    title: "a mixture of 5 Gaussians, 300 points of 4 coordinates",
    args: () => [
      { alpha: typed(16, 5), mu: typed(17, 20), logs: typed(18, 20, -0.2, 0.2) },
      typed(19, 1200),
      4,
    ],
    move: ([{ alpha }], away) => void (alpha[0] = away),
  },
  {
    name: "bodies",
    hand: byHand.bodies,
    title: "potential energy of 30 bodies",
    args: () => [typed(20, 90, 0, 4), typed(21, 30, 0.5, 1.5)],
    wrt: [0, 1],
    move: ([places], away) => void (places[0] = away),
  },
  {
    name: "barrier",
    hand: byHand.barrier,
    title: "a logarithmic barrier of 1,000 numbers, with an early return",
    args: () => [typed(22, 1000, 0.01, 12)],
    move: ([x], away) => void (x[0] = 1 + away),
  },
  {
    name: "sumOfSquares",
    hand: byHand.sumOfSquares,
    title: "sum of squares of 1,000 numbers",
    args: () => [typed(23, 1000)],
    move: ([x], away) => void (x[0] = away),
  },
  {
    name: "points",
    file: "test/plain/lists.ts",
    hand: byHand.ofPoints,
    title: "sum over 1,000 objects of two numbers",
    args: () => [rowsOf(typed(37, 2000), 2).map(([x, y]) => ({ x, y }))],
    move: ([ps], away) => void (ps[0].x = away),
  },
  {
    name: "pairs",
    file: "test/plain/lists.ts",
    hand: byHand.ofPairs,
    title: "the same sum over 1,000 tuples",
    args: () => [rowsOf(typed(37, 2000), 2)],
    move: ([ps], away) => void (ps[0][0] = away),
  },
  {
    name: "inTurn",
    file: "test/plain/lists.ts",
    hand: byHand.inTurn,
    title: "the same sum over one array of 2,000 numbers",
    args: () => [typed(37, 2000)],
    move: ([ps], away) => void (ps[0] = away),
  },
  {
    name: "rosenbrock",
    hand: byHand.rosenbrock,
    title: "Rosenbrock's function of 1,000 numbers",
    args: () => [typed(24, 1000)],
    move: ([x], away) => void (x[0] = away),
  },
  {
    name: "newton",
    hand: byHand.newton,
    title: "a root by Newton's iteration",
    args: () => [5, 2],
    wrt: [0, 1],
    move: (args, away) => void (args[0] = 5 + away),
  },
];

/** Splits a list into rows of `n` numbers. */
const rowsOf = (list, n) =>
  Array.from({ length: list.length / n }, (_, i) => Array.from(list.slice(i * n, (i + 1) * n)));

/** ADBench's objectives at its sizes, with other numbers. */
const adbenchSubjects = [
  {
    name: "gmm",
    file: adbench,
    hand: adbenchByHand.gmm,
    title: "ADBench's mixture of 25 Gaussians, 1,000 points of 10 coordinates",
    args: () => [
      { alphas: [...typed(25, 25)], means: rowsOf(typed(26, 250), 10), icf: rowsOf(typed(27, 1375), 55) },
      rowsOf(typed(28, 10_000), 10),
      { gamma: 1, m: 0, constant: -20 },
    ],
    move: ([{ alphas }], away) => void (alphas[0] = away),
  },
  {
    name: "lstm",
    file: adbench,
    hand: adbenchByHand.lstm,
    title: "ADBench's LSTM of 2 layers, 1,024 characters of 14 bits",
    args: () => [
      rowsOf(typed(29, 16 * 14), 14),
      rowsOf(typed(30, 3 * 14), 14),
      rowsOf(typed(31, 4 * 14), 14),
      rowsOf(typed(32, 1024 * 14, 0, 1).map(Math.round), 14),
    ],
    wrt: [0, 1],
    move: ([main], away) => void (main[0][0] = away),
  },
  {
    name: "bundle",
    file: adbench,
    hand: adbenchByHand.bundle,
    title:
      "ADBench's bundle adjustment, 49 cameras, 7,776 points, 31,843 observations: half the squared errors",
    args: () => {
      const [cameras, points, observations] = [49, 7776, 31_843];
      const [turns, spots] = [rowsOf(typed(33, 3 * cameras, -0.3, 0.3), 3), rowsOf(typed(34, 3 * points), 3)];
      return [
        turns.map((turn) => [...turn, 0.1, -0.1, -5, 1, 0.02, -0.01, 0.01, -0.002]),
        spots,
        typed(35, observations, 0.8, 1.2),
        Int32Array.from({ length: 2 * observations }, (_, i) => (i >> 1) % (i % 2 === 0 ? cameras : points)),
        typed(36, 2 * observations, -0.2, 0.2),
      ];
    },
    wrt: [0, 1, 2],
    move: ([cameras], away) => void (cameras[0][0] = 0.1 + away),
  },
];

/** The numbers within a value, depth first. */
function numbersIn(value) {
  if (typeof value === "number") return [value];
  const items = Array.isArray(value) || ArrayBuffer.isView(value) ? [...value] : Object.values(value);
  return items.flatMap(numbersIn);
}

/** Steps that start from another point at every call, and from the first one at each check. */
function moving({ args, move }, valueAndGradient) {
  const given = args();
  let i = 0;
  const run = () => {
    move(given, (i++ % 64) / 1024);
    return valueAndGradient(...given);
  };
  const check = () => {
    i = 0;
    const [value, gradient] = run();
    const slopes = numbersIn(gradient);
    // all numbers condensed to three that do not depend on their order
    return [value, slopes.reduce((sum, d, k) => sum + d * (1 + (k % 7)), 0), Math.hypot(...slopes)];
  };
  return { step: () => run()[0], check };
}

export const rows = [...subjects, ...adbenchSubjects].map((subject) => ({
  name: `plain-${subject.name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  title: `value and gradient: ${subject.title}`,
  unit: "us",
  kind: "speed",
  tolerance: 1e-9,
  threads: [1],
  lacks: { "jax-js": "takes arrays, not loops over numbers", tfjs: "takes arrays, not loops over numbers" },
  programs: {
    async downhill(dh) {
      if (dh.compile === undefined) throw new Error("this build has no downhill/plain");
      const { file = functions } = subject;
      const f = (await dh.compile(textOf(file), { file }))[subject.name];
      return moving(subject, dh.valueAndGrad(f, subject.wrt === undefined ? {} : { argnums: subject.wrt }));
    },
    javascript: () => moving(subject, subject.hand),
  },
}));
