// Densities, gradients, moments and divergences compared with PyTorch and SciPy
// (test/testdata/distributions/distributions.py).
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { grad, jit, mul, sum, tensor, type Tensor } from "downhill";
import * as distributions from "downhill/distributions";
import { root } from "../../../test/support/snippets.ts";

type Nest = number | "Infinity" | "-Infinity" | "NaN" | readonly Nest[];

interface Case {
  readonly family: string;
  readonly params: Readonly<Record<string, Nest>>;
  readonly x: Nest;
  readonly logProb: Nest;
  readonly gradients: Readonly<Record<string, Nest>>;
  readonly gradientOfX: Nest | null;
  readonly mean: Nest | null;
  readonly variance: Nest | null;
  readonly entropy: Nest | null;
  readonly cdf: Nest | null;
  readonly icdf: Nest | null;
  readonly quantiles: Nest;
}

interface Divergence {
  readonly p: string;
  readonly pParams: Readonly<Record<string, Nest>>;
  readonly q: string;
  readonly qParams: Readonly<Record<string, Nest>>;
  readonly value: number | null;
}

const file = join(root, "test/testdata/distributions/distributions.json");
const { cases, divergences } = JSON.parse(readFileSync(file, "utf8")) as {
  readonly cases: readonly Case[];
  readonly divergences: readonly Divergence[];
};

type Made = distributions.Distribution<Readonly<Record<string, Tensor>>>;
const make = new Map(Object.entries(distributions) as [string, (params: object) => Made][]);

const flat = (x: Nest): number[] => (typeof x === "object" ? x.flatMap(flat) : [Number(x)]);

/** Relative to 1 + |x|, because sums of log-gamma values cancel. */
function expectNear(what: string, ours: Tensor, expected: Nest, tolerance = 1e-11): void {
  const values = [...ours.data()];
  const theirs = flat(expected);
  expect(values.length, what).toBe(theirs.length);
  values.forEach((value, i) => {
    const other = theirs[i]!;
    const isNear = Object.is(value, other) || Math.abs(value - other) <= tolerance * (1 + Math.abs(other));
    expect(isNear, `${what}: ${value}, and not ${other}`).toBe(true);
  });
}

describe.each(cases.map((each, i) => [`${each.family} (${i})`, each] as const))("%s", (_, each) => {
  const d = make.get(each.family)!(each.params);
  const x = tensor(each.x as number[]);

  test("has the same density, with its derivatives", () => {
    expectNear("logProb", d.logProb(x), each.logProb);
    expectNear("compiled", jit((own: Made, at: Tensor) => own.logProb(at))(d, x), each.logProb);
    const weights = tensor(Array.from({ length: flat(each.logProb).length }, (__, i) => i + 1)).reshape(
      d.logProb(x).shape,
    );
    const total = (own: Made, at: Tensor): Tensor => sum(mul(own.logProb(at), weights));
    const slopes = grad(total)(d, x);
    for (const [name, expected] of Object.entries(each.gradients))
      expectNear(`∂/∂${name}`, slopes.params[name]!, expected);
    if (each.gradientOfX !== null) expectNear("∂/∂x", grad(total, { argnums: 1 })(d, x), each.gradientOfX);
  });

  test("has the same moments and distribution function", () => {
    if (each.mean !== null && !flat(each.mean).includes(NaN)) expectNear("mean", d.mean(), each.mean);
    if (each.variance !== null) expectNear("variance", d.variance(), each.variance);
    if (each.entropy !== null) expectNear("entropy", d.entropy(), each.entropy);
    if (each.cdf !== null) expectNear("cdf", d.cdf(x), each.cdf);
    if (each.icdf !== null) {
      const places = d.icdf(each.quantiles as number[]);
      expectNear("icdf", places, each.icdf);
      if (each.cdf !== null) expectNear("cdf of icdf", d.cdf(places), each.quantiles);
    }
    expect(d.batchShape).toEqual(d.name === "uniform" || each.mean === null ? d.batchShape : d.mean().shape.slice(0, d.mean().ndim - d.eventShape.length)); // prettier-ignore
  });
});

test.each(divergences.map((each, i) => [`${each.p} ${each.q} (${i})`, each] as const))(
  "kl of %s",
  (_, { p, pParams, q, qParams, value }) => {
    const ours = distributions.kl(make.get(p)!(pParams), make.get(q)!(qParams));
    expectNear("kl", ours, value ?? "Infinity");
  },
);
