import { describe, expect, test } from "vitest";
import {
  argmax,
  exp,
  full,
  grad,
  jacfwd,
  jit,
  linspace,
  log,
  mean,
  mul,
  scan,
  square,
  sub,
  sum,
  tensor,
  type Tensor,
  type TensorLike,
  vmap,
} from "downhill";
import * as d from "downhill/distributions";
import { key, keys } from "downhill/random";
import { leaves, map } from "downhill/tree";

type Made = d.Distribution<unknown>;

/** One distribution per family of scalar events, with parameters in the middle of their ranges. */
const continuous: Readonly<Record<string, Made>> = {
  normal: d.normal({ loc: 1, scale: 2 }),
  logNormal: d.logNormal({ loc: 0.3, scale: 0.7 }),
  uniform: d.uniform({ low: -1, high: 3 }),
  exponential: d.exponential({ rate: 1.7 }),
  laplace: d.laplace({ loc: 1, scale: 2 }),
  cauchy: d.cauchy({ loc: 1, scale: 2 }),
  gumbel: d.gumbel({ loc: 1, scale: 2 }),
  halfNormal: d.halfNormal({ scale: 2 }),
  halfCauchy: d.halfCauchy({ scale: 2 }),
  gamma: d.gamma({ concentration: 0.4, rate: 2 }),
  inverseGamma: d.inverseGamma({ concentration: 2.5, rate: 2 }),
  beta: d.beta({ concentration1: 0.4, concentration0: 2 }),
  studentT: d.studentT({ df: 3.5, loc: 1, scale: 2 }),
  weibull: d.weibull({ scale: 2, concentration: 0.7 }),
  pareto: d.pareto({ scale: 2, alpha: 2.7 }),
  chi2: d.chi2({ df: 3.5 }),
  relaxedBernoulli: d.relaxedBernoulli({ temperature: 0.7, probs: 0.3 }),
  mixture: d.mixture(d.categorical({ probs: [1, 3] }), d.normal({ loc: [-2, 2], scale: [0.5, 1] })),
  transformed: d.transformed(d.normal({ loc: 0, scale: 1 }), [
    d.affine({ loc: 1, scale: -2 }),
    d.tanhTransform(),
  ]),
};
const discrete: Readonly<Record<string, Made>> = {
  bernoulli: d.bernoulli({ probs: 0.3 }),
  categorical: d.categorical({ logits: [0, 1, -1, 0.5] }),
  binomial: d.binomial({ totalCount: 9, logits: 0.3 }),
  poisson: d.poisson({ rate: 4.2 }),
  negativeBinomial: d.negativeBinomial({ totalCount: 2.5, probs: 0.6 }),
  geometric: d.geometric({ probs: 0.4 }),
};

describe("samples", () => {
  const n = 20_000;

  test.each(Object.entries(continuous))("of %s have its distribution function", (_, family) => {
    const x = family.sample(key(11), n).data().toSorted((a, b) => a - b); // prettier-ignore
    const cdf = family.cdf(tensor(x)).data();
    let worst = 0;
    cdf.forEach((p, i) => (worst = Math.max(worst, Math.abs(p - (i + 0.5) / n))));
    expect(worst * Math.sqrt(n)).toBeLessThan(1.95); // Kolmogorov and Smirnov: passed by chance in 999 of 1000
  });

  test.each(Object.entries(discrete))("of %s occur as often as its probabilities predict", (_, family) => {
    const counts = new Map<number, number>();
    for (const x of family.sample(key(12), n).data()) counts.set(x, (counts.get(x) ?? 0) + 1);
    const probabilities = [...exp(family.logProb(linspace(0, 60, 61))).data()];
    expect(Math.abs(probabilities.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(1e-9);
    probabilities.forEach((p, x) => {
      const deviation = Math.sqrt(n * p * (1 - p));
      expect(Math.abs((counts.get(x) ?? 0) - n * p)).toBeLessThanOrEqual(5 * deviation + 1e-9);
    });
  });

  test("of von Mises have the density that integrates to 1", () => {
    for (const concentration of [1e-8, 0.5, 30]) {
      const family = d.vonMises({ loc: 2, concentration });
      const x = family.sample(key(14), n).data().toSorted((a, b) => a - b); // prettier-ignore
      const steps = 20_000;
      const places = linspace(-Math.PI, Math.PI, steps + 1);
      const density = exp(family.logProb(places)).data();
      let [below, worst, i] = [0, 0, 0];
      for (let k = 0; k < steps; k++) {
        below += ((density[k]! + density[k + 1]!) * Math.PI) / steps;
        while (i < n && x[i]! <= -Math.PI + ((k + 1) * 2 * Math.PI) / steps) i++;
        worst = Math.max(worst, Math.abs(below - i / n));
      }
      expect(below).toBeCloseTo(1, 6);
      expect(worst * Math.sqrt(n)).toBeLessThan(1.95);
    }
  });

  test("of vectors have the right means and variances", () => {
    const covarianceMatrix = [[2, 0.6], [0.6, 1]]; // prettier-ignore
    for (const family of [
      d.dirichlet({ concentration: [0.3, 1, 4] }),
      d.multivariateNormal({ loc: [1, 2], covarianceMatrix }),
      d.multivariateNormal({ loc: [1, 2], precisionMatrix: covarianceMatrix }),
      d.multivariateNormal({ loc: [1, 2], scaleTril: [[2, 0], [0.6, 1]] }), // prettier-ignore
      d.independent(d.normal({ loc: [1, 2, 3], scale: [1, 2, 3] })),
      d.oneHotCategorical({ probs: [1, 2, 5] }),
      d.multinomial({ totalCount: 9, probs: [1, 2, 5] }),
      d.lowRankMultivariateNormal({
        loc: [1, 2],
        covFactor: [
          [1, 0.2, -1],
          [2, 0, 0.5],
        ],
        covDiag: [0.5, 1],
      }),
    ] as Made[]) {
      const x = family.sample(key(13), n);
      expect(x.shape).toEqual([n, ...family.eventShape]);
      const centre = mean(x, { axis: 0 });
      const spread = mean(square(sub(x, centre)), { axis: 0 }).data();
      const [means, variances] = [family.mean().data(), family.variance().data()];
      centre.data().forEach((value, i) => {
        expect(Math.abs(value - means[i]!)).toBeLessThan(5 * Math.sqrt(variances[i]! / n));
        expect(Math.abs(spread[i]! / variances[i]! - 1)).toBeLessThan(0.1);
      });
    }
  });

  test("of category counts add up, also in batches with different totals", () => {
    const many = d.multinomial({ totalCount: [4, 0, 100], probs: [[1, 0, 3], [1, 1, 1], [0, 1, 0]] }); // prettier-ignore
    const x = many.sample(key(15), 500);
    expect([x.dtype, x.shape]).toEqual(["int32", [500, 3, 3]]);
    const rows = x.tolist() as number[][][];
    for (const [a, b, c] of rows) {
      expect([sum(a!).item(), a![1]]).toEqual([4, 0]);
      expect(b).toEqual([0, 0, 0]);
      expect(c).toEqual([0, 100, 0]);
    }
    expect(Number.isFinite(sum(many.logProb(x)).item())).toBe(true);
  });

  test("of relaxed categories are largest at the category, and have the derivatives of the formula", () => {
    const relaxed = d.relaxedOneHotCategorical({ temperature: 0.5, probs: [1, 2, 5] });
    const x = relaxed.sample(key(16), n);
    const largest = argmax(x, { axis: -1 }).data();
    [1, 2, 5].forEach((p, place) => {
      const often = largest.filter((each) => each === place).length / n;
      expect(Math.abs(often - p / 8)).toBeLessThan(5 * Math.sqrt((p / 8) * (1 - p / 8) / n)); // prettier-ignore
    });
    const first = (temperature: Tensor): Tensor =>
      d
        .relaxedOneHotCategorical({ temperature, logits: [0, 1] })
        .sample(key(17))
        .at(0);
    const step = 1e-5;
    const slope = (first(tensor(0.7 + step)).item() - first(tensor(0.7 - step)).item()) / (2 * step);
    expect(grad(first)(0.7).item()).toBeCloseTo(slope, 8);
  });

  test("of vectors work in jit, vmap and scan", () => {
    const families = [
      d.oneHotCategorical({ logits: [0.1, 0.2, 0.3] }),
      d.multinomial({ totalCount: 5, logits: [0.1, 0.2, 0.3] }),
      d.relaxedOneHotCategorical({ temperature: 0.5, logits: [0.1, 0.2, 0.3] }),
      d.lowRankMultivariateNormal({ loc: [1, 2, 3], covFactor: [[1], [2], [3]], covDiag: [1, 1, 1] }),
    ] as Made[];
    for (const family of families) {
      const seeds = keys(key(18), 3);
      const drawn = [0, 1, 2].map((i) => family.sample(seeds.at(i), 2).tolist());
      expect(vmap((k: Tensor) => family.sample(k, 2))(seeds).tolist(), family.name).toEqual(drawn);
      expect(jit((own: Made, k: Tensor) => own.sample(k, 2))(family, seeds.at(1)).tolist()).toEqual(drawn[1]);
      const x = family.sample(key(19), 3).astype("float64");
      const [, looped] = scan((own: Made, at: Tensor) => [own, own.logProb(at)], family, x);
      looped.data().forEach((value, i) => expect(value).toBeCloseTo(family.logProb(x).data()[i]!, 12));
    }
  });

  test("of reparameterised distributions have the derivatives of the mean", () => {
    const slope = grad((loc: Tensor) => mean(d.normal({ loc, scale: 2 }).sample(key(1), 100)))(1).item();
    expect(slope).toBeCloseTo(1, 12);
    const ofShape = grad((a: Tensor) => mean(d.gamma({ concentration: a, rate: 2 }).sample(key(1), n)))(
      3,
    ).item();
    expect(Math.abs(ofShape - 0.5)).toBeLessThan(0.02);
    const still = grad((k: Tensor) => sum(d.vonMises({ loc: k, concentration: k }).sample(key(1), 3)))(2);
    expect(still.item()).toBe(0); // and it has derivative 0
    const told = Object.entries({ ...continuous, ...discrete }).filter(([, x]) => !x.reparameterised);
    expect(told.map(([name]) => name)).toEqual(["mixture", ...Object.keys(discrete)]);
  });

  test("have the dtype of the parameters, or that of counts and booleans", () => {
    expect(d.normal({ loc: tensor(0, { dtype: "float32" }), scale: 1 }).sample(key(0)).dtype).toBe("float32");
    expect(d.normal({ loc: 0, scale: 1 }).sample(key(0)).dtype).toBe("float64");
    expect(d.bernoulli({ probs: 0.5 }).sample(key(0)).dtype).toBe("bool");
    expect(d.poisson({ rate: tensor(2, { dtype: "float32" }) }).sample(key(0), 2).dtype).toBe("int32");
  });
});

describe("quantiles", () => {
  const quantiles = [1e-9, 0.02, 0.3, 0.5, 0.75, 0.999];
  const inverted = Object.entries(continuous).filter(([name]) => !["mixture", "transformed"].includes(name));

  test.each(inverted)("of %s invert its distribution function", (_, family) => {
    const places = family.icdf(quantiles);
    const back = family.cdf(places).data();
    const density = exp(family.logProb(places)).data();
    // including the effect of rounding of the argument
    const allowed = places
      .data()
      .map((x, i) => 1e-13 * quantiles[i]! + 2 ** -50 * (1 + Math.abs(x)) * density[i]!);
    quantiles.forEach((q, i) => expect(Math.abs(back[i]! - q), `${q}`).toBeLessThan(allowed[i]!));
  });

  // icdf and its derivatives in the probability and the shape parameters, and the second derivative in the probability,
  // by mpmath
  const reference: readonly {
    readonly name: string;
    readonly shapes: readonly number[];
    readonly q: number;
    readonly expected: readonly number[];
  }[] = [
    {
      name: "gamma",
      shapes: [0.4],
      q: 0.3,
      expected: [0.018770943218711516, 0.16068549445919253, 0.15618764375564087, 0.876952305562517],
    },
    {
      name: "gamma",
      shapes: [3.0],
      q: 0.9,
      expected: [2.661160168917105, 7.231898685853723, 0.6943542024910273, 65.29428295616577],
    },
    {
      name: "gamma",
      shapes: [250.0],
      q: 0.01,
      expected: [107.34688569364492, 267.851936043541, 0.4632118618825191, -22928.36610512507],
    },
    {
      name: "inverseGamma",
      shapes: [2.5],
      q: 0.3,
      expected: [0.659583837302297, 1.1360055863038636, -0.25566494478055274, 0.915244711322109],
    },
    {
      name: "inverseGamma",
      shapes: [2.5],
      q: 0.99,
      expected: [7.216333896754329, 312.9923171469865, -7.542085041704233, 43751.29953460987],
    },
    {
      name: "beta",
      shapes: [0.4, 2.0],
      q: 0.5,
      expected: [
        0.0808103636985459, 0.4294247689979131, 0.39583700164595675, -0.04445629885055364, 1.5697907537365259,
      ],
    },
    {
      name: "beta",
      shapes: [30.0, 4.0],
      q: 0.999,
      expected: [
        0.9864780979481593, 3.667372741256943, 0.0004269356884737625, -0.0084880923938721, 2588.5785408010947,
      ],
    },
    {
      name: "beta",
      shapes: [2.0, 3.0],
      q: 0.1,
      expected: [
        0.14255931671003072, 0.7950875943408171, 0.11132785639577245, -0.038604979014438656,
        -2.959857085204395,
      ],
    },
    {
      name: "studentT",
      shapes: [3.5],
      q: 0.2,
      expected: [-0.9567588339323109, 4.53680034207198, 0.036577938732443936, -20.069913843916535],
    },
    {
      name: "studentT",
      shapes: [0.7],
      q: 0.98,
      expected: [50.36084917875527, 3597.8285942255784, -285.55316745925586, 436834.535251411],
    },
  ];
  const made: Readonly<Record<string, (...shapes: readonly Tensor[]) => Made>> = {
    gamma: (a) => d.gamma({ concentration: a, rate: 2 }),
    inverseGamma: (a) => d.inverseGamma({ concentration: a, rate: 2 }),
    beta: (a, b) => d.beta({ concentration1: a, concentration0: b }),
    studentT: (df) => d.studentT({ df: df, loc: 0, scale: 1 }),
  };
  test.each(reference)(
    "of $name($shapes) at $q have the derivatives of the implicit function",
    ({ name, shapes, q, expected }) => {
      const place = (...args: readonly Tensor[]): Tensor => made[name]!(...args.slice(1)).icdf(args[0]!);
      const args = [q, ...shapes].map((x) => tensor(x));
      const slopes = args.map((__, i) => grad(place, { argnums: i })(...args).item());
      const second = grad((p: Tensor) => grad(place)(p, ...args.slice(1)))(args[0]!).item();
      [place(...args).item(), ...slopes, second].forEach((value, i) => {
        const size = Math.abs(expected[i]!);
        expect(Math.abs(value - expected[i]!), `number ${i}: ${value}`).toBeLessThanOrEqual(
          1e-12 * size + 1e-15,
        );
      });
    },
  );

  test("of Student's distribution are smooth at the centre, and so is its distribution function: its derivative there was NaN", () => {
    const student = (df: Tensor): Made => d.studentT({ df, loc: 1, scale: 2 });
    const density = exp(student(tensor(3)).logProb(1)).item();
    expect(grad((x) => student(tensor(3)).cdf(x))(1).item()).toBeCloseTo(density, 14);
    expect(grad((q) => student(tensor(3)).icdf(q))(0.5).item()).toBeCloseTo(1 / density, 13);
    expect(grad((df) => student(df).cdf(1))(3).item()).toBe(0);
    expect(grad((df) => student(df).icdf(0.5))(3).item()).toBe(0);
    const mixed = grad((x: Tensor) => grad((df: Tensor) => student(df).cdf(x))(3))(1).item();
    const other = grad((df: Tensor) => exp(student(df).logProb(1)))(3).item();
    expect(mixed).toBeCloseTo(other, 14);
  });
});

test("the Laplace distribution function and its inverse have the right derivatives at the centre: they were 0", () => {
  const family = d.laplace({ loc: 1, scale: 2 });
  expect(grad((x) => family.cdf(x))(1).item()).toBe(0.25);
  expect(grad((q) => family.icdf(q))(0.5).item()).toBe(4);
});

describe("many trials", () => {
  // by mpmath; differences of log-factorials had 7 right digits
  test.each<[string, Made, number, number]>([
    ["binomial", d.binomial({ totalCount: 1e8, probs: 0.3 }), 30_001_000, -9.372773930305424],
    ["binomial of logits", d.binomial({ totalCount: 1e6, logits: 0 }), 500_100, -7.153546861760211],
    ["binomial of few", d.binomial({ totalCount: 50, probs: 0.2 }), 7, -2.4417140182807384],
    ["poisson", d.poisson({ rate: 1e8 }), 100_005_000, -10.254301822107916],
    ["negativeBinomial", d.negativeBinomial({ totalCount: 1e6, probs: 0.4 }), 666_000, -8.078767323642584],
  ])("keep the digits of %s", (_, family, k, expected) => {
    expect(Math.abs(family.logProb(k).item() / expected - 1)).toBeLessThan(1e-14);
  });

  test("have the derivative in the probability, also at the ends", () => {
    const slope = (n: number, k: number, p: number): number =>
      grad((probs: Tensor) => d.binomial({ totalCount: n, probs }).logProb(k))(p).item();
    expect(slope(1e8, 30_001_000, 0.3)).toBeCloseTo(1000 / 0.21, 8); // (k − np) / p (1 − p)
    expect([slope(5, 0, 0), slope(5, 1, 0), slope(5, 5, 1), slope(16, 16, 0.2)]).toEqual([
      -5,
      Infinity,
      5,
      80,
    ]);
  });

  test("keep the digits of the derivative of the entropy of Student's distribution", () => {
    const slope = grad((df: Tensor) => d.studentT({ df, loc: 0, scale: 1 }).entropy());
    for (const [df, expected] of [
      [5, -0.043135533878012645],
      [30, -0.0011289938824940592],
      [1e4, -1.0000499949995002e-8],
      [1e6, -1.0000004999995e-12],
    ] as const)
      // prettier-ignore
      expect(Math.abs(slope(df).item() / expected - 1), `${df}`).toBeLessThan(1e-12);
  });
});

describe("a distribution is a tree node", () => {
  test.each(Object.entries({ ...continuous, ...discrete }))("%s passes jit, vmap and scan", (_, family) => {
    const x = family.sample(key(3), 4).astype("float64");
    const expected = family.logProb(x).data();
    const density = (own: Made, at: Tensor): Tensor => own.logProb(at);
    expect(jit(density)(family, x).data()).toEqual(expected);
    expect(vmap(density, { inAxes: [null, 0] })(family, x).data()).toEqual(expected);
    const [last, looped] = scan((own: Made, at: Tensor) => [own, own.logProb(at)], family, x);
    expect([...looped.data()]).toEqual([...expected]);
    expect(last.name).toBe(family.name);
    const drawn = jit((own: Made, k: Tensor) => own.sample(k, 3))(family, tensor(key(9)));
    expect(drawn.data()).toEqual(family.sample(key(9), 3).data());
    const batch = vmap((k: Tensor) => family.sample(k, 2))(keys(key(4), 3));
    expect(batch.shape).toEqual([3, 2]);
  });

  test("whose leaves are its parameters", () => {
    const family = d.normal({ loc: [0, 1], scale: 2 });
    expect(leaves(family).map((x) => x.shape)).toEqual([[2], []]);
    const doubled = map((x) => mul(x, 2), family);
    expect(doubled.params.scale.item()).toBe(4);
    expect(doubled.name).toBe("normal");
    const made = jit((loc: Tensor) => d.normal({ loc, scale: 1 }))(3);
    expect(made.mean().item()).toBe(3);
    const each = vmap((loc: Tensor) => d.normal({ loc, scale: full([], 1) }))([1, 2, 3]);
    expect(each.batchShape).toEqual([3]);
    expect(vmap((one: typeof each) => one.logProb(0))(each).data()).toEqual(each.logProb(0).data());
  });

  test("and so it has derivatives in them", () => {
    const family = d.mixture(d.categorical({ logits: [0, 1] }), d.normal({ loc: [-1, 1], scale: 1 }));
    const slopes = grad((own: typeof family) => sum(own.logProb([0.3, 2])))(family);
    const { mixtureDistribution, componentDistribution } = slopes.params;
    expect(mixtureDistribution.params.logits!.shape).toEqual([2]);
    const { loc } = componentDistribution.params as { loc: Tensor };
    const step = 1e-6;
    const at = (x: number): number =>
      sum(
        d.mixture(d.categorical({ logits: [0, 1] }), d.normal({ loc: [-1, x], scale: 1 })).logProb([0.3, 2]),
      ).item();
    expect(loc.data()[1]).toBeCloseTo((at(1 + step) - at(1 - step)) / (2 * step), 7);
  });
});

describe("shapes", () => {
  test("Student's distribution keeps its digits for many degrees of freedom", () => {
    // by mpmath 1.3, with 40 digits
    const at = (df: Tensor): Tensor => d.studentT({ df, loc: -2.5, scale: 0.75 }).logProb(-2.25);
    const entropy = (df: Tensor): Tensor => d.studentT({ df, loc: -2.5, scale: 0.75 }).entropy();
    expect(at(tensor(1e4)).item() / -0.686842263193408).toBeCloseTo(1, 14);
    expect(grad(at)(1e4).item() / 3.024685629995427e-9).toBeCloseTo(1, 11);
    expect(entropy(tensor(1e4)).item() / 1.1313564632527251).toBeCloseTo(1, 14);
    expect(grad(entropy)(1e4).item() / -1.0000499949995e-8).toBeCloseTo(1, 7); // a value of about 1e-8, from terms of 1e-4
  });

  test("multivariateNormal reads the lower triangle of scaleTril everywhere, and needs a positive diagonal", () => {
    const [full, lower] = [[[1, 0.7], [0.3, 2]], [[1, 0], [0.3, 2]]]; // prettier-ignore
    const all = (scaleTril: TensorLike): unknown => {
      const normal = d.multivariateNormal({ loc: [0, 1], scaleTril });
      const other = d.multivariateNormal({ loc: [0, 0], covarianceMatrix: [[2, 1], [1, 2]] }); // prettier-ignore
      const results = [normal.logProb([1, 2]), normal.sample(key(0), 3), normal.variance(), normal.entropy(), d.kl(normal, other), d.kl(other, normal)]; // prettier-ignore
      return results.map((x) => x.tolist());
    };
    expect(all(full)).toEqual(all(lower));
    const slope = grad((x: Tensor) => d.multivariateNormal({ loc: [0, 1], scaleTril: x }).logProb([1, 2]));
    expect(slope(full).at(0, 1).item()).toBe(0);
    expect(() => slope([[1, 0], [0.3, -2]])).toThrow("the diagonal of scaleTril must be above 0"); // prettier-ignore
    for (const diagonal of [0, -2])
      expect(() => d.multivariateNormal({ loc: [0, 0], scaleTril: [[1, 0], [0.3, diagonal]] })).toThrow(`the diagonal of scaleTril must be above 0, got ${diagonal} in row 1.`); // prettier-ignore
    const traced = jit((x: Tensor) => {
      const normal = d.multivariateNormal({ loc: [0, 1], scaleTril: x });
      return [normal.logProb([1, 2]), normal.sample(key(0)), normal.variance(), normal.entropy()];
    });
    expect(traced([[1, 0], [0.3, -2]]).flatMap((x) => [...x.data()])).toEqual(new Array(6).fill(NaN)); // prettier-ignore
    expect(
      traced(full)
        .flatMap((x) => [...x.data()])
        .some(Number.isNaN),
    ).toBe(false);
  });

  test("one number is the mean of all elements of a vector", () => {
    const scaleTril = [[2, 0], [0.6, 1]]; // prettier-ignore
    const one = d.multivariateNormal({ loc: 3, scaleTril });
    const all = d.multivariateNormal({ loc: [3, 3], scaleTril });
    expect(one.eventShape).toEqual([2]);
    expect(one.logProb([1, 4]).item()).toBe(all.logProb([1, 4]).item());
    const inMean = (loc: Tensor): Tensor => d.multivariateNormal({ loc, scaleTril }).logProb([1, 4]);
    expect(grad(inMean)(3).item()).toBeCloseTo(sum(grad(inMean)([3, 3])).item(), 14);
  });

  test("of batches, events and samples", () => {
    const batch = d.normal({ loc: [[0], [1]], scale: [1, 2, 3] });
    expect([batch.batchShape, batch.eventShape]).toEqual([[2, 3], []]);
    expect(batch.sample(key(0), [4]).shape).toEqual([4, 2, 3]);
    expect(batch.sample(key(0), 4).shape).toEqual([4, 2, 3]);
    expect(batch.logProb(0).shape).toEqual([2, 3]);
    expect(batch.mean().shape).toEqual([2, 3]);
    const own = d.independent(batch, 1);
    expect([own.batchShape, own.eventShape]).toEqual([[2], [3]]);
    expect(own.logProb([0, 0, 0]).shape).toEqual([2]);
    expect(own.logProb([0, 0, 0]).data()).toEqual(sum(batch.logProb(0), { axis: -1 }).data());
    expect(own.sample(key(1), 5).shape).toEqual([5, 2, 3]);
    const many = d.multivariateNormal({ loc: [[0, 0], [1, 1], [2, 2]], scaleTril: [[1, 0], [0, 1]] }); // prettier-ignore
    expect([many.batchShape, many.eventShape, many.sample(key(0), 4).shape]).toEqual([[3], [2], [4, 3, 2]]);
    const places = d.categorical({ probs: [[1, 2, 3], [3, 2, 1]] }); // prettier-ignore
    expect([places.batchShape, places.eventShape, places.sample(key(0), 4).shape]).toEqual([[2], [], [4, 2]]);
    const mixed = d.mixture(d.categorical({ probs: [[1, 2], [2, 1]] }), d.independent(d.normal({ loc: full([2, 2, 3], 0), scale: 1 }))); // prettier-ignore
    expect([mixed.batchShape, mixed.eventShape]).toEqual([[2], [3]]);
    expect([mixed.sample(key(0), 5).shape, mixed.mean().shape, mixed.logProb(full([3], 0)).shape]).toEqual([[5, 2, 3], [2, 3], [2]]); // prettier-ignore
  });

  test("the density of Weibull's distribution at 0 is its limit", () => {
    const at = (concentration: number): number => d.weibull({ scale: 2, concentration }).logProb(0).item();
    expect([at(0.5), at(1), at(1.5)]).toEqual([Infinity, Math.log(0.5), -Infinity]);
    expect(d.pareto({ scale: 1, alpha: 0.9 }).mean().item()).toBe(Infinity);
    expect(d.multinomial({ totalCount: 3, probs: [1, 1] }).logProb([[1, 1], [2, 1]]).data()[0]).toBe(-Infinity); // prettier-ignore
    expect(
      d
        .oneHotCategorical({ probs: [1, 1] })
        .logProb([1, 1])
        .item(),
    ).toBe(-Infinity);
  });

  test("values outside the support have no probability", () => {
    const cases: [Made, number[]][] = [
      [d.gamma({ concentration: 2, rate: 1 }), [-1]],
      [d.beta({ concentration1: 2, concentration0: 1 }), [-0.1, 1.1]],
      [d.uniform({ low: 0, high: 1 }), [-0.1, 1.1]],
      [d.poisson({ rate: 2 }), [-1, 0.5]],
      [d.binomial({ totalCount: 3, probs: 0.5 }), [-1, 0.5, 4]],
      [d.categorical({ probs: [1, 1] }), [-1, 0.5, 2]],
      [d.bernoulli({ probs: 0.5 }), [0.5, 2]],
      [d.logNormal({ loc: 0, scale: 1 }), [0, -1]],
      [d.weibull({ scale: 1, concentration: 2 }), [-1]],
      [d.pareto({ scale: 1, alpha: 2 }), [-1, 0.5]],
      [d.geometric({ probs: 0.5 }), [-1, 0.5]],
      [d.relaxedBernoulli({ temperature: 1, probs: 0.5 }), [0, 1, -1, 2]],
    ];
    for (const [family, events] of cases) {
      expect([...family.logProb(events).data()], family.name).toEqual(events.map(() => -Infinity));
      const slope = grad((x: Tensor) => sum(family.logProb(x)))(events);
      expect([...slope.data()], family.name).toEqual(events.map(() => 0));
    }
    expect(
      d
        .dirichlet({ concentration: [1, 1] })
        .logProb([0.5, 0.6])
        .item(),
    ).toBe(-Infinity);
  });
});

describe("invertible functions", () => {
  const each: Readonly<Record<string, d.Bijector>> = {
    affine: d.affine({ loc: 1, scale: -2 }),
    expTransform: d.expTransform(),
    sigmoidTransform: d.sigmoidTransform(),
    tanhTransform: d.tanhTransform(),
    softplusTransform: d.softplusTransform(),
    stickBreaking: d.stickBreaking(),
    ordered: d.ordered(),
  };

  test.each(Object.entries(each))(
    "%s is undone by its inverse, and has the determinant of its derivative",
    (_, f) => {
      const x = tensor([0.3, -1.2, 0.8]);
      const y = f.forward(x);
      f.inverse(y).data().forEach((value, i) => expect(value).toBeCloseTo(x.data()[i]!, 12)); // prettier-ignore
      const square = jacfwd((at: Tensor) => f.forward(at).slice(0, 3))(x);
      const rows = square.tolist() as number[][];
      const [a, b, c] = rows as [number[], number[], number[]];
      const det = a[0]! * (b[1]! * c[2]! - b[2]! * c[1]!) - a[1]! * (b[0]! * c[2]! - b[2]! * c[0]!) + a[2]! * (b[0]! * c[1]! - b[1]! * c[0]!); // prettier-ignore
      expect(sum(f.logDet(x)).item()).toBeCloseTo(Math.log(Math.abs(det)), 12);
      expect(jit((own: d.Bijector, at: Tensor) => own.forward(at))(f, x).data()).toEqual(y.data());
    },
  );

  test("build distributions: the exponential of a normal one is logNormal", () => {
    const own = d.transformed(d.normal({ loc: 0, scale: 1 }), [
      d.affine({ loc: 0.3, scale: 0.7 }),
      d.expTransform(),
    ]);
    const known = d.logNormal({ loc: 0.3, scale: 0.7 });
    const x = tensor([0.1, 1, 4]);
    own.logProb(x).data().forEach((value, i) => expect(value).toBeCloseTo(known.logProb(x).data()[i]!, 12)); // prettier-ignore
    expect(own.sample(key(5), 6).data()).toEqual(exp(log(own.sample(key(5), 6))).data().map((v, i) => (Math.abs(v - known.sample(key(5), 6).data()[i]!) < 1e-12 ? own.sample(key(5), 6).data()[i]! : NaN))); // prettier-ignore
  });

  test("of vectors make the last batch axis part of an event", () => {
    const simplex = d.transformed(d.normal({ loc: [0, 0], scale: 1 }), d.stickBreaking());
    expect([simplex.batchShape, simplex.eventShape]).toEqual([[], [3]]);
    const drawn = simplex.sample(key(6), 100);
    expect(drawn.shape).toEqual([100, 3]);
    sum(drawn, { axis: -1 }).data().forEach((value) => expect(value).toBeCloseTo(1, 12)); // prettier-ignore
    const rising = d.transformed(d.normal({ loc: [0, 0, 0], scale: 1 }), d.ordered());
    const [low, , high] = rising.sample(key(7)).data();
    expect(low!).toBeLessThan(high!);
    expect(rising.logProb(rising.sample(key(7), 5)).shape).toEqual([5]);
  });
});

describe("parameters", () => {
  test.each<[() => unknown, string]>([
    [() => d.normal({ loc: 0, scale: -1 }), "normal: scale must be above 0, got -1."],
    [() => d.normal({ loc: NaN, scale: 1 }), "normal: loc must be finite, got NaN."],
    [() => d.normal({ loc: 0 } as never), "normal: needs scale."],
    [() => d.normal({ loc: 0, scale: 1, std: 1 } as never), 'normal: unknown option "std".'],
    [
      () => d.normal({ loc: [0, 1], scale: [1, 2, 3] }),
      "normal: loc [2] and scale [3] do not broadcast to one batch.",
    ],
    [() => d.bernoulli({} as never), "bernoulli: takes one of probs, logits; got none."],
    [
      () => d.bernoulli({ probs: 0.5, logits: 0 } as never),
      "bernoulli: takes one of probs, logits; got probs and logits.",
    ],
    [() => d.bernoulli({ probs: 1.5 }), "bernoulli: probs must be between 0 and 1, got 1.5."],
    [
      () => d.binomial({ totalCount: 2.5, probs: 0.5 }),
      "binomial: totalCount must be an integer of 0 or more, got 2.5.",
    ],
    [() => d.categorical({ probs: 0.5 }), "categorical: probs must have at least 1 axes, got f64[]."],
    [() => d.gamma({ concentration: 1, rate: 1 }).logProb([[1, 2], "a"] as never), "gamma.logProb"],
    [
      () => d.dirichlet({ concentration: [1, 2] }).logProb([0.2, 0.3, 0.5]),
      "dirichlet.logProb: f64[3] is not an event of a batch [] of events [2].",
    ],
    [
      () => d.multivariateNormal({ loc: [0, 0], scaleTril: [[1]] }),
      "multivariateNormal: vectors of 2 elements need matrices [2,2], got f64[1,1].",
    ],
    [
      () => d.mixture(d.categorical({ probs: [1, 2, 3] }), d.normal({ loc: [0, 1], scale: 1 })),
      "mixture: 3 categories choose among the last axis of a batch of shape [2].",
    ],
    [
      () => d.independent(d.normal({ loc: 0, scale: 1 })),
      "independent: 1 axes cannot be taken from a batch of shape [].",
    ],
    [
      () => d.transformed(d.normal({ loc: 0, scale: 1 }), {} as never),
      "transformed: the transforms must be bijectors",
    ],
    [
      () => d.transformed(d.normal({ loc: [[0], [0]], scale: 1 }), d.affine({ loc: [1, 2, 3], scale: 1 })),
      "transformed: the batch is [2,3], but one of its distributions has [2,1].",
    ],
    [
      () => d.dirichlet({ concentration: [1, 2] }).cdf([0.5, 0.5]),
      "dirichlet: cdf does not exist or has no closed form.",
    ],
    [
      () => d.kl(d.normal({ loc: 0, scale: 1 }), d.poisson({ rate: 1 })),
      "kl: the divergence of poisson from normal is not known in closed form.",
    ],
    [
      () => d.normal({ loc: 0, scale: 1 }).sample(3 as never),
      "normal.sample: the first argument must be a key",
    ],
  ])("are refused where they are wrong %#", (action, message) => {
    expect(action).toThrow(message);
  });

  test("that are out of range only at run time give NaN", () => {
    const density = jit((scale: Tensor) => d.normal({ loc: 0, scale }).logProb(0));
    expect(density(-1).item()).toBeNaN();
    expect(Number.isFinite(density(1).item())).toBe(true);
    const gamma = jit((a: Tensor) => d.gamma({ concentration: a, rate: 1 }).logProb([1, 2]));
    expect([...gamma(-0.5).data()]).toEqual([NaN, NaN]);
    const vectors = jit((alpha: Tensor) => d.dirichlet({ concentration: alpha }).mean());
    expect([...vectors([1, -2]).data()]).toEqual([NaN, NaN]);
  });
});

test("kl of batches that count as one event is summed", () => {
  const [p, q] = [d.normal({ loc: [0, 1], scale: 1 }), d.normal({ loc: [1, 1], scale: [2, 3] })];
  expect(d.kl(d.independent(p), d.independent(q)).item()).toBeCloseTo(sum(d.kl(p, q)).item(), 14);
});

describe("entropies of counts", () => {
  /** −Σ p log p of the density over counts up to `most`. */
  const summed = (own: Made, most: number): Tensor => {
    const logs = own.logProb(linspace(0, most, most + 1));
    return sum(mul(exp(logs), logs)).neg();
  };
  const real = (x: number): Tensor => tensor(x);
  test.each<[string, (p: Tensor) => Made, number, number]>([
    ["poisson, of few", (p) => d.poisson({ rate: p }), 0.03, 40],
    ["poisson", (p) => d.poisson({ rate: p }), 7, 100],
    ["poisson, of many", (p) => d.poisson({ rate: p }), 900, 2000],
    ["binomial", (p) => d.binomial({ totalCount: 12, probs: p }), 0.3, 12],
    ["binomial, by logits", (p) => d.binomial({ totalCount: 400, logits: p }), -3, 400],
    ["binomial, nearly certain", (p) => d.binomial({ totalCount: 3, probs: p }), 0.999, 3],
    ["negativeBinomial", (p) => d.negativeBinomial({ totalCount: 3.5, probs: p }), 0.4, 200],
    [
      "negativeBinomial, of a small total",
      (p) => d.negativeBinomial({ totalCount: p, logits: 1 }),
      0.02,
      300,
    ],
  ])("of %s are the sums over all counts, with their derivatives", (_, make, at, most) => {
    const [value, slope] = [make(real(at)).entropy(), grad((p: Tensor) => make(p).entropy())(at)];
    // the terms that cancel are about mean · log(mean)
    expect(Math.abs(value.item() - summed(make(real(at)), most).item())).toBeLessThan(5e-12);
    const expected = grad((p: Tensor) => summed(make(p), most))(at).item();
    expect(Math.abs(slope.item() - expected)).toBeLessThan(1e-10 * Math.max(1, Math.abs(expected)));
    expect(jit((p: Tensor) => make(p).entropy())(at).item()).toBeCloseTo(value.item(), 12);
  });

  test("are 0 for a certain count, and have the dtype and shape of their parameters", () => {
    expect(d.poisson({ rate: 0 }).entropy().item()).toBe(0);
    for (const probs of [0, 1])
      expect(d.binomial({ totalCount: 5, probs }).entropy().item()).toBeCloseTo(0, 14);
    expect(d.negativeBinomial({ totalCount: 5, probs: 0 }).entropy().item()).toBe(0);
    const single = d.poisson({ rate: tensor([1, 20], { dtype: "float32" }) }).entropy();
    expect([single.dtype, single.shape]).toEqual(["float32", [2]]);
    const all = vmap((rate: Tensor) => d.poisson({ rate }).entropy())([1, 20]);
    for (const i of [0, 1]) expect(all.at(i).item()).toBeCloseTo(single.at(i).item(), 5);
  });
});
