import { describe, expect, test } from "vitest";
import { add, concatenate, log, mul, slice, sqrt, sub, type Tensor } from "downhill";
import { leastSquares } from "downhill/optim";

const count = 48;
const ones = new Float64Array(count).fill(1);

describe.each(["dense", "sparse", "lsmr"] as const)("least squares with linearSolver %s", (linearSolver) => {
  test("names the residual that is NaN at the start, and its block", () => {
    const x0 = ones.map((x, i) => (i === 10 ? -x : x));
    const f = (x: Tensor): Tensor => log(x);
    const fit = leastSquares(f, x0, { linearSolver });
    expect(fit).toMatchObject({ reason: "not-finite", converged: false, iterations: 0 });
    expect(fit.message).toBe(
      "Residual 10 is NaN at the start: start elsewhere, or find the cause with debug({ nan: true }).",
    );
    const blocks = leastSquares(f, x0, { linearSolver, loss: "huber", lossBlock: 4 });
    expect(blocks.message).toMatch(/^Residual 10 \(block 2\) is NaN at the start/);
  });

  test("names squares that overflow", () => {
    const fit = leastSquares((x: Tensor) => mul(1e200, x), ones, { linearSolver });
    expect(fit.reason).toBe("not-finite");
    expect(fit.message).toMatch(/^The sum of squares at the start is Infinity, although all residuals are/);
  });

  test("names a parameter whose derivative is infinite at the start", () => {
    const f = ({ a, b }: { a: Tensor; b: Tensor }): Tensor => concatenate([sub(sqrt(b), 2), sub(a, 3)]);
    const x0 = { a: ones, b: ones.map((x, i) => (i === 7 ? 0 : x)) };
    const fit = leastSquares(f, x0, { linearSolver });
    expect(fit).toMatchObject({ reason: "not-finite", converged: false, iterations: 0 });
    const what = linearSolver === "lsmr" ? "a derivative of the residuals" : "the derivative of residual 7";
    expect(fit.message).toContain(`No step can be computed at the start: ${what} with respect to b[7] is `);
    expect(fit.standardErrors.b.data().every(Number.isNaN)).toBe(true);
  });

  test("ends with the best point when a later derivative is infinite", () => {
    const fit = leastSquares((x: Tensor) => add(sqrt(x), 1), ones, { linearSolver, low: 0 });
    expect(fit).toMatchObject({ reason: "not-finite", converged: false });
    expect(fit.iterations).toBeGreaterThan(0);
    expect(fit.params.data()).toContain(0);
    expect(fit.sumOfSquares).toBeLessThan(4 * count);
    expect(fit.message).toMatch(
      new RegExp(`^No step can be computed after iteration ${fit.iterations}: .* is -?(Infinity|NaN)\\.`),
    );
  });

  test("refuses steps to points where residuals are not finite", () => {
    const x0 = ones.map((_, i) => 20 + i);
    const reached: number[] = [];
    const fit = leastSquares((x: Tensor) => sub(log(x), -3), x0, {
      linearSolver,
      callback: ({ value }) => void reached.push(value),
    });
    expect(fit.converged).toBe(true);
    expect(fit.evaluations).toBeGreaterThan(fit.iterations + 1);
    expect(reached.every(Number.isFinite)).toBe(true);
    expect(fit.params.data()[0]).toBeCloseTo(Math.exp(-3), 8);
  });

  test("accepts a minimum of 0 at which derivatives are not finite", () => {
    // the derivative of |x| as √x² is NaN at 0
    const f = (x: Tensor): Tensor =>
      concatenate([sqrt(mul(slice(x, [0, 1]), slice(x, [0, 1]))), slice(x, [1])]);
    const fit = leastSquares(f, ones, { linearSolver });
    expect(fit.sumOfSquares).toBeLessThan(1e-30);
    expect(fit.converged).toBe(true);
  });
});
