import fc from "fast-check";
import {
  add,
  arange,
  div,
  jit,
  makeProgram,
  pow,
  printProgram,
  scan,
  tensor,
  vmap,
  type Tensor,
} from "downhill";
import {
  chained,
  constantRate,
  cosineDecay,
  cosineRestarts,
  cyclic,
  exponentialDecay,
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
  stepDecay,
  warmup,
} from "downhill/optim";
import { describe, expect, test } from "vitest";
import { extent } from "../../../../test/support/extent.ts";

// A schedule of each kind with options of any size, and the bounds of its rates.
interface Sample {
  readonly rate: Schedule;
  readonly low: number;
  readonly high: number;
}
// no subnormal numbers, because they have few digits
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
  test("stays between its bounds, up to rounding", () => {
    fc.assert(
      fc.property(kind, aStep, ({ rate, low, high }, step) => {
        expect(rate(step)).toBeGreaterThanOrEqual(low - 1e-15 * high);
        expect(rate(step)).toBeLessThanOrEqual(high * (1 + 1e-15));
      }),
      { seed: 1 },
    );
  });

  test("has the same bits for tensors and numbers: eagerly, jitted, for int32, batched, and in a loop", () => {
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
      { seed: 1, numRuns: extent(3, 15) }, // each compiles
    );
  });

  test("stays in float32 for a float32 step", () => {
    fc.assert(
      fc.property(kind, fc.integer({ min: 0, max: 50 }), ({ rate, high }, step) => {
        const t = tensor(step, { dtype: "float32" });
        expect(rate(t).dtype).toBe("float32");
        // a jump exactly at the step may be on either side
        const near = [step, step - 1e-4, step + 1e-4].map((s) =>
          Math.abs(rate(t).item() - rate(Math.max(0, s))),
        );
        expect(Math.min(...near)).toBeLessThanOrEqual(1e-4 * high + 1e-30); // float32 ends at 1e-38
        expect(printProgram(makeProgram((x: Tensor) => rate(x))(t))).not.toContain("f64");
      }),
      { seed: 1, numRuns: extent(8, 30) },
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
  test("triangular cycles are all equal, and momentum mirrors the rate", () => {
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

  test("a swinging cosine is periodic", () => {
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

test("a schedule accepts tensors of any shape", () => {
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
