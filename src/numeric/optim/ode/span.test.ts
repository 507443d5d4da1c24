import { grad, jacfwd, jacrev, mul, neg, square, sub, stack, tensor, type Tensor } from "downhill";
import { solveOde, type SolveOdeMethodName } from "downhill/optim";
import { describe, expect, test } from "vitest";
import { testInCi } from "../../../../test/support/extent.ts";

/** dy/dt = −2 t y², whose solution is 1 / (1 / y₀ + t² − t₀²). */
const f = (y: Tensor, t: Tensor): Tensor => mul(-2, mul(t, square(y)));

describe("derivatives with respect to the ends of the time span", () => {
  const tolerances = { rtol: 1e-10, atol: 1e-12 };
  const last = (options: object) => (t: Tensor) =>
    solveOde(f, 0.2, [t.at(0), t.at(1)], { ...tolerances, ...options }).y.at(-1);
  /** −Φ f(y₀, t₀) and f(y₁, t₁). */
  const exact = (t0: number, t1: number): number[] => {
    const y = 1 / (5 + t1 * t1 - t0 * t0);
    return [2 * t0 * y * y, -2 * t1 * y * y];
  };
  const agree = (options: object, t: number[]): void => {
    const expected = exact(t[0]!, t[1]!);
    for (const jacobian of [jacrev, jacfwd]) {
      const found = jacobian(last(options))(t).data();
      expected.forEach((x, i) => expect(found[i]).toBeCloseTo(x, 8));
    }
  };
  test("are those of the closed form, also backward in time and past breaks", () => {
    agree({ method: "dopri5" }, [0.5, 2]);
    agree({ method: "dopri5", breaks: [1] }, [0.5, 2]);
    agree({ method: "dopri5" }, [2, 0.5]);
  });
  testInCi.each<SolveOdeMethodName>(["radau", "rosenbrock", "tsit5", "taylor"])("by %s", (method) => {
    agree({ method }, [0.5, 2]);
  });
  test("include values between them, the times, and events", () => {
    const values = (t: Tensor): Tensor => {
      const s = solveOde(f, 1, [t.at(0), t.at(1)], {
        ...tolerances,
        method: "dopri5",
        events: [{ when: (y) => sub(y, 0.5), reset: (y) => mul(0.5, y) }],
      });
      return stack([s.at(0.9), s.events[0]!.t, s.y.at(-1), s.t.at(0), s.t.at(-1)]);
    };
    const found = jacfwd(values)([0.5, 2]).tolist() as number[][];
    const [at0, event, y] = [1 / (1 + 0.81 - 0.25), Math.sqrt(1.25), 1 / (4 + 4 - 1.25)];
    // the solution after the event is 1 / (4 + t² − t_e²) with t_e² = 1 + t₀²
    const expected = [[2 * 0.5 * at0 ** 2, 0], [0.5 / event, 0], [2 * 0.5 * y ** 2, -4 * y ** 2], [1, 0], [0, 1]]; // prettier-ignore
    expected.flat().forEach((x, i) => expect(found.flat()[i]).toBeCloseTo(x, 7));
  });
  test("hold with a mass matrix", () => {
    const start = (t: Tensor): Tensor =>
      solveOde((y) => neg(y), [1], [t, 1], { method: "radau", mass: [[2]], rtol: 1e-8 })
        .at(1)
        .at(0);
    expect(grad(start)(0).item()).toBeCloseTo(Math.exp(-0.5) / 2, 6);
    const end = (t: Tensor): Tensor =>
      solveOde((y) => neg(y), [1], [0, t], { method: "radau", mass: [[2]], rtol: 1e-8 })
        .y.at(-1)
        .at(0);
    expect(grad(end)(1).item()).toBeCloseTo(-Math.exp(-0.5) / 2, 6);
    expect(() => solveOde(f, tensor(1), [0, Number.NaN])).toThrow("two finite numbers");
  });
});
