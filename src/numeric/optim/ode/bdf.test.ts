import { cos, grad, jvp, mul, neg, square, stack, sub, type Tensor } from "downhill";
import { solveOde } from "downhill/optim";
import { describe, expect, test } from "vitest";

const options = { method: "bdf", rtol: 1e-7, atol: 1e-9 } as const;

describe("backward differentiation formulas", () => {
  test("have a dense output of their order, and the derivatives of radau on the same steps", () => {
    const f = (y: Tensor, t: Tensor, a: Tensor): Tensor => mul(-50, sub(y, mul(a, cos(t))));
    const exact = (t: number): number =>
      (2500 * Math.cos(t) + 50 * Math.sin(t) - 2500 * Math.exp(-50 * t)) / 2501;
    const s = solveOde(f, 0, [0, 3], { ...options, args: [1] });
    const errors = Array.from({ length: 80 }, (_, i) => Math.abs(s.at(i / 27).item() - exact(i / 27)));
    expect(Math.max(...errors)).toBeLessThan(1e-6);
    expect(s.stats.steps).toBeLessThan(220); // a formula of order 1 would need thousands
    const last = (a: Tensor): Tensor => solveOde(f, 0, [0, 3], { ...options, args: [a] }).at(3);
    expect(grad(last)(1).item()).toBeCloseTo(exact(3), 6);
    expect(jvp(last, [1], [1])[1].item()).toBeCloseTo(exact(3), 6);
  });

  test("solve systems with mass matrices, and algebraic equations", () => {
    const algebraic = (y: Tensor): Tensor => stack([neg(y.at(0)), sub(y.at(1), square(y.at(0)))]);
    const s = solveOde(algebraic, [1, 0], [0, 1], { ...options, mass: [[1, 0], [0, 0]] }); // prettier-ignore
    expect(s.at(1).tolist()).toEqual([expect.closeTo(Math.exp(-1), 6), expect.closeTo(Math.exp(-2), 6)]);
    const scaled = solveOde((y) => neg(y), [1, 3], [0, 1], { ...options, mass: [[2, 0], [1, 1]] }); // prettier-ignore
    const second = 3 * Math.exp(-1) + Math.exp(-0.5) - Math.exp(-1); // y₁′ = −y₁ + y₀/2
    expect(scaled.at(1).tolist()).toEqual([expect.closeTo(Math.exp(-0.5), 6), expect.closeTo(second, 6)]);
  });

  test("start again after events", () => {
    const bounce = { when: (y: Tensor) => y.at(0), direction: -1, reset: (y: Tensor) => stack([0, mul(-0.8, y.at(1))]) } as const; // prettier-ignore
    const { events } = solveOde((y) => stack([y.at(1), -9.81]), [1, 0], [0, 1.5], {
      ...options,
      events: [bounce],
    });
    const first = Math.sqrt(2 / 9.81);
    expect(events.map(({ t }) => t.item())).toEqual([
      expect.closeTo(first, 6),
      expect.closeTo(2.6 * first, 6),
    ]);
  });
});
