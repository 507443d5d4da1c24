// The test problems of Moré, Garbow and Hillstrom, "Testing unconstrained optimization software", ACM Transactions on
// Mathematical Software 7, 1981. The order, starting points and minima of Σ r² are the paper's.
// prettier-ignore
import {
  abs, add, arange, atan2, concatenate, cos, div, dot, eye, exp, matmul, mul, pow, sin, sqrt, square, stack, sub, sum,
  type Tensor, tensor, where, less, zeros,
} from "downhill";

export interface TestProblem {
  readonly name: string;
  readonly residuals: (x: Tensor) => Tensor;
  readonly start: readonly number[];
  /** Minima of the sum of squares: the global one first, then local ones that the paper names. */
  readonly minima: readonly number[];
}

const at = (x: Tensor, ...places: readonly number[]): Tensor[] => places.map((i) => x.at(i - 1));
const count = (n: number): Tensor => arange(1, n + 1).astype("float64");
const list = (...rs: readonly (Tensor | number)[]): Tensor =>
  stack(rs.map((r) => (typeof r === "number" ? tensor(r) : r)));
const times = (n: number, xs: readonly number[]): number[] => Array.from({ length: n }, () => xs).flat();
const range = (n: number, f: (i: number) => number): number[] =>
  Array.from({ length: n }, (_, i) => f(i + 1));
/** `a₁₁x₁ + …`, as a row of coefficients times x. */
const product = (coefficients: readonly number[], x: Tensor): Tensor => dot(tensor(coefficients), x);

export const problems: readonly TestProblem[] = [
  {
    name: "1 Rosenbrock",
    residuals: (x) => {
      const [a, b] = at(x, 1, 2);
      return list(mul(10, sub(b!, square(a!))), sub(1, a!));
    },
    start: [-1.2, 1],
    minima: [0],
  },
  {
    name: "2 Freudenstein and Roth",
    residuals: (x) => {
      const [a, b] = at(x, 1, 2);
      return list(
        add(sub(a!, 13), mul(sub(mul(sub(5, b!), b!), 2), b!)),
        add(sub(a!, 29), mul(sub(mul(add(b!, 1), b!), 14), b!)),
      );
    },
    start: [0.5, -2],
    minima: [0, 48.98425],
  },
  {
    name: "3 Powell badly scaled",
    residuals: (x) => {
      const [a, b] = at(x, 1, 2);
      return list(sub(mul(1e4, mul(a!, b!)), 1), sub(add(exp(mul(-1, a!)), exp(mul(-1, b!))), 1.0001));
    },
    start: [0, 1],
    minima: [0],
  },
  {
    name: "4 Brown badly scaled",
    residuals: (x) => {
      const [a, b] = at(x, 1, 2);
      return list(sub(a!, 1e6), sub(b!, 2e-6), sub(mul(a!, b!), 2));
    },
    start: [1, 1],
    minima: [0],
  },
  {
    name: "5 Beale",
    residuals: (x) => {
      const [a, b] = at(x, 1, 2);
      return list(...[1.5, 2.25, 2.625].map((y, i) => sub(y, mul(a!, sub(1, pow(b!, i + 1))))));
    },
    start: [1, 1],
    minima: [0],
  },
  {
    name: "6 Jennrich and Sampson",
    residuals: (x) => {
      const [a, b] = at(x, 1, 2);
      const i = count(10);
      return sub(add(2, mul(2, i)), add(exp(mul(i, a!)), exp(mul(i, b!))));
    },
    start: [0.3, 0.4],
    minima: [124.362],
  },
  {
    name: "7 Helical valley",
    residuals: (x) => {
      const [a, b, c] = at(x, 1, 2, 3);
      // θ of the paper goes from −¼ to ¾: that of atan2, but for the third quadrant
      const turn = div(atan2(b!, a!), 2 * Math.PI);
      const theta = where(less(turn, -0.25), add(turn, 1), turn);
      return list(mul(10, sub(c!, mul(10, theta))), mul(10, sub(sqrt(add(square(a!), square(b!))), 1)), c!);
    },
    start: [-1, 0, 0],
    minima: [0],
  },
  {
    name: "8 Bard",
    residuals: (x) => {
      const [a, b, c] = at(x, 1, 2, 3);
      const u = count(15);
      const v = sub(16, u);
      const w = range(15, (i) => Math.min(i, 16 - i));
      const y = [0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.1, 4.39];
      return sub(y, add(a!, div(u, add(mul(v, b!), mul(w, c!)))));
    },
    start: [1, 1, 1],
    minima: [8.214877e-3, 17.4286],
  },
  {
    name: "9 Gaussian",
    residuals: (x) => {
      const [a, b, c] = at(x, 1, 2, 3);
      const t = range(15, (i) => (8 - i) / 2);
      const half = [0.0009, 0.0044, 0.0175, 0.054, 0.1295, 0.242, 0.3521];
      const y = [...half, 0.3989, ...half.toReversed()];
      return sub(mul(a!, exp(mul(-0.5, mul(b!, square(sub(t, c!)))))), y);
    },
    start: [0.4, 1, 0],
    minima: [1.12793e-8],
  },
  {
    name: "10 Meyer",
    residuals: (x) => {
      const [a, b, c] = at(x, 1, 2, 3);
      const t = range(16, (i) => 45 + 5 * i);
      const y = [
        34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872,
      ];
      return sub(mul(a!, exp(div(b!, add(t, c!)))), y);
    },
    start: [0.02, 4000, 250],
    minima: [87.9458],
  },
  {
    name: "11 Gulf research and development",
    residuals: (x) => {
      const [a, b, c] = at(x, 1, 2, 3);
      const t = range(99, (i) => i / 100);
      const y = t.map((ti) => 25 + (-50 * Math.log(ti)) ** (2 / 3));
      return sub(exp(mul(-1, div(pow(abs(sub(y, b!)), c!), a!))), t);
    },
    start: [5, 2.5, 0.15],
    minima: [0, 0.038],
  },
  {
    name: "12 Box, three dimensions",
    residuals: (x) => {
      const [a, b, c] = at(x, 1, 2, 3);
      const t = range(10, (i) => -0.1 * i);
      const y = t.map((ti) => Math.exp(ti) - Math.exp(10 * ti));
      return sub(sub(exp(mul(t, a!)), exp(mul(t, b!))), mul(c!, y));
    },
    start: [0, 10, 20],
    minima: [0],
  },
  { name: "13 Powell singular", residuals: powellSingular, start: [3, -1, 0, 1], minima: [0] },
  {
    name: "14 Wood",
    residuals: (x) => {
      const [a, b, c, d] = at(x, 1, 2, 3, 4);
      return list(
        mul(10, sub(b!, square(a!))),
        sub(1, a!),
        mul(Math.sqrt(90), sub(d!, square(c!))),
        sub(1, c!),
        mul(Math.sqrt(10), sub(add(b!, d!), 2)),
        mul(Math.sqrt(0.1), sub(b!, d!)),
      );
    },
    start: [-3, -1, -3, -1],
    minima: [0],
  },
  {
    name: "15 Kowalik and Osborne",
    residuals: (x) => {
      const [a, b, c, d] = at(x, 1, 2, 3, 4);
      const u = tensor([4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625]);
      const y = [0.1957, 0.1947, 0.1735, 0.16, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246];
      const u2 = square(u);
      return sub(y, div(mul(a!, add(u2, mul(u, b!))), add(add(u2, mul(u, c!)), d!)));
    },
    start: [0.25, 0.39, 0.415, 0.39],
    minima: [3.07505e-4, 1.02734e-3],
  },
  {
    name: "16 Brown and Dennis",
    residuals: (x) => {
      const [a, b, c, d] = at(x, 1, 2, 3, 4);
      const t = div(count(20), 5);
      return add(square(sub(add(a!, mul(t, b!)), exp(t))), square(sub(add(c!, mul(d!, sin(t))), cos(t))));
    },
    start: [25, 5, -5, -1],
    minima: [85822.2],
  },
  {
    name: "17 Osborne 1",
    residuals: (x) => {
      const [a, b, c, d, e] = at(x, 1, 2, 3, 4, 5);
      const t = range(33, (i) => -10 * (i - 1));
      const y = [
        0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.85, 0.818, 0.784, 0.751, 0.718, 0.685, 0.658,
        0.628, 0.603, 0.58, 0.558, 0.538, 0.522, 0.506, 0.49, 0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424,
        0.42, 0.414, 0.411, 0.406,
      ];
      return sub(y, add(a!, add(mul(b!, exp(mul(t, d!))), mul(c!, exp(mul(t, e!))))));
    },
    start: [0.5, 1.5, -1, 0.01, 0.02],
    minima: [5.46489e-5],
  },
  {
    name: "18 Biggs EXP6",
    residuals: (x) => {
      const [a, b, c, d, e, f] = at(x, 1, 2, 3, 4, 5, 6);
      const t = range(13, (i) => -0.1 * i);
      const y = t.map((ti) => Math.exp(ti) - 5 * Math.exp(10 * ti) + 3 * Math.exp(4 * ti));
      const model = add(sub(mul(c!, exp(mul(t, a!))), mul(d!, exp(mul(t, b!)))), mul(f!, exp(mul(t, e!))));
      return sub(model, y);
    },
    start: [1, 2, 1, 1, 1, 1],
    minima: [0, 5.65565e-3, 0.30636677],
  },
  {
    name: "19 Osborne 2",
    residuals: (x) => {
      const [a, b, c, d, e, f, g, h, i, j, k] = at(x, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
      const t = tensor(range(65, (n) => (n - 1) / 10));
      const y = [
        1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608, 0.655,
        0.616, 0.606, 0.602, 0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661, 0.612, 0.558,
        0.533, 0.495, 0.5, 0.423, 0.395, 0.375, 0.372, 0.391, 0.396, 0.405, 0.428, 0.429, 0.523, 0.562, 0.607,
        0.653, 0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591, 0.559, 0.597, 0.625, 0.739, 0.71, 0.729, 0.72,
        0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054,
      ];
      const bump = (size: Tensor, centre: Tensor, rate: Tensor): Tensor =>
        mul(size, exp(mul(-1, mul(rate, square(sub(t, centre))))));
      const first = mul(a!, exp(mul(-1, mul(t, e!))));
      return sub(y, add(add(first, bump(b!, i!, f!)), add(bump(c!, j!, g!), bump(d!, k!, h!))));
    },
    start: [1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5],
    minima: [4.01377e-2],
  },
  { name: "20 Watson, n = 6", residuals: watson, start: times(6, [0]), minima: [2.28767e-3] },
  { name: "20 Watson, n = 9", residuals: watson, start: times(9, [0]), minima: [1.39976e-6] },
  {
    name: "21 extended Rosenbrock, n = 10",
    residuals: (x) => {
      const [odd, even] = [x.reshape([5, 2]).transpose().at(0), x.reshape([5, 2]).transpose().at(1)];
      return concatenate([mul(10, sub(even, square(odd))), sub(1, odd)]);
    },
    start: times(5, [-1.2, 1]),
    minima: [0],
  },
  {
    name: "22 extended Powell singular, n = 12",
    residuals: (x) => concatenate([0, 4, 8].map((i) => powellSingular(x.slice(i, i + 4)))),
    start: times(3, [3, -1, 0, 1]),
    minima: [0],
  },
  {
    name: "23 penalty I, n = 10",
    residuals: (x) => concatenate([mul(Math.sqrt(1e-5), sub(x, 1)), list(sub(sum(square(x)), 0.25))]),
    start: range(10, (i) => i),
    minima: [7.08765e-5],
  },
  {
    name: "24 penalty II, n = 4",
    residuals: (x) => {
      const n = 4;
      const a = Math.sqrt(1e-5);
      const e = exp(div(x, 10));
      const y = range(n - 1, (i) => Math.exp((i + 1) / 10) + Math.exp(i / 10));
      return concatenate([
        list(sub(x.at(0), 0.2)),
        mul(a, sub(add(e.slice(1, n), e.slice(0, n - 1)), y)),
        mul(a, sub(e.slice(1, n), Math.exp(-0.1))),
        list(
          sub(
            product(
              range(n, (j) => n - j + 1),
              square(x),
            ),
            1,
          ),
        ),
      ]);
    },
    start: times(4, [0.5]),
    minima: [9.37629e-6],
  },
  {
    name: "25 variably dimensioned, n = 10",
    residuals: (x) => {
      const total = product(
        range(10, (j) => j),
        sub(x, 1),
      );
      return concatenate([sub(x, 1), list(total, square(total))]);
    },
    start: range(10, (j) => 1 - j / 10),
    minima: [0],
  },
  {
    name: "26 trigonometric, n = 10",
    residuals: (x) => sub(add(sub(10, sum(cos(x))), mul(count(10), sub(1, cos(x)))), sin(x)),
    start: times(10, [0.1]),
    minima: [0, 2.79506e-5],
  },
  {
    name: "27 Brown almost-linear, n = 10",
    residuals: (x) => {
      const all = range(10, (i) => i).reduce<Tensor>((p, i) => mul(p, x.at(i - 1)), tensor(1));
      return concatenate([sub(add(x.slice(0, 9), sum(x)), 11), list(sub(all, 1))]);
    },
    start: times(10, [0.5]),
    minima: [0, 1],
  },
  {
    name: "28 discrete boundary value, n = 10",
    residuals: (x) => {
      const h = 1 / 11;
      const t = range(10, (i) => i * h);
      const [before, after] = [
        concatenate([zeros([1]), x.slice(0, 9)]),
        concatenate([x.slice(1, 10), zeros([1])]),
      ];
      const cube = pow(add(x, t.map((ti) => ti + 1)), 3); // prettier-ignore
      return add(sub(sub(mul(2, x), before), after), mul((h * h) / 2, cube));
    },
    start: range(10, (i) => (i / 11) * (i / 11 - 1)),
    minima: [0],
  },
  {
    name: "29 discrete integral equation, n = 10",
    residuals: (x) => {
      const h = 1 / 11;
      const t = range(10, (i) => i * h);
      const kernel = t.map((ti) => t.map((tj) => (h / 2) * (tj <= ti ? (1 - ti) * tj : ti * (1 - tj))));
      return add(x, matmul(kernel, pow(add(x, t.map((tj) => tj + 1)), 3))); // prettier-ignore
    },
    start: range(10, (i) => (i / 11) * (i / 11 - 1)),
    minima: [0],
  },
  {
    name: "30 Broyden tridiagonal, n = 10",
    residuals: (x) => {
      const [before, after] = [
        concatenate([zeros([1]), x.slice(0, 9)]),
        concatenate([x.slice(1, 10), zeros([1])]),
      ];
      return add(sub(sub(mul(sub(3, mul(2, x)), x), before), mul(2, after)), 1);
    },
    start: times(10, [-1]),
    minima: [0],
  },
  {
    name: "31 Broyden banded, n = 10",
    residuals: (x) => {
      const band = range(10, (i) => i).map((i) =>
        range(10, (j) => (j !== i && j >= i - 5 && j <= i + 1 ? 1 : 0)),
      );
      return sub(add(mul(x, add(2, mul(5, square(x)))), 1), matmul(band, mul(x, add(1, x))));
    },
    start: times(10, [-1]),
    minima: [0],
  },
  {
    name: "32 linear, full rank, n = 10, m = 20",
    residuals: (x) => sub(sub(matmul(concatenate([eye(10), zeros([10, 10])]), x), mul(2 / 20, sum(x))), 1),
    start: times(10, [1]),
    minima: [10],
  },
  {
    name: "33 linear, rank 1, n = 10, m = 20",
    residuals: (x) => sub(mul(count(20), product(range(10, (j) => j), x)), 1), // prettier-ignore
    start: times(10, [1]),
    minima: [(20 * 19) / (2 * 41)],
  },
  {
    name: "34 linear, rank 1, with columns and rows of 0, n = 10, m = 20",
    residuals: (x) => {
      const total = product(range(10, (j) => (j === 1 || j === 10 ? 0 : j)), x); // prettier-ignore
      return sub(
        mul(
          range(20, (i) => (i === 20 ? 0 : i - 1)),
          total,
        ),
        1,
      );
    },
    start: times(10, [1]),
    minima: [(400 + 60 - 6) / (2 * 37)],
  },
  { name: "35 Chebyquad, n = 7", residuals: chebyquad, start: range(7, (j) => j / 8), minima: [0] },
  { name: "35 Chebyquad, n = 8", residuals: chebyquad, start: range(8, (j) => j / 9), minima: [3.51687e-3] },
];

function powellSingular(x: Tensor): Tensor {
  const [a, b, c, d] = at(x, 1, 2, 3, 4);
  return list(
    add(a!, mul(10, b!)),
    mul(Math.sqrt(5), sub(c!, d!)),
    square(sub(b!, mul(2, c!))),
    mul(Math.sqrt(10), square(sub(a!, d!))),
  );
}

function watson(x: Tensor): Tensor {
  const n = x.shape[0]!;
  const t = range(29, (i) => i / 29);
  const powers = t.map((ti) => range(n, (j) => ti ** (j - 1)));
  const slopes = t.map((ti) => range(n, (j) => (j === 1 ? 0 : (j - 1) * ti ** (j - 2))));
  const main = sub(sub(matmul(slopes, x), square(matmul(powers, x))), 1);
  return concatenate([main, list(x.at(0), sub(sub(x.at(1), square(x.at(0))), 1))]);
}

/** Differences between means of shifted Chebyshev polynomials over the points and their integrals over [0, 1]. */
function chebyquad(x: Tensor): Tensor {
  const n = x.shape[0]!;
  const y = sub(mul(2, x), 1);
  let [before, now] = [mul(0, y).add(1), y];
  const out: Tensor[] = [];
  for (let i = 1; i <= n; i++) {
    const integral = i % 2 === 1 ? 0 : -1 / (i * i - 1);
    out.push(sub(div(sum(now), n), integral));
    [before, now] = [now, sub(mul(mul(2, y), now), before)];
  }
  return list(...out);
}
