import { abs, add, mul, slice, square, sub, sum, type Tensor } from "downhill";
import { minimize, minimizeAsync, solver } from "downhill/optim";
import { describe, expect, test } from "vitest";
import { extent } from "../../../../test/support/extent.ts";
import { problems } from "../../../../test/support/more-garbow-hillstrom.ts";

/** Chained Rosenbrock function, whose minimum is 0 at ones. */
const rosenbrock = (x: Tensor): Tensor => {
  const [a, b] = [slice(x, [0, -1]), slice(x, [1])];
  return add(sum(mul(100, square(sub(b, square(a))))), sum(square(sub(1, a))));
};
/** A start whose valley leads to that minimum, and not to the local one near x₀ = −1. */
const chained = (n: number): number[] => Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 0.5 : 0.8));

describe("newton", () => {
  test.each(["dense", "sparse"] as const)("finds the minimum with a %s Hessian", (hessian) => {
    const fit = minimize(rosenbrock, chained(12), { method: "newton", hessian });
    expect(fit.hessian).toBe(hessian);
    expect(fit.converged).toBe(true);
    expect(fit.value).toBeLessThan(1e-14);
  });

  test("chooses a sparse Hessian for many parameters", () => {
    const n = 200;
    const fit = minimize(rosenbrock, chained(n), { method: "newton" });
    expect(fit.hessian).toBe("sparse");
    expect(fit.converged).toBe(true);
    expect(Math.max(...fit.params.data())).toBeLessThan(1 + 1e-6);
    // four colours or fewer per Hessian
    expect(fit.hessianProducts).toBeLessThanOrEqual(4 * (fit.iterations + 1));
    expect(minimize((x: Tensor) => square(sum(square(x))), chained(120), { method: "newton" }).hessian).toBe(
      "dense",
    );
  });

  test("is the default for many parameters and a sparse Hessian", () => {
    const { method, value } = minimize(rosenbrock, chained(1000));
    expect(method).toBe("newton");
    expect(value).toBeLessThan(1e-14);
    const start = new Array<number>(1000).fill(1);
    const bounded = solver((x: Tensor, y: Tensor) => sum(square(square(sub(x, y)))), { low: 0 });
    for (const y of [2, -1]) expect(bounded(start, y)).toMatchObject({ method: "newton", converged: true });
    // a dense Hessian, no second derivatives, and few parameters
    expect(minimize((x: Tensor) => add(square(sum(x)), sum(square(x))), start).method).toBe("lbfgs");
    expect(minimize((x: Tensor) => sum(abs(x)), start, { low: 0.5 }).method).toBe("lbfgs");
    expect(minimize(rosenbrock, chained(1000), { jit: false, maxIterations: 1 }).method).toBe("lbfgs");
    expect(minimize(rosenbrock, chained(12), { low: 0 }).method).toBe("lbfgs");
    expect(minimize(rosenbrock, chained(12)).method).toBe("bfgs");
  });

  test.each(["dense", "sparse"] as const)("stays within bounds with a %s Hessian", (hessian) => {
    const bounds = { low: -0.5, high: 0.8 };
    const fit = minimize(rosenbrock, chained(10), { method: "newton", hessian, ...bounds });
    const other = minimize(rosenbrock, fit.params, bounds);
    expect(fit.value).toBeCloseTo(other.value, 8);
    expect(fit.converged).toBe(true);
    expect(Math.max(...fit.params.data())).toBe(0.8);
  });

  test("leaves a region of negative curvature", () => {
    // saddle at 0, minima at x = ±1
    const f = (x: Tensor): Tensor => {
      const [a, b] = [slice(x, [0, 1]), slice(x, [1])];
      return add(sum(square(sub(square(a), 1))), sum(square(b)));
    };
    const { params, converged } = minimize(f, [1e-3, 2, -1], { method: "newton" });
    const [a, b, c] = params.tolist() as [number, number, number];
    expect(a).toBeCloseTo(1, 8);
    expect(Math.hypot(b, c)).toBeLessThan(1e-8);
    expect(converged).toBe(true);
  });

  test("has a Hessian without a diagonal", () => {
    // x y + x⁴ + y⁴ has an indefinite Hessian of zeros on the diagonal at 0
    const f = (x: Tensor): Tensor => {
      const [a, b] = [slice(x, [0, 1]), slice(x, [1, 2])];
      return sum(add(mul(a, b), mul(0, add(a, b))));
    };
    const { params } = minimize(f, [0.1, 0.3], { method: "newton", hessian: "sparse", low: -1, high: 2 });
    const [a, b] = params.tolist() as [number, number];
    expect(a * b).toBeCloseTo(-2, 8);
  });

  test("works in prepared solvers, and asynchronously", async () => {
    const solve = solver((x: Tensor, y: Tensor) => add(rosenbrock(x), sum(square(sub(x, y)))), {
      method: "newton",
    });
    const ones = new Array<number>(8).fill(1);
    for (const y of [ones, ones.map(() => 1)]) expect(solve(chained(8), y).value).toBeLessThan(1e-14);
    const { value } = await minimizeAsync(rosenbrock, chained(6), { method: "newton" });
    expect(value).toBeLessThan(1e-14);
  });

  test("refuses options that do not fit", () => {
    expect(() => minimize(rosenbrock, [1, 2], { hessian: "dense" })).toThrow(
      'minimize: hessian is an option of method: "newton", but the method is bfgs.',
    );
    expect(() => minimize(rosenbrock, [1, 2], { method: "newton", hessian: "sparse", jit: false })).toThrow(
      "so jit must not be false",
    );
  });

  test("solves problems of Moré, Garbow and Hillstrom", () => {
    const chosen = problems.slice(0, extent(8, problems.length));
    const missed = chosen.filter(({ residuals, start, minima }) => {
      const { value } = minimize((x: Tensor) => sum(square(residuals(x))), start, {
        method: "newton",
        maxIterations: 2000,
      });
      return !minima.some((minimum) => Math.abs(value - minimum) <= 1e-5 * minimum + 1e-9);
    });
    // these two end on a plateau and in a local minimum
    const expected = [[], ["11 Gulf research and development", "18 Biggs EXP6"]][extent(0, 1)];
    expect(missed.map(({ name }) => name)).toEqual(expected);
  });
});
