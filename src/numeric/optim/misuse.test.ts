// Errors of every optimiser at an update, and of the links that change others.
import { jit, less, type Tensor, tensor, where } from "downhill";
import * as optim from "downhill/optim";
import type { GeneralOptimizer, UpdateExtra } from "downhill/optim";
import { describe, expect, test } from "vitest";
import { optimizerNames } from "../../cli/shared/optimizer-table.ts";

const any = (value: unknown): never => value as never;
const params = { w: tensor([[1, 2], [3, 4]]) }; // prettier-ignore
const extra: UpdateExtra<typeof params> = { value: tensor(1), valueAndGrad: (p) => [tensor(1), p] };

type Make = (options?: never) => GeneralOptimizer<unknown>;
const makers = Object.fromEntries(
  optimizerNames.map((name): [string, Make] => [name, (optim as unknown as Record<string, Make>)[name]!]),
);

describe.each(Object.entries(makers))("%s", (name, make) => {
  const optimizer = make();
  const state = optimizer.init(params) as object;
  const update = (change: {
    readonly grads?: unknown;
    readonly state?: unknown;
    readonly params?: unknown;
    readonly extra?: object;
  }): unknown => {
    const all = { grads: params, state, params, ...change };
    return optimizer.update<unknown>(all.grads, all.state, all.params, any({ ...extra, ...change.extra }));
  };

  test.each<[string, unknown, string]>([
    ["undefined", undefined, "grads should be an object but is undefined."],
    ["null", null, "grads should be an object but is null."],
    ["a word", { w: "x" }, "grads.w should be a tensor but is x."],
    ["another name", { v: params.w }, 'grads lacks "w".'],
    ["one more", { ...params, v: 1 }, 'grads has "v"'],
    ["another shape", { w: tensor([1, 2]) }, "grads.w is f64[2], but params.w is f64[2,2]."],
    [
      "integers",
      { w: tensor(params.w, { dtype: "int32" }) },
      "grads.w is i32[2,2], but it must be floating like params.w.",
    ],
  ])("refuses as gradients: %s", (_, grads, message) => {
    expect(() => update({ grads })).toThrow(`${name}: ${message}`);
  });

  test.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["nothing", {}],
    ["a word", { w: "x" }],
    ["integers", { w: tensor(params.w, { dtype: "int32" }) }],
    ["truth values", { w: tensor([[true]]) }],
  ])("refuses as parameters: %s", (_, wrong) => {
    const message = new RegExp(
      `^${name}: (params contains no tensors|update needs .* params is missing|params.w is .*; only floating)`,
    );
    expect(() => optimizer.init(wrong)).toThrow(message);
    expect(() => update({ params: wrong, grads: wrong })).toThrow(message);
  });

  test.each<[string, (own: object) => unknown, string]>([
    ["undefined", () => undefined, "update needs gradients, state and parameters, and state is missing."],
    ["null", () => null, "the state has no scalar step"],
    ["a list", () => [], "the state has no scalar step"],
    ["that of a chain", (own) => [own], "the state has no scalar step"],
    ["a vector as step", (own) => ({ ...own, step: tensor([1, 2]) }), "the state has no scalar step"],
    ["step NaN", (own) => ({ ...own, step: NaN }), "state.step must be an integer of 0 or more, got NaN."],
    [
      "step −1",
      (own) => ({ ...own, step: tensor(-1) }),
      "state.step must be an integer of 0 or more, got -1.",
    ],
    ["step 1.5", (own) => ({ ...own, step: 1.5 }), "state.step must be an integer of 0 or more, got 1.5."],
  ])("refuses as state: %s", (_, wrong, message) => {
    expect(() => update({ state: wrong(state) })).toThrow(`${name}: ${message}`);
  });

  test("refuses the state of every other optimiser with a different state", () => {
    const parts = String(Object.keys(state));
    const required = String(Object.keys(state).filter((part) => Reflect.get(state, part) !== null)); // all parts but those that may be null
    for (const [other, makeOther] of Object.entries(makers)) {
      const given = makeOther().init(params) as object;
      const hasSameParts = [parts, required].includes(String(Object.keys(given)));
      const attempt = (): unknown => update({ state: given });
      if (hasSameParts) expect(attempt, other).not.toThrow();
      else expect(attempt, other).toThrow(new RegExp(`^${name}: the state (has|does not belong)`));
    }
  });

  test.each<[string, unknown, string]>([
    ["a word", "x", 'a finite number of 0 or more, got "x".'],
    ["−1", -1, "a finite number of 0 or more, got -1."],
    ["NaN", tensor(NaN), "a finite number of 0 or more, got NaN."],
    ["a vector", tensor([1, 2]), "a number or a floating scalar, got f64[2]."],
  ])("refuses as extra.rateScale: %s", (_, rateScale, message) => {
    expect(() => update({ extra: { rateScale } })).toThrow(`${name}: extra.rateScale must be ${message}`);
  });

  test("refuses a schedule that returns an invalid rate, and names the step", () => {
    if (name === "rprop")
      return expect(() => make(any({ learningRate: () => 1 }))).toThrow("rprop: learningRate");
    for (const [wrong, shown] of [
      [NaN, "NaN"],
      [-0.5, "-0.5"],
      [Infinity, "Infinity"],
    ] as const) {
      // prettier-ignore
      const falls = make(any({ learningRate: (t: Tensor) => where(less(t, 1), 0.1, wrong) }));
      const first = falls.update(params, falls.init(params), params, extra);
      const message = `${name}: what the schedule gives at step 1 must be a finite number of 0 or more, got ${shown}.`;
      expect(() => falls.update(params, first.state, params, extra)).toThrow(message);
    }
    const word = make(any({ learningRate: () => "0.1" }));
    expect(() => word.update(params, word.init(params), params, extra)).toThrow(
      `${name}: a schedule must return a scalar for a scalar step, but returned string.`,
    );
  });
});

test("a traced step or rate is not refused", () => {
  const optimizer = optim.adam({ learningRate: ((t: Tensor) => t.mul(0.1)) as optim.Schedule });
  const step = jit((p: typeof params, s: ReturnType<typeof optimizer.init<typeof params>>) =>
    optimizer.update(p, s, p),
  );
  expect(step(params, optimizer.init(params)).state.step.item()).toBe(1);
});

describe("a state of other options", () => {
  test.each<[string, GeneralOptimizer<unknown>, GeneralOptimizer<unknown>, string]>([
    ["sgd", optim.sgd(), optim.sgd({ momentum: 0.9 }), 'has "velocity", which these options do not use'],
    ["sgd", optim.sgd({ momentum: 0.9 }), optim.sgd(), "has no velocity"],
    ["rmsprop", optim.rmsprop({ centered: true }), optim.rmsprop(), "has no mean"],
    ["adam", optim.adam(), optim.adam({ amsgrad: true }), 'has "maxMeanSquare", which these options'],
  ])("is refused by %s", (name, optimizer, other, message) => {
    expect(() => optimizer.update(params, other.init(params), params)).toThrow(
      `${name}: the state ${message}`,
    );
  });
});

describe("lbfgs", () => {
  const optimizer = optim.lbfgs();
  test.each<[string, object, string]>([
    ["no loss", {}, "update needs the loss at other parameters"],
    ["a loss that is no function", { valueAndGrad: 3 }, "update needs the loss at other parameters"],
    [
      "no pair",
      { valueAndGrad: () => tensor(3) },
      "extra.valueAndGrad must return [value, grads], as valueAndGrad",
    ],
    ["a gradient of another tree", { ...extra, valueAndGrad: () => [tensor(1), {}] }, 'grads lacks "w".'],
    ["a word as value", { ...extra, value: "x" }, "the loss must be a scalar, got a value of type string."],
    ["a vector as value", { ...extra, value: tensor([1]) }, "the loss must be a scalar, got f64[1]."],
  ])("refuses %s", (_, wrong, message) => {
    expect(() => optimizer.update(params, optimizer.init(params), params, wrong)).toThrow(
      `lbfgs: ${message}`,
    );
  });

  test("accepts plain numbers as values", () => {
    const plain = { value: any(1), valueAndGrad: (p: typeof params): [Tensor, typeof params] => [any(1), p] };
    const { state } = optimizer.update(params, optimizer.init(params), params, plain);
    expect(state.step.item()).toBe(1);
  });
});

const unit = optim.sgd({ learningRate: 1 });
const nan = Number.NaN;

/** For each argument and option, the name that the error must contain, and the values that must be refused. */
const misuses: readonly (readonly [string, string, (value: never) => unknown, readonly unknown[]])[] = [
  ["chain", "link 1", (v) => optim.chain(v), [null, 3, {}, "adam", optim.adam]],
  ["clipByValue", "limit", (v) => optim.clipByValue(v), [null, nan, -1, 0, Infinity, "1", {}]],
  ["clipByNorm", "maxNorm", (v) => optim.clipByNorm(v), [null, nan, -1, 0, Infinity, "1", {}]],
  ["clipByGlobalNorm", "maxNorm", (v) => optim.clipByGlobalNorm(v), [null, nan, -1, 0, Infinity, "1", {}]],
  [
    "clipByGlobalNorm",
    "normType",
    (v) => optim.clipByGlobalNorm(1, { normType: v }),
    [null, nan, -1, 0, 0.5, "2"],
  ],
  ["addDecayedWeights", "weightDecay", (v) => optim.addDecayedWeights(v), [null, nan, -1, Infinity, "1"]],
  ["accumulate", "the first argument", (v) => optim.accumulate(v, 2), [null, 3, {}, optim.sgd]],
  ["accumulate", "k", (v) => optim.accumulate(unit, v), [null, nan, -1, 0, 1.5, Infinity, "2"]],
  ["ema", "decay", (v) => optim.ema({ decay: v }), [null, nan, -1, 1.5, "0.9"]],
  ["swa", "start", (v) => optim.swa({ start: v }), [null, nan, -1, 1.5, "1"]],
  ["swa", "every", (v) => optim.swa({ every: v }), [null, nan, -1, 0, 1.5, "1"]],
  ["lookahead", "every", (v) => optim.lookahead({ every: v }), [null, nan, -1, 0, 1.5, "1"]],
  ["lookahead", "slowStep", (v) => optim.lookahead({ slowStep: v }), [null, nan, -1, 1.5, "1"]],
  ["scaleBySchedule", "needs a function", (v) => optim.scaleBySchedule(v), [null, 0.1, {}, "1"]],
  ["masked", "the first argument", (v) => optim.masked(v, true), [null, 3, {}, optim.sgd]],
  [
    "masked",
    "the mask",
    (v) => optim.masked(unit, v).init(params),
    [null, 1, "w", {}, { v: true }, { w: 1 }],
  ],
  ["multiTransform", "needs an object", (v) => optim.multiTransform(v, "a"), [null, undefined, 3, {}, []]],
  ["multiTransform", "a must be", (v) => optim.multiTransform({ a: v }, "a"), [null, 3, {}, optim.sgd]],
  [
    "multiTransform",
    "label",
    (v) => optim.multiTransform({ a: unit }, v).init(params),
    [null, 1, "b", {}, { w: "b" }, { v: "a" }, () => 1],
  ],
  [
    "injectHyperparameters",
    "needs an optimiser's function",
    (v) => optim.injectHyperparameters(v, { learningRate: 1 }),
    [null, 3, {}, unit],
  ],
  [
    "injectHyperparameters",
    "needs an optimiser's function and its options",
    (v) => optim.injectHyperparameters(optim.sgd, v),
    [null, undefined, 3, "learningRate"],
  ],
  [
    "injectHyperparameters",
    "names must be a list",
    (v) => optim.injectHyperparameters(optim.sgd, { learningRate: 1 }, v),
    ["learningRate", 3, {}],
  ],
  [
    "sgd",
    "learningRate",
    (v) => optim.injectHyperparameters(optim.sgd, { learningRate: v }),
    [null, nan, -1, Infinity, "1", {}, () => -1],
  ],
  ["projectBox", "needs low or high", (v) => optim.projectBox(v), [{}, { low: undefined }]],
  [
    "projectBox",
    "low",
    (v) => optim.projectBox({ low: v }).update(params, null, params),
    [nan, "0", {}, null],
  ],
  [
    "projectBox",
    "high",
    (v) => optim.projectBox({ high: v }).update(params, null, params),
    [nan, "0", {}, null],
  ],
  ["applyUpdates", "updates", (v) => optim.applyUpdates(params, v), [null, 3, {}, { w: tensor([1]) }]],
  [
    "applyUpdates",
    "params",
    (v) => optim.applyUpdates(v, v),
    [null, {}, "x", { w: tensor(1, { dtype: "int32" }) }],
  ],
];

describe.each(misuses)("%s", (name, what, call, wrong) => {
  test.each(wrong.map((value) => [value]))(`refuses as ${what}: %j`, (value) => {
    expect(() => call(any(value))).toThrow(new RegExp(`^${name}: (.* )?${what}`));
  });
});

const links: Readonly<Record<string, GeneralOptimizer<unknown>>> = {
  chain: optim.chain(unit, optim.ema()) as GeneralOptimizer<unknown>,
  clipByValue: optim.clipByValue(1),
  clipByNorm: optim.clipByNorm(1),
  clipByGlobalNorm: optim.clipByGlobalNorm(1),
  addDecayedWeights: optim.addDecayedWeights(1),
  projectBox: optim.projectBox({ low: 0 }),
  freeze: optim.freeze(),
  accumulate: optim.accumulate(unit, 2) as GeneralOptimizer<unknown>,
  ema: optim.ema(),
  swa: optim.swa(),
  lookahead: optim.lookahead(),
  scaleBySchedule: optim.scaleBySchedule(any(() => 1)),
  multiTransform: optim.multiTransform({ a: unit }, "a") as GeneralOptimizer<unknown>,
  injectHyperparameters: optim.injectHyperparameters(optim.sgd, {
    learningRate: 1,
  }) as GeneralOptimizer<unknown>,
};

describe.each(Object.entries(links))("%s", (name, link) => {
  test.each([3, "x", { other: 1 }, optim.adam().init(params), [1, 2, 3]])("refuses as state: %j", (state) => {
    expect(() => link.update(params, state, params)).toThrow(new RegExp(`^${name}: .*state`));
  });

  test("refuses gradients and parameters of the wrong kind", () => {
    const state = link.init(params);
    expect(() => link.update(any({ v: 1 }), state, params)).toThrow(/^\w+: (grads|updates) lacks "w"/);
    expect(() => link.update(any({ w: tensor([1]) }), state, params)).toThrow(
      /^\w+: (grads|updates).w is f64\[1\]/,
    );
    const whole = { w: tensor(params.w, { dtype: "int32" }) };
    expect(() => link.update(whole, state, params)).toThrow(
      /^\w+: (grads|updates).w is i32\[2,2\], but it must be/,
    );
    expect(() => link.init({})).toThrow(/^\w+: params contains no tensors/);
    expect(() => link.init(whole)).toThrow(/^\w+: params.w is i32\[2,2\]; only floating/);
  });
});

describe("schedules instead of numbers", () => {
  const twice = (optimizer: GeneralOptimizer<unknown>): unknown => {
    const first = optimizer.update(params, optimizer.init(params), params);
    return optimizer.update(params, first.state, params);
  };
  const late = (value: number) => any((t: Tensor) => where(less(t, 1), 0.5, value));

  test("are refused once they return an invalid value", () => {
    const momentum = (value: number) =>
      optim.injectHyperparameters(optim.sgd, any({ learningRate: 1, momentum: late(value) }));
    expect(() => twice(any(momentum(nan)))).toThrow(
      "injectHyperparameters: what the schedule gives at step 1 must be a finite number, got NaN.",
    );
    expect(() => twice(any(momentum(2)))).toThrow("sgd: momentum must be a number from 0 to 1, got 2.");
    expect(() => twice(any(optim.scaleBySchedule(late(nan))))).toThrow(
      "scaleBySchedule: what the schedule gives at step 1 must be a finite number, got NaN.",
    );
  });

  test("are refused if the state has no number for the option", () => {
    const optimizer = optim.injectHyperparameters(optim.sgd, { learningRate: 1 });
    const state = optimizer.init(params);
    const without = { ...state, hyperparameters: {} };
    expect(() => optimizer.update(params, without, params)).toThrow(
      'injectHyperparameters: state.hyperparameters lacks "learningRate".',
    );
    const wrong = { ...state, hyperparameters: { learningRate: tensor(-1) } };
    expect(() => optimizer.update(params, wrong, params)).toThrow(
      "sgd: learningRate must be a finite number",
    );
  });
});
