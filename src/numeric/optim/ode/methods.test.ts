import {
  abs,
  cos,
  div,
  grad,
  jacfwd,
  jit,
  less,
  max,
  mul,
  neg,
  square,
  stack,
  sub,
  sum,
  tensor,
  type Tensor,
  vmap,
  where,
} from "downhill";
import { odeint } from "downhill/optim";
import { describe, expect, test } from "vitest";
import { testInCi } from "../../../../test/support/extent.ts";
import { recordSteps } from "./integrate.ts";
import { denseAlgebra } from "./stage-algebra.ts";
import { automatic } from "./step-loop.ts";
import reference from "./testdata/stiff.json" with { type: "json" };

/** Robertson's reaction with its three rates. */
const robertson = (y: Tensor, _: Tensor, k: Tensor): Tensor => {
  const first = mul(k.at(0), y.at(0));
  const second = mul(k.at(1), square(y.at(1)));
  const third = mul(mul(k.at(2), y.at(1)), y.at(2));
  return stack([sub(third, first), sub(sub(first, second), third), second]);
};
const rates = [0.04, 3e7, 1e4];
/** The largest relative difference. */
const apart = (x: Tensor, y: unknown): number => max(abs(sub(div(x, y as number[]), 1))).item();

describe("methods of odeint", () => {
  test.each<["tsit5" | "rosenbrock" | "radau", number]>([
    ["tsit5", 5],
    ["rosenbrock", 5],
    ["radau", 4],
  ])("%s has errors in proportion to the tolerance, at its steps and between them", (method, power) => {
    // y = 1/(1 + t²)
    const f = (y: Tensor, t: Tensor): Tensor => mul(-2, mul(t, square(y)));
    const ts = [0, 0.3, 1.1, 2, 3];
    const errors = [1e-5, 1e-8, 1e-10].map(
      (rtol) => apart(odeint(f, 1, ts, { method, rtol, atol: rtol / 100 }), ts.map((t) => 1 / (1 + t * t))) / rtol, // prettier-ignore
    );
    expect(Math.max(...errors)).toBeLessThan(10 ** (power - 3));
  });

  test.each(["rosenbrock", "radau"] as const)(
    "%s: sensitivities of Robertson's reaction, forward and backward",
    (method) => {
      const { times, byRate } = reference.robertsonSensitivities;
      const options = { method, rtol: 1e-8, atol: 1e-12 } as const;
      const solve = (k: Tensor): Tensor =>
        odeint(robertson, [1, 0, 0], [0, ...times], { args: [k], ...options });
      expect(apart(jacfwd(solve)(rates).slice(1), byRate)).toBeLessThan(1e-5);
      const weights = [[0, 0, 0], [1, 2, 3], [3, -1, 2], [1, 5, 2]]; // prettier-ignore
      const weighted = [0, 1, 2].map((k) => sum(mul(weights.slice(1), byRate.map((rows) => rows.map((row) => row[k]!)))).item()); // prettier-ignore
      expect(apart(grad((k: Tensor) => sum(mul(weights, solve(k))))(rates), weighted)).toBeLessThan(1e-5);
    },
  );

  test("batches and compiled functions use implicit methods", () => {
    const end = (k: Tensor): Tensor =>
      odeint((y, t) => mul(neg(k), sub(y, t)), 1, [0, 2], {
        method: "radau",
        rtol: 1e-9,
        atol: 1e-11,
        maxSteps: 512,
      }).at(-1);
    // y = t − 1/k + (1 + 1/k) exp(−k t)
    const exact = (k: number): number => 2 - 1 / k + (1 + 1 / k) * Math.exp(-2 * k);
    const slope = (k: number): number => 1 / k ** 2 - (1 / k ** 2 + 2 * (1 + 1 / k)) * Math.exp(-2 * k);
    expect(apart(vmap(end)([1, 1000]), [1, 1000].map(exact))).toBeLessThan(1e-7);
    expect(apart(jit(grad(end))(3), slope(3))).toBeLessThan(1e-7);
  });
});

describe("the default method", () => {
  const prey = (y: Tensor, _: Tensor, k: Tensor): Tensor =>
    stack([mul(y.at(0), sub(k, y.at(1))), mul(y.at(1), sub(y.at(0), 3))]);
  /** Relaxation to the cosine. Exact for a constant rate k: the first solution is y, the second its derivative in k. */
  const relax = (y: Tensor, t: Tensor, k: Tensor): Tensor => mul(neg(k), sub(y, cos(t)));

  const bitsOf = (method: "auto" | "dopri5", isTraced: boolean): number[] => {
    const end = (k: Tensor): Tensor =>
      sum(odeint(prey, [10, 5], [0, 0.5, 2], { method, args: [k], maxSteps: 64 }));
    if (!isTraced) return [end, grad(end)].map((f) => f(1.5 as never).item());
    return [jit(end)(1.5).item(), jit(grad(end))(1.5).item(), ...vmap(end)([1, 1.5, 2]).data()];
  };
  test("has the bits of dopri5 where the equation is not stiff, also in derivatives", () => {
    expect(bitsOf("auto", false)).toEqual(bitsOf("dopri5", false));
  });
  testInCi("has the bits of dopri5 also in compiled functions and batches", () => {
    expect(bitsOf("auto", true)).toEqual(bitsOf("dopri5", true));
  });

  const end = (k: Tensor): Tensor =>
    odeint(relax, 0, [0, 3], { args: [k], maxSteps: 512, rtol: 1e-7 }).at(-1);
  const exact = (k: number): number => (k * (k * Math.cos(3) + Math.sin(3))) / (1 + k * k);
  const slope = (k: number): number => (exact(k + 1) - exact(k - 1)) / 2;
  const k = 1e5;
  test("solves stiff equations, and differentiates them", () => {
    expect(apart(end(k as never), exact(k))).toBeLessThan(1e-6);
    expect(apart(grad(end)(k), slope(k))).toBeLessThan(1e-2);
    expect(() => odeint(relax, 0, [0, 3], { args: [k], method: "dopri5" })).toThrow("did not reach the last time"); // prettier-ignore
  });
  testInCi("solves stiff equations in compiled functions and batches", () => {
    expect(jit(end)(k).item()).toBe(end(k as never).item());
    expect(jit(grad(end))(k).item()).toBe(grad(end)(k).item());
    expect([...vmap(end)([5, k]).data()]).toEqual([5, k].map((rate) => end(rate as never).item()));
  });

  test("changes to the implicit method and back", () => {
    const rate = (t: Tensor): Tensor => where(less(abs(sub(t, 6)), 3), 1e5, 1);
    const system = {
      slope: (y: Tensor, t: Tensor): Tensor => relax(y, t, rate(t)),
      rules: { rtol: 1e-6, atol: 1e-8 },
      algebra: denseAlgebra(1),
    };
    const { kinds, starts, count } = jit(() =>
      recordSteps(system, automatic(false), tensor([1]), tensor([0, 30]), { maxSteps: 400 }),
    )();
    const implicit = [...kinds.data()].flatMap((kind, i) => (kind === 1 ? [i] : []));
    const times = [implicit[0]!, implicit.at(-1)!].map((i) => starts.data()[i]!);
    expect(implicit.length).toBe(implicit.at(-1)! - implicit[0]! + 1); // without interruption
    expect(times[0]).toBeCloseTo(3, 1);
    expect(times[1]).toBeGreaterThan(9);
    expect(implicit.at(-1)! + 1).toBeLessThan(count.item());
  });
});
