import fc from "fast-check";
import {
  add,
  arange,
  div,
  grad,
  jit,
  makeProgram,
  mul,
  pow,
  printProgram,
  scan,
  type Tensor,
  tensor,
  vmap,
} from "downhill";
import {
  adam,
  applyUpdates,
  chained,
  constantRate,
  cosineDecay,
  cosineRestarts,
  cyclic,
  type CycledSchedule,
  exponentialDecay,
  injectHyperparameters,
  inverseSquareRootDecay,
  inverseTimeDecay,
  lambda,
  linearDecay,
  multiplicative,
  multiStepDecay,
  oneCycle,
  perEpoch,
  polynomialDecay,
  rateList,
  type Schedule,
  sequential,
  sgd,
  stepDecay,
  warmup,
} from "downhill/optim";
import { describe, expect, test } from "vitest";

// A schedule of each kind with options of any size, and the rates between which it stays.
interface Sample {
  readonly rate: Schedule;
  readonly low: number;
  readonly high: number;
}
// no subnormal numbers: they have few digits
const aRate = fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 10, noNaN: true }));
const aStep = fc.integer({ min: 0, max: 3000 });
const aLength = fc.integer({ min: 1, max: 500 });
const share = fc.oneof(fc.constant(0), fc.double({ min: 1e-3, max: 1, noNaN: true }));
const between = (rate: Schedule, ...ends: readonly number[]): Sample => ({
  rate,
  low: Math.min(...ends),
  high: Math.max(...ends),
});
const ends = fc.record({ from: aRate, to: aRate, steps: aLength });

const kinds: Readonly<Record<string, fc.Arbitrary<Sample>>> = {
  constantRate: aRate.map((rate) => between(constantRate(rate), rate)),
  stepDecay: fc
    .record({ from: aRate, factor: share, every: aLength })
    .map((o) => between(stepDecay(o), 0, o.from)),
  multiStepDecay: fc
    .record({ from: aRate, factor: share, at: fc.array(aStep, { maxLength: 5 }) })
    .map((o) => between(multiStepDecay({ ...o, at: o.at.sort((a, b) => a - b) }), 0, o.from)),
  linearDecay: ends.map((o) => between(linearDecay(o), o.from, o.to)),
  polynomialDecay: fc
    .tuple(ends, fc.double({ min: 0.1, max: 5, noNaN: true }))
    .map(([o, power]) => between(polynomialDecay({ ...o, power }), o.from, o.to)),
  exponentialDecay: fc
    .record({ from: aRate, factor: share, every: aLength })
    .map((o) => between(exponentialDecay(o), 0, o.from)),
  "exponentialDecay with an end": fc
    .record({ from: aRate, factor: share, every: aLength, to: share })
    .map((o) => between(exponentialDecay({ ...o, to: o.to * o.from }), o.to * o.from, o.from)),
  inverseTimeDecay: fc
    .record({ from: aRate, decay: aRate, every: aLength })
    .map((o) => between(inverseTimeDecay(o), 0, o.from)),
  inverseSquareRootDecay: fc
    .record({ from: aRate, every: aLength })
    .map((o) => between(inverseSquareRootDecay(o), 0, o.from)),
  cosineDecay: fc
    .tuple(ends, fc.constantFrom("stay", "swing"))
    .map(([o, after]) => between(cosineDecay({ ...o, after }), o.from, o.to)),
  cosineRestarts: fc
    .tuple(ends, fc.constantFrom(1, 2, 3, 1.25), share)
    .map(([{ from, to, steps }, stepsFactor, fromFactor]) =>
      between(cosineRestarts({ from, to, firstSteps: steps, stepsFactor, fromFactor }), from, to),
    ),
  oneCycle: fc
    .record({
      max: aRate,
      steps: aLength,
      rise: fc.double({ min: 0, max: 0.5, noNaN: true }),
      phases: fc.constantFrom(2 as const, 3 as const),
      shape: fc.constantFrom("cosine" as const, "linear" as const),
    })
    .map((o) => between(oneCycle(o), 0, o.max)),
  cyclic: fc
    .record({
      base: aRate,
      max: aRate,
      stepSizeUp: aLength,
      stepSizeDown: aLength,
      mode: fc.constantFrom("triangular" as const, "triangular2" as const, "exp_range" as const),
      gamma: fc.double({ min: 0.9, max: 1, noNaN: true }),
    })
    .map((o) => between(cyclic({ ...o, max: o.base + o.max }), o.base, o.base + o.max)),
  warmup: fc
    .tuple(ends, fc.integer({ min: 0, max: 100 }), aRate)
    .map(([o, steps, from]) => between(warmup(cosineDecay(o), { steps, from }), o.from, o.to, from)),
  sequential: fc
    .tuple(ends, aRate, aLength, aLength)
    .map(([o, rate, first, second]) =>
      between(
        sequential([rate, linearDecay(o), 0.5], { at: [first, first + second] }),
        rate,
        o.from,
        o.to,
        0.5,
      ),
    ),
  chained: fc
    .tuple(ends, aRate)
    .map(([o, rate]) => between(chained([rate, cosineDecay(o)]), rate * o.from, rate * o.to)),
  lambda: aRate.map((rate) =>
    between(
      lambda((t) => div(rate, add(1, pow(t, 0.3)))),
      0,
      rate,
    ),
  ),
  rateList: fc.array(aRate, { minLength: 1, maxLength: 50 }).map((list) => between(rateList(list), ...list)),
  multiplicative: fc
    .tuple(aRate, share)
    .map(([from, factor]) =>
      between(multiplicative({ from, factor: (t) => factor ** (1 / t), steps: 20 }), 0, from),
    ),
  perEpoch: fc
    .tuple(ends, aLength, fc.boolean())
    .map(([o, n, fractional]) => between(perEpoch(cosineDecay(o), n, { fractional }), o.from, o.to)),
};

describe.each(Object.entries(kinds))("%s", (_, kind) => {
  test("stays between its ends, but for a rounding error", () => {
    fc.assert(
      fc.property(kind, aStep, ({ rate, low, high }, step) => {
        expect(rate(step)).toBeGreaterThanOrEqual(low - 1e-15 * high);
        expect(rate(step)).toBeLessThanOrEqual(high * (1 + 1e-15));
      }),
      { seed: 1 },
    );
  });

  test("gives a tensor the bits that it gives a number: eagerly, jitted, of int32, batched, and in a loop", () => {
    fc.assert(
      fc.property(kind, fc.array(aStep, { minLength: 1, maxLength: 4 }), ({ rate }, steps) => {
        const expected = steps.map((step) => rate(step));
        expect(steps.map((step) => rate(tensor(step)).item())).toEqual(expected);
        const jitted = jit((t: Tensor) => rate(t));
        expect(jitted(steps[0]!).item()).toBe(expected[0]);
        const whole = tensor(Int32Array.from(steps));
        expect(rate(whole).tolist()).toEqual(expected);
        expect(jitted(whole).tolist()).toEqual(expected);
        expect(vmap((t: Tensor) => rate(t))(whole).tolist()).toEqual(expected);
        const [, rates] = scan((count: Tensor, t: Tensor) => [add(count, 1), rate(t)], tensor(0), whole);
        expect(rates.tolist()).toEqual(expected);
      }),
      { seed: 1, numRuns: 15 }, // each compiles
    );
  });

  test("stays in float32 for a float32 step", () => {
    fc.assert(
      fc.property(kind, fc.integer({ min: 0, max: 50 }), ({ rate, high }, step) => {
        const t = tensor(step, { dtype: "float32" });
        expect(rate(t).dtype).toBe("float32");
        // jumps at the very step may fall on either side
        const near = [step, step - 1e-4, step + 1e-4].map((s) =>
          Math.abs(rate(t).item() - rate(Math.max(0, s))),
        );
        expect(Math.min(...near)).toBeLessThanOrEqual(1e-4 * high + 1e-30); // float32 ends at 1e-38
        expect(printProgram(makeProgram((x: Tensor) => rate(x))(t))).not.toContain("f64");
      }),
      { seed: 1, numRuns: 30 },
    );
  });
});

describe("continuity", () => {
  const smooth = ["linearDecay", "cosineDecay", "oneCycle", "cyclic", "inverseTimeDecay", "warmup"];
  test.each(smooth)("%s: a millionth of a step changes little", (name) => {
    fc.assert(
      fc.property(kinds[name]!, fc.double({ min: 0, max: 1000, noNaN: true }), ({ rate, high }, t) => {
        expect(Math.abs(rate(t + 1e-6) - rate(t))).toBeLessThanOrEqual(1.1e-5 * (high + 1));
      }),
      { seed: 1 },
    );
  });
});

describe("periodicity", () => {
  const option = fc.record({ base: aRate, more: aRate, up: aLength, down: aLength });
  test("triangular cycles are all the same, and momentum mirrors the rate", () => {
    fc.assert(
      fc.property(option, aStep, ({ base, more, up, down }, t) => {
        const rate = cyclic({ base, max: base + more, stepSizeUp: up, stepSizeDown: down });
        expect(rate(t + 7 * (up + down))).toBe(rate(t));
        const height = (rate(t) - base) / more;
        if (more > 1e-3) expect(rate.momentum(t)).toBeCloseTo(0.9 - 0.1 * height, 9);
      }),
      { seed: 1 },
    );
  });

  test("triangular2 halves its height at each cycle", () => {
    fc.assert(
      fc.property(option, aStep, ({ more, up, down }, t) => {
        const max = more + 1e-3; // halves of subnormal rates are rounded
        const rate = cyclic({ base: 0, max, stepSizeUp: up, stepSizeDown: down, mode: "triangular2" });
        expect(rate(t + up + down)).toBe(rate(t) / 2);
      }),
      { seed: 1 },
    );
  });

  test("exp_range and a custom amplitude of the step multiply the triangle", () => {
    const options = { base: 0, max: 1, stepSizeUp: 5, stepSizeDown: 3 };
    const plain = cyclic(options);
    const falling = cyclic({ ...options, mode: "exp_range", gamma: 0.99 });
    const own = cyclic({ ...options, amplitude: (t) => pow(0.99, t), amplitudeOf: "step" });
    for (let t = 0; t < 40; t++) {
      expect(falling(t)).toBeCloseTo(plain(t) * 0.99 ** t, 14);
      expect(own(t)).toBe(falling(t));
    }
  });

  test("a swinging cosine comes back", () => {
    const rate = cosineDecay({ from: 0.1, to: 0.02, steps: 7, after: "swing" });
    expect([rate(0), rate(14), rate(28)]).toEqual([0.1, 0.1, 0.1]);
    expect([rate(7), rate(21)]).toEqual([0.02, 0.02]);
    expect(rate(9)).toBeCloseTo(rate(5), 15);
  });

  test.each([2, 3, 5, 10, 1.5])("restarts with a factor of %d begin exactly where runs end", (factor) => {
    const rate = cosineRestarts({ from: 0.1, firstSteps: 4, stepsFactor: factor });
    let start = 0;
    for (let n = 0; n < 30 && start < 2 ** 40; n++) {
      expect([n, rate(start)]).toEqual([n, 0.1]);
      const length = 4 * factor ** n;
      expect(rate(start + length / 2)).toBeCloseTo(0.05, 10);
      if (start > 0 && Number.isInteger(start)) expect(rate(start - 1)).toBeLessThan(0.1);
      start += length;
    }
  });

  test("each restart may begin lower", () => {
    const rate = cosineRestarts({ from: 1, to: 0.2, firstSteps: 10, fromFactor: 0.5 });
    [1, 0.6, 0.4, 0.3].forEach((expected, n) => expect(rate(10 * n)).toBeCloseTo(expected, 15));
  });
});

describe("identities", () => {
  test("a warm-up and an inverse square root are the transformer's schedule", () => {
    const [d, w] = [512, 40];
    const peak = (d * w) ** -0.5;
    const rate = warmup(inverseSquareRootDecay({ from: peak, every: w }), { from: peak / w, steps: w - 1 });
    for (let n = 1; n < 200; n++) {
      expect(rate(n - 1) / (d ** -0.5 * Math.min(n ** -0.5, n * w ** -1.5))).toBeCloseTo(1, 13);
    }
  });

  test("a polynomial of power 1 is a line", () => {
    fc.assert(
      fc.property(ends, aStep, (o, t) => {
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

  test("fractions of epochs, as warm restarts count them", () => {
    const rate = perEpoch(cosineRestarts({ from: 0.1, firstSteps: 3 }), 4, { fractional: true });
    expect(rate(6)).toBeCloseTo(0.05, 15); // in the middle of three epochs
    expect(rate(12)).toBe(0.1);
  });

  test("several factors, one for each drop", () => {
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

  test.each([0, 0.005, 0.01, 0.5])("one cycle that rises for a share of %d", (rise) => {
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
      [params, state] = step(params, state as never);
      expected -= rate(t) * 2 * expected;
      expect(params.x.item()).toBeCloseTo(expected, 14);
    }
    expect(traced).toBe(1);
  });

  test.each<[string, CycledSchedule]>([
    ["cyclic", cyclic({ base: 0.01, max: 0.1, stepSizeUp: 3 })],
    ["oneCycle", oneCycle({ max: 0.1, steps: 12 })],
  ])("%s: momentum and Adam's β₁ go the other way", (_, rate) => {
    const params = { x: tensor(1) };
    for (const optimizer of [
      injectHyperparameters(sgd, { learningRate: rate, momentum: rate.momentum }),
      injectHyperparameters(adam, { learningRate: rate, beta1: rate.momentum }),
    ]) {
      let state = optimizer.init(params) as { hyperparameters: Record<string, Tensor> };
      for (let t = 0; t < 9; t++) {
        state = optimizer.update({ x: tensor(1) }, state as never, params).state as never;
        const { learningRate, momentum, beta1 } = state.hyperparameters;
        expect(learningRate!.item()).toBe(rate(t));
        expect((momentum ?? beta1)!.item()).toBe(rate.momentum(t));
      }
    }
  });
});

describe("misuse", () => {
  const any = (value: unknown): never => value as never;
  test.each<[string, () => unknown]>([
    ["constantRate: the rate must be a finite number of 0 or more, got -1.", () => constantRate(-1)],
    ['cosineDecay: unknown option "lr". It takes from, to, steps, after.', () => cosineDecay(any({ lr: 1 }))],
    [
      'cosineDecay: unknown option "step". Did you mean "steps"?',
      () => cosineDecay(any({ from: 1, step: 1 })),
    ],
    ["cosineDecay: from is missing. It needs from and steps.", () => cosineDecay(any({}))],
    ["cosineDecay: from is missing.", () => cosineDecay(any(undefined))],
    ["cosineDecay: the options must be an object", () => cosineDecay(any(3))],
    [
      "cosineDecay: from must be a finite number of 0 or more, got -0.1.",
      () => cosineDecay({ from: -0.1, steps: 3 }),
    ],
    [
      "cosineDecay: from must be a finite number of 0 or more, got NaN.",
      () => cosineDecay({ from: NaN, steps: 3 }),
    ],
    [
      "cosineDecay: steps must be a whole number of 1 or more, got 0.",
      () => cosineDecay({ from: 1, steps: 0 }),
    ],
    [
      "cosineDecay: steps must be a whole number of 1 or more, got 2.5.",
      () => cosineDecay({ from: 1, steps: 2.5 }),
    ],
    [
      "cosineDecay: to must be a finite number of 0 or more",
      () => cosineDecay({ from: 1, to: -1, steps: 1 }),
    ],
    [
      'cosineDecay: after must be "stay" or "swing", got "swin". Did you mean "swing"?',
      () => cosineDecay({ from: 1, steps: 1, after: any("swin") }),
    ],
    [
      "cosineDecay: the step must be a finite number of 0 or more, got -1.",
      () => cosineDecay({ from: 1, steps: 1 })(-1),
    ],
    [
      "linearDecay: the step must be a finite number of 0 or more, got NaN.",
      () => linearDecay({ from: 1, steps: 1 })(NaN),
    ],
    ["linearDecay: steps is missing. It needs from and steps.", () => linearDecay(any({ from: 1 }))],
    ["stepDecay: every must be a whole number of 1 or more", () => stepDecay({ from: 1, every: 0 })],
    [
      "stepDecay: factor must be a finite number of 0 or more",
      () => stepDecay({ from: 1, every: 1, factor: -1 }),
    ],
    [
      "multiStepDecay: at must be a list of steps, as in [30, 60].",
      () => multiStepDecay({ from: 1, at: any(30) }),
    ],
    ["multiStepDecay: the steps of at must rise, got 5, 3.", () => multiStepDecay({ from: 1, at: [5, 3] })],
    [
      "multiStepDecay: each step of at must be a whole number of 0 or more, got 1.5.",
      () => multiStepDecay({ from: 1, at: [1.5] }),
    ],
    [
      "multiStepDecay: factor has 1 numbers for the 2 steps of at.",
      () => multiStepDecay({ from: 1, at: [1, 2], factor: [0.1] }),
    ],
    [
      "multiStepDecay: factor[1] must be a finite number of 0 or more, got -1.",
      () => multiStepDecay({ from: 1, at: [1, 2], factor: [0.1, -1] }),
    ],
    [
      "polynomialDecay: power must be a finite number above 0, got 0.",
      () => polynomialDecay({ from: 1, steps: 1, power: 0 }),
    ],
    [
      "exponentialDecay: factor is missing. It needs from and factor.",
      () => exponentialDecay(any({ from: 1 })),
    ],
    [
      "inverseTimeDecay: decay must be a finite number of 0 or more",
      () => inverseTimeDecay({ from: 1, decay: -1 }),
    ],
    ["inverseSquareRootDecay: every is missing.", () => inverseSquareRootDecay(any({ from: 1 }))],
    [
      "cosineRestarts: stepsFactor must be a finite number of 1 or more, got 0.5.",
      () => cosineRestarts({ from: 1, firstSteps: 1, stepsFactor: 0.5 }),
    ],
    [
      "oneCycle: rise must be a number from 0 to 1, got 1.5.",
      () => oneCycle({ max: 1, steps: 1, rise: 1.5 }),
    ],
    [
      "oneCycle: rise must be at most 0.5 with three phases, got 0.6.",
      () => oneCycle({ max: 1, steps: 1, rise: 0.6, phases: 3 }),
    ],
    ["oneCycle: phases must be 2 or 3, got 4.", () => oneCycle({ max: 1, steps: 1, phases: any(4) })],
    [
      "oneCycle: maxMomentum must be a number from 0 to 1, got 2.",
      () => oneCycle({ max: 1, steps: 1, maxMomentum: 2 }),
    ],
    ["cyclic: max must be base (0.1) or more, got 0.01.", () => cyclic({ base: 0.1, max: 0.01 })],
    [
      "cyclic: stepSizeUp must be a whole number of 1 or more, got 0.",
      () => cyclic({ base: 0, max: 1, stepSizeUp: 0 }),
    ],
    [
      "cyclic: gamma must be a number from 0 to 1, 0 itself excluded, got 0.",
      () => cyclic({ base: 0, max: 1, mode: "exp_range", gamma: 0 }),
    ],
    [
      'cyclic: mode must be "triangular" or "triangular2" or "exp_range", got "triangle".',
      () => cyclic({ base: 0, max: 1, mode: any("triangle") }),
    ],
    [
      "cyclic: amplitude stands in place of mode. Give one of them.",
      () => cyclic({ base: 0, max: 1, mode: "triangular", amplitude: () => 1 }),
    ],
    [
      "cyclic: amplitude must be a function, got number.",
      () => cyclic({ base: 0, max: 1, amplitude: any(1) }),
    ],
    [
      "cyclic.momentum: the step must be a finite number of 0 or more, got -1.",
      () => cyclic({ base: 0, max: 1 }).momentum(-1),
    ],
    [
      "warmup: its first argument must be a schedule or a number, got object.",
      () => warmup(any({}), { steps: 1 }),
    ],
    ["warmup: steps is missing. It needs steps.", () => warmup(0.1, any({}))],
    ["warmup: steps must be a whole number of 0 or more, got -1.", () => warmup(0.1, { steps: -1 })],
    ["sequential: needs a list of schedules, at least one.", () => sequential([], { at: [] })],
    ["sequential: 2 schedules need 1 steps in at, got 0.", () => sequential([1, 2], { at: [] })],
    ["sequential: the steps of at must rise, got 2, 2.", () => sequential([1, 2, 3], { at: [2, 2] })],
    [
      "sequential: schedules[1] must be a schedule or a number, got string.",
      () => sequential([1, any("x")], { at: [1] }),
    ],
    [
      "sequential: schedules[0] must be a finite number of 0 or more, got -1.",
      () => sequential([-1], { at: [] }),
    ],
    ["chained: needs a list of schedules, at least one.", () => chained(any(1))],
    ["lambda: its argument must be a function, got null.", () => lambda(any(null))],
    ["rateList: rates must be a list of numbers, at least one.", () => rateList([])],
    ["rateList: rates[1] must be a finite number of 0 or more, got Infinity.", () => rateList([1, Infinity])],
    [
      "multiplicative: factor(2) must be a finite number of 0 or more, got NaN.",
      () => multiplicative({ from: 1, steps: 3, factor: (t) => (t === 2 ? NaN : 1) }),
    ],
    ["perEpoch: stepsPerEpoch must be a whole number of 1 or more, got 0.", () => perEpoch(0.1, 0)],
    [
      'perEpoch: unknown option "fraction". Did you mean "fractional"?',
      () => perEpoch(0.1, 1, any({ fraction: true })),
    ],
  ])("%s", (message, run) => {
    expect(run).toThrow(message);
  });
});

test("a schedule takes tensors of any shape", () => {
  const rate = constantRate(0.1);
  expect(rate(arange(3)).tolist()).toEqual([0.1, 0.1, 0.1]);
  const list = sequential([0.1, rateList([3, 2])], { at: [2] });
  expect(
    list(
      tensor([
        [0, 1],
        [2, 3],
      ]),
    ).tolist(),
  ).toEqual([
    [0.1, 0.1],
    [3, 2],
  ]);
});
