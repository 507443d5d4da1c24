import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { testInCi } from "../../../../test/support/extent.ts";
import { add, at, concatenate, exp, mul, slice, sort, square, sub, sum, type Tensor } from "downhill";
import { leastSquares, leastSquaresAsync, leastSquaresSolver } from "downhill/optim";
import { type DescentSearch, finish, follow, readLimits } from "../minimize/stop.ts";
import { planarResiduals, readPlanarGraph } from "../../../../test/support/pose-graph.ts";

const w100 = readPlanarGraph(readFileSync(new URL("testdata/w100.g2o", import.meta.url), "utf8"));
const first = w100.poses.map((_, i) => [i === 0]);

describe("the pose graph w100", () => {
  test("is solved with sparse matrices, to its best known cost", () => {
    const fit = leastSquares(planarResiduals(w100), w100.poses, { fixed: first });
    expect(fit.linearSolver).toMatchObject({
      solver: "sparse",
      unknowns: 297,
      patternEntries: 3545,
      patternChanges: 0,
      ordering: "amd",
    });
    expect(fit.sumOfSquares / 2).toBeGreaterThan(0.568912591461 * (1 - 1e-9));
    expect(fit.sumOfSquares / 2).toBeLessThan(0.568912591461 * (1 + 1e-6));
    expect(fit.iterations).toBeLessThan(15);
    expect(fit.converged).toBe(true);
    expect(at(fit.params, 0).tolist()).toEqual(w100.poses[0]);
    const { normalEntries, factorEntries, colours } = fit.linearSolver;
    expect(normalEntries).toBeLessThan(297 * 60);
    expect(factorEntries).toBeLessThan(297 * 60);
    expect(colours).toBeLessThan(8);
  });

  test("has a gauge freedom without a fixed pose, which makes the errors NaN", () => {
    const fit = leastSquares(planarResiduals(w100), w100.poses);
    expect(fit.sumOfSquares / 2).toBeLessThan(0.568912591461 * (1 + 1e-6));
    expect(fit.standardErrorsMessage).toMatch(/some combination of them has no effect/);
    expect(at(fit.standardErrors, 5, 0).item()).toBeNaN();
    expect(at(fit.covarianceOf("[5]"), 0, 0).item()).toBeNaN();
  });
});

/** A chain of values: noisy observations, and smoothness between neighbours. */
const n = 120;
const observed = Array.from({ length: n }, (_, i) => Math.sin(i / 9) + 0.3 * Math.cos(7 * i));
const chain = (x: Tensor, y: Tensor): Tensor =>
  concatenate([sub(x, y), mul(3, sub(exp(mul(0.3, slice(x, [1]))), exp(mul(0.3, slice(x, [0, -1])))))]);
const start = new Array<number>(n).fill(0);

describe.each(["sparse", "lsmr"] as const)("the solver %s", (linearSolver) => {
  const dense = leastSquares(chain, start, { args: [observed], linearSolver: "dense" });

  test("finds the result of dense matrices", () => {
    const fit = leastSquares(chain, start, { args: [observed], linearSolver });
    expect(fit.linearSolver.solver).toBe(linearSolver);
    expect(fit.sumOfSquares).toBeCloseTo(dense.sumOfSquares, 9);
    const [a, b] = [fit.params.data(), dense.params.data()];
    expect(Math.max(...a.map((v, i) => Math.abs(v - b[i]!)))).toBeLessThan(1e-5);
    const [p, q] = [fit.standardErrors.data(), dense.standardErrors.data()];
    expect(Math.max(...p.map((v, i) => Math.abs(v / q[i]! - 1)))).toBeLessThan(1e-4);
    expect(at(fit.covarianceOf(["[3]", "[4]"]), 0, 1).item() / at(dense.covariance, 3, 4).item()).toBeCloseTo(
      1,
      4,
    );
    expect(fit.standardErrorsMessage).toBeUndefined();
  });

  test("stays within bounds", () => {
    const bounds = { low: -0.5, high: 0.6, args: [observed] as [number[]] };
    const bounded = leastSquares(chain, start, { ...bounds, linearSolver });
    const expected = leastSquares(chain, start, { ...bounds, linearSolver: "dense" });
    expect(bounded.sumOfSquares / expected.sumOfSquares).toBeCloseTo(1, 9);
    const x = [...bounded.params.data()];
    expect(Math.max(...x)).toBe(0.6);
    expect(Math.min(...x)).toBe(-0.5);
    expect(at(bounded.standardErrors, x.indexOf(0.6)).item()).toBeNaN();
  });

  testInCi("takes a scale, weights and a robust loss", () => {
    const options = { scale: 2, loss: "cauchy", lossScale: 0.3, weights: start.concat(start.slice(1)).map((_, i) => 1 + (i % 3)) } as const; // prettier-ignore
    const fit = leastSquares(chain, start, { ...options, args: [observed], linearSolver });
    const expected = leastSquares(chain, start, { ...options, args: [observed], linearSolver: "dense" });
    expect(fit.sumOfSquares / expected.sumOfSquares).toBeCloseTo(1, 8);
  });
});

test("a prepared solver finds the pattern once", () => {
  const solve = leastSquaresSolver(chain, { linearSolver: "sparse" });
  const once = solve(start, observed);
  const again = solve(
    start,
    observed.map((y) => -y),
  );
  expect(once.linearSolver.seconds.pattern).toBeGreaterThan(0);
  expect(again.linearSolver.seconds).toMatchObject({ pattern: 0, ordering: 0, analysis: 0 });
  expect(again.sumOfSquares).not.toBe(once.sumOfSquares);
});

test("a pattern that changes with the parameters is found again", () => {
  const f = (x: Tensor): Tensor =>
    concatenate([sub(x, observed), mul(0.2, sub(slice(sort(x), [1]), slice(sort(x), [0, -1])))]);
  const solve = leastSquaresSolver(f, { linearSolver: "sparse" });
  const dense = leastSquares(f, start, { linearSolver: "dense" });
  for (const fit of [solve(start), solve(start)]) {
    expect(fit.sumOfSquares / dense.sumOfSquares).toBeCloseTo(1, 6);
    expect(fit.linearSolver.patternChanges).toBeGreaterThan(0);
    expect(fit.linearSolver.patternChanges).toBeLessThanOrEqual(fit.jacobians);
  }
});

describe("auto", () => {
  test("stays with dense matrices below 40 unknowns", () => {
    const fit = leastSquares(chain, start.slice(0, 39), { args: [observed.slice(0, 39)] });
    expect(fit.linearSolver).toMatchObject({ solver: "dense", reason: "fewer than 40 unknowns" });
    expect(fit.linearSolver.patternEntries).toBeUndefined();
  });

  test("chooses sparse matrices for a chain of 40 unknowns, with the result of dense ones", () => {
    const problem = [chain, start.slice(0, 40), { args: [observed.slice(0, 40)] as [number[]] }] as const;
    const fit = leastSquares(...problem);
    expect(fit.linearSolver).toMatchObject({ solver: "sparse", patternEntries: 40 + 2 * 39 });
    const dense = leastSquares(problem[0], problem[1], { ...problem[2], linearSolver: "dense" });
    expect(fit.sumOfSquares / dense.sumOfSquares).toBeCloseTo(1, 12);
  });

  test("stays with dense matrices if the Jacobian is dense", () => {
    const coupled = (x: Tensor): Tensor => sub(add(x, mul(0.1, square(sum(x)))), observed);
    const fit = leastSquares(coupled, start);
    expect(fit.linearSolver.solver).toBe("dense");
    expect(fit.linearSolver.reason).toMatch(/operations per iteration/);
  });

  test("stays with dense matrices without compilation", () => {
    const few = { maxIterations: 1, args: [observed] as [number[]] };
    expect(leastSquares(chain, start, { ...few, jit: false }).linearSolver.solver).toBe("dense");
    expect(() => leastSquares(chain, start, { ...few, jit: false, linearSolver: "sparse" })).toThrow(
      'linearSolver "sparse" finds the pattern in the compiled function',
    );
  });
});

test("covariance of many parameters refers to covarianceOf", () => {
  const many = 2001;
  const target = Float64Array.from({ length: many }, (_, i) => i % 7);
  const f = (x: Tensor): Tensor =>
    concatenate([sub(x, target), mul(0.5, sub(slice(x, [1]), slice(x, [0, -1])))]);
  const fit = leastSquares(f, new Float64Array(many));
  expect(fit.linearSolver.solver).toBe("sparse");
  expect(() => fit.covariance).toThrow("covarianceOf(paths) computes a part of it");
  expect(fit.covarianceOf(["[7]", "[9]"]).shape).toEqual([2, 2]);
  const error = at(fit.standardErrors, 7).item();
  expect(fit.covarianceOf("[7]").item()).toBeCloseTo(error ** 2, 12);
});

describe("leastSquaresAsync", () => {
  test("returns the best point when it is aborted", async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const fit = await leastSquaresAsync(planarResiduals(w100), w100.poses, {
      fixed: first,
      signal: controller.signal,
      callback: ({ iteration, value }) => {
        seen.push(value);
        if (iteration === 2) controller.abort();
      },
    });
    expect(fit.reason).toBe("aborted");
    expect(fit.sumOfSquares).toBe(seen.at(-1));
    expect(fit.sumOfSquares).toBeLessThan(seen[0]!);
    expect(fit.iterations).toBe(2);
  });

  test("stops between the stages of an iteration, and returns the point before it", () => {
    const controller = new AbortController();
    const stages: number[] = [];
    function* search(): DescentSearch {
      yield { x: new Float64Array([1]), value: 3, gradient: new Float64Array([1]), decrease: Infinity, step: Infinity }; // prettier-ignore
      for (let stage = 0; stage < 5; stage++) {
        stages.push(stage);
        if (stage === 1) controller.abort();
        yield undefined;
      }
    }
    const limits = { ...readLimits("leastSquares", { signal: controller.signal }, []), evaluations: () => 0 };
    const outcome = finish(follow(search(), limits, () => false));
    expect(outcome).toMatchObject({ reason: "aborted", iterations: 0, best: { value: 3 } });
    expect(stages).toEqual([0, 1]);
  });
});
