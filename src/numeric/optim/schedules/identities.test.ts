import fc from "fast-check";
import { grad, jit, mul, tensor, type Tensor } from "downhill";
import {
  adam,
  applyUpdates,
  cosineDecay,
  cosineRestarts,
  cyclic,
  type CycledSchedule,
  exponentialDecay,
  type GeneralOptimizer,
  type InjectedState,
  injectHyperparameters,
  inverseSquareRootDecay,
  linearDecay,
  multiStepDecay,
  oneCycle,
  perEpoch,
  polynomialDecay,
  sgd,
  stepDecay,
  warmup,
} from "downhill/optim";
import { describe, expect, test } from "vitest";

describe("identities", () => {
  const aRate = fc.double({ min: 0, max: 10, noNaN: true });
  const line = fc.record({ from: aRate, to: aRate, steps: fc.integer({ min: 1, max: 500 }) });
  test("a warm-up and an inverse square root are the transformer's schedule", () => {
    const [d, w] = [512, 40];
    const peak = (d * w) ** -0.5;
    const rate = warmup(inverseSquareRootDecay({ from: peak, every: w }), { from: peak / w, steps: w - 1 });
    for (let n = 1; n < 200; n++) {
      expect(rate(n - 1) / (d ** -0.5 * Math.min(n ** -0.5, n * w ** -1.5))).toBeCloseTo(1, 13);
    }
  });

  test("a polynomial of power 1 is linear", () => {
    fc.assert(
      fc.property(line, fc.integer({ min: 0, max: 3000 }), (o, t) => {
        expect(polynomialDecay(o)(t)).toBeCloseTo(linearDecay(o)(t), 13);
      }),
      { seed: 1 },
    );
  });

  test("an exponential per epoch is a staircase per step", () => {
    const rate = perEpoch(exponentialDecay({ from: 0.1, factor: 0.5 }), 7);
    const stairs = stepDecay({ from: 0.1, factor: 0.5, every: 7 });
    for (let t = 0; t < 50; t++) expect(rate(t)).toBe(stairs(t));
  });

  test("fractional epochs, as warm restarts count them", () => {
    const rate = perEpoch(cosineRestarts({ from: 0.1, firstSteps: 3 }), 4, { fractional: true });
    expect(rate(6)).toBeCloseTo(0.05, 15); // in the middle of three epochs
    expect(rate(12)).toBe(0.1);
  });

  test("several factors, one per drop", () => {
    const rate = multiStepDecay({ from: 1, factor: [0.5, 0.1], at: [2, 4] });
    expect([0, 1, 2, 3, 4].map((t) => rate(t))).toEqual([1, 1, 0.5, 0.5, 0.05]);
  });

  test("the run of arXiv 1506.01186 has another rate at each batch", () => {
    const rate = cyclic({ base: 0.001, max: 0.006, stepSizeUp: 2000 });
    const rates = new Set(Array.from({ length: 2001 }, (_, t) => rate(t)));
    expect(rates.size).toBe(2001);
  });

  test("a run of one step", () => {
    for (const phases of [2, 3] as const) {
      const rate = oneCycle({ max: 1, from: 0.5, to: 0.25, steps: 1, phases });
      expect([rate(0), rate(1)]).toEqual([0.25, 0.25]);
    }
  });

  test.each([0, 0.005, 0.01, 0.5])("one cycle that rises for a fraction of %d", (rise) => {
    const rate = oneCycle({ max: 1, steps: 100, rise });
    const rates = Array.from({ length: 101 }, (_, t) => rate(t));
    const top = rates.indexOf(Math.max(...rates));
    expect(top).toBe(Math.max(0, Math.ceil(rise * 100) - 1));
    rates.forEach((r, t) => {
      expect(r).toBeGreaterThanOrEqual(0);
      if (t > top) expect(r).toBeLessThanOrEqual(rates[t - 1]!);
      else if (t > 0) expect(r).toBeGreaterThanOrEqual(rates[t - 1]!);
    });
  });
});

describe("in optimisers", () => {
  const quadratic = ({ x }: { x: Tensor }): Tensor => mul(x, x);

  test("a jitted step follows the schedule, compiled once", () => {
    const rate = warmup(cosineDecay({ from: 0.4, steps: 8 }), { steps: 2, from: 0.1 });
    const optimizer = sgd({ learningRate: rate });
    let traced = 0;
    const step = jit((params: { x: Tensor }, state: ReturnType<typeof optimizer.init>) => {
      traced++;
      const { updates, state: next } = optimizer.update(grad(quadratic)(params), state, params);
      return [applyUpdates(params, updates), next] as const;
    });
    let params = { x: tensor(1) };
    let state = optimizer.init(params) as ReturnType<typeof optimizer.init>;
    let expected = 1;
    for (let t = 0; t < 12; t++) {
      [params, state] = step(params, state);
      expected -= rate(t) * 2 * expected;
      expect(params.x.item()).toBeCloseTo(expected, 14);
    }
    expect(traced).toBe(1);
  });

  const cycles: readonly [string, CycledSchedule][] = [
    ["cyclic", cyclic({ base: 0.01, max: 0.1, stepSizeUp: 3 })],
    ["oneCycle", oneCycle({ max: 0.1, steps: 12 })],
  ];
  /** Hyper-parameters that nine updates use. */
  function used(optimizer: GeneralOptimizer<InjectedState<unknown>>, name: string): number[][] {
    const params = { x: tensor(1) };
    let state = optimizer.init(params);
    return Array.from({ length: 9 }, () => {
      state = optimizer.update({ x: tensor(1) }, state, params).state;
      return ["learningRate", name].map((option) => state.hyperparameters[option]!.item());
    });
  }
  test.each(cycles)("%s: momentum and Adam's β₁ move in the opposite direction", (_, rate) => {
    const expected = Array.from({ length: 9 }, (_, t) => [rate(t), rate.momentum(t)]);
    const momentum = injectHyperparameters(sgd, { learningRate: rate, momentum: rate.momentum });
    expect(used(momentum, "momentum")).toEqual(expected);
    const beta1 = injectHyperparameters(adam, { learningRate: rate, beta1: rate.momentum });
    expect(used(beta1, "beta1")).toEqual(expected);
  });
});
