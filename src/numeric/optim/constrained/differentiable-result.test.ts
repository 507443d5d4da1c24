import { add, exp, grad, jit, jvp, mul, square, sub, sum, tensor, type Tensor } from "downhill";
import { atLeast, atMost, between, equality, minimize } from "downhill/optim";
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

test("searches without a solution and jit are refused", () => {
  const f = (t: Tensor): Tensor =>
    minimize((x: Tensor, _c: Tensor) => square(x), 1, {
      args: [t],
      constraints: [equality((x: Tensor, c: Tensor) => sub(square(x), c), 0)],
    }).params;
  expect(grad(f)(4).item()).toBeCloseTo(0.25, 6);
  expect(() => grad(f)(-4)).toThrow("a search that ends with infeasible has no derivative");
  expect(() => jit(f)(4)).toThrow("grad, jvp and vmap work without jit");
});

test("limits are differentiated, of equalities, one and two sides, beside arguments and constants", () => {
  const centre = [2, 1, -3];
  const distance = (x: Tensor, scale: Tensor): Tensor => sum(square(sub(mul(scale, x), centre)));
  const solve = (total: Tensor, high: Tensor, low: Tensor, scale: Tensor) =>
    minimize(distance, [0, 0, 0], {
      args: [scale],
      constraints: [
        equality((x: Tensor) => sum(x), total),
        atMost((x: Tensor) => x.at(0), high),
        between((x: Tensor) => x.slice(1), low, [0.2, 5]),
        atMost((x: Tensor) => sum(square(x)), 50),
      ],
    });
  const at = [1, 1.5, [-9, -1], 1] as const;
  const r = solve(...(at.map((value) => tensor(value as number)) as [Tensor, Tensor, Tensor, Tensor]));
  expect(r.reason).toBe("solved");
  const prices = r.multipliers.constraints as readonly Tensor[];
  const value = (...given: Tensor[]): Tensor => solve(...(given as [Tensor, Tensor, Tensor, Tensor])).value as unknown as Tensor; // prettier-ignore
  const slopes = [0, 1, 2].map((argnum) =>
    grad(value as never, { argnums: argnum })(...(at as unknown as never[])),
  );
  // the least value changes by minus the multiplier per unit of the limit
  expect(slopes[0]!.item()).toBeCloseTo(-prices[0]!.item(), 6);
  expect(slopes[1]!.item()).toBeCloseTo(-prices[1]!.item(), 6);
  const lower = (prices[2]!.tolist() as number[]).map((price) => Math.min(price, 0));
  (slopes[2]!.tolist() as number[]).forEach((slope, i) => expect(slope).toBeCloseTo(-lower[i]!, 6));
  const price = (high: Tensor): Tensor => solve(tensor(1), high, tensor([-9, -1]), tensor(1)).multipliers.constraints[2] as Tensor; // prettier-ignore
  expect(jvp(price, [1.5], [1])[0].tolist()).toEqual((prices[2]!.tolist() as number[]).map((p) => expect.closeTo(p, 6) as number)); // prettier-ignore
  expect(() => grad((t: Tensor) => minimize((x: Tensor) => square(x), 0, { constraints: [atLeast((x: Tensor) => x, t)] }).params)([1, 2])).toThrow("a limit of constraint 1 has shape [2]"); // prettier-ignore
});
