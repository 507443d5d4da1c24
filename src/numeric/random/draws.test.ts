import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  at,
  betainc,
  exp,
  full,
  gammainc,
  grad,
  jit,
  jvp,
  log,
  logNdtr,
  matmul,
  mean,
  scan,
  square,
  sum,
  tensor,
  type Tensor,
  vmap,
} from "downhill";
import * as random from "downhill/random";
import { showType } from "../../engine/errors/index.ts";
import { checkSamples } from "../../testing/check-primitive.ts";
import { extent } from "../../../test/support/extent.ts";
import { root } from "../../../test/support/snippets.ts";

const { key, keys } = random;

/** Every draw, with its dtype and shape. */
const draws: Readonly<Record<string, readonly [draw: (k: random.Key) => Tensor, type: string]>> = {
  ball: [(k) => random.ball(k, 3, 1.5, 2), "f64[2,3]"],
  f: [(k) => random.f(k, 5, [7, 20]), "f64[2]"],
  generalizedNormal: [(k) => random.generalizedNormal(k, [0.7, 3]), "f64[2]"],
  geometric: [(k) => random.geometric(k, [0.01, 0.5, 1], [2, 3]), "i32[2,3]"],
  maxwell: [(k) => random.maxwell(k, 4, { dtype: "float32" }), "f32[4]"],
  pareto: [(k) => random.pareto(k, 2.5, 4), "f64[4]"],
  rayleigh: [(k) => random.rayleigh(k, [1, 2]), "f64[2]"],
  triangular: [(k) => random.triangular(k, 0, [0, 0.3, 1], 1, [2, 3]), "f64[2,3]"],
  weibullMin: [(k) => random.weibullMin(k, 2, [0.5, 3]), "f64[2]"],
  bernoulli: [(k) => random.bernoulli(k, [0.3, 0.5, 0.7], [20, 3]), "bool[20,3]"],
  beta: [(k) => random.beta(k, [0.3, 2], 1.5, [3, 2]), "f64[3,2]"],
  binomial: [(k) => random.binomial(k, [5, 100], 0.3), "i32[2]"],
  bits: [(k) => random.bits(k, [2, 3]), "u32[2,3]"],
  categorical: [(k) => random.categorical(k, [[1, 2, 3], [3, 2, 1]], { shape: [4, 2] }), "i32[4,2]"], // prettier-ignore
  cauchy: [(k) => random.cauchy(k, 5), "f64[5]"],
  chiSquare: [(k) => random.chiSquare(k, 3, 5), "f64[5]"],
  choice: [(k) => random.choice(k, 10, [2, 3]), "i32[2,3]"],
  "choice, rows by chances": [(k) => random.choice(k, [[1, 2], [3, 4], [5, 6]], 4, { p: [1, 0, 3] }), "f64[4,2]"], // prettier-ignore
  "choice, none twice": [(k) => random.choice(k, 10, 4, { replace: false }), "i32[4]"],
  "choice, none twice, by chances": [
    (k) => random.choice(k, 4, 3, { replace: false, p: [1, 0, 3, 1] }),
    "i32[3]",
  ],
  dirichlet: [(k) => random.dirichlet(k, [0.5, 1, 2], 4), "f64[4,3]"],
  exponential: [(k) => random.exponential(k, [2, 2]), "f64[2,2]"],
  foldIn: [(k) => random.bits(random.foldIn(k, 3), 2), "u32[2]"],
  gamma: [(k) => random.gamma(k, [0.2, 1, 30]), "f64[3]"],
  gumbel: [(k) => random.gumbel(k, 5, { dtype: "float32" }), "f32[5]"],
  keys: [(k) => keys(k, 3), "u32[3,2]"],
  laplace: [(k) => random.laplace(k, 5), "f64[5]"],
  loggamma: [(k) => random.loggamma(k, [0.001, 3], undefined, { dtype: "float32" }), "f32[2]"],
  logistic: [(k) => random.logistic(k, 5), "f64[5]"],
  multivariateNormal: [(k) => random.multivariateNormal(k, [1, 2], [[2, 1], [1, 3]], 4), "f64[4,2]"], // prettier-ignore
  normal: [(k) => random.normal(k, [2, 3]), "f64[2,3]"],
  permutation: [(k) => random.permutation(k, 6), "i32[6]"],
  "permutation of rows": [(k) => random.permutation(k, [[1, 2], [3, 4], [5, 6]]), "f64[3,2]"], // prettier-ignore
  orthogonal: [(k) => random.orthogonal(k, 3, 2), "f64[2,3,3]"],
  truncatedNormal: [(k) => random.truncatedNormal(k, [-2, 1, -9], [2, 4, -8], [4, 3]), "f64[4,3]"],
  poisson: [(k) => random.poisson(k, [0.5, 5, 50]), "i32[3]"],
  rademacher: [(k) => random.rademacher(k, 5), "i32[5]"],
  randint: [(k) => random.randint(k, 5, -3, 10), "i32[5]"],
  split: [(k) => random.bits(random.split(k)[1], 2), "u32[2]"],
  studentT: [(k) => random.studentT(k, 4, 5), "f64[5]"],
  uniform: [(k) => random.uniform(k, 3, { minval: -1, maxval: 3 }), "f64[3]"],
};

const numbered = Object.entries(draws).map(([name, draw], i) => [name, draw, i] as const);
describe.each(numbered)("%s", (_, [draw, type], number) => {
  test("has its dtype and shape, for every kind of key", () => {
    expect(showType(draw(key(1)).type)).toBe(type);
    expect(draw(tensor(key(1))).data()).toEqual(draw(key(1)).data());
    expect(draw(key(1)).data()).not.toEqual(draw(key(2)).data());
  });

  test("has the same bits compiled, batched, in a loop and on every backend", () => {
    const seeds = keys(key(5), 3);
    const rows = [0, 1, 2].map((i) => draw(seeds.at(i)).tolist());
    expect([0, 1, 2].map((i) => jit(draw)(seeds.at(i)).tolist())).toEqual(rows);
    expect(vmap(draw)(seeds).tolist()).toEqual(rows);
    expect(jit(vmap(draw))(seeds).tolist()).toEqual(rows);
    const [, looped] = scan((c: Tensor, k: Tensor) => [c, draw(k)], tensor(0), seeds);
    expect(looped.tolist()).toEqual(rows);
    expect(vmap((k: Tensor) => vmap(draw)(keys(k, 2)))(seeds).shape.slice(0, 2)).toEqual([3, 2]);
    // in the quick extent each draw by one backend in turn, and one of six by all
    const only = extent(number % 6, 0, 0) === 0 ? undefined : number;
    checkSamples(draw, [{ ins: [seeds.at(0)] }], { name: "draw" }, () => only);
  });
});

test("every draw is in the table", () => {
  const drawn = Object.keys(random).filter((name) => name !== "key");
  expect(drawn.filter((name) => !(name in draws))).toEqual([]);
});

describe("as in JAX", () => {
  const streams = JSON.parse(
    readFileSync(join(root, "test/testdata/random/streams.json"), "utf8"),
  ) as Readonly<Record<string, object>>;
  const seed = key(7);
  /** The largest difference of two lists, relative to 1 + |x|. */
  const apart = (ours: Tensor, theirs: readonly number[]): number =>
    Math.max(...Array.from(ours.data(), (x, i) => Math.abs(x - theirs[i]!) / (1 + Math.abs(x))));
  const limit = 1e-12; // rounding of another erf⁻¹
  const known: Readonly<Record<string, (k: random.Key) => Tensor>> = {
    normal: (k) => random.normal(k, 12),
    exponential: (k) => random.exponential(k, 12),
    gumbel: (k) => random.gumbel(k, 12),
  };

  test.each(Object.entries(known))("%s", (name, draw) => {
    expect(apart(draw(seed), streams[name] as number[])).toBeLessThan(limit);
  });

  test("loggamma and gamma", () => {
    for (const [a, expected] of Object.entries(streams["loggamma"] as Record<string, number[]>)) {
      expect(apart(random.loggamma(seed, Number(a), 12), expected)).toBeLessThan(limit);
      expect(apart(random.gamma(seed, Number(a), 12), expected.map(Math.exp))).toBeLessThan(limit);
    }
  });

  test("the derivatives of a gamma variate in its shape, to second order", () => {
    for (const [text, expected] of Object.entries(
      streams["loggammaSlopes"] as Record<string, [number, number][]>,
    )) {
      const a = full([12], Number(text));
      const first = (x: Tensor): Tensor => grad((shape: Tensor) => sum(random.loggamma(seed, shape)))(x);
      const second = grad((x: Tensor) => sum(first(x)))(a);
      const pushed = jvp((x: Tensor) => random.loggamma(seed, x), [a], [full([12], 1)])[1];
      const viaGamma = grad((x: Tensor) => sum(log(random.gamma(seed, x))))(a);
      for (const [ours, order, bound] of [[first(a), 0, 1e-8], [pushed, 0, 1e-8], [viaGamma, 0, 1e-8], [second, 1, 1e-6]] as const) // prettier-ignore
        expect([text, order, apart(ours, expected.map((each) => each[order])) < bound]).toEqual([text, order, true]); // prettier-ignore
    }
  });

  test("poisson draws the same first counts in arrays of any length, whose elements share keys", () => {
    for (const rate of [0, 0.5, 9.5, 12, 1e4]) {
      const all = random.poisson(seed, rate, 300).tolist() as number[];
      for (const n of [1, 7, 8, 40, 299])
        expect(random.poisson(seed, rate, n).tolist()).toEqual(all.slice(0, n));
    }
  });

  test("poisson, binomial, randint and categorical", () => {
    for (const [rate, expected] of Object.entries(streams["poisson"]!))
      expect([rate, random.poisson(seed, Number(rate), 12).tolist()]).toEqual([rate, expected]);
    for (const [parameters, expected] of Object.entries(streams["binomial"]!)) {
      const [n, p] = parameters.split(",").map(Number);
      expect([parameters, random.binomial(seed, n!, p!, 12).tolist()]).toEqual([parameters, expected]);
    }
    for (const [bounds, expected] of Object.entries(streams["randint"]!)) {
      const [low, high] = bounds.split(",").map(Number);
      expect([bounds, random.randint(seed, 12, low!, high!).tolist()]).toEqual([bounds, expected]);
    }
    const logits = [0.5, -1, 2, 0];
    expect(random.categorical(seed, logits, { shape: 12 }).tolist()).toEqual(streams["categorical"]);
  });
});

test("normal vectors have the given mean and covariance, also in batches", () => {
  const n = 40_000;
  const [mean2, covariance] = [[1, -2], [[2, 1.2], [1.2, 1]]]; // prettier-ignore
  const x = random.multivariateNormal(key(1), [mean2, [0, 0]], [covariance, [[1, 0], [0, 4]]], [n, 2]); // prettier-ignore
  expect(x.shape).toEqual([n, 2, 2]);
  const centre = mean(x, { axis: 0 });
  const off = x.sub(centre);
  const spread = (batch: number, i: number, j: number): number =>
    mean(at(off, null, batch, i).mul(at(off, null, batch, j))).item();
  const near = (ours: number, expected: number): void => expect(Math.abs(ours - expected)).toBeLessThan(0.06); // four standard errors
  centre.data().forEach((value, i) => near(value, [1, -2, 0, 0][i]!));
  near(spread(0, 0, 0), 2);
  near(spread(0, 0, 1), 1.2);
  near(spread(0, 1, 1), 1);
  near(spread(1, 0, 1), 0);
  near(spread(1, 1, 1), 4);
  const slope = grad((c: Tensor) => sum(random.multivariateNormal(key(2), [0, 0], c)))(covariance);
  expect(slope.shape).toEqual([2, 2]);
});

test("truncated normal numbers stay between their bounds and have the right distribution, also in far tails", () => {
  const n = 20_000;
  for (const [low, high] of [
    [-2, 2],
    [1, 3],
    [8, 8.5],
    [-9, -8],
    [-1, Infinity],
    [30, 31],
  ] as const) {
    // prettier-ignore
    for (const dtype of ["float64", "float32"] as const) {
      const x = random.truncatedNormal(key(8), low, high, n, { dtype }).data();
      expect(x.every((each) => each > low && each < high)).toBe(true);
      const [all, a] = [high, low].map((bound) => logNdtr(low > 0 ? -bound : bound).item());
      if (dtype === "float32" || low === 30) continue;
      const sorted = [...x].map((each) => (low > 0 ? -each : each)).sort((p, q) => p - q);
      const p = exp(logNdtr(sorted)).data();
      const [from, to] = low > 0 ? [Math.exp(all!), Math.exp(a!)] : [Math.exp(a!), Math.exp(all!)];
      const worst = Math.max(...p.map((each, i) => Math.abs((each - from) / (to - from) - (i + 0.5) / n)));
      expect(worst * Math.sqrt(n)).toBeLessThan(1.95);
    }
  }
  expect(random.truncatedNormal(key(0), 2, 1).item()).toBeNaN();
});

describe("distribution functions of the variates are uniformly distributed:", () => {
  const n = 20_000;
  const k = key(21);
  const cases: Readonly<Record<string, readonly [Tensor, (x: number) => number]>> = {
    weibullMin: [random.weibullMin(k, 2, 0.7, n), (x) => -Math.expm1(-((x / 2) ** 0.7))],
    pareto: [random.pareto(k, 2.5, n), (x) => 1 - x ** -2.5],
    rayleigh: [random.rayleigh(k, 2, n), (x) => -Math.expm1((-x * x) / 8)],
    maxwell: [random.maxwell(k, n), (x) => gammainc(1.5, (x * x) / 2).item()],
    triangular: [
      random.triangular(k, -1, 0, 3, n),
      (x) => (x < 0 ? (x + 1) ** 2 / 4 : 1 - (3 - x) ** 2 / 12),
    ],
    generalizedNormal: [
      random.generalizedNormal(k, 1.5, n),
      (x) => 0.5 + (Math.sign(x) / 2) * gammainc(1 / 1.5, Math.abs(x) ** 1.5).item(),
    ],
    f: [random.f(k, 5, 7, n), (x) => betainc(2.5, 3.5, (5 * x) / (5 * x + 7)).item()],
    // the p-norm of a point of the ball, raised to the power of the dimension, is uniformly distributed
    ball: [sum(random.ball(k, 3, 1.5, n).abs().pow(1.5), { axis: -1 }).pow(2), (x) => x],
    "ball, one coordinate": [at(random.ball(k, 3, 2, n), null, 0), (x) => 0.5 + (3 * x - x ** 3) / 4],
  };
  test.each(Object.entries(cases))("%s", (_, [x, cdf]) => {
    const sorted = [...x.data()].sort((a, b) => a - b);
    const worst = Math.max(...sorted.map((each, i) => Math.abs(cdf(each) - (i + 0.5) / n)));
    expect(worst * Math.sqrt(n)).toBeLessThan(1.95); // Kolmogorov–Smirnov: exceeded by chance in 1 of 1000
  });

  test("geometric, by counts", () => {
    const counts = random.geometric(k, 0.3, n).data();
    for (let i = 0; i < 12; i++) {
      const p = 0.3 * 0.7 ** (i - 1) * (i > 0 ? 1 : 0);
      const often = counts.filter((x) => x === i).length;
      expect(Math.abs(often - n * p)).toBeLessThanOrEqual(5 * Math.sqrt(n * p * (1 - p)));
    }
    expect(random.geometric(k, 1e-300).item()).toBe(2 ** 31 - 1);
    expect(random.triangular(k, 0, 2, 1).item()).toBeNaN();
    expect(random.triangular(k, 0, -1, 1).item()).toBeNaN();
  });
});

test("orthogonal matrices are orthogonal", () => {
  const q = random.orthogonal(key(3), 4, 5);
  const products = matmul(q, q.transpose([0, 2, 1])).data();
  products.forEach((x, i) => expect(Math.abs(x - ((i % 16) % 5 === 0 ? 1 : 0))).toBeLessThan(1e-14));
  const corner = mean(at(random.orthogonal(key(4), 3, 4000), null, 0, 0)).item();
  expect(Math.abs(corner)).toBeLessThan(0.05); // five standard deviations
});

describe("shapes and parameters", () => {
  test("a number means a vector, and no shape a scalar or the shape of the parameters", () => {
    expect(random.normal(key(0)).shape).toEqual([]);
    expect(random.normal(key(0), 4).shape).toEqual([4]);
    expect(random.normal(key(0), []).shape).toEqual([]);
    expect(random.gamma(key(0), [[1], [2]]).shape).toEqual([2, 1]);
    expect(random.beta(key(0), [1, 2], [[1], [2], [3]]).shape).toEqual([3, 2]);
    expect(random.categorical(key(0), [[1, 2, 3]]).shape).toEqual([1]);
    expect(random.categorical(key(0), [[1, 2, 3]], { axis: 0 }).shape).toEqual([3]);
    expect(random.dirichlet(key(0), [[1, 2, 3]]).shape).toEqual([1, 3]);
    expect(random.uniform(key(0), 0).shape).toEqual([0]);
  });

  test("a dtype can be requested", () => {
    expect(random.gamma(key(0), 1, 2, { dtype: "float32" }).dtype).toBe("float32");
    expect(random.poisson(key(0), 1, 2, { dtype: "float64" }).dtype).toBe("float64");
    expect(random.rademacher(key(0), 2, { dtype: "float32" }).dtype).toBe("float32");
    expect(random.randint(key(0), 2, 0, 5, { dtype: "uint32" }).dtype).toBe("uint32");
  });

  test("randint accepts tensors as bounds, and returns the lower one for an empty range", () => {
    const low = tensor([0, 10, 5], { dtype: "int32" });
    const drawn = random
      .randint(key(0), [50, 3], low, tensor([3, 20, 5], { dtype: "int32" }))
      .tolist() as number[][];
    for (const [a, b, c] of drawn)
      expect([a! >= 0 && a! < 3, b! >= 10 && b! < 20, c]).toEqual([true, true, 5]);
    const all = random.randint(key(0), 2000, -(2 ** 31), 2 ** 31 - 1).data();
    expect(Math.min(...all)).toBeLessThan(-2.14e9);
    expect(Math.max(...all)).toBeGreaterThan(2.14e9);
  });

  test.each<[() => unknown, string]>([
    [() => random.gamma(key(0), 0), "gamma: a must be above 0, got 0."],
    [() => random.gamma(key(0), [1, -2]), "gamma: a must be above 0, got -2."],
    [() => jit((k: Tensor) => random.gamma(k, -1))(tensor(key(0))), "gamma: a must be above 0, got -1."],
    [() => random.beta(key(0), 1, NaN), "beta: b must be above 0, got NaN."],
    [
      () => random.beta(key(0), [1, 2], [1, 2, 3]),
      "beta: a f64[2] and b f64[3] cannot be broadcast to one shape.",
    ],
    [() => random.gamma(key(0), [1, 2], 3), "gamma: a f64[2] cannot be broadcast to shape [3]."],
    [() => random.dirichlet(key(0), 1), "dirichlet: alpha must have at least one axis"],
    [
      () => random.multivariateNormal(key(0), [1, 2], [[1]]),
      "multivariateNormal: the mean must be vectors [n] and the covariance matrices [n, n]; got f64[2] and f64[1,1].",
    ],
    [() => random.poisson(key(0), -1), "poisson: rate must be at least 0, got -1."],
    [() => random.binomial(key(0), -1, 0.5), "binomial: n must be at least 0, got -1."],
    [() => random.binomial(key(0), 1, 2), "binomial: p must be between 0 and 1, got 2."],
    [
      () => random.randint(key(0), 1, 0.5, 3),
      "randint: bounds must be integers or integer tensors, got 0.5.",
    ],
    [
      () => random.choice(key(0), 3, 4, { replace: false }),
      "choice: 4 of 3 items cannot be chosen without replacement.",
    ],
    [
      () => random.choice(key(0), 3, 1, { p: [1, 2] }),
      "choice: p must be a vector of 3 chances, got f64[2].",
    ],
    [() => random.geometric(key(0), 0), "geometric: p must be above 0 and at most 1, got 0."],
    [() => random.weibullMin(key(0), 1, -1), "weibullMin: concentration must be above 0, got -1."],
    [() => random.triangular(key(0), 0, NaN, 1), "triangular: mode must be finite, got NaN."],
    [() => random.ball(key(0), 2.5), "ball: 2.5 in shape [2.5] is not a size."],
    [() => random.ball(key(0), 2, 0), "ball: p must be a positive number, got 0."],
    [() => random.permutation(key(0), 2.5), "permutation: how many must be an integer"],
    [() => random.normal(key(0), -1), "normal: -1 in shape [-1] is not a size."],
    [() => random.normal(keys(key(0), 3), 2), "For several keys use vmap or scan."],
    [
      () => random.normal(3 as never, 2),
      "normal: the first argument must be a key, two words in a Uint32Array; got the number 3. Write key(3).",
    ],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});

describe("expectations of derivatives are the derivatives of expectations", () => {
  const n = 20_000;
  /** The mean derivative in the first parameter, and its deviation from the expected value in standard errors. */
  const off = (f: (x: Tensor) => Tensor, at: number, expected: number): number => {
    const all = grad((x: Tensor) => sum(f(x)))(full([n], at));
    const centre = mean(all).item();
    const deviation = Math.sqrt(mean(square(all)).item() - centre ** 2);
    return Math.abs(centre - expected) / (deviation / Math.sqrt(n));
  };

  test.each<[string, (x: Tensor) => Tensor, number, number]>([
    ["gamma, E x = a", (a) => random.gamma(key(1), a), 2.5, 1],
    ["gamma, E ln x = ψ(a)", (a) => random.loggamma(key(2), a), 0.02, 2501.59811819187],
    ["beta, E x = a / (a + b)", (a) => random.beta(key(3), a, 1.5), 0.5, 1.5 / 4],
    ["χ², E x = k", (k) => random.chiSquare(key(4), k), 3, 1],
    ["Weibull, E x = a Γ(1 + 1 / k)", (a) => random.weibullMin(key(7), a, 0.5), 3, 2],
    ["Pareto, E ln x = 1 / b", (b) => log(random.pareto(key(8), b)), 2, -0.25],
    ["triangular, E x = (a + c + b) / 3", (c) => random.triangular(key(9), -1, c, 4), 1, 1 / 3],
    ["F, E x = k / (k − 2)", (k) => random.f(key(10), 3, k), 9, -2 / 49],
    [
      "generalized normal, E |x|ᵖ = 1 / p",
      (p) => random.generalizedNormal(key(11), p).abs().pow(p),
      2,
      -0.25,
    ],
    ["t, E x² = k / (k − 2)", (k) => square(random.studentT(key(5), k)), 9, -2 / 49],
  ])("%s", (_, f, at, expected) => {
    expect(off(f, at, expected)).toBeLessThan(4);
  });

  test("Dirichlet, E xᵢ = αᵢ / Σ α", () => {
    const f = (alpha: Tensor): Tensor => mean(random.dirichlet(key(6), alpha, n), { axis: 0 }).at(0);
    const slopes = grad(f)([0.5, 1, 2.5]).data();
    const expected = [3.5 / 16, -0.5 / 16, -0.5 / 16];
    slopes.forEach((slope, i) => expect(Math.abs(slope - expected[i]!)).toBeLessThan(0.01)); // five standard errors
  });
});
