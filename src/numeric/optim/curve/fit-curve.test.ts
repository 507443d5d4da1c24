import { add, exp, mul, neg, sin, square, sub, sum, type Tensor, tensor } from "downhill";
import { type CurveFit, curveFitter, fitCurve, fitCurveAsync, leastSquares } from "downhill/optim";
import { key, normal } from "downhill/random";
import { describe, expect, test } from "vitest";
import { compileText } from "../../syntax/index.ts";
import { extent } from "../../../../test/support/extent.ts";

const even = (from: number, to: number, n: number): number[] =>
  Array.from({ length: n }, (_, i) => from + ((to - from) * i) / (n - 1));

interface Case {
  readonly text: string;
  readonly truth: Readonly<Record<string, number>>;
  readonly x: readonly number[];
  /** The standard deviation of the noise as a fraction of the range of y. */
  readonly noise?: number;
}

const zoo: Readonly<Record<string, Case>> = {
  "a decay": { text: "a*exp(-b*x)+c", truth: { a: 4, b: 0.5, c: 1 }, x: even(0, 10, 40) },
  "a decay at once": { text: "a*exp(-b*x)+c", truth: { a: 4, b: 50, c: 1 }, x: even(0, 10, 400) },
  "a growth far from 0": { text: "a*exp(b*x)", truth: { a: 4e-20, b: 0.2 }, x: even(300, 340, 60) },
  "two decays": {
    text: "a*exp(-b*x)+c*exp(-d*x)",
    truth: { a: 3, b: 0.2, c: 5, d: 2 },
    x: even(0, 10, 60),
    noise: 0.01,
  },
  "a stretched decay": {
    text: "a*exp(-(x/t)^b)",
    truth: { a: 3, t: 2, b: 0.6 },
    x: even(0.01, 20, 80),
    noise: 0.01,
  },
  "a Gaussian peak": {
    text: "a*exp(-(x-m)^2/(2*s^2))+c",
    truth: { a: 10, m: -3.3, s: 0.4, c: 2 },
    x: even(-10, 10, 100),
  },
  "two peaks": {
    text: "a*exp(-((x-m)/s)^2)+b*exp(-((x-k)/u)^2)",
    truth: { a: 10, m: 3, s: 0.9, b: 6, k: 6, u: 1.5 },
    x: even(0, 10, 100),
  },
  "a narrow Lorentzian peak": {
    text: "a/(1+((x-m)/g)^2)+c",
    truth: { a: 10, m: 512, g: 3, c: 1 },
    x: even(400, 700, 300),
    noise: 0.05,
  },
  "a sigmoid in years": {
    text: "L/(1+exp(-k*(x-x0)))",
    truth: { L: 5, k: 0.3, x0: 1995 },
    x: even(1960, 2020, 61),
  },
  "a sigmoid in years by its offset": {
    text: "L/(1+exp(b-k*x))",
    truth: { L: 5, k: 0.3, b: 598.5 },
    x: even(1960, 2020, 61),
  },
  "a step by tanh": {
    text: "a*tanh((x-m)/w)+c",
    truth: { a: 2, m: 7, w: 0.5, c: 1 },
    x: even(0, 20, 60),
  },
  "Gompertz's growth": { text: "a*exp(-b*exp(-c*x))", truth: { a: 10, b: 5, c: 0.4 }, x: even(0, 20, 50) },
  "a power law": { text: "a*x^b", truth: { a: 2, b: -1.7 }, x: even(1, 100, 40) },
  "a power law with an offset": { text: "a*x^b+c", truth: { a: 2, b: 0.6, c: 5 }, x: even(1, 100, 40) },
  "an oscillation": {
    text: "A*sin(w*x+p)+c",
    truth: { A: 2, w: 3.3, p: 1, c: 1 },
    x: even(0, 30, 200),
    noise: 0.1,
  },
  "an oscillation with a trend, in years": {
    text: "a+b*x+A*sin(2*pi*f*x+p)",
    truth: { a: 10, b: 2, A: 3, f: 1, p: 2 },
    x: even(1958, 2010, 600),
    noise: 0.1,
  },
  "an oscillation by its period": {
    text: "a+A*sin(2*pi*x/T+p)",
    truth: { a: 10, A: 3, T: 7.3, p: 2 },
    x: even(0, 100, 300),
    noise: 0.1,
  },
  "a damped oscillation": {
    text: "A*exp(-g*x)*cos(w*x+p)",
    truth: { A: 2, g: 0.2, w: 5, p: 0.5 },
    x: even(0, 15, 200),
    noise: 0.05,
  },
  "Michaelis and Menten's rate": { text: "V*x/(K+x)", truth: { V: 9, K: 0.03 }, x: even(0.001, 0.5, 30) },
  "a dose and its response over powers of ten": {
    text: "b+(t-b)/(1+(x/K)^n)",
    truth: { b: 1, t: 9, K: 3e-7, n: 1.2 },
    x: even(-9, -4, 40).map((power) => 10 ** power),
  },
  "Arrhenius's law": {
    text: "A*exp(-E/(8.314*x))",
    truth: { A: 1e9, E: 5e4 },
    x: even(280, 400, 30),
    noise: 0.01,
  },
  "a population in years that the formula counts from 1900": {
    text: "K/(1+A*exp(-r*(x-1900)))",
    truth: { K: 400, A: 4, r: 0.03 },
    x: even(1790, 2000, 22),
    noise: 0.01,
  },
  "y of 1e-12 over x of 1e-9": {
    text: "a*exp(-x/t)+c",
    truth: { a: 5e-12, t: 3e-9, c: 1e-13 },
    x: even(0, 1e-8, 60),
  },
  "a potential with two powers": {
    text: "4*E*((s/x)^12-(s/x)^6)",
    truth: { E: 1, s: 3.4 },
    x: even(3.2, 8, 50),
  },
  "a sum of seasons with the trend": {
    text: "a+b*x+A*sin(2*pi*x+p)+B*sin(4*pi*x+q)",
    truth: { a: -3000, b: 1.7, A: 3, p: 1, B: 0.8, q: 4 },
    x: even(1960, 2000, 300),
    noise: 0.01,
  },
  "a logarithm": { text: "a+b*ln(x+c)", truth: { a: 1, b: 3, c: 2 }, x: even(0, 50, 40) },
  "two straight lines that meet": {
    text: "where(x<k, a+b*x, a+b*k+c*(x-k))",
    truth: { a: 1, b: 2, c: -1, k: 6 },
    x: even(0, 10, 80),
    noise: 0.05,
  },
  "a hyperbola": { text: "sqrt(a^2+(b*x)^2)", truth: { a: 3, b: 1.5 }, x: even(-10, 10, 50) },
  "a cubic": {
    text: "a+b*x+c*x^2+d*x^3",
    truth: { a: 1, b: 2, c: -3, d: 0.5 },
    x: even(-3, 3, 20),
    noise: 0.1,
  },
};

describe("fitCurve finds a start for", () => {
  const some = Object.entries(zoo).filter((_, i) => i % extent(5, 1) === extent(2, 0));
  test.each(some)("%s", (_, { text, truth, x, noise = 0.02 }) => {
    const compiled = compileText(text);
    const names = compiled.inputs.filter((name) => name !== "x");
    const curve = (xs: Tensor, p: Readonly<Record<string, Tensor>>): Tensor =>
      compiled.evaluate(compiled.inputs.map((name) => (name === "x" ? xs : p[name]!)));
    const clean = curve(tensor(x), Object.fromEntries(names.map((name) => [name, tensor(truth[name]!)])));
    const values = [...clean.data()];
    const size = noise * (Math.max(...values) - Math.min(...values));
    const errors = normal(key(3), x.length).data();
    const y = values.map((value, i) => value + size * errors[i]!);
    const fit = fitCurve(curve, x, y, { parameters: names });
    // the sum is not above that of the true curve
    const ofTruth = values.reduce((total, value, i) => total + (y[i]! - value) ** 2, 0);
    expect(fit.sumOfSquares).toBeLessThanOrEqual(ofTruth);
    expect(fit.sumOfSquares).toBeGreaterThan(0.6 * ofTruth);
    expect(fit.undetermined).toEqual([]);
  });
});

const x = even(0, 9, 10);
const y = [5.02, 3.82, 2.97, 2.41, 1.95, 1.65, 1.47, 1.32, 1.2, 1.15];
type Decay = Readonly<Record<"a" | "b" | "c", Tensor>>;
const decay = (xs: Tensor, { a, b, c }: Decay): Tensor => add(mul(a, exp(neg(mul(b, xs)))), c);
const parameters = ["a", "b", "c"] as const;

describe("fitCurve", () => {
  const fit = fitCurve(decay, x, y, { parameters });

  test("agrees with leastSquares from a good start", () => {
    const plain = leastSquares((p: Decay) => sub(decay(tensor(x), p), y), { a: 4, b: 0.4, c: 1 });
    for (const name of parameters) {
      expect(fit.params[name]).toBeCloseTo(plain.params[name].item(), 7);
      expect(fit.standardErrors[name]).toBeCloseTo(plain.standardErrors[name].item(), 7);
      const [low, high] = fit.intervals[name];
      // t for 7 degrees of freedom at 95 %, from tables
      expect((high - low) / 2 / fit.standardErrors[name]).toBeCloseTo(2.364624, 5);
    }
    expect(fit.degreesOfFreedom).toBe(7);
    expect(fit.reducedChiSquared).toBeCloseTo(fit.sumOfSquares / 7, 15);
    const mean = y.reduce((total, yi) => total + yi, 0) / 10;
    const spread = y.reduce((total, yi) => total + (yi - mean) ** 2, 0);
    expect(fit.rSquared).toBeCloseTo(1 - fit.sumOfSquares / spread, 12);
    expect(fit.correlation.at(0).at(0).item()).toBeCloseTo(1, 12);
    expect(sum(square(fit.residuals)).item()).toBeCloseTo(fit.sumOfSquares, 14);
    expect(add(fit.fitted, fit.residuals).tolist()).toEqual(y.map((yi) => expect.closeTo(yi, 12) as number));
  });

  test("searches a period in units of x although another term has a constant period: ENSO ended 38 % above the minimum", () => {
    const text = "a+A*sin(2*pi*x/T+p)+C*cos(2*pi*x/12)+D*sin(2*pi*x/12)";
    const compiled = compileText(text);
    const names = compiled.inputs.filter((name) => name !== "x");
    const truth: Readonly<Record<string, number>> = { a: 10, A: 2, T: 23.7, p: 1, C: 3, D: 1 };
    const curve = (xs: Tensor, p: Readonly<Record<string, Tensor>>): Tensor =>
      compiled.evaluate(compiled.inputs.map((name) => (name === "x" ? xs : p[name]!)));
    const months = even(1, 120, 120);
    const data = curve(tensor(months), Object.fromEntries(names.map((n) => [n, tensor(truth[n]!)])));
    const found = fitCurve(curve, months, data, { parameters: names });
    for (const name of names) expect(found.params[name], name).toBeCloseTo(truth[name]!, 8);
    expect(found.converged).toBe(true);
  });

  test("obeys limits for all starts together: 12 searches took 100 iterations each in addition to the last one", () => {
    for (const maxIterations of [1, 2, 7, 40]) {
      const { iterations, converged, reason } = fitCurve(decay, x, y, { parameters, maxIterations });
      expect(iterations).toBeLessThanOrEqual(maxIterations);
      expect(converged || reason === "iterations").toBe(true);
    }
    const { starts, reason } = fitCurve(decay, x, y, { parameters, maxEvaluations: 3 });
    expect(starts.followed).toBe(1);
    expect(reason).toBe("evaluations");
  });

  test("stops when rounding hides the gain of steps: 14 evaluations of the curve instead of 24", () => {
    type Wave = Readonly<Record<"a" | "k" | "w" | "p" | "c", Tensor>>;
    const wave = (t: Tensor, { a, k, w, p, c }: Wave): Tensor =>
      add(mul(mul(a, exp(neg(mul(k, t)))), add(mul(w, t), p).sin()), c);
    const t = even(0, 9.99, 1000);
    const data = t.map(
      (ti, i) => 2 * Math.exp(-0.3 * ti) * Math.sin(1.7 * ti + 0.4) + 1 + 0.05 * Math.sin(12345.678 * i),
    );
    const names = ["a", "k", "w", "p", "c"] as const;
    const near = fitCurve(wave, t, data, {
      parameters: names,
      start: { a: 1.5, k: 0.2, w: 1.6, p: 0.2, c: 0.5 },
    });
    expect(near.starts.followed).toBe(2);
    expect(near.converged).toBe(true);
    expect(near.evaluations).toBeLessThanOrEqual(22); // including second derivatives along steps
    // to the digits of the same fit in 50 decimal digits
    const exact = { a: 2.000006708638124, k: 0.300002832946966, w: 1.700240486206212, p: 0.399195224462983, c: 0.999940929475686 }; // prettier-ignore
    for (const name of names) expect(near.params[name]).toBeCloseTo(exact[name], 11);
  });

  test("takes bounds by name, in order or one for all", () => {
    const named = fitCurve(decay, x, y, {
      parameters,
      low: { a: 0, b: 0, c: 0 },
      high: { a: 9, b: 9, c: 0.5 },
    });
    expect(named.atBound).toEqual(["c"]);
    for (const high of [[9, 9, 0.5], Float64Array.of(9, 9, 0.5), tensor([9, 9, 0.5])]) {
      expect(fitCurve(decay, x, y, { parameters, low: 0, high }).params).toEqual(named.params);
    }
    expect(() => fitCurve(decay, x, y, { parameters, low: [0, 1] })).toThrow(
      "fitCurve: low is f64[2] for the 3 parameters a, b, c. Give one number, one for each parameter in this order, or",
    );
    expect(() => fitCurve(decay, x, y, { parameters, high: [0, NaN, 1] })).toThrow("got NaN for b.");
  });

  test("is deterministic, compiled or not", () => {
    expect(fitCurve(decay, x, y, { parameters }).params).toEqual(fit.params);
    const few = { parameters, starts: 2 };
    expect(fitCurve(decay, x, y, { ...few, jit: false }).params).toEqual(fitCurve(decay, x, y, few).params);
  });

  test("predicts with a band, whose width at a row is the error of the curve there", () => {
    const { value, low, high } = fit.predict([0, 20]);
    const { a, c } = fit.params;
    expect(value.at(0).item()).toBeCloseTo(a + c, 12);
    // the gradient at 0 is (1, 0, 1)
    const [aa, ac, cc] = [
      [0, 0],
      [0, 2],
      [2, 2],
    ].map(([i, j]) => fit.covariance.at(i!).at(j!).item());
    const error = Math.sqrt(aa! + 2 * ac! + cc!);
    expect(high.at(0).item() - value.at(0).item()).toBeCloseTo(2.364624 * error, 6);
    expect(value.at(0).item() - low.at(0).item()).toBeCloseTo(2.364624 * error, 6);
  });

  test("takes several columns", () => {
    const [u, v] = [even(0, 3, 12), even(5, 1, 12).map((t, i) => t + (i % 3))];
    const z = u.map((ui, i) => 2 * Math.exp(-0.7 * ui) * v[i]! ** 1.5);
    const plane = fitCurve(
      (at: { readonly u: Tensor; readonly v: Tensor }, { k, b, n }) =>
        mul(mul(k, exp(neg(mul(b, at.u)))), at.v.pow(n)),
      { u, v },
      z,
      { parameters: ["k", "b", "n"] },
    );
    expect(plane.params.b).toBeCloseTo(0.7, 8);
    expect(plane.params.n).toBeCloseTo(1.5, 8);
    expect(plane.predict({ u: [0], v: [1] }).value.item()).toBeCloseTo(2, 8);
  });

  test("a weight of 0 excludes a row, and errors weigh by 1/σ²", () => {
    const spoilt = y.with(4, 100);
    const weights = y.map((_, i) => (i === 4 ? 0 : 1));
    const without = fitCurve(decay, x.toSpliced(4, 1), y.toSpliced(4, 1), { parameters });
    const weighted = fitCurve(decay, x, spoilt, { parameters, weights });
    expect(weighted.params.b).toBeCloseTo(without.params.b, 7);
    expect(weighted.degreesOfFreedom).toBe(6);
    expect(weighted.rSquared).toBeCloseTo(without.rSquared, 10);
    const sigma = y.map((_, i) => 0.02 + 0.01 * (i % 3));
    const bySigma = fitCurve(decay, x, y, { parameters, sigma });
    const byWeights = fitCurve(decay, x, y, { parameters, weights: sigma.map((s) => s ** -2) });
    expect(bySigma.params).toEqual(byWeights.params);
    const absolute = fitCurve(decay, x, y, { parameters, sigma, absoluteSigma: true });
    expect(absolute.standardErrors.b / bySigma.standardErrors.b).toBeCloseTo(
      bySigma.reducedChiSquared ** -0.5,
      8,
    );
  });

  test.each(["soft-l1", "huber", "cauchy", "arctan", "tukey"] as const)(
    "%s is robust against outliers",
    (loss) => {
      const t = even(0, 10, 60);
      const noise = normal(key(8), 60).data();
      const data = t.map(
        (ti, i) => 4 * Math.exp(-0.5 * ti) + 1 + 0.05 * noise[i]! + (i % 9 === 4 ? 3 + noise[i]! : 0),
      );
      const robust = fitCurve(decay, t, data, { parameters, loss });
      expect(Math.abs(robust.params.b - 0.5)).toBeLessThan(0.06);
      expect(Math.abs(robust.params.c - 1)).toBeLessThan(0.07);
      expect(robust.lossScale).toBeGreaterThan(0.03);
      expect(robust.lossScale).toBeLessThan(0.12);
      const plain = fitCurve(decay, t, data, { parameters });
      expect(Math.abs(plain.params.c - 1)).toBeGreaterThan(0.2);
      expect(plain.lossScale).toBeNull();
    },
  );

  test("stays within bounds, and searches a start there", () => {
    const bound = fitCurve(decay, x, y, { parameters, low: { c: 1.1, a: 0 }, high: { b: 5 } });
    expect(bound.params.c).toBe(1.1);
    expect(bound.atBound).toEqual(["c"]);
    expect(bound.standardErrors.c).toBeNaN();
    expect(bound.standardErrors.b).toBeGreaterThan(0);
    const far = fitCurve(decay, x, y, { parameters, low: { b: 2 }, high: { b: 3 } });
    expect(far.params.b).toBe(2);
  });

  test("uses a given start, for one parameter or for all", () => {
    const wave = (xs: Tensor, { A, w }: Readonly<Record<"A" | "w", Tensor>>): Tensor =>
      mul(A, mul(w, xs).sin());
    const t = even(0, 10, 80);
    const data = t.map((ti) => 3 * Math.sin(2 * ti));
    expect(fitCurve(wave, t, data, { parameters: ["A", "w"] }).params.w).toBeCloseTo(2, 8);
    // far from the truth, the search stays in another minimum
    const elsewhere = fitCurve(wave, t, data, { parameters: ["A", "w"], start: { w: 6 } });
    expect(elsewhere.params.w).toBeGreaterThan(4);
    expect(elsewhere.start.w).toBe(6);
    const all = fitCurve(wave, t, data, { parameters: ["A", "w"], start: { A: 1, w: 2.1 } });
    expect(all.params.w).toBeCloseTo(2, 8);
    expect(all.starts.followed).toBe(2);
  });

  test("among equal curves, returns positive amplitudes and widths, and a phase in the first period", () => {
    const t = even(0, 20, 120);
    const wave = (xs: Tensor, p: Readonly<Record<"A" | "w" | "p", Tensor>>): Tensor =>
      mul(p.A, add(mul(p.w, xs), p.p).sin());
    for (const phase of [0.3, 4, 2, 6].slice(0, extent(2, 4))) {
      const data = t.map((ti) => 3 * Math.sin(2 * ti + phase));
      const { params } = fitCurve(wave, t, data, { parameters: ["A", "w", "p"] });
      expect(params.A).toBeCloseTo(3, 8);
      expect(params.p).toBeCloseTo(phase, 7);
    }
    const peak = (xs: Tensor, { m, s }: Readonly<Record<"m" | "s", Tensor>>): Tensor =>
      exp(neg(square(sub(xs, m).div(s))));
    const data = t.map((ti) => Math.exp(-(((ti - 7) / 1.5) ** 2)));
    expect(fitCurve(peak, t, data, { parameters: ["m", "s"] }).params.s).toBeCloseTo(1.5, 8);
  });

  test("names parameters that the data do not determine", () => {
    const twice = (xs: Tensor, { a, b, k }: Readonly<Record<"a" | "b" | "k", Tensor>>): Tensor =>
      mul(mul(a, b), exp(neg(mul(k, xs))));
    const data = x.map((xi) => 2 * Math.exp(-0.3 * xi));
    const found = fitCurve(twice, x, data, { parameters: ["a", "b", "k"] });
    expect(found.undetermined).toEqual(["a", "b"]);
    expect(found.params.k).toBeCloseTo(0.3, 6);
    // the other parameters have the errors of the model in which a is fixed
    const noisy = data.map((d, i) => d + 0.01 * Math.cos(i * i));
    const both = fitCurve(twice, x, noisy, { parameters: ["a", "b", "k"] });
    const one = fitCurve(
      (xs: Tensor, { b, k }: Readonly<Record<"b" | "k", Tensor>>) => twice(xs, { a: tensor(1), b, k }),
      x,
      noisy,
      {
        parameters: ["b", "k"],
      },
    );
    expect(both.degreesOfFreedom).toBe(8);
    expect(both.standardErrors.k / one.standardErrors.k).toBeCloseTo(1, 6);
    expect([both.standardErrors.a, both.standardErrors.b]).toEqual([Number.NaN, Number.NaN]);
    const unused = fitCurve((xs: Tensor, { m }: { readonly m: Tensor }) => mul(m, xs), x, x, {
      parameters: ["m", "n"],
    });
    expect(unused.undetermined).toEqual(["n"]);
  });

  test("a straight line needs no search and has the textbook errors", () => {
    const line = fitCurve(
      (xs: Tensor, p: Readonly<Record<"a" | "b", Tensor>>) => add(p.a, mul(p.b, xs)),
      [0, 1, 2, 3, 4],
      [1.1, 2.9, 5.2, 6.8, 9.1],
      { parameters: ["a", "b"] },
    );
    expect(line.starts).toEqual({ followed: 1, agreed: 1 });
    expect(line.params.b).toBeCloseTo(1.99, 12);
    const s = Math.sqrt(line.sumOfSquares / 3);
    expect(line.standardErrors.b).toBeCloseTo(s / Math.sqrt(10), 12);
    expect(line.correlation.at(0).at(1).item()).toBeCloseTo(-2 / Math.sqrt(6), 12); // −x̄/√(Σx²/n)
  });

  test("without degrees of freedom the errors are NaN", () => {
    const exact: CurveFit = fitCurve(decay, [0, 1, 2], [3, 2, 1.5], { parameters });
    expect(exact.degreesOfFreedom).toBe(0);
    expect(exact.standardErrors["a"]).toBeNaN();
    expect(exact.sumOfSquares).toBeLessThan(1e-20);
  });

  test("stops at a signal and at a limit", () => {
    expect(fitCurve(decay, x, y, { parameters, signal: AbortSignal.abort() }).reason).toBe("aborted");
    const given = { parameters, start: { a: 1, b: 3, c: 0 }, maxIterations: 1 };
    expect(fitCurve(decay, x, y, given).reason).toBe("iterations");
  });

  test.each<[unknown, unknown, unknown, unknown, string]>([
    [1, x, y, { parameters }, "fitCurve: "],
    [decay, x, y, {}, "fitCurve: parameters must list the names"],
    [decay, x, y, { parameters: ["a", "a"] }, 'fitCurve: parameters names "a" twice.'],
    [decay, x, y, { parameters, strat: {} }, 'fitCurve: unknown option "strat". Did you mean "start"?'],
    [decay, x, y, { parameters, start: { d: 1 } }, 'fitCurve: start has "d", which is not a parameter.'],
    [decay, x, y, { parameters, start: { a: "1" } }, "fitCurve: start.a must be a number, got string."],
    [
      decay,
      x,
      y,
      { parameters, low: "1" },
      "fitCurve: low must be an object of numbers, as in low: { a: 1 }.",
    ],
    [decay, x, y, { parameters, low: { a: 2 }, high: { a: 1 } }, "got 2 and 1 for a."],
    [decay, x, y, { parameters, loss: "welsch" }, 'fitCurve: loss must be "squares"'],
    [decay, x, y, { parameters, lossScale: 0 }, "fitCurve: lossScale must be a finite number above 0"],
    [decay, x, y, { parameters, level: 1 }, "fitCurve: level must be"],
    [decay, x, y, { parameters, starts: 0 }, "fitCurve: starts must be"],
    [decay, x, y, { parameters, sigma: y, weights: y }, "fitCurve: give sigma or weights, not both"],
    [decay, x, y, { parameters, absoluteSigma: true }, "fitCurve: absoluteSigma needs sigma"],
    [
      decay,
      x,
      y,
      { parameters, sigma: y.with(3, 0) },
      "sigma must be finite numbers above 0, got 0 for row 3.",
    ],
    [decay, x, y, { parameters, weights: [1] }, "fitCurve: weights has 1 rows, but y has 10."],
    [decay, x.slice(1), y, { parameters }, "fitCurve: x has 9 rows, but y has 10."],
    [decay, x, y.with(2, Number.NaN), { parameters }, "fitCurve: y must be finite, got NaN for row 2."],
    [decay, [0, 1], [1, 2], { parameters }, "fitCurve: 2 rows cannot determine 3 parameters (a, b, c)."],
    [() => tensor([1, 2]), x, y, { parameters }, "fitCurve: the model returned f64[2] for 10 rows."],
    [
      (xs: Tensor, p: Decay) => mul(p.a, neg(add(xs, 1)).log()),
      x,
      y,
      { parameters: ["a"] },
      "fitCurve: the model is not finite at all rows for any start",
    ],
  ])("refuses misuse %#", (model, xs, ys, options, message) => {
    expect(() => fitCurve(model as never, xs as never, ys as never, options as never)).toThrow(message);
  });

  test("names an unknown parameter that the model reads; it was a property of undefined", () => {
    const misspelt = (xs: Tensor, p: Record<string, Tensor>): Tensor => p["amplitud"]!.mul(xs);
    expect(() => fitCurve(misspelt as never, x, y, { parameters: ["amplitude", "rate"] })).toThrow(
      'fitCurve: the model reads the parameter "amplitud", but the parameters are amplitude, rate. Did you mean "amplitude"?',
    );
    const given = (xs: Tensor, p: Record<string, Tensor>): Tensor => mul(p["rte"]!, xs);
    expect(() => fitCurve(given as never, x, y, { parameters: ["rate"] })).toThrow('Did you mean "rate"?');
    // an optional name is not a mistake
    const optional = (xs: Tensor, { rate, floor = tensor(1) }: Record<string, Tensor>): Tensor =>
      rate!.mul(xs).add(floor);
    const { params } = fitCurve(optional as never, [0, 1, 2], [1, 3, 5], { parameters: ["rate"] });
    expect(params.rate).toBeCloseTo(2, 12);
  });
});

test("a call of a prepared fitter may have its own start", () => {
  // a period that is found only near the start
  const wave = (xs: Tensor, { rate }: Record<"rate", Tensor>): Tensor => sin(mul(rate, xs));
  const places = Array.from({ length: 60 }, (_, i) => i / 6);
  const fit = curveFitter(wave, { parameters: ["rate"], start: { rate: 1.9 } });
  const ys = places.map((place) => Math.sin(5 * place));
  expect(fit(places, places.map((place) => Math.sin(2 * place))).params.rate).toBeCloseTo(2, 6); // prettier-ignore
  expect(fit(places, ys, { start: { rate: 4.9 } }).params.rate).toBeCloseTo(5, 6);
  const free = fit as unknown as (...args: readonly unknown[]) => unknown;
  expect(() => free(places, ys, { start: { rat: 1 } })).toThrow('fitCurve: start has "rat"');
  expect(() => free(places, ys, { strat: {} })).toThrow('unknown option "strat". Did you mean "start"?');
});

describe("fitCurveAsync", () => {
  const xs = even(0, 10, 60);
  const ys = xs.map((x) => 3 * Math.exp(-0.2 * x) + 5 * Math.exp(-2 * x) + 0.01 * Math.sin(40 * x));
  const parameters = ["a", "b", "c", "d"] as const;
  const decays = (x: Tensor, { a, b, c, d }: Record<(typeof parameters)[number], Tensor>): Tensor =>
    add(mul(a, exp(neg(mul(b, x)))), mul(c, exp(neg(mul(d, x)))));

  test("finds the result of fitCurve", async () => {
    const fit = await fitCurveAsync(decays, xs, ys, { parameters });
    expect(fit.params).toEqual(fitCurve(decays, xs, ys, { parameters }).params);
  });

  test("an abort during the search ends all searches, and returns the best point so far", async () => {
    const controller = new AbortController();
    let [calls, total] = [0, Infinity];
    const counting: typeof decays = (x, params) => {
      if (++calls === total) controller.abort();
      return decays(x, params);
    };
    const options = { parameters, start: { a: 1, b: 1, c: 1, d: 0.5 }, jit: false };
    const whole = await fitCurveAsync(counting, xs, ys, options);
    [total, calls] = [Math.ceil(calls / 2), 0];
    const part = await fitCurveAsync(counting, xs, ys, { ...options, signal: controller.signal });
    expect([whole.converged, part.reason]).toEqual([true, "aborted"]);
    expect(part.iterations).toBeGreaterThan(0);
    expect(part.iterations).toBeLessThan(whole.iterations);
    expect(part.sumOfSquares).toBeGreaterThan(whole.sumOfSquares);
    const atStart = ys.reduce((sum, y, i) => sum + (y - Math.exp(-xs[i]!) - Math.exp(-0.5 * xs[i]!)) ** 2, 0);
    expect(part.sumOfSquares).toBeLessThan(atStart);
  });
});
