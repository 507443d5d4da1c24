import {
  add,
  concatenate,
  cos,
  div,
  expandDims,
  eye,
  grad,
  mul,
  neg,
  pow,
  reshape,
  roll,
  scan,
  sin,
  slice,
  sqrt,
  square,
  stack,
  sub,
  sum,
  tensor,
  type Tensor,
  where,
  less,
} from "downhill";
import { odeint, solveOde } from "downhill/optim";
import { describe, expect, test } from "vitest";
import { testInCi } from "../../../../test/support/extent.ts";
import reference from "./testdata/smooth.json" with { type: "json" };

const { gravity, masses } = reference.solarSystem;
const pendulum = (y: Tensor): Tensor => stack([y.at(1), neg(sin(y.at(0)))]);
const lorenz63 = (y: Tensor): Tensor => {
  const [a, b, c] = [y.at(0), y.at(1), y.at(2)];
  return stack([mul(10, sub(b, a)), sub(mul(a, sub(28, c)), b), sub(mul(a, b), mul(8 / 3, c))]);
};
const lorenz96 = (y: Tensor): Tensor => add(sub(mul(sub(roll(y, -1), roll(y, 2)), roll(y, 1)), y), 8);
/** The Sun and five planets: positions, then velocities. */
const solarSystem = (s: Tensor): Tensor => {
  const positions = reshape(slice(s, [0, 18]), [6, 3]);
  const distances = sub(expandDims(positions, 0), expandDims(positions, 1));
  const cubes = pow(add(sum(square(distances), { axis: 2 }), eye(6)), -1.5);
  const pulls = mul(expandDims(mul(mul(gravity, expandDims(tensor(masses), 0)), cubes), 2), distances);
  return concatenate([slice(s, [18, 36]), reshape(sum(pulls, { axis: 1 }), [18])]);
};
const energy = (s: readonly number[]): number => {
  let total = 0;
  for (let i = 0; i < 6; i++) {
    const speed = Math.hypot(...s.slice(18 + 3 * i, 21 + 3 * i));
    total += 0.5 * masses[i]! * speed ** 2;
    for (let j = 0; j < i; j++) {
      const distance = Math.hypot(...[0, 1, 2].map((k) => s[3 * i + k]! - s[3 * j + k]!));
      total -= (gravity * masses[i]! * masses[j]!) / distance;
    }
  }
  return total;
};

const options = { method: "taylor", rtol: 1e-6, atol: 1e-8 } as const;

describe("the Taylor method is as exact as float64 permits", () => {
  const problems = { pendulum, lorenz63, lorenz96, solarSystem };
  /** Errors relative to max(1, |y|), below those of SciPy's DOP853 at the same tolerance (5e-11, 5e-10, 2.5e-7, 5e-12). */
  const run = (name: keyof typeof problems): number => {
    const { start, time, y } = reference[name];
    const tight = { method: "taylor", rtol: 1e-13, atol: 1e-13 } as const;
    const s = solveOde(problems[name], start, [0, time], tight);
    const last = [...s.y.at(-1).data()];
    const errors = last.map((x, i) => Math.abs(x - y[i]!) / Math.max(1, Math.abs(y[i]!)));
    expect(s.reason).toBe("end");
    if (name === "solarSystem") {
      const first = energy(start);
      const drifts = (s.y.tolist() as number[][]).map((state) => Math.abs(energy(state) / first - 1));
      expect(Math.max(...drifts)).toBeLessThan(1e-13);
    }
    return Math.max(...errors);
  };

  test("pendulum", () => expect(run("pendulum")).toBeLessThan(1e-12));
  testInCi.each([
    ["lorenz63", 5e-11],
    ["lorenz96", 1e-8],
    ["solarSystem", 1e-12],
  ] as const)("%s", (name, error) => expect(run(name)).toBeLessThan(error));
});

describe("the Taylor method", () => {
  test("has its polynomials as dense output, forward and backward in time", () => {
    const f = (y: Tensor, t: Tensor): Tensor => mul(y, cos(t));
    const s = solveOde(f, 1, [0, 3], options);
    for (const t of [0.1, 1.234, 3]) expect(s.at(t).item()).toBeCloseTo(Math.exp(Math.sin(t)), 6);
    expect(solveOde(f, s.at(3), [3, 0], options).at(0).item()).toBeCloseTo(1, 6);
  });

  testInCi("works for functions with loops, and for any unit of time", () => {
    const f = (y: Tensor): Tensor => scan((sum: Tensor, x: Tensor): [Tensor, Tensor] => [add(sum, mul(x, y)), x], tensor(0), tensor([1, 2]))[0]; // prettier-ignore
    expect(
      solveOde(f, 1, [0, 0.5], { ...options, rtol: 1e-2 })
        .at(0.5)
        .item(),
    ).toBeCloseTo(Math.exp(1.5), 3);
    for (const unit of [1e-25, 1e25])
      expect(
        solveOde((y) => div(y, unit), 1, [0, unit], options)
          .at(unit)
          .item(),
      ).toBeCloseTo(Math.E, 6);
  });

  test("rejects steps over kinks, and sees one side of each break in its derivatives too", () => {
    const f = (_: Tensor, t: Tensor): Tensor => where(less(t, 1), t, neg(t));
    expect(solveOde(f, 0, [0, 2], options).at(2).item()).toBeCloseTo(-1, 5);
    const s = solveOde(f, 0, [0, 2], { ...options, breaks: [1] });
    expect([s.at(2).item(), s.stats.steps, s.stats.rejections]).toEqual([expect.closeTo(-1, 14), 2, 0]);
  });

  test("ends where the coefficients are not finite", () => {
    const { reason, message } = solveOde((y) => sqrt(y), 0, [0, 1], options);
    expect([reason, message]).toEqual([
      "stepSize",
      expect.stringContaining("derivatives of the right-hand side are not finite"),
    ]);
  });

  test("finds events, and differentiates through them", () => {
    const crossing = (a: Tensor): Tensor => {
      const f = (y: Tensor): Tensor => stack([y.at(1), neg(mul(a, sin(y.at(0))))]);
      return solveOde(f, [1, 0], [0, 9], { ...options, rtol: 1e-4, events: [{ when: (y) => y.at(0), stop: true }] }).events[0]!.t; // prettier-ignore
    };
    const t = crossing(tensor(2)).item();
    expect(t).toBeCloseTo(1.18439955651572, 4); // K(sin²(1/2)) / √2
    expect(grad(crossing)(2).item()).toBeCloseTo(-t / 4, 4);
  });

  testInCi("has derivatives of second order", () => {
    const last = (a: Tensor): Tensor => solveOde((y, t) => mul(a, mul(y, cos(t))), 1, [0, 3], options).at(3);
    const exponent = Math.sin(3);
    expect(grad(last)(0.7).item()).toBeCloseTo(exponent * Math.exp(0.7 * exponent), 6);
    expect(grad(grad(last))(0.7).item()).toBeCloseTo(exponent ** 2 * Math.exp(0.7 * exponent), 6);
  });

  test("refuses mass matrices, and odeint names the function that has it", () => {
    expect(() => solveOde((y) => neg(y), [1], [0, 1], { ...options, mass: [[2]] })).toThrow(
      "taylor does not support mass",
    );
    expect(() => odeint((y) => neg(y), 1, [0, 1], { method: "taylor" as never })).toThrow(
      'odeint: method "taylor" belongs to solveOde, outside of compiled functions. Use',
    );
  });
});
