import { add, concatenate, cos, exp, mul, sin, square, stack, sub, sum, tensor, type Tensor } from "downhill";
import { atLeast, atMost, between, equality, leastSquares, leastSquaresAsync, leastSquaresSolver } from "downhill/optim"; // prettier-ignore
import { compile } from "downhill/plain";
import { describe, expect, test } from "vitest";
import { testInCi } from "../../../../test/support/extent.ts";

/** Measured spectrum of a mixture of three substances. */
const spectra = [
  [1, 0.8, 0.3, 0.1, 0, 0.2, 0.4],
  [0.1, 0.4, 0.9, 1, 0.5, 0.1, 0],
  [0, 0.1, 0.2, 0.5, 1, 0.9, 0.3],
];
const measured = [0.55, 0.57, 0.5, 0.49, 0.36, 0.33, 0.27];
const mixture = (p: Tensor): Tensor => sub(mul(p, tensor(spectra).T).sum({ axis: 1 }), measured);

/** T C Tᵀ for the covariance C of parameters u, and the derivatives T of p by u. */
const mapped = (t: readonly number[][], c: Tensor): number[][] => {
  const values = c.tolist() as number[][];
  return t.map((ti) =>
    t.map((tj) => ti.reduce((s, a, i) => s + a * tj.reduce((r, b, j) => r + values[i]![j]! * b, 0), 0)),
  );
};
const close = (got: unknown, wanted: readonly number[][], digits = 6): void =>
  (got as number[][]).flat().forEach((value, i) => {
    const exact = wanted.flat()[i]!;
    expect(Math.abs(value - exact)).toBeLessThanOrEqual(10 ** -digits * Math.max(1e-3, Math.abs(exact)));
  });

describe("standard errors are those of an explicit parametrisation of the active constraints", () => {
  testInCi("of a linear equality", () => {
    const whole = equality((p: Tensor) => sum(p), 1, { name: "whole" });
    const fit = leastSquares(mixture, [0.3, 0.3, 0.4], { constraints: [whole] });
    const own = leastSquares((u: Tensor) => mixture(stack([u.at(0), u.at(1), sub(1, sum(u))])), [0.3, 0.3]);
    expect(fit).toMatchObject({ reason: "solved", converged: true, active: ["whole"] });
    expect(fit.degreesOfFreedom).toBe(5);
    expect(fit.sumOfSquares).toBeCloseTo(own.sumOfSquares, 12);
    close(fit.covariance.tolist(), mapped([[1, 0], [0, 1], [-1, -1]], own.covariance)); // prettier-ignore
    close([fit.standardErrors.tolist() as number[]], [(fit.covariance.tolist() as number[][]).map((row, i) => Math.sqrt(row[i]!))]); // prettier-ignore
  });

  test("of a curved limit that is active", () => {
    const circle = atMost((p: Tensor) => sum(square(p)), 0.25, { name: "circle" });
    const residuals = (p: Tensor): Tensor => sub(concatenate([p, mul(p, 2), p.at(0).mul(p.at(1)).reshape([1])]), [0.6, 0.4, 1.1, 0.9, 0.3]); // prettier-ignore
    const fit = leastSquares(residuals, [0.1, 0.2], { constraints: [circle] });
    const own = leastSquares((angle: Tensor) => residuals(mul(0.5, stack([cos(angle), sin(angle)]))), 0.7);
    const angle = own.params.item();
    expect(fit.active).toEqual(["circle"]);
    close([fit.params.tolist() as number[]], [[0.5 * Math.cos(angle), 0.5 * Math.sin(angle)]]);
    close(fit.covariance.tolist(), mapped([[-0.5 * Math.sin(angle)], [0.5 * Math.cos(angle)]], own.covariance)); // prettier-ignore
  });

  testInCi("with an active bound, a repeated constraint, and weights", () => {
    const weights = [1, 2, 1, 0, 1, 3, 1];
    const whole = equality((p: Tensor) => sum(p), 1);
    const again = equality((p: Tensor) => mul(2, sum(p)), 2);
    const fit = leastSquares(mixture, [0.3, 0.3, 0.4], {
      weights,
      low: [0, 0, 0.35],
      constraints: [whole, again],
    });
    const own = leastSquares((u: Tensor) => mixture(stack([u, sub(0.65, u), tensor(0.35)])), 0.3, {
      weights,
    });
    expect(fit.degreesOfFreedom).toBe(own.degreesOfFreedom);
    const [a, b, c] = fit.standardErrors.tolist() as number[];
    close([[a!, b!]], [[own.standardErrors.item(), own.standardErrors.item()]]);
    expect(c).toBeNaN();
  });
});

/** Misra's data of a volume and a pressure, whose parameters differ by six powers of ten. */
const pressure = [
  77.6, 114.9, 141.1, 190.8, 239.9, 289, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760,
];
const volume = [
  10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.4, 75.47, 81.78,
];
const misra = (p: { a: Tensor; b: Tensor }): Tensor => sub(mul(p.a, sub(1, exp(mul(-1, mul(p.b, pressure))))), volume); // prettier-ignore

test("constraints that are not active do not change a fit", () => {
  const start = { a: 500, b: 1e-4 };
  const free = leastSquares(misra, start);
  const fit = leastSquares(misra, start, {
    constraints: [
      atMost((p: { a: Tensor; b: Tensor }) => mul(p.a, p.b), 1),
      atLeast((p: { a: Tensor }) => p.a, 0),
    ],
  });
  expect(fit).toMatchObject({ reason: "solved", active: [], degreesOfFreedom: 12 });
  for (const name of ["a", "b"] as const) {
    expect(fit.params[name].item() / free.params[name].item()).toBeCloseTo(1, 8);
    expect(fit.standardErrors[name].item() / free.standardErrors[name].item()).toBeCloseTo(1, 8);
  }
  // certified values of NIST
  expect(fit.params.a.item() / 2.3894212918e2).toBeCloseTo(1, 8);
  expect(fit.standardErrors.b.item() / 7.2668688436e-6).toBeCloseTo(1, 7);
});

testInCi("a multiplier is the change of the sum of squares per unit of its limit", () => {
  const most = (limit: number) =>
    leastSquares(misra, { a: 200, b: 1e-4 }, { constraints: [atMost((p: { a: Tensor; b: Tensor }) => p.a, limit, { name: "most" })] }); // prettier-ignore
  const fit = most(220);
  expect(fit.active).toEqual(["most"]);
  const force = (fit.multipliers.constraints[0] as Tensor).item();
  expect((most(220.001).sumOfSquares - most(219.999).sumOfSquares) / 0.002 / -force).toBeCloseTo(1, 4);
});

testInCi("a constraint determines parameters that the residuals leave open", () => {
  const residuals = (p: Tensor): Tensor => sub(mul(sum(p), [1, 2, 3]), [2, 4.1, 5.9]);
  const open = leastSquares(residuals, [1, 3], { constraints: [atMost((p: Tensor) => p.at(0), 50)] });
  expect(open.standardErrors.tolist()).toEqual([NaN, NaN]);
  expect(open.standardErrorsMessage).toContain("do not determine all parameters");
  const ratio = equality((p: Tensor) => sub(p.at(0), mul(3, p.at(1))), 0);
  const fit = leastSquares(residuals, [1, 3], { constraints: [ratio] });
  expect(fit.standardErrorsMessage).toBeUndefined();
  const [a, b] = fit.standardErrors.tolist() as number[];
  expect(a! / b!).toBeCloseTo(3, 9);
});

testInCi("fixed parameters, robust losses and further arguments work with constraints", () => {
  const line = leastSquaresSolver(
    (p: { a: Tensor; b: Tensor; c: Tensor }, x: Tensor, y: Tensor) =>
      sub(add(p.a, add(mul(p.b, x), mul(p.c, square(x)))), y),
    {
      loss: "soft-l1",
      fixed: { c: true },
      constraints: [
        atMost((p: { a: Tensor; b: Tensor }, x: Tensor, _y: Tensor) => add(p.a, mul(p.b, x.at(3))), 5.5),
      ],
    },
  );
  const fit = line({ a: 0, b: 0, c: 0.1 }, [0, 1, 2, 3], [1, 2.2, 3.4, 30]);
  expect(fit.params.c.item()).toBeCloseTo(0.1, 15);
  expect(fit.params.a.item() + 3 * fit.params.b.item()).toBeCloseTo(5.5, 6);
  expect(fit.standardErrors.c.item()).toBeNaN();
  expect(fit.degreesOfFreedom).toBe(3);
});

testInCi("functions of plain numbers yield plain results", async () => {
  const { curve, area } = await compile<{
    curve: (p: { a: number; b: number }, xs: number[]) => number[];
    area: (p: { a: number; b: number }, xs: number[]) => number;
  }>(`
    export function curve(p: { a: number; b: number }, xs: number[]): number[] {
      "use ad";
      return xs.map((x) => p.a + p.b * x - x * x);
    }
    export function area(p: { a: number; b: number }, xs: number[]): number {
      "use ad";
      return p.a * p.b;
    }`);
  const fit = await leastSquaresAsync(
    curve,
    { a: 0.5, b: 1 },
    { args: [[0, 1, 2, 3]], constraints: [between(area, -9, -4, { name: "area" })] },
  );
  expect(fit.reason).toBe("solved");
  expect(typeof fit.params.a).toBe("number");
  expect(typeof fit.multipliers.constraints[0]).toBe("number");
  expect(fit.active).toEqual(["area"]);
  expect(fit.covariance).toHaveLength(2);
});

testInCi("a fit reports constraints in conflict", () => {
  const fit = leastSquares(mixture, [0.3, 0.3, 0.4], {
    low: 0,
    constraints: [atMost((p: Tensor) => sum(p), -1, { name: "total" })],
  });
  expect(fit).toMatchObject({ reason: "infeasible", converged: false });
  expect(fit.message).toContain("total");
});

testInCi("callbacks count the iterations of both searches", () => {
  const seen: number[] = [];
  const fit = leastSquares(
    misra,
    { a: 500, b: 1e-4 },
    {
      constraints: [atMost((p: { a: Tensor; b: Tensor }) => mul(p.a, p.b), 1)],
      callback: ({ iteration }) => void seen.push(iteration),
    },
  );
  expect(seen.at(-1)).toBe(fit.iterations);
  expect(fit.history.at(-1)!.iteration).toBe(fit.iterations);
  const few = leastSquares(misra, { a: 500, b: 1e-4 }, { maxIterations: 3, constraints: [atMost((p: { a: Tensor; b: Tensor }) => mul(p.a, p.b), 1)] }); // prettier-ignore
  expect(few).toMatchObject({ reason: "iterations", iterations: 3, converged: false });
});

test.each<[object, string]>([
  [{ scale: 1 }, "leastSquares: scale does not apply with constraints."],
  [{ linearSolver: "sparse" }, "leastSquares: linearSolver does not apply with constraints."],
  [{ stepTolerance: 1 }, "stepTolerance does not apply with constraints"],
  [{ constraints: [(p: Tensor) => p] }, "constraints must be a list of equality"],
  [{ constraints: [], constraintTolerance: 1 }, "constraintTolerance needs constraints"],
])("options that do not fit constraints are refused: %o", (options, message) => {
  const constraints = [equality((p: Tensor) => sum(p), 1)];
  expect(() => leastSquares(mixture, [0.3, 0.3, 0.4], { constraints, ...options } as never)).toThrow(message);
});

testInCi("rounding in a second search does not delay a fit: Misra's data took 1,000 iterations", () => {
  const start = { a: 500, b: 1e-4 };
  const held = equality((p: { a: Tensor; b: Tensor }) => p.a, 238.94212918 + 0.5 * 2.7070075241);
  const fit = leastSquares(misra, start, { constraints: [held] });
  expect(fit).toMatchObject({ reason: "solved", degreesOfFreedom: 13 });
  expect(fit.iterations).toBeLessThan(200);
  // half a standard error from the best value, the sum rises by a quarter of the variance
  const best = 0.12455138894;
  expect((fit.sumOfSquares - best) / (best / 12)).toBeCloseTo(0.25, 2);
});
