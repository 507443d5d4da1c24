import {
  concatenate,
  cos,
  mul,
  neg,
  pad,
  reshape,
  sin,
  slice,
  square,
  stack,
  sub,
  type Tensor,
  add,
} from "downhill";
import { type OdeSolution, solveOde, type SolveOdeOptions } from "downhill/optim";
import { describe, expect, test } from "vitest";
import { testInCi } from "../../../../test/support/extent.ts";

interface Problem {
  readonly name: string;
  readonly f: (y: Tensor, t: Tensor) => Tensor;
  readonly y0: readonly number[];
  readonly end: number;
  readonly rtol?: number;
}

const vanDerPol =
  (mu: number) =>
  (y: Tensor): Tensor =>
    stack([y.at(1), sub(mul(mu, mul(sub(1, square(y.at(0))), y.at(1))), y.at(0))]);
const toCosine =
  (rate: number) =>
  (y: Tensor, t: Tensor): Tensor =>
    mul(-rate, sub(y, cos(t)));
const lorenz = (y: Tensor): Tensor => {
  const [a, b, c] = [y.at(0), y.at(1), y.at(2)];
  return stack([mul(10, sub(b, a)), sub(mul(a, sub(28, c)), b), sub(mul(a, b), mul(8 / 3, c))]);
};
/** Diffusion on a line with the value `edge` at both ends, times a rate. */
const diffusion = (x: Tensor, edge: number, rate: number): Tensor => {
  const m = x.shape[0]!;
  const all = add(pad(sub(x, edge), 1), edge);
  return mul(rate * (m + 1) ** 2, sub(add(slice(all, [0, m]), slice(all, [2, m + 2])), mul(2, x)));
};
const brusselator =
  (rate: number) =>
  (y: Tensor): Tensor => {
    const m = y.shape[0]! / 2;
    const [u, v] = [slice(y, [0, m]), slice(y, [m, 2 * m])];
    const product = mul(square(u), v);
    const first = add(sub(add(1, product), mul(4, u)), diffusion(u, 1, rate));
    return concatenate([first, add(sub(mul(3, u), product), diffusion(v, 3, rate))]);
  };
const waves = (m: number): number[] =>
  Array.from({ length: 2 * m }, (_, i) => (i < m ? 1 + Math.sin((2 * Math.PI * (i + 1)) / (m + 1)) : 3));
/** One fast component among 20 slow ones. */
const mixture = (y: Tensor, t: Tensor): Tensor =>
  concatenate([mul(-1000, sub(slice(y, [0, 1]), reshape(sin(t), [1]))), neg(slice(y, [1, 20]))]);

const statsOf = (
  { f, y0, end, rtol = 1e-6 }: Problem,
  method: SolveOdeOptions["method"] & string,
): OdeSolution<Tensor>["stats"] => {
  const { reason, stats } = solveOde(f, y0, [0, end], { method, rtol, atol: rtol / 1000 });
  expect(reason).toBe("end");
  return stats;
};

describe("automatic choice of the method", () => {
  const smooth: Problem = { name: "a smooth solution", f: toCosine(1e4), y0: [1], end: 3, rtol: 1e-9 };
  const checkStiff = (problem: Problem, most: number): void => {
    const { switches, steps } = statsOf(problem, "auto");
    expect(switches % 2).toBe(1);
    expect(steps).toBeLessThan(most);
  };
  test("finds a stiff equation whose steps are limited by accuracy instead of stability", () => {
    checkStiff(smooth, 800); // dopri5 takes 14,800
  });

  testInCi.each<[Problem, number]>([
    [{ name: "a moderate rate", f: toCosine(1e3), y0: [1], end: 3 }, 250],
    [{ name: "one stiff component of 20", f: mixture, y0: Array.from({ length: 20 }, (_, i) => Math.sign(i)), end: 10 }, 200], // prettier-ignore
    [{ name: "van der Pol", f: vanDerPol(1000), y0: [2, 0], end: 2000 }, 900],
    [{ name: "heat", f: (y) => diffusion(y, 0, 1), y0: Array.from({ length: 40 }, (_, i) => Math.sin((Math.PI * (i + 1)) / 41)), end: 1 }, 150], // prettier-ignore
  ])("finds that $name is stiff", checkStiff);

  const checkExplicit = (problem: Problem): void =>
    expect(statsOf(problem, "auto")).toEqual(statsOf(problem, "dopri5"));
  const oscillating: Problem = { name: "Lorenz", f: lorenz, y0: [1, 1, 1], end: 20, rtol: 1e-3 };
  test("stays with the steps of dopri5 where the equation is not stiff", () => {
    checkExplicit(oscillating);
  });
  testInCi.each<Problem>([
    { ...oscillating, name: "Lorenz at a tight tolerance", rtol: 1e-10 },
    { name: "slow diffusion", f: brusselator(1e-4), y0: waves(40), end: 10 },
    { name: "slow diffusion at a loose tolerance", f: brusselator(1e-4), y0: waves(40), end: 10, rtol: 1e-3 },
    { name: "van der Pol with a small rate", f: vanDerPol(1), y0: [2, 0], end: 20 },
    { name: "a slow relaxation", f: toCosine(10), y0: [0], end: 20, rtol: 1e-8 },
  ])("stays with dopri5 for $name", checkExplicit);
});
