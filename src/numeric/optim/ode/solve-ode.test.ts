import {
  abs,
  add,
  arange,
  concatenate,
  cos,
  div,
  grad,
  jacfwd,
  jacrev,
  jit,
  jvp,
  less,
  matmul,
  mul,
  neg,
  reshape,
  square,
  stack,
  sqrt,
  sub,
  take,
  tensor,
  type Tensor,
  where,
  zeros,
} from "downhill";
import { type OdeSolution, solveOde, solveOdeAsync, type SolveOdeMethodName } from "downhill/optim";
import { describe, expect, test } from "vitest";
import { testInCi } from "../../../../test/support/extent.ts";
import reference from "./testdata/stiff.json" with { type: "json" };

const robertson = (y: Tensor): Tensor => {
  const first = mul(0.04, y.at(0));
  const second = mul(3e7, square(y.at(1)));
  const third = mul(1e4, mul(y.at(1), y.at(2)));
  return stack([sub(third, first), sub(sub(first, second), third), second]);
};
const vanDerPol = (y: Tensor): Tensor =>
  stack([y.at(1), sub(mul(mul(1000, sub(1, square(y.at(0)))), y.at(1)), y.at(0))]);
/** Eight reactions of plant physiology. */
const hires = (y: Tensor): Tensor => {
  const linear = [
    [-1.71, 0.43, 8.32, 0, 0, 0, 0, 0],
    [1.71, -8.75, 0, 0, 0, 0, 0, 0],
    [0, 0, -10.03, 0.43, 0.035, 0, 0, 0],
    [0, 8.32, 1.71, -1.12, 0, 0, 0, 0],
    [0, 0, 0, 0, -1.745, 0.43, 0.43, 0],
    [0, 0, 0, 0.69, 1.71, -0.43, 0.69, 0],
    [0, 0, 0, 0, 0, 0, -1.81, 0],
    [0, 0, 0, 0, 0, 0, 1.81, 0],
  ];
  const product = mul(280, mul(y.at(5), y.at(7)));
  return add(add(matmul(linear, y), [7e-4, 0, 0, 0, 0, 0, 0, 0]), mul(product, [0, 0, 0, 0, 0, -1, 1, -1]));
};
/** Air pollution: 25 reactions of 20 species. Their rates are products of the elements `first` and `second` of [y, 1]. */
const pollution = (y: Tensor): Tensor => {
  const { rates, first, second, stoichiometry } = reference.pollution;
  const species = concatenate([y, [1]]);
  const int32 = { dtype: "int32" } as const;
  const pairs = mul(take(species, tensor(first, int32)), take(species, tensor(second, int32)));
  return matmul(stoichiometry, mul(rates, pairs));
};
/** The largest relative difference. */
const apart = (x: Tensor, y: readonly number[]): number =>
  Math.max(...[...x.data()].map((xi, i) => Math.abs(xi / y[i]! - 1)));

describe("stiff problems meet their criteria in fewer than 3 times the steps of SciPy's Radau", () => {
  test.each<[keyof typeof problems, SolveOdeMethodName, number]>([
    ["robertson", "radau", 473],
    ["robertson", "rosenbrock", 473],
    ["robertson", "bdf", 473],
    ["vanDerPol", "bdf", 935],
    ["hires", "bdf", 234],
    ["pollution", "bdf", 124],
    ["vanDerPol", "radau", 935],
    ["hires", "rosenbrock", 234],
    ["pollution", "radau", 124],
  ])("%s by %s", (name, method, steps) => {
    const { times, start, y } = reference[name];
    const { f, atol } = problems[name];
    const s = solveOde(f, start, [0, times.at(-1)!], { method, rtol: 1e-6, atol });
    expect(s.reason).toBe("end");
    expect(s.stats.steps).toBeLessThan(3 * steps);
    expect(apart(s.at(times.at(-1)!), y.at(-1)!)).toBeLessThan(1e-5);
    expect(apart(s.at(times[0]!), y[0]!)).toBeLessThan(1e-5);
  });
  const problems = {
    robertson: { f: robertson, atol: [1e-14, 1e-18, 1e-12] },
    vanDerPol: { f: vanDerPol, atol: 1e-8 },
    hires: { f: hires, atol: 1e-10 },
    pollution: { f: pollution, atol: 1e-13 },
  };

  const sensitivityError = (jacobian: typeof jacfwd, method: SolveOdeMethodName): number => {
    const { times, byRate } = reference.robertsonSensitivities;
    const f = (y: Tensor, _: Tensor, k: Tensor): Tensor => {
      const first = mul(k.at(0), y.at(0));
      const second = mul(k.at(1), square(y.at(1)));
      const third = mul(k.at(2), mul(y.at(1), y.at(2)));
      return stack([sub(third, first), sub(sub(first, second), third), second]);
    };
    const options = { method, rtol: 1e-8, atol: [1e-12, 1e-16, 1e-12] };
    const values = (k: Tensor): Tensor =>
      solveOde(f, [1, 0, 0], [0, times.at(-1)!], { ...options, args: [k] }).at(times);
    return apart(jacobian(values)([0.04, 3e7, 1e4]), byRate.flat(2));
  };
  test("sensitivities of robertson in reverse mode, by bdf", () => {
    expect(sensitivityError(jacrev, "bdf")).toBeLessThan(1e-6);
  });
  testInCi.each(["radau", "rosenbrock", "bdf"] as const)(
    "sensitivities of robertson in both modes, by %s",
    (method) => {
      expect(sensitivityError(jacfwd, method)).toBeLessThan(1e-6);
      expect(sensitivityError(jacrev, method)).toBeLessThan(1e-6);
    },
  );

  test("no explicit method finishes them", () => {
    const options = { maxSteps: 2000, method: "dopri5" } as const;
    const { reason, converged } = solveOde(vanDerPol, [2, 0], [0, 2000], options);
    expect([reason, converged]).toEqual(["maxSteps", false]);
  });

  test("the default changes to an implicit method when an equation becomes stiff, and back, also in derivatives", () => {
    // relaxation to cos t, whose rate is 1 or 10⁴ by turns
    const f = (y: Tensor, t: Tensor): Tensor => mul(where(less(abs(sub(t, 6)), 3), -1e4, -1), sub(y, cos(t)));
    const { stats, reason } = solveOde(f, 1, [0, 60], { breaks: [3, 9] });
    expect([reason, stats.switches]).toEqual(["end", 2]);
    const s = solveOde(vanDerPol, [2, 0], [0, 2000], { atol: 1e-8 });
    expect(s.stats.steps).toBeLessThan(3 * 935);
    expect(apart(s.at(2000), reference.vanDerPol.y.at(-1)!)).toBeLessThan(1e-4);
    const k = 2000;
    const last = (a: Tensor): Tensor => solveOde((y, t) => mul(-k, sub(y, mul(a, cos(t)))), 0, [0, 3]).at(3);
    const slope = (k * (k * Math.cos(3) + Math.sin(3))) / (1 + k * k);
    expect(grad(last)(1).item() / slope).toBeCloseTo(1, 5);
  });

  test("a change to radau, for many components, keeps the dense output of the steps before it", () => {
    const rates = arange(0, 25, 1, { dtype: "float64" });
    const last = (a: Tensor): Tensor => {
      const f = (y: Tensor, t: Tensor): Tensor => mul(mul(-40, rates), sub(y, mul(a, cos(t))));
      return solveOde(f, zeros([25]), [0, 9])
        .at([0.001, 9])
        .at([0, 1], 24);
    };
    const [first, end] = last(tensor(1)).tolist() as [number, number];
    expect([first, end]).toEqual([expect.closeTo(1 - Math.exp(-0.96), 3), expect.closeTo(Math.cos(9), 3)]);
    expect(jvp(last, [1], [1])[1].tolist()).toEqual([expect.closeTo(first, 5), expect.closeTo(end, 5)]);
  });
});

describe("a solution", () => {
  const decay = (y: { a: Tensor; b: Tensor }): { a: Tensor; b: Tensor } => ({ a: neg(y.a), b: mul(-2, y.b) });
  const start = { a: 1, b: [1, 3] };

  test("has the structure of y0, dense output, and the times of saveAt", () => {
    const s = solveOde(decay, start, [0, 2], { rtol: 1e-9, atol: { a: 1e-12, b: [1e-12, 1e-10] } });
    expect([s.t.shape[0], s.y.a.shape, s.y.b.shape]).toEqual([s.stats.steps + 1, [s.stats.steps + 1], [s.stats.steps + 1, 2]]); // prettier-ignore
    expect(s.at(1).b.shape).toEqual([2]);
    expect(apart(s.at([0, 0.3, 2]).a, [1, Math.exp(-0.3), Math.exp(-2)])).toBeLessThan(1e-8);
    expect([...s.at(s.t).b.data()]).toEqual([...s.y.b.data()].map((y): unknown => expect.closeTo(y, 12)));
    const saved = solveOde(decay, start, [0, 2], { saveAt: [0.5, 1], rtol: 1e-9, atol: 1e-12 });
    expect([saved.t.tolist(), saved.y.b.shape]).toEqual([
      [0.5, 1],
      [2, 2],
    ]);
    expect(apart(saved.y.a, [Math.exp(-0.5), Math.exp(-1)])).toBeLessThan(1e-8);
  });

  test("runs backward in time", () => {
    const s = solveOde((y, t) => mul(t, y), 1, [2, -1], { rtol: 1e-9, atol: 1e-12, method: "tsit5" });
    expect(apart(s.at([1, -1]), [Math.exp(-1.5), Math.exp(-1.5)])).toBeLessThan(1e-8);
    expect(s.t.data()[0]).toBe(2);
    expect(s.t.data().at(-1)).toBe(-1);
  });

  test("has a step that ends at each break, on whose sides f has the values of that side", () => {
    // a step over the jump, or a value from the other side, would be rejected many times
    const f = (_: Tensor, t: Tensor): Tensor => where(less(t, 1), 1, -1e6);
    const s = solveOde(f, 0, [0, 2], { breaks: [1], method: "radau" });
    expect([s.stats.rejections, [...s.t.data()].includes(1)]).toEqual([0, true]);
    expect(apart(s.at([1, 2]), [1, 1 - 1e6])).toBeLessThan(1e-12);
  });

  test("reports each step, and ends by the callback, a signal or after maxSteps", async () => {
    const seen: number[] = [];
    const s = solveOde(decay, start, [0, 2], {
      callback: ({ step, y, fraction }) => (seen.push(step, fraction), y.a.item() < 0.5),
    });
    expect([s.reason, s.converged, s.stats.steps]).toEqual(["callback", false, seen.at(-2)]);
    expect(s.t.data().at(-1)).toBeCloseTo(2 * seen.at(-1)!, 12);
    const aborted = await solveOdeAsync(decay, start, [0, 2], { signal: AbortSignal.abort() });
    expect([aborted.reason, aborted.t.tolist(), aborted.y.a.tolist()]).toEqual(["aborted", [0], [1]]);
  });
});

describe("an integration without a solution ends with its reason", () => {
  test.each<[string, string, string, () => OdeSolution<unknown>]>([
    [
      "a pole",
      "explosion",
      "The solution grows without bound near t = 1.0000",
      () => solveOde((y) => square(y), 1, [0, 2]),
    ],
    [
      "a root of a negative number",
      "nan",
      "The right-hand side is NaN in component y.b[1] at t = 1.000",
      () =>
        solveOde((y: { a: Tensor; b: Tensor }, t) => ({ a: y.a, b: stack([t, sqrt(sub(1, t))]) }), { a: 1, b: [1, 2] }, [0, 5]), // prettier-ignore
    ],
    [
      "a start at which f is infinite",
      "nan",
      "The right-hand side is Infinity in component y at t = 0.",
      () => solveOde((y, t) => div(y, t), 1, [0, 1]),
    ],
  ])("%s", (_, reason, message, run) => {
    const s = run();
    expect([s.reason, s.converged]).toEqual([reason, false]);
    expect(s.message).toContain(message);
  });

  test.each<[string, () => unknown, string]>([
    [
      "a time span",
      () => solveOde((y) => neg(y), 1, [0, Infinity]),
      "solveOde: the time span must be a list of two finite numbers",
    ],
    [
      "a method",
      () => solveOde((y) => neg(y), 1, [0, 1], { method: "rk4" as never }),
      'solveOde: method must be "auto"',
    ],
    [
      "a start without elements",
      () => solveOde((y) => neg(y), new Float64Array(0), [0, 1]),
      "solveOde: y0 has no elements.",
    ],
    [
      "a tolerance",
      () => solveOde((y) => neg(y), [1, 2], [0, 1], { atol: [1e-6, 0] }),
      "solveOde: atol must be above 0.",
    ],
    [
      "its shape",
      () => solveOde((y) => neg(y), [1, 2], [0, 1], { atol: [1, 1, 1] }),
      "solveOde: atol is f64[3] where y0 has shape [2]",
    ],
    [
      "a time that is a vector",
      () => solveOde((y) => neg(y), 1, [0, [1, 2]]),
      "solveOde: the time span must be a list of two finite numbers",
    ],
    [
      "a traced mass matrix",
      () => grad((m: Tensor) => solveOde((y) => neg(y), [1], [0, 1], { mass: reshape(m, [1, 1]) }).at(1).at(0))(1), // prettier-ignore
      "dy/dt = linalg.solve(mass, f(y, t))",
    ],
    [
      "saveAt",
      () => solveOde((y) => neg(y), 1, [0, 1], { saveAt: [0, 2] }),
      "solveOde: the times of saveAt must be within 0 to 1",
    ],
    [
      "a time",
      () => solveOde((y) => neg(y), 1, [0, 1]).at(2),
      "at: the solution is known from 0 to 1, but 2 is outside.",
    ],
    [
      "a trace",
      () => jit((start: Tensor) => solveOde((y) => neg(y), start, [0, 1]).at(1))(1),
      "solveOde: chooses its steps by values",
    ],
  ])("is refused: %s", (_, run, message) => {
    expect(run).toThrow(message);
  });
});
