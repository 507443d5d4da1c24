import {
  abs,
  div,
  grad,
  jacfwd,
  jit,
  max,
  mul,
  neg,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  vmap,
} from "downhill";
import { odeint } from "downhill/optim";
import { describe, expect, test } from "vitest";
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
