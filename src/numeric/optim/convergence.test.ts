// Claims that some optimisers converge where others do not.
import { jit, scan, square, sub, sum, mul, type Tensor, tensor } from "downhill";
import {
  adagrad,
  adam,
  applyUpdates,
  chain,
  type GeneralOptimizer,
  projectBox,
  type Schedule,
  sgd,
} from "downhill/optim";
import { describe, expect, test } from "vitest";

// Reddi, Kale, Kumar, On the convergence of Adam and beyond, ICLR 2018, section 3: losses Cx, −x, −x, Cx, … on [−1, 1]
// with the minimum at −1; β₁ = 0, β₂ = 1/(1 + C²), rates α/√t with α < √(1 − β₂) (proof of theorem 1).
describe.each([2.5, 3, 10])("losses Cx, −x, −x, … with C = %d", (C) => {
  const beta2 = 1 / (1 + C ** 2);
  const alpha = 0.5 * Math.sqrt(1 - beta2);
  const falling = ((t: Tensor) => t.add(1).pow(-0.5).mul(alpha)) as Schedule;
  const slopes = tensor(Array.from({ length: 30000 }, (_, t) => (t % 3 === 0 ? C : -1)));

  const run = (amsgrad: boolean): { readonly x: number; readonly regret: number } => {
    const optimizer = chain(
      adam({ learningRate: falling, beta1: 0, beta2, eps: 0, amsgrad }),
      projectBox({ low: -1, high: 1 }),
    );
    const start = { x: tensor(1) };
    const whole = jit((cs: Tensor) =>
      scan(
        (
          { params, state }: { params: typeof start; state: ReturnType<typeof optimizer.init> },
          c: Tensor,
        ) => {
          const { updates, state: next } = optimizer.update({ x: c }, state, params);
          return [{ params: applyUpdates(params, updates), state: next }, mul(c, params.x.add(1))] as const;
        },
        { params: start, state: optimizer.init(start) },
        cs,
      ),
    );
    const [{ params }, regrets] = whole(slopes);
    return { x: params.x.item(), regret: regrets.mean().item() };
  };

  test("Adam ends at the worst point and keeps its regret", () => {
    const { x, regret } = run(false);
    expect(x).toBeGreaterThan(0.95);
    expect(regret).toBeGreaterThan((0.9 * 2 * (C - 2)) / 3);
  });

  test("AMSGrad ends at the best, and its regret vanishes", () => {
    const { x, regret } = run(true);
    expect(x).toBeLessThan(-0.9);
    expect(regret).toBeLessThan((0.35 * 2 * (C - 2)) / 3);
  });
});

describe("features, some of which are rare", () => {
  // y = Σ xⱼ + noise: twenty features occur in every second item, twenty in one of two hundred; one pass over the data
  const items = 1500;
  const size = 40;
  const { x, y } = sparseData(items, size);
  const learnt = (optimizer: GeneralOptimizer<unknown>): { readonly loss: number; readonly rare: number } => {
    const start = { w: tensor(new Float64Array(size)) };
    const [{ params }, losses] = jit((xs: Tensor, ys: Tensor) =>
      scan(
        (
          { params: p, state }: { params: typeof start; state: unknown },
          [a, b]: readonly [Tensor, Tensor],
        ) => {
          const error = sub(sum(mul(a, p.w)), b);
          const { updates, state: next } = optimizer.update({ w: mul(a, error) }, state, p);
          return [{ params: applyUpdates(p, updates), state: next }, square(error)] as const;
        },
        { params: start, state: optimizer.init(start) },
        [xs, ys] as const,
      ),
    )(x, y);
    const loss = losses
      .slice(items / 2)
      .mean()
      .item();
    const rare = params.w
      .slice(size / 2)
      .mean()
      .item();
    return { loss: Number.isFinite(loss) ? loss : Infinity, rare };
  };

  test("Adagrad learns the rare features too, and SGD with its best rate does not", () => {
    const rates = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];
    const best = (make: (learningRate: number) => GeneralOptimizer<unknown>): ReturnType<typeof learnt> =>
      rates.map((rate) => learnt(make(rate))).reduce((a, b) => (b.loss < a.loss ? b : a));
    const plain = best((learningRate) => sgd({ learningRate }));
    const heavy = best((learningRate) => sgd({ learningRate, momentum: 0.9 }));
    const adaptive = best((learningRate) => adagrad({ learningRate }));
    expect([plain.rare, heavy.rare].every((w) => w < 0.4)).toBe(true);
    expect(adaptive.rare).toBeGreaterThan(0.75);
    expect(adaptive.loss).toBeLessThan(plain.loss);
  });

  function sparseData(n: number, width: number): { readonly x: Tensor; readonly y: Tensor } {
    let seed = 1;
    const random = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
    const rows = Array.from({ length: n }, () =>
      Array.from({ length: width }, (_, j) => (random() < (j < width / 2 ? 0.5 : 0.005) ? 1 : 0)),
    );
    const sums = rows.map((row) => row.reduce<number>((total, xj) => total + xj, 0) + random() - 0.5);
    return { x: tensor(rows), y: tensor(sums) };
  }
});

describe("three forms of momentum, gradient 1, β = 0.9, where η falls from 0.1 to 0.01", () => {
  const falling = [...Array.from({ length: 300 }, () => 0.1), 0.01, 0.01, 0.01];
  const steps = (next: (eta: number) => number): number[] => falling.map(next).slice(-4);
  const expectSteps = (actual: readonly number[], expected: readonly number[]): void => {
    actual.forEach((step, i) => expect(step).toBeCloseTo(expected[i]!, 10));
  };

  test("ours multiplies the velocity by the new rate at once", () => {
    const eta = ((t: Tensor) => t.sub(299.5).mul(-1e9).tanh().add(1).mul(0.045).add(0.01)) as Schedule;
    const optimizer = sgd({ learningRate: eta, momentum: 0.9 });
    let state = optimizer.init({ x: tensor(0) });
    const taken = falling.map(() => {
      const { updates, state: next } = optimizer.update({ x: tensor(1) }, state, { x: tensor(0) });
      state = next;
      return -updates.x.item();
    });
    expectSteps(taken.slice(-4), [1, 0.1, 0.1, 0.1]);
  });

  test("with the rate inside the velocity, a change takes 1/(1 − β) steps to act", () => {
    let v = 0;
    expectSteps(
      steps((eta) => (v = 0.9 * v + eta)),
      [1, 0.91, 0.829, 0.7561],
    );
  });

  test("with (1 − β)g the velocity is a mean of gradients and steps are η long", () => {
    let v = 0;
    expectSteps(
      steps((eta) => eta * (v = 0.9 * v + (1 - 0.9))),
      [0.1, 0.01, 0.01, 0.01],
    );
  });
});
