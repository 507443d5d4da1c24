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
  reduceOnPlateau,
  sequential,
  stepDecay,
  warmup,
} from "downhill/optim";
import { tensor } from "downhill";
import { describe, expect, test } from "vitest";

const any = (value: unknown): never => value as never;
test.each<[string, () => unknown]>([
  ["constantRate: the rate must be a finite number of 0 or more, got -1.", () => constantRate(-1)],
  ['cosineDecay: unknown option "lr". It takes from, to, steps, after.', () => cosineDecay(any({ lr: 1 }))],
  ['cosineDecay: unknown option "step". Did you mean "steps"?', () => cosineDecay(any({ from: 1, step: 1 }))],
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
  ["cosineDecay: steps must be an integer of 1 or more, got 0.", () => cosineDecay({ from: 1, steps: 0 })],
  [
    "cosineDecay: steps must be an integer of 1 or more, got 2.5.",
    () => cosineDecay({ from: 1, steps: 2.5 }),
  ],
  ["cosineDecay: to must be a finite number of 0 or more", () => cosineDecay({ from: 1, to: -1, steps: 1 })],
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
  ["stepDecay: every must be an integer of 1 or more", () => stepDecay({ from: 1, every: 0 })],
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
    "multiStepDecay: each step of at must be an integer of 0 or more, got 1.5.",
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
  ["oneCycle: rise must be a number from 0 to 1, got 1.5.", () => oneCycle({ max: 1, steps: 1, rise: 1.5 })],
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
    "cyclic: stepSizeUp must be an integer of 1 or more, got 0.",
    () => cyclic({ base: 0, max: 1, stepSizeUp: 0 }),
  ],
  [
    "cyclic: gamma must be a number from 0 to 1, 0 excluded, got 0.",
    () => cyclic({ base: 0, max: 1, mode: "exp_range", gamma: 0 }),
  ],
  [
    'cyclic: mode must be "triangular" or "triangular2" or "exp_range", got "triangle".',
    () => cyclic({ base: 0, max: 1, mode: any("triangle") }),
  ],
  [
    "cyclic: amplitude replaces mode. Give only one of them.",
    () => cyclic({ base: 0, max: 1, mode: "triangular", amplitude: () => 1 }),
  ],
  [
    "cyclic: amplitudeOf is the argument of amplitude, which is missing.",
    () => cyclic({ base: 0, max: 1, amplitudeOf: "step" }),
  ],
  ["cyclic: amplitude must be a function, got number.", () => cyclic({ base: 0, max: 1, amplitude: any(1) })],
  [
    "cyclic.momentum: the step must be a finite number of 0 or more, got -1.",
    () => cyclic({ base: 0, max: 1 }).momentum(-1),
  ],
  [
    "warmup: its first argument must be a schedule or a number, got object.",
    () => warmup(any({}), { steps: 1 }),
  ],
  ["warmup: steps is missing. It needs steps.", () => warmup(0.1, any({}))],
  ["warmup: steps must be an integer of 0 or more, got -1.", () => warmup(0.1, { steps: -1 })],
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
  ["perEpoch: stepsPerEpoch must be an integer of 1 or more, got 0.", () => perEpoch(0.1, 0)],
  [
    'perEpoch: unknown option "fraction". Did you mean "fractional"?',
    () => perEpoch(0.1, 1, any({ fraction: true })),
  ],
])("%s", (message, run) => {
  expect(run).toThrow(message);
});

const rate = [-1, NaN, Infinity, "0.1", null, [0.1], tensor(0.1)];
const ending = [-1, NaN, Infinity, "0.1", [0.1]]; // null means no end
const steps = [0, -1, 1.5, NaN, Infinity, "3", null];
const share = [-0.1, 1.1, NaN, "0.5", null];
const word = ["other", 1, null, true];

/** Valid options of each schedule, and for each option the values that it must refuse. */
const table: Readonly<
  Record<string, [(o: never) => unknown, object, Readonly<Record<string, readonly unknown[]>>]>
> = {
  cosineDecay: [cosineDecay, { from: 1, steps: 5 }, { from: rate, to: rate, steps, after: word }],
  linearDecay: [linearDecay, { from: 1, steps: 5 }, { from: rate, to: rate, steps }],
  polynomialDecay: [
    polynomialDecay,
    { from: 1, steps: 5 },
    { from: rate, to: rate, steps, power: [0, -1, NaN, "1"] },
  ],
  exponentialDecay: [
    exponentialDecay,
    { from: 1, factor: 0.5 },
    { from: rate, factor: rate, every: steps, to: ending },
  ],
  stepDecay: [stepDecay, { from: 1, every: 3 }, { from: rate, factor: rate, every: steps }],
  multiStepDecay: [
    multiStepDecay,
    { from: 1, at: [1, 3] },
    { from: rate, factor: [-1, NaN, "1", null, [0.1], [0.1, -1]], at: [3, null, [3, 1], [-1], [1.5], ["1"]] },
  ],
  inverseTimeDecay: [inverseTimeDecay, { from: 1 }, { from: rate, decay: rate, every: steps }],
  inverseSquareRootDecay: [inverseSquareRootDecay, { from: 1, every: 3 }, { from: rate, every: steps }],
  cosineRestarts: [
    cosineRestarts,
    { from: 1, firstSteps: 5 },
    { from: rate, to: rate, firstSteps: steps, stepsFactor: [0.5, 0, NaN, "2", null], fromFactor: rate },
  ],
  oneCycle: [
    oneCycle,
    { max: 1, steps: 10 },
    {
      max: rate,
      steps,
      from: ending,
      to: ending,
      rise: share,
      phases: [1, 4, "2", null],
      shape: word,
      baseMomentum: share,
      maxMomentum: share,
    },
  ],
  cyclic: [
    cyclic,
    { base: 0.1, max: 1 },
    {
      base: rate,
      max: [...rate, 0.01],
      stepSizeUp: steps,
      stepSizeDown: steps.filter((value) => value !== null),
      mode: word,
      gamma: [0, ...share],
      amplitude: [1, "x", {}],
      amplitudeOf: [...word, "step"],
      baseMomentum: share,
      maxMomentum: share,
    },
  ],
  warmup: [(o: never) => warmup(0.1, o), { steps: 5 }, { steps: steps.slice(1), from: rate }],
  sequential: [
    (o: never) => sequential([1, 2], o),
    { at: [3] },
    { at: [3, null, [], [0], [1.5], [1, 2], ["1"]] },
  ],
  multiplicative: [
    multiplicative,
    { from: 1, steps: 3, factor: () => 1 },
    { from: rate, steps, factor: [1, null, () => -1, () => NaN, () => "1", () => undefined] },
  ],
  perEpoch: [(o: never) => perEpoch(0.1, 5, o), {}, { fractional: [1, "yes", null] }],
  reduceOnPlateau: [
    reduceOnPlateau,
    {},
    {
      mode: word,
      factor: [1, ...share],
      patience: [-1, 1.5, NaN, Infinity, "3", null],
      threshold: [...rate, 1],
      thresholdMode: word,
      cooldown: [-1, 1.5, NaN, Infinity, "3", null],
      floor: rate,
      eps: rate,
      learningRate: [0, ...rate],
    },
  ],
};

describe.each(Object.entries(table))("%s", (name, [make, good, wrong]) => {
  test.each(Object.entries(wrong).flatMap(([option, values]) => values.map((value) => [option, value])))(
    "refuses %s: %j",
    (option, value) => {
      expect(() => make(any({ ...good, [String(option)]: value }))).toThrow(
        new RegExp(`^${name}: .*\\b${String(option)}\\b`),
      );
    },
  );

  test("has all its options in this table, and works with the required ones", () => {
    expect(() => make(any(good))).not.toThrow();
    const all = Object.keys(wrong).join(", ");
    const sorted = (list: string): string => list.split(", ").toSorted().join();
    let message = "";
    try {
      make(any({ ...good, "?": 1 }));
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(sorted(/^\w+: unknown option "\?"\. It takes (.*)\.$/.exec(message)![1]!)).toBe(sorted(all));
  });

  test.each([null, 3, [], "from"])("refuses as options: %j", (options) => {
    expect(() => make(any(options))).toThrow(
      new RegExp(`^${name}: (the options must be an object|\\w+ is missing)`),
    );
  });
});

test.each([null, undefined, {}, "1", NaN, -1, Infinity])(
  "schedules and numbers in place: %j is neither",
  (value) => {
    for (const call of [
      () => constantRate(any(value)),
      () => warmup(any(value), { steps: 1 }),
      () => perEpoch(any(value), 2),
      () => chained([any(value)]),
      () => sequential([any(value)], { at: [] }),
      () => rateList([any(value)]),
      () => lambda(any(value)),
    ]) {
      expect(call).toThrow(/^(constantRate|warmup|perEpoch|chained|sequential|rateList|lambda): /);
    }
  },
);

test("reduceOnPlateau refuses a metric that is not a number", () => {
  const { init, update } = reduceOnPlateau();
  for (const metric of [undefined, null, "1", {}, tensor([1]), tensor(1, { dtype: "int32" })]) {
    expect(() => update(any(metric), init())).toThrow(
      "reduceOnPlateau: the metric must be a number or a floating scalar, got",
    );
  }
  for (const state of [undefined, null, 3, {}, { rate: 1 }, { ...init(), best: "x" }]) {
    expect(() => update(1, any(state))).toThrow(/^reduceOnPlateau: the state/);
  }
});
