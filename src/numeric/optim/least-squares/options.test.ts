import { describe, expect, test } from "vitest";
import { add, concatenate, exp, mul, ravel, reshape, sub, sum, tensor, type Tensor } from "downhill";
import { leastSquares, leastSquaresSolver } from "downhill/optim";

const t = [0, 1, 2, 3, 4];
const y = [3.1, 2.2, 1.7, 1.3, 1.2];
interface Decay {
  readonly a: Tensor;
  readonly k: Tensor;
  readonly floor: Tensor;
}
const decay = ({ a, k, floor }: Decay): Tensor => sub(add(mul(a, exp(mul(k, t))), floor), y);

describe("fixed", () => {
  test("keeps parameters, and estimates the others as if they were constants", () => {
    const fit = leastSquares(decay, { a: 1, k: -0.1, floor: 1 }, { fixed: { floor: true } });
    const direct = leastSquares(
      (p: { readonly a: Tensor; readonly k: Tensor }) => decay({ ...p, floor: tensor(1) }),
      { a: 1, k: -0.1 },
    );
    expect(fit.params.floor.item()).toBe(1);
    expect(fit.params.k.item()).toBeCloseTo(direct.params.k.item(), 10);
    expect(fit.sumOfSquares).toBeCloseTo(direct.sumOfSquares, 12);
    expect(fit.standardErrors.k.item()).toBeCloseTo(direct.standardErrors.k.item(), 9);
    expect(fit.standardErrors.floor.item()).toBeNaN();
    expect(fit.degreesOfFreedom).toBe(3);
    expect(fit.linearSolver.unknowns).toBe(2);
  });

  test("takes elements of arrays, also in solvers", () => {
    const residuals = (x: Tensor, target: Tensor): Tensor =>
      concatenate([ravel(sub(x, target)), reshape(sum(x), [1])]);
    const solve = leastSquaresSolver(residuals, { fixed: [[true], [false]] });
    const fit = solve(
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 5],
        [6, 7],
      ],
    );
    const [[a, b], [c, d]] = fit.params.tolist() as [[number, number], [number, number]];
    expect([a, b]).toEqual([1, 2]);
    // c + d + 3 and the distances to 6 and 7 balance
    expect(c - 6).toBeCloseTo(d - 7, 10);
    expect(c - 6 + (c + d + 3)).toBeCloseTo(0, 9);
  });

  test("refuses what does not fit", () => {
    expect(() => leastSquares(decay, { a: 1, k: 0, floor: 0 }, { fixed: true })).toThrow(
      "all parameters are fixed",
    );
    expect(() => leastSquares((x: Tensor) => x, [1, 2], { fixed: [true, false, true] })).toThrow(
      "leastSquares: fixed is bool[3] for x0, which is f64[2].",
    );
  });
});

describe("scale", () => {
  test("leads to the same minimum", () => {
    const start = { a: 1, k: -0.1, floor: 1 };
    const plain = leastSquares(decay, start);
    const scaled = leastSquares(decay, start, { scale: { a: 1, k: 0.1, floor: tensor(2) } });
    expect(scaled.params.k.item()).toBeCloseTo(plain.params.k.item(), 9);
    expect(scaled.converged).toBe(true);
  });

  test("must be above 0", () => {
    expect(() => leastSquares(decay, { a: 1, k: 0, floor: 0 }, { scale: { a: 1, k: 0, floor: 1 } })).toThrow(
      "leastSquares: scale of x0.k must be a finite number above 0",
    );
  });
});

describe("covarianceOf", () => {
  test("returns parts of the covariance by paths", () => {
    const fit = leastSquares(decay, { a: 1, k: -0.1, floor: 1 });
    const all = fit.covariance.tolist() as number[][];
    expect(fit.covarianceOf(["floor", "a"]).tolist()).toEqual([
      [all[2]![2], all[2]![0]],
      [all[0]![2], all[0]![0]],
    ]);
    expect(fit.covarianceOf("").tolist()).toEqual(all);
    expect(() => fit.covarianceOf("b")).toThrow('leastSquares: covarianceOf has no parameter "b"');
  });

  test("takes indices of elements", () => {
    const fit = leastSquares((x: Tensor) => concatenate([sub(x, [1, 2]), mul(2, x), sub(x, [5, 4])]), [0, 0]);
    const all = fit.covariance.tolist() as number[][];
    expect(fit.covarianceOf("[1]").tolist()).toEqual([[all[1]![1]]]);
    expect(() => fit.covarianceOf("[2]")).toThrow("has no parameter");
  });
});

test.each(["dense", "sparse", "lsmr"] as const)(
  "with %s matrices, a fit evaluates one Jacobian per iterate, and none for its errors until they are read",
  (linearSolver) => {
    const f = (x: Tensor): Tensor => sub(exp(mul(0.3, x)), 2);
    const fit = leastSquares(f, new Array<number>(45).fill(0), { linearSolver });
    expect(fit.converged).toBe(true);
    expect(fit.jacobians).toBe(fit.iterations + 1);
  },
);
