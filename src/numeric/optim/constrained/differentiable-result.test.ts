import { add, exp, grad, jit, mul, square, sub, sum, type Tensor } from "downhill";
import { atLeast, atMost, equality, minimize } from "downhill/optim";
import { expect, test } from "vitest";

interface Settings {
  readonly target: Tensor;
  readonly budget: Tensor;
}

/** A projection onto a curved set: one active inequality, an equality, one inactive inequality, and an active bound. */
const nearest = ({ target, budget }: Settings): ReturnType<typeof solve> => solve(target, budget);
const solve = (target: Tensor, budget: Tensor) =>
  minimize(
    (x: Tensor, t: Tensor, _b: Tensor) => add(sum(square(sub(x, t))), exp(x.at(0))),
    [0.1, 0.2, 0.3, 0.4],
    {
      args: [target, budget],
      constraints: [
        atMost((x: Tensor, _t: Tensor, b: Tensor) => sub(sum(square(x)), b), 0),
        equality((x: Tensor, t: Tensor) => sub(x.at(0).add(x.at(1)), mul(0.1, t.at(2))), 0),
        atLeast((x: Tensor) => sum(x), -100),
      ],
      low: [-9, -9, -9, 0.25],
    },
  );

const at = { target: [1, 2, 3, -1], budget: 4 };

test.each<[string, (p: Settings) => Tensor]>([
  ["params", (p) => sum(mul([1, -2, 0.5, 3], nearest(p).params))],
  ["value", (p) => nearest(p).value as unknown as Tensor],
  [
    "multipliers of constraints",
    (p) => (nearest(p).multipliers.constraints as Tensor[]).reduce((a, b) => add(a, mul(2, b))),
  ],
  ["multipliers of bounds", (p) => sum(mul([1, 2, 3, 4], nearest(p).multipliers.bounds))],
])("%s are differentiated by arguments as differences show", (_, f) => {
  const slope = grad(f)(at);
  const value = (target: readonly number[], budget: number): number => {
    const tensors = { target, budget } as never;
    // outside of transforms the result is made of numbers
    const out = f(tensors) as Tensor | number;
    return typeof out === "number" ? out : out.item();
  };
  const step = 1e-4;
  at.target.forEach((_, i) => {
    const moved = (by: number): readonly number[] => at.target.map((t, k) => (k === i ? t + by : t));
    const difference = (value(moved(step), at.budget) - value(moved(-step), at.budget)) / (2 * step);
    expect(slope.target.at(i).item()).toBeCloseTo(difference, 3);
  });
  const difference = (value(at.target, at.budget + step) - value(at.target, at.budget - step)) / (2 * step);
  expect(slope.budget.item()).toBeCloseTo(difference, 3);
});

test("a degenerate active set has no derivative, and the message names the limit", () => {
  // the minimum of the square is exactly at the limit
  const f = (t: Tensor): Tensor =>
    minimize((x: Tensor, c: Tensor) => square(sub(x, c)), 0, {
      args: [t],
      constraints: [atMost((x: Tensor) => x, 1, { name: "fence" })],
    }).params;
  expect(grad(f)(2).item()).toBeCloseTo(0, 6);
  expect(grad(f)(0.5).item()).toBeCloseTo(1, 6);
  expect(() => grad(f)(1)).toThrow("fence is at its limit without force (a degenerate active set)");
});

test("searches without a solution, second derivatives and jit are refused", () => {
  const f = (t: Tensor): Tensor =>
    minimize((x: Tensor, _c: Tensor) => square(x), 1, {
      args: [t],
      constraints: [equality((x: Tensor, c: Tensor) => sub(square(x), c), 0)],
    }).params;
  expect(grad(f)(4).item()).toBeCloseTo(0.25, 6);
  expect(() => grad(f)(-4)).toThrow("a search that ends with infeasible has no derivative");
  expect(() => grad((t: Tensor) => grad(f)(t))(4)).toThrow(
    "second derivatives of a solution under constraints are not supported",
  );
  expect(() => jit(f)(4)).toThrow("grad and jvp work without jit");
});
