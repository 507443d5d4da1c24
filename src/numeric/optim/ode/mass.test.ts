import { add, grad, mul, neg, sin, sub, square, stack, type Tensor, type TensorLike } from "downhill";
import { solveOde } from "downhill/optim";
import { describe, expect, test } from "vitest";
import { testInCi } from "../../../../test/support/extent.ts";
import reference from "./testdata/stiff.json" with { type: "json" };

/** Robertson's reaction with the conservation of mass as its third, algebraic equation. */
const reaction = (y: Tensor, _: Tensor, k: Tensor): Tensor => {
  const first = mul(k, y.at(0));
  const third = mul(1e4, mul(y.at(1), y.at(2)));
  const second = mul(3e7, square(y.at(1)));
  return stack([
    sub(third, first),
    sub(sub(first, third), second),
    sub(add(add(y.at(0), y.at(1)), y.at(2)), 1),
  ]);
};
const mass = [[1, 0, 0], [0, 1, 0], [0, 0, 0]]; // prettier-ignore
const options = { mass, rtol: 1e-7, atol: [1e-10, 1e-14, 1e-10], args: [0.04] };

describe("mass matrices", () => {
  test.each(["rosenbrock", "radau"] as const)(
    "with a row of zeros: an algebraic equation, by %s",
    (method) => {
      // the third component of the start is inconsistent
      const s = solveOde(reaction, [1, 0, 0.2], [0, 4000], { ...options, method });
      expect(s.reason).toBe("end");
      expect(Math.abs(s.y.at(0).at(2).item())).toBeLessThan(1e-15);
      const { y } = reference.robertson;
      s.at(4000).data().forEach((x, i) => expect(x / y[1]![i]!).toBeCloseTo(1, 4)); // prettier-ignore
      const rate = (k: Tensor): Tensor => solveOde(reaction, [1, 0, 0.2], [0, 40], { ...options, args: [k], method }).at(40).at(2); // prettier-ignore
      expect(grad(rate)(0.04).item()).toBeCloseTo(reference.robertsonSensitivities.byRate[0]![2]![0]!, 3);
    },
  );

  test("that are regular scale the equations, also for events", () => {
    // 2 x' = −x + v, x' + v' = −v
    const s = solveOde((y) => stack([sub(y.at(1), y.at(0)), neg(y.at(1))]), [1, 1], [0, 1], {
      mass: [[2, 0], [1, 1]], // prettier-ignore
      rtol: 1e-9,
      atol: 1e-12,
      events: [{ when: (y) => sub(y.at(1), 0.5) }],
    });
    // v = e^(−t) terms from the equivalent system x' = (v − x)/2, v' = −v − x'
    const plain = solveOde(
      (y) => {
        const slope = mul(0.5, sub(y.at(1), y.at(0)));
        return stack([slope, sub(neg(y.at(1)), slope)]);
      },
      [1, 1],
      [0, 1],
      { rtol: 1e-9, atol: 1e-12 },
    );
    s.at(1).data().forEach((x, i) => expect(x).toBeCloseTo(plain.at(1).data()[i]!, 8)); // prettier-ignore
    expect(plain.at(s.events[0]!.t).at(1).item()).toBeCloseTo(0.5, 8);
  });

  // 1.5 x′ = −k x + z sin t, where z³ + z = k x; the rows and columns of zeros have different indices
  const implicit = (y: Tensor, t: Tensor, k: Tensor): Tensor => {
    const [z, x] = [y.at(0), y.at(1)];
    return stack([sub(mul(z, sin(t)), mul(k, x)), sub(add(mul(z, square(z)), z), mul(k, x))]);
  };
  const valueOf = (k: TensorLike, x0: TensorLike, start: TensorLike, changes: object): Tensor => {
    const s = solveOde(implicit, stack([0.3, x0]), [start, 1], { method: "radau", rtol: 1e-10, atol: 1e-12, mass: [[0, 1.5], [0, 0]], args: [k], ...changes }); // prettier-ignore
    return add(s.at(0.5).at(0), s.y.at(-1).at(1));
  };
  /** Checks the gradient against central differences of order 4. */
  const checkGradient = (changes: object): void => {
    const at = [1.3, 1.1, 0.1] as const;
    const [e, f] = [1e-3, (...x: number[]): number => valueOf(x[0]!, x[1]!, x[2]!, changes).item()];
    const moved = (i: number, by: number): number[] => at.map((x, j) => (i === j ? x + by : x));
    const change = (i: number, by: number): number => f(...moved(i, by)) - f(...moved(i, -by));
    const gradient = grad((k: Tensor, x0: Tensor, t0: Tensor) => valueOf(k, x0, t0, changes), { argnums: [0, 1, 2] }); // prettier-ignore
    gradient(...at).forEach((x, i) => {
      const expected = (8 * change(i, e) - change(i, 2 * e)) / (12 * e);
      expect(Math.abs(x.item() - expected)).toBeLessThan(1e-6 * Math.abs(expected));
    });
  };

  testInCi.each([
    { adjoint: "discrete" },
    { adjoint: "forward", method: "rosenbrock" },
    { adjoint: "continuous" },
    { adjoint: "continuous", method: "rosenbrock" },
  ])("have derivatives in the data, the start and the first time: %o", checkGradient);

  testInCi("have second derivatives", () => {
    const [e, slope] = [1e-3, grad((k: Tensor) => valueOf(k, 1.1, 0.1, {}))];
    const expected = (slope(1.3 + e).item() - slope(1.3 - e).item()) / (2 * e);
    expect(grad(slope)(1.3).item()).toBeCloseTo(expected, 5);
  });

  const pendulum = (y: Tensor): Tensor => stack([y.at(1), y.at(2), sub(y.at(0), 1)]);
  test.each<[string, () => unknown, string]>([
    [
      "an index above 1",
      () => solveOde(pendulum, [1, 0, 0], [0, 1], { mass }),
      "solveOde: the algebraic equations do not determine the algebraic components",
    ],
    [
      "no consistent start",
      () =>
        solveOde((y) => stack([neg(y.at(0)), add(square(y.at(1)), 1)]), [1, 2], [0, 1], {
          mass: [
            [1, 0],
            [0, 0],
          ],
        }),
      "solveOde: found no algebraic components that satisfy the algebraic equations at t = 0",
    ],
    [
      "a singular matrix without rows of zeros",
      () =>
        solveOde(neg2, [1, 2], [0, 1], {
          mass: [
            [1, 1],
            [1, 1],
          ],
        }),
      "solveOde: mass has rank 1, 0 rows of zeros",
    ],
    [
      "an explicit method",
      () =>
        solveOde(neg2, [1, 2], [0, 1], {
          mass: [
            [1, 0],
            [0, 1],
          ],
          method: "tsit5",
        }),
      "solveOde: tsit5 does not support mass.",
    ],
    [
      "another size",
      () => solveOde(neg2, [1, 2], [0, 1], { mass: [[1]] }),
      "solveOde: mass must be a matrix of 2 × 2",
    ],
  ])("are refused: %s", (_, run, message) => {
    expect(run).toThrow(message);
  });
});

function neg2(y: Tensor): Tensor {
  return neg(y);
}
