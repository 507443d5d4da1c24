import {
  add,
  atan,
  customJvp,
  exp,
  grad,
  jvp,
  less,
  log1p,
  mul,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  tensor,
  where,
} from "downhill";
import {
  leastSquares,
  leastSquaresAsync,
  minimize,
  minimizeAsync,
  type MinimizeOptions,
} from "downhill/optim";
import { bind1, definePrimitive } from "downhill/core";
import { describe, expect, test } from "vitest";
import { extent, inTurn } from "../../../../test/support/extent.ts";
import { problems } from "../../../../test/support/more-garbow-hillstrom.ts";

const total =
  (residuals: (x: Tensor) => Tensor) =>
  (x: Tensor): Tensor =>
    sum(square(residuals(x)));

/** One of the published minima, to five digits. */
function expectMinimum(value: number, minima: readonly number[]): void {
  const isNear = (minimum: number): boolean => Math.abs(value - minimum) <= 5e-5 * minimum + 1e-9;
  expect(minima.some(isNear), `${value} is none of ${minima.join()}`).toBe(true);
}

describe("the problems of Moré, Garbow and Hillstrom", () => {
  test("are complete", () => {
    expect(new Set(problems.map(({ name }) => name.split(/[ ,]/)[0])).size).toBe(35);
  });

  describe.each(problems.map((problem) => [problem.name, problem] as const))("%s", (name, problem) => {
    const { residuals, start, minima } = problem;

    test("by least squares", () => {
      const { sumOfSquares, converged } = leastSquares(residuals, start);
      expectMinimum(sumOfSquares, minima);
      expect(converged).toBe(true);
    });

    const methods = inTurn(["bfgs", "lbfgs", "newton-cg"] as const, problems.indexOf(problem));
    test.each(methods)("by %s", (method) => {
      // strongly curved valleys that a trust region follows in tiny steps
      const { value, converged } = minimize(total(residuals), start, { method, maxIterations: 5000 });
      if (method !== "newton-cg") expect(converged).toBe(true);
      if (method === "newton-cg" && name.startsWith("3 ")) expect(value).toBeLessThan(2e-9);
      else if (method === "newton-cg" && name.startsWith("10 ")) expect(value).toBeLessThan(1e5);
      else expectMinimum(value, minima);
    });
  });

  // from far away many searches end on plateaus, saddles and other minima, as with other solvers; they must report so
  describe.each([10, 100].slice(0, extent(0, 2)))("from starts %i times as large", (factor) => {
    const far = problems.map(({ residuals, start, minima, name }) => ({
      name,
      residuals,
      start: start.map((x) => factor * x),
      isMinimum: (value: number) =>
        minima.some((minimum) => Math.abs(value - minimum) <= 5e-5 * minimum + 1e-9),
    }));

    test("least squares finds most minima, and converges to no other point with standard errors", () => {
      const found = far.filter(({ name, residuals, start, isMinimum }) => {
        const { sumOfSquares, converged, standardErrors } = leastSquares(residuals, start);
        const hasErrors = standardErrors.data().every((error) => !Number.isNaN(error));
        if (converged && hasErrors) expect(isMinimum(sumOfSquares), name).toBe(true);
        return isMinimum(sumOfSquares);
      });
      expect(found.length).toBeGreaterThanOrEqual(factor === 10 ? 28 : 27);
    });

    test.each(["bfgs", "lbfgs", "newton-cg"] as const)("%s finds most minima", (method) => {
      const values = far.map(({ residuals, start, isMinimum }) =>
        isMinimum(minimize(total(residuals), start, { method, maxIterations: 2000 }).value),
      );
      expect(values.filter(Boolean).length).toBeGreaterThanOrEqual(factor === 10 ? 30 : 26);
    });
  });

  test("a plateau at the start does not count as a minimum, although all derivatives are 0 there", () => {
    const { residuals, start } = problems.find(({ name }) => name === "9 Gaussian")!;
    const { converged, reason } = leastSquares(
      residuals,
      start.map((x) => (x === 0 ? 100 : 100 * x)),
    );
    expect([converged, reason]).toEqual([false, "precision"]);
  });

  test("least squares does without acceleration for a function with first derivatives only", () => {
    const measured = definePrimitive<object>({
      name: "measured",
      typeOf: ([x]) => [x!],
      batch: "elementwise",
      lowering: { kind: "elementwise", scalar: ([x]) => x! },
      derivative: { kind: "none", reason: "it is measured" },
    });
    const growth = customJvp(
      (x: Tensor) => exp(x),
      ([x], [dx]) => [exp(x), mul(bind1(measured, [exp(x)], {}), dx)],
    );
    const residuals = (p: Tensor): Tensor => sub(growth(mul(p, [1, 2, 3])), [2, 4.1, 7.9]);
    expect(() => jvp((x: Tensor) => jvp(growth, [x], [tensor(1)])[1], [tensor(1)], [tensor(1)])).toThrow(
      "measured",
    );
    const { converged, params } = leastSquares(residuals, 0.1);
    expect(converged).toBe(true);
    expect(params.item()).toBeCloseTo(
      leastSquares((p: Tensor) => sub(exp(mul(p, [1, 2, 3])), [2, 4.1, 7.9]), 0.1).params.item(),
      9,
    );
  });

  test("a short step on a steep slope was taken for a minimum: Meyer's problem from ten times its start", () => {
    const { residuals, start } = problems.find(({ name }) => name === "10 Meyer")!;
    const far = start.map((x) => 10 * x);
    const { value, converged, reason } = minimize(total(residuals), far, { method: "bfgs" });
    expect(value).toBeGreaterThan(1e5);
    expect([converged, reason]).toEqual([false, "precision"]);
  });

  test.each(
    problems.filter(({ start }) => start.length <= 3).map((problem) => [problem.name, problem] as const),
  )("%s: steepest descent and the simplex go down", (_, { residuals, start }) => {
    const f = total(residuals);
    for (const method of ["gd", "nelder-mead"] as const) {
      const { value } = minimize(f, start, { method, maxIterations: 200 });
      expect(value).toBeLessThan(f(tensor(start)).item());
    }
  });
});

interface Line {
  readonly a: Tensor;
  readonly b: Tensor;
}
const bowl = (x: Tensor): Tensor => sum(mul([1, 10], square(sub(x, [1, -2]))));

describe("minimize", () => {
  test("minimises over nested parameters and keeps their dtypes", () => {
    const f = ({ a, b }: Line): Tensor => add(square(sub(a, 3)), sum(square(sub(b, [1, 2]))));
    const { params, value, gradient } = minimize(f, { a: 0, b: tensor([0, 0], { dtype: "float32" }) });
    expect(params.a.item()).toBeCloseTo(3, 8);
    expect(params.b.tolist()).toEqual([1, 2]);
    expect(params.b.dtype).toBe("float32");
    expect(value).toBeCloseTo(0, 12);
    expect(gradient!.a.item()).toBeCloseTo(0, 7);
  });

  test("gives the same run compiled and uncompiled", () => {
    const { residuals, start } = problems[0]!;
    const [compiled, plain] = [true, false].map((jit) => minimize(total(residuals), start, { jit }));
    expect(plain!.value).toBe(compiled!.value);
    expect(plain!.iterations).toBe(compiled!.iterations);
  });

  const rosenbrock = total(problems[0]!.residuals);
  test.each<[string, (x: Tensor) => Tensor, MinimizeOptions<Tensor>, string, boolean]>([
    ["gradient", rosenbrock, {}, "No partial derivative exceeds gradientTolerance.", true],
    [
      "value",
      rosenbrock,
      { gradientTolerance: 0, valueTolerance: 0.9, method: "gd" },
      "The value hardly falls",
      true,
    ],
    [
      "step",
      rosenbrock,
      { gradientTolerance: 0, stepTolerance: 0.3, valueTolerance: 0 },
      "The parameters hardly",
      true,
    ],
    [
      "precision",
      (x) => bowl(x).add(1e6),
      { gradientTolerance: 0, valueTolerance: 0, stepTolerance: 0 },
      "No step",
      false,
    ],
    ["iterations", rosenbrock, { maxIterations: 3 }, "maxIterations was reached. The largest partial", false],
    ["evaluations", rosenbrock, { maxEvaluations: 5 }, "maxEvaluations was reached.", false],
    ["aborted", rosenbrock, { signal: AbortSignal.abort() }, "The signal was aborted.", false],
    [
      "callback",
      rosenbrock,
      { callback: ({ iteration }) => iteration === 2 },
      "The callback asked to stop.",
      false,
    ],
    ["not-finite", (x) => sum(x.log()), {}, "The value at the start is not a finite number", false],
  ])("says that it stopped for: %s", (reason, f, options, message, converged) => {
    const result = minimize(f, [-1.2, 1], options);
    expect(result.reason).toBe(reason);
    expect(result.message).toContain(message);
    expect(result.converged).toBe(converged);
  });

  test("passes every iterate to the callback, from the start", () => {
    const seen: number[][] = [];
    const { iterations, evaluations } = minimize(bowl, [0, 0], {
      callback: ({ iteration, params, value, slope }) => {
        seen.push([iteration, params.shape[0]!, value, slope!]);
      },
    });
    expect(seen.length).toBe(iterations + 1);
    expect(seen[0]).toEqual([0, 2, 41, 40]);
    expect(seen.every(([, , value], i) => i === 0 || value! <= seen[i - 1]![2]!)).toBe(true);
    expect(evaluations).toBeGreaterThanOrEqual(iterations);
  });

  test("avoids regions where the function is not finite", () => {
    const barrier = (x: Tensor): Tensor => sum(sub(x, mul(0.1, x.log()))); // minimum at 0.1
    for (const method of ["bfgs", "lbfgs", "gd", "newton-cg", "newton", "nelder-mead"] as const) {
      expect(minimize(barrier, [3], { method }).params.at(0).item(), method).toBeCloseTo(0.1, 5);
    }
  });

  test("yields to other tasks, and is aborted by a signal", async () => {
    const controller = new AbortController();
    const ticks = { count: 0 };
    const timer = setInterval(() => {
      ticks.count++;
      controller.abort();
    }, 1);
    const options = {
      method: "gd",
      maxIterations: 1e7,
      gradientTolerance: 0,
      valueTolerance: 0,
      stepTolerance: 0,
    } as const;
    const { reason } = await minimizeAsync(rosenbrock, [-1.2, 1], { ...options, signal: controller.signal });
    clearInterval(timer);
    expect(reason).toBe("aborted");
    expect(ticks.count).toBe(1);
    expect((await minimizeAsync(bowl, [0, 0])).params.tolist()).toEqual(
      minimize(bowl, [0, 0]).params.tolist(),
    );
  });

  test.each<[unknown, unknown, unknown, string]>([
    [undefined, [0, 0], {}, "minimize: "],
    [bowl, [0, 0], { tol: 1 }, 'minimize: unknown option "tol".'],
    [
      bowl,
      [0, 0],
      { method: "cg" },
      'minimize: method must be "bfgs" or "lbfgs" or "newton-cg" or "newton" or "gd"',
    ],
    [bowl, [0, 0], { maxIterations: 0 }, "minimize: maxIterations must be an integer of 1 or more, got 0."],
    [bowl, [0, 0], { gradientTolerance: -1 }, "minimize: gradientTolerance must be"],
    [bowl, [0, 0], { signal: 1 }, "minimize: signal must be an AbortSignal"],
    [bowl, [0, 0], { callback: 1 }, "minimize: callback must be a function."],
    [bowl, [0, 0], { jit: 1 }, "minimize: jit must be true or false, got 1."],
    [bowl, {}, {}, "minimize: x0 contains no tensors"],
    [(x: Tensor) => x, [0, 0], {}, "minimize: the function returned f64[2]. Return a scalar, as in sum(…)."],
    [() => 1, [0, 0], {}, "minimize: the function returned a plain number, which has no derivative."],
  ])("refuses misuse %#", (f, x0, options, message) => {
    expect(() => minimize(f as never, x0 as never, options as never)).toThrow(message);
  });
});

describe("leastSquares", () => {
  // NIST's Misra1a, certified to ten digits
  const x = [77.6, 114.9, 141.1, 190.8, 239.9, 289, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760];
  const y = [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.4, 75.47, 81.78];
  const misra = ({ a, b }: Line): Tensor => sub(mul(a, sub(1, exp(mul(-1, mul(b, x))))), y);

  test("fits NIST's Misra1a with its standard errors", () => {
    const fit = leastSquares(misra, { a: 500, b: 0.0001 });
    expect(fit.params.a.item() / 238.94212918).toBeCloseTo(1, 7);
    expect(fit.params.b.item() / 5.5015643181e-4).toBeCloseTo(1, 7);
    expect(fit.standardErrors.a.item() / 2.7070075241).toBeCloseTo(1, 6);
    expect(fit.standardErrors.b.item() / 7.2668688436e-6).toBeCloseTo(1, 6);
    expect(fit.sumOfSquares / 0.12455138894).toBeCloseTo(1, 8);
    expect([fit.degreesOfFreedom, fit.converged]).toEqual([12, true]);
    expect(sum(square(fit.residuals)).item()).toBeCloseTo(fit.sumOfSquares, 14);
    expect(fit.covariance.shape).toEqual([2, 2]);
  });

  test("gives a straight line the textbook errors", () => {
    const t = [0, 1, 2, 3, 4];
    const z = [1.1, 2.9, 5.2, 6.8, 9.1];
    const { params, standardErrors, sumOfSquares } = leastSquares(
      ({ a, b }: Line) => sub(add(a, mul(b, t)), z),
      { a: 0, b: 0 },
    );
    // slope Σ(t − 2)(z − z̄)/10, its error s/√10 with s² = Σr²/3, that of the intercept s·√(1/5 + 4/10)
    expect(params.b.item()).toBeCloseTo(1.99, 9);
    const s = Math.sqrt(sumOfSquares / 3);
    expect(standardErrors.b.item()).toBeCloseTo(s / Math.sqrt(10), 9);
    expect(standardErrors.a.item()).toBeCloseTo(s * Math.sqrt(0.6), 9);
  });

  test("stays within bounds, and gives no error for a parameter at a bound", () => {
    const { params, standardErrors, degreesOfFreedom, converged } = leastSquares(
      misra,
      { a: 500, b: 0.0001 },
      { low: { a: 240, b: 0 }, high: { a: 600, b: 1 } },
    );
    expect(params.a.item()).toBe(240);
    expect([converged, degreesOfFreedom]).toEqual([true, 13]);
    expect(standardErrors.a.item()).toBeNaN();
    expect(standardErrors.b.item()).toBeGreaterThan(0);
    // the derivative of the sum of squares along the free parameter is 0 there
    const slope = grad((b: Tensor) => sum(square(misra({ a: tensor(240), b }))))(params.b).item();
    expect(Math.abs(slope)).toBeLessThan(1e-3); // against 1e5 · 1e-8: b is about 5e-4
  });

  test("starts inside the bounds, which may be tensors", () => {
    const residuals = (p: Tensor): Tensor => sub(p, [5, -5, 0.5]);
    const { params } = leastSquares(residuals, [9, 9, 9], { low: tensor([0, 0, 0]), high: 1 });
    expect([...params.data()].slice(0, 2)).toEqual([1, 0]);
    expect(params.at(2).item()).toBeCloseTo(0.5, 9);
  });

  describe("with outliers", () => {
    const t = [0, 1, 2, 3, 4, 5, 6, 7];
    const z = t.map((ti) => 1 + 2 * ti + (ti === 6 ? 30 : ti % 2 === 0 ? 0.1 : -0.1));
    const line = ({ a, b }: Line): Tensor => sub(add(a, mul(b, t)), z);
    const s = 0.5;
    const rho = {
      "soft-l1": (r: Tensor) => mul(2 * s * s, sub(add(square(mul(r, 1 / s)), 1).sqrt(), 1)),
      huber: (r: Tensor) => where(less(r.abs(), s), square(r), sub(mul(2 * s, r.abs()), s * s)),
      cauchy: (r: Tensor) => mul(s * s, log1p(square(mul(r, 1 / s)))),
      arctan: (r: Tensor) => mul(s * s, atan(square(mul(r, 1 / s)))),
      tukey: (r: Tensor) => {
        const z = square(mul(r, 1 / s));
        const rest = sub(1, where(less(z, 1), z, 1));
        return mul((s * s) / 3, sub(1, mul(rest, square(rest))));
      },
    };

    test.each(["soft-l1", "huber", "cauchy", "arctan", "tukey"] as const)(
      "%s minimises the sum of its ρ and hardly minds them",
      (loss) => {
        // arctan and tukey are flat far away, so they need a start near enough
        const start = { a: 0.9, b: 1.9 };
        const fit = leastSquares(line, start, { loss, lossScale: s });
        const direct = minimize((p: Line) => sum(rho[loss](line(p))), start);
        expect(fit.sumOfSquares / direct.value).toBeCloseTo(1, 9);
        expect(fit.params.b.item()).toBeCloseTo(direct.params.b.item(), 5);
        expect(Math.abs(fit.params.b.item() - 2)).toBeLessThan(0.1);
        expect(fit.residuals.at(6).item()).toBeLessThan(-28);
      },
    );

    test("the plain sum of squares is affected", () => {
      expect(leastSquares(line, { a: 0, b: 0 }).params.b.item()).toBeGreaterThan(3);
    });
  });

  describe("with weights", () => {
    const start = { a: 500, b: 0.0001 };
    const wholes = x.map((_, i) => [3, 1, 2, 0][i % 4]!);
    const weightedFit = leastSquares(misra, start, { weights: wholes });

    test("that are integers act like copies of each residual", () => {
      const rows = x.flatMap((_, i) => Array.from({ length: wholes[i]! }, () => i));
      const copies = leastSquares(
        ({ a, b }: Line) =>
          sub(
            mul(
              a,
              sub(
                1,
                exp(
                  mul(
                    -1,
                    mul(
                      b,
                      rows.map((i) => x[i]!),
                    ),
                  ),
                ),
              ),
            ),
            rows.map((i) => y[i]!),
          ),
        start,
      );
      expect(weightedFit.sumOfSquares / copies.sumOfSquares).toBeCloseTo(1, 10);
      expect(weightedFit.params.a.item() / copies.params.a.item()).toBeCloseTo(1, 8);
      // the copies count as more data than there are
      expect(weightedFit.degreesOfFreedom).toBe(x.length - 3 - 2);
      const ratio = Math.sqrt(copies.degreesOfFreedom / weightedFit.degreesOfFreedom);
      expect(weightedFit.standardErrors.b.item() / copies.standardErrors.b.item()).toBeCloseTo(ratio, 6);
    });

    test("gives the textbook errors for a weighted mean", () => {
      const [values, w] = [
        [1, 2, 4],
        [4, 1, 0.25],
      ];
      const mean = leastSquares(({ m }: { readonly m: Tensor }) => sub(m, values), { m: 0 }, { weights: w });
      const weightSum = 5.25; // Σ w
      const m = (4 * 1 + 1 * 2 + 0.25 * 4) / weightSum;
      const s2 = values.reduce((acc, v, i) => acc + w[i]! * (v - m) ** 2, 0) / 2;
      expect(mean.params.m.item()).toBeCloseTo(m, 10);
      expect(mean.standardErrors.m.item()).toBeCloseTo(Math.sqrt(s2 / weightSum), 10);
      expect(mean.residuals.tolist()).toEqual(values.map((v) => mean.params.m.item() - v));
    });
  });

  test("reports parameters that the data do not determine", () => {
    const { standardErrors, sumOfSquares } = leastSquares(
      ({ a, b }: Line) => sub(mul(add(a, b), [1, 2, 3]), [2, 4, 6]),
      {
        a: 0,
        b: 0.5,
      },
    );
    expect(sumOfSquares).toBeCloseTo(0, 12);
    expect([standardErrors.a.item(), standardErrors.b.item()]).toEqual([Number.NaN, Number.NaN]);
  });

  test("can be observed and aborted, and yields to other tasks", async () => {
    const start = { a: 500, b: 0.0001 };
    expect(leastSquares(misra, start, { callback: ({ iteration }) => iteration === 1 }).reason).toBe(
      "callback",
    );
    expect(leastSquares(misra, start, { maxIterations: 1 }).reason).toBe("iterations");
    expect((await leastSquaresAsync(misra, start, { signal: AbortSignal.abort() })).reason).toBe("aborted");
    const fit = await leastSquaresAsync(misra, start);
    expect(fit.sumOfSquares).toBe(leastSquares(misra, start).sumOfSquares);
  });

  test.each<[unknown, unknown, unknown, string]>([
    [misra, { a: 1, b: 1 }, { lower: 0 }, 'leastSquares: unknown option "lower".'],
    [
      misra,
      { a: 1, b: 1 },
      { low: 2, high: 1 },
      "leastSquares: low must be at most high, got 2 and 1 for x0.a.",
    ],
    [misra, { a: 1, b: 1 }, { low: { a: 0 } }, "leastSquares: low has no value for b."],
    [misra, { a: 1, b: 1 }, { low: tensor([1, 2]) }, "leastSquares: low is f64[2] for x0.a, which is f64[]."],
    [
      (p: Line) => p.a,
      { a: 1, b: 1 },
      {},
      "leastSquares: the function returned f64[]. Return the residuals as a vector",
    ],
    [misra, { a: 1, b: 1 }, { loss: "hubert" }, 'got "hubert". Did you mean "huber"?'],
    [
      misra,
      { a: 1, b: 1 },
      { lossScale: 0 },
      "leastSquares: lossScale must be a finite number above 0, got 0.",
    ],
    [misra, {}, {}, "leastSquares: x0 contains no tensors"],
    [misra, { a: 1, b: 1 }, { weights: [1, 2] }, "leastSquares: there are 2 weights for 14 residuals."],
    [
      misra,
      { a: 1, b: 1 },
      { weights: 1 },
      "leastSquares: weights must be a vector with one number per residual",
    ],
    [
      misra,
      { a: 1, b: 1 },
      { weights: [1, -2] },
      "leastSquares: weights must be finite numbers of 0 or more, got -2",
    ],
    [
      (p: Line) => stack([p.a, p.b]),
      { a: 1, b: 1 },
      { stepTolerance: "1" },
      "leastSquares: stepTolerance must be",
    ],
  ])("refuses misuse %#", (f, x0, options, message) => {
    expect(() => leastSquares(f as never, x0 as never, options as never)).toThrow(message);
  });
});

test.each([minimize, leastSquares])(
  "$name says that its function is async, whose failure does not end the program",
  (f) => {
    // the error was "the function returned object"
    const objective = async (): Promise<never> => Promise.reject(new Error("nobody waits for this"));
    expect(() => (f as (...words: unknown[]) => unknown)(objective, [1])).toThrow(
      `${f.name}: the function is async`,
    );
  },
);
