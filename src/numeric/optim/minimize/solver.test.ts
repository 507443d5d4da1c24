import { add, exp, log, mul, pow, square, stack, sub, sum, type Tensor, tensor } from "downhill";
import {
  curveFitter,
  fitCurve,
  leastSquares,
  leastSquaresSolver,
  minimize,
  minimizeAsync,
  type MinimizeOptions,
  solver,
} from "downhill/optim";
import { describe, expect, test } from "vitest";
import reference from "../testdata/scipy-solvers.json" with { type: "json" };
import { compilationStats } from "../../../engine/runtime/executable.ts";

interface Line {
  readonly a: Tensor;
  readonly b: Tensor;
}
interface Data {
  readonly xs: Tensor;
  readonly ys: Tensor;
}
const residuals = ({ a, b }: Line, { xs, ys }: Data, scale: Tensor): Tensor =>
  mul(scale, sub(add(a, mul(b, xs)), ys));
const misfit = (p: Line, data: Data, scale: Tensor): Tensor => sum(square(residuals(p, data, scale)));
const dataOf = (a: number, b: number): Data => {
  const xs = tensor([0, 1, 2, 3.5]);
  return { xs, ys: xs.mul(b).add(a) };
};
const compiledBy = (run: () => unknown): number => {
  const before = compilationStats().compiled;
  run();
  return compilationStats().compiled - before;
};
const expectClose = (x: Tensor, y: number): void => expect(x.item()).toBeCloseTo(y, 6);

describe("args", () => {
  test("are the arguments after the parameters: trees, numbers, strings", async () => {
    const options = { args: [dataOf(1, 2), 3] } as const;
    for (const { params } of [
      minimize(misfit, { a: 0, b: 0 }, options),
      await minimizeAsync(misfit, { a: 0, b: 0 }, options),
      minimize(misfit, { a: 0, b: 0 }, { ...options, jit: false }),
      leastSquares(residuals, { a: 0, b: 0 }, options),
    ]) {
      expectClose(params.a, 1);
      expectClose(params.b, 2);
    }
    const powers = (x: Tensor, power: string, centre: Tensor): Tensor =>
      power === "even" ? square(sub(x, centre)) : mul(x, sub(x, centre));
    expectClose(minimize(powers, 0, { args: ["even", 3] }).params, 3);
    expectClose(minimize(powers, 0, { args: ["odd", 3] }).params, 1.5);
  });

  test.each(["bfgs", "lbfgs", "newton-cg", "newton", "gd", "nelder-mead"] as const)(
    "are passed to %s",
    (method) => {
      const { params } = minimize((x, centre) => sum(square(sub(x, centre))), [0, 0], {
        method,
        args: [[1, 2]],
      });
      expect([...params.data()].map((x) => x.toFixed(4))).toEqual(["1.0000", "2.0000"]);
    },
  );

  test("must be a list", () => {
    expect(() => minimize((x) => x, 0, { args: 3 as never })).toThrow(
      "minimize: args must be a list of the arguments after the parameters, as in args: [xs, ys].",
    );
  });
});

describe("a prepared solver", () => {
  test("traces and compiles once for all values", () => {
    const calls = { count: 0 };
    const counted = (p: Line, data: Data, scale: Tensor): Tensor => {
      calls.count++;
      return misfit(p, data, scale);
    };
    const fit = solver(counted);
    expectClose(fit({ a: 0, b: 0 }, dataOf(1, 2), 1).params.b, 2);
    const traced = calls.count;
    expect(
      compiledBy(() => {
        expectClose(fit({ a: 5, b: -1 }, dataOf(-3, 4), 2).params.a, -3);
        expectClose(fit({ a: tensor(0), b: 0 }, dataOf(2, 0), 1).params.a, 2);
      }),
    ).toBe(0);
    expect(calls.count).toBe(traced);
    const wide = { xs: tensor([1, 2]), ys: tensor([1, 2]) };
    expect(compiledBy(() => fit({ a: 0, b: 0 }, wide, 1))).toBeGreaterThan(0); // another shape is another program
  });

  test("of residuals does too, with its Jacobian", () => {
    const decay = leastSquaresSolver((p: Line, t: Tensor, y: Tensor) => sub(mul(p.a, exp(mul(p.b, t))), y));
    const t = tensor([0, 1, 2, 3]);
    const first = decay({ a: 1, b: 0 }, t, exp(t.mul(-0.5)).mul(3));
    expectClose(first.params.b, -0.5);
    expect(
      compiledBy(() => {
        const { params, standardErrors } = decay(
          { a: 1, b: 0 },
          t,
          exp(t.mul(-0.25)).mul(2).add([0, 0.01, 0, -0.01]),
        );
        expect(params.b.item()).toBeCloseTo(-0.25, 1);
        expect(standardErrors.b.item()).toBeGreaterThan(0);
      }),
    ).toBe(0);
  });

  test("of a curve does too, for all data, robust losses and weights", () => {
    const models = { calls: 0 };
    const decay = (x: Tensor, { a, b }: { readonly a: Tensor; readonly b: Tensor }): Tensor => {
      models.calls++;
      return mul(a, exp(mul(mul(-1, b), x)));
    };
    const x = Float64Array.from({ length: 50 }, (_, i) => i / 10);
    const yOf = (a: number, b: number): Float64Array =>
      x.map((t, i) => a * Math.exp(-b * t) + (i % 2 === 0 ? 1e-3 : -1e-3));
    for (const loss of ["squares", "huber"] as const) {
      const fit = curveFitter(decay, { parameters: ["a", "b"], loss });
      const alone = fitCurve(decay, x, yOf(2, 1), { parameters: ["a", "b"], loss });
      expect(fit(x, yOf(2, 1)).params).toEqual(alone.params);
      const traced = models.calls;
      const compiled = compiledBy(() => {
        expect(fit(x, yOf(3, 0.5)).params.b).toBeCloseTo(0.5, 2);
        expect(fit(x, yOf(1, 2), { weights: x.map((_, i) => 1 + (i % 3)) }).params.b).toBeCloseTo(2, 2);
      });
      expect([compiled, models.calls]).toEqual([0, traced]);
    }
  });

  test("checks its options when it is created", () => {
    expect(() => solver((x) => x, { args: [1] } as never)).toThrow('solver: unknown option "args".');
    expect(() => leastSquaresSolver(3 as never)).toThrow("leastSquaresSolver: expects a function");
    expect(() => solver((x) => square(x))({} as never)).toThrow("solver: x0 contains no tensors");
  });
});

describe("minimize within bounds", () => {
  const rosenbrock = (x: Tensor): Tensor => {
    const [a, b] = [x.slice(0, -1), x.slice(1)];
    return sum(add(mul(100, square(sub(b, square(a)))), square(sub(1, a))));
  };

  // scipy.optimize.minimize(method="L-BFGS-B", bounds=…, tol=1e-12) of SciPy 1.17.1
  test.each<[string, (x: Tensor) => Tensor, number[], MinimizeOptions<Tensor>, number[], number]>([
    ["a wall on the way", rosenbrock, [-1.2, 1], { high: 0.5 }, [0.5, 0.25], 0.25],
    ["a corner", rosenbrock, [3, 3], { low: 1.5, high: 4 }, [1.5, 2.25], 0.25],
    [
      "walls that leave the minimum inside",
      rosenbrock,
      [0.5, 1, 0.5, 2],
      { low: -2, high: 2 },
      [1, 1, 1, 1],
      0,
    ],
    [
      "a start outside",
      (x) => sum(mul([1, 10, 100], square(sub(x, [1, 2, 3])))),
      [9, 9, 9],
      { low: tensor([2, -5, -5]), high: tensor([8, 1, 8]) },
      [2, 1, 3],
      11,
    ],
    ["one that the function needs", (x) => sum(sub(x, log(x))), [3, 0.2], { low: 1e-9 }, [1, 1], 2],
    [
      "a linear function",
      (x) => sum(mul([1, -2, 0.5], x)),
      [0, 0, 0],
      { low: -1, high: 1 },
      [-1, 1, -1],
      -3.5,
    ],
  ])("finds %s", (_, f, x0, options, x, value) => {
    const result = minimize(f, x0, options);
    expect(result.converged, result.message).toBe(true);
    expect(result.value).toBeCloseTo(value, 8);
    [...result.params.data()].forEach((xi, i) => expect(xi).toBeCloseTo(x[i]!, 5));
    for (const [i, xi] of [...result.params.data()].entries()) {
      const at = (bound: unknown, otherwise: number): number =>
        bound === undefined ? otherwise : typeof bound === "number" ? bound : (bound as Tensor).at(i).item();
      expect(xi).toBeGreaterThanOrEqual(at(options.low, -Infinity));
      expect(xi).toBeLessThanOrEqual(at(options.high, Infinity));
    }
  });

  const at = (x: Tensor, ...i: readonly number[]): Tensor[] => i.map((place) => x.at(place));
  const beale = (x: Tensor): Tensor => {
    const [a, b] = at(x, 0, 1) as [Tensor, Tensor];
    const term = (c: number, power: number): Tensor => square(sub(c, mul(a, sub(1, pow(b, power)))));
    return add(term(1.5, 1), add(term(2.25, 2), term(2.625, 3)));
  };
  const wood = (x: Tensor): Tensor => {
    const [a, b, c, d] = at(x, 0, 1, 2, 3) as [Tensor, Tensor, Tensor, Tensor];
    const terms = [
      mul(100, square(sub(b, square(a)))),
      square(sub(1, a)),
      mul(90, square(sub(d, square(c)))),
      square(sub(1, c)),
      mul(10.1, add(square(sub(b, 1)), square(sub(d, 1)))),
      mul(19.8, mul(sub(b, 1), sub(d, 1))),
    ];
    return sum(stack(terms));
  };

  test.each<[keyof typeof reference.bounded, (x: Tensor) => Tensor, number[], number[], number[]]>([
    ["rosenbrock", rosenbrock, [0.5, 0.5, 0.5, 2], [-2, -2, -2, 0.3], [0.8, 2, 2, 2]],
    ["beale", beale, [1, 1], [0.5, 0.1], [2.5, 0.4]],
    ["wood", wood, [0.5, 0, 0.5, 0], [-10, -10, -10, -10], [0.9, 10, 10, 0.5]],
  ])("finds SciPy's minimum: %s", (name, f, x0, low, high) => {
    const { params, value } = minimize(f, x0, { low: tensor(low), high: tensor(high) });
    const expected = reference.bounded[name];
    expect(value / expected.value).toBeCloseTo(1, 9);
    [...params.data()].forEach((xi, i) => expect(xi).toBeCloseTo(expected.x[i]!, 5));
  });

  test("solves the 25-dimensional problem of Byrd, Lu, Nocedal and Zhu's code with a similar number of evaluations", () => {
    const n = 25;
    // driver1 of L-BFGS-B: odd parameters in [1, 100], even ones in [−100, 100], from 3
    const f = (x: Tensor): Tensor => {
      const [a, b] = [x.slice(0, -1), x.slice(1)];
      return mul(4, add(mul(0.25, square(sub(x.at(0), 1))), sum(square(sub(b, square(a))))));
    };
    const low = tensor(Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 1 : -100)));
    const { value, evaluations } = minimize(f, new Array<number>(n).fill(3), { low, high: 100 });
    expect(value).toBeLessThan(1e-9); // the output of the original code: 1.083e-9 after 28 evaluations
    expect(evaluations).toBeLessThan(80);
  });

  test("returns the full gradient, but converges by the projected one", () => {
    const { gradient, reason, params } = minimize(
      (p: Line) => add(mul(3, p.a), square(p.b)),
      { a: 1, b: 1 },
      { low: { a: 0, b: -9 } },
    );
    expect([params.a.item(), gradient!.a.item(), reason]).toEqual([0, 3, "gradient"]);
  });

  test.each<[string, MinimizeOptions<Tensor>]>([
    ["an array", { low: [0, 5] }],
    ["a typed array", { low: Float32Array.of(0, 5) }],
    ["a tensor", { low: tensor([0, 5]) }],
  ])("takes %s as a bound: an array was said to say nothing for the parameter", async (_, options) => {
    const bowl2 = (x: Tensor): Tensor => sum(square(sub(x, [-1, 2])));
    expect(minimize(bowl2, [1, 1], options).params.tolist()).toEqual([0, 5]);
    expect((await minimizeAsync(bowl2, [1, 1], options)).params.tolist()).toEqual([0, 5]);
    expect(solver(bowl2, options)([1, 1]).params.tolist()).toEqual([0, 5]);
    const residuals = (x: Tensor): Tensor => sub(x, [-1, 2]);
    expect(leastSquares(residuals, [1, 1], options).params.tolist()).toEqual([0, 5]);
    expect(leastSquaresSolver(residuals, options)([1, 1]).params.tolist()).toEqual([0, 5]);
  });

  test("broadcasts bounds within a tree", () => {
    interface Grid {
      readonly w: Tensor;
      readonly b: Tensor;
    }
    const f = ({ w, b }: Grid): Tensor => add(sum(square(w)), square(b));
    const start = { w: [[1, 1], [1, 1], [1, 1]], b: 1 }; // prettier-ignore
    const { params } = minimize(f, start, {
      low: { w: [-3, 0.5], b: 2 },
      high: { w: [[1], [2], [3]], b: 4 },
    });
    expect(params.b.item()).toBe(2);
    for (const [first, second] of params.w.tolist() as number[][]) {
      expect(first).toBeCloseTo(0, 8);
      expect(second).toBe(0.5);
    }
    const wrong = { low: { w: [[0, 0], [0, 9], [0, 0]], b: 0 }, high: 1 }; // prettier-ignore
    expect(() => minimize(f, start, wrong)).toThrow("low must be at most high, got 9 and 1 for x0.w[1][1].");
  });

  test.each<[object, string]>([
    [{ low: 1, high: 0 }, "minimize: low must be at most high, got 1 and 0 for x0[0]."],
    [{ low: [0, NaN] }, "minimize: low must be at most high, got NaN and Infinity for x0[1]."],
    [
      { high: [1, 2, 3] },
      "minimize: high is f64[3] for x0, which is f64[2]. Give one number, or numbers of a shape",
    ],
    [{ low: 0, method: "bfgs" }, "minimize: bfgs does not support bounds. With low and high, omit method"],
    [{ low: tensor([1, 2, 3]) }, "minimize: low is f64[3] for x0, which is f64[2]."],
    [{ high: "1" }, "minimize: high has no value for the parameter."],
  ])("refuses %j", (options, message) => {
    expect(() => minimize(rosenbrock, [0, 0], options)).toThrow(message);
  });
});
