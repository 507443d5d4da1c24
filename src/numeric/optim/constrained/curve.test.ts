import { add, exp, mul, neg, sub, type Tensor } from "downhill";
import { atLeast, atMost, curveFitter, equality, fitCurve } from "downhill/optim";
import { compile } from "downhill/plain";
import { expect, test } from "vitest";
import { testInCi } from "../../../../test/support/extent.ts";

interface Decay {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly c: Tensor;
}
const x = [0, 1, 2, 3, 4, 5, 6, 7];
const y = [5.02, 3.82, 2.97, 2.41, 1.95, 1.65, 1.44, 1.31];
const decay = (at: Tensor, { a, b, c }: Decay): Tensor => add(mul(a, exp(neg(mul(b, at)))), c);
const parameters = ["a", "b", "c"] as const;

test("errors and bands of a curve under a constraint are those of a model that contains it", () => {
  const begins = equality(({ a, c }: Decay) => add(a, c), 5.1, { name: "begins" });
  const start = { b: 0.4, c: 1 };
  const fit = fitCurve(decay, x, y, { parameters, start: { a: 4, ...start }, constraints: [begins] });
  const own = fitCurve(
    (at: Tensor, { b, c }: { b: Tensor; c: Tensor }) => decay(at, { a: sub(5.1, c), b, c }),
    x,
    y,
    {
      parameters: ["b", "c"],
      start,
    },
  );
  expect(fit).toMatchObject({
    reason: "solved",
    converged: true,
    active: ["begins"],
    atBound: [],
    undetermined: [],
  });
  expect(fit.degreesOfFreedom).toBe(own.degreesOfFreedom);
  expect(fit.params.a + fit.params.c).toBeCloseTo(5.1, 9);
  for (const name of ["b", "c"] as const) {
    expect(fit.params[name] / own.params[name]).toBeCloseTo(1, 7);
    expect(fit.standardErrors[name] / own.standardErrors[name]).toBeCloseTo(1, 6);
    expect(fit.intervals[name][1] / own.intervals[name][1]).toBeCloseTo(1, 6);
  }
  expect(fit.standardErrors.a / own.standardErrors.c).toBeCloseTo(1, 6);
  const [band, wanted] = [fit.predict([0, 2.5]), own.predict([0, 2.5])];
  (band.high.tolist() as number[]).forEach((high, i) =>
    expect(high).toBeCloseTo((wanted.high.tolist() as number[])[i]!, 7),
  );
  expect(band.high.tolist()).not.toEqual(band.low.tolist());
});

testInCi("constraints that are not active do not change a curve, also with a robust loss", () => {
  const rows = { parameters, loss: "soft-l1", lossScale: 0.1, start: { a: 4, b: 0.4, c: 1 } } as const;
  const far = [...y.slice(0, 7), 9];
  const free = fitCurve(decay, x, far, rows);
  const fit = fitCurve(decay, x, far, { ...rows, constraints: [atMost(({ a, c }: Decay) => add(a, c), 50)] });
  expect(fit.active).toEqual([]);
  for (const name of parameters)
    expect(fit.standardErrors[name] / free.standardErrors[name]).toBeCloseTo(1, 6);
});

testInCi("a constraint determines parameters that the data leave open, and a bound holds one", () => {
  const line = (at: Tensor, { a, b, c }: Decay): Tensor => add(mul(mul(a, b), at), c);
  const open = fitCurve(line, x, y, {
    parameters,
    constraints: [atMost(({ a }: Decay) => a, 50)],
    low: { c: 4 },
  });
  expect(open.undetermined).toEqual(["a", "b"]);
  expect(open.standardErrors.a).toBeNaN();
  const fit = fitCurve(line, x, y, {
    parameters,
    constraints: [equality(({ a, b }: Decay) => add(a, mul(2, b)), 0)],
    low: { c: 4.5 },
    start: { a: 1, b: -1, c: 5 },
  });
  expect(fit).toMatchObject({ reason: "solved", undetermined: [], atBound: ["c"] });
  expect(fit.standardErrors.a / fit.standardErrors.b).toBeCloseTo(2, 6);
  expect(fit.standardErrors.c).toBeNaN();
  expect(fit.multipliers.bounds.c).toBeLessThan(0);
});

testInCi("a prepared fitter and models of plain numbers take constraints", async () => {
  const { curve, sum } = await compile<{
    curve: (at: number, p: { a: number; b: number }) => number;
    sum: (p: { a: number; b: number }) => number;
  }>(`export function curve(at: number, p: { a: number; b: number }): number { "use ad"; return p.a * Math.exp(-p.b * at); }
      export function sum(p: { a: number; b: number }): number { "use ad"; return p.a + p.b; }`);
  const fit = curveFitter(curve, {
    parameters: ["a", "b"],
    constraints: [atLeast(sum, 6, { name: "most" })],
  });
  for (const shift of [0, 0.1]) {
    const found = fit(x, y.map((value) => value + shift)); // prettier-ignore
    expect(found).toMatchObject({ reason: "solved", active: ["most"] });
    expect(found.params.a + found.params.b).toBeCloseTo(6, 7);
    expect(found.multipliers.constraints[0]).toBeLessThan(0);
    expect(found.fitted).toHaveLength(8);
  }
});

test("names that JavaScript reorders, and unknown parameters, are refused", () => {
  const model = (at: Tensor, p: Readonly<Record<string, Tensor>>): Tensor => add(mul(p["b"]!, at), p["1"]!);
  const constraints = [equality((p: Readonly<Record<string, Tensor>>) => p["b"]!, 1)];
  expect(() => fitCurve(model, x, y, { parameters: ["b", "1"], constraints })).toThrow(
    'fitCurve: with constraints, names of parameters must not be integers, because JavaScript reorders these; got "b"',
  );
  expect(() => fitCurve(decay, x, y, { parameters, constraintTolerance: 1e-6 })).toThrow(
    "constraintTolerance needs constraints",
  );
});
