import {
  grad,
  jit,
  makeProgram,
  matmul,
  mean,
  mul,
  printProgram,
  scan,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
} from "downhill";
import {
  accumulate,
  adam,
  addDecayedWeights,
  applyUpdates,
  chain,
  clipByGlobalNorm,
  clipByNorm,
  clipByValue,
  ema,
  freeze,
  type GeneralOptimizer,
  injectHyperparameters,
  lbfgs,
  lookahead,
  masked,
  multiTransform,
  projectBox,
  rprop,
  scaleBySchedule,
  type Schedule,
  sgd,
  swa,
} from "downhill/optim";
import { checkGrads } from "downhill/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

/** A scalar that follows given gradients from 0. */
function follow<S>(optimizer: GeneralOptimizer<S>, gradients: readonly number[]): { xs: number[]; state: S } {
  let params = { x: tensor(0) };
  let state = optimizer.init(params);
  const xs = gradients.map((g) => {
    const { updates, state: next } = optimizer.update({ x: tensor(g) }, state, params);
    [params, state] = [applyUpdates(params, updates), next];
    return params.x.item();
  });
  return { xs, state };
}
const unit = sgd({ learningRate: 1 });

describe("chain", () => {
  test("passes the updates of each link to the next, and keeps their states in a list", () => {
    const optimizer = chain(clipByValue(1), sgd({ learningRate: 1, momentum: 0.5 }), lookahead({ every: 2 }));
    const { xs, state } = follow(optimizer, [-5, -5]);
    expect(xs).toEqual([1, 1.25]); // 1, then 1 + 1.5 = 2.5, halved towards 0
    expect(state.length).toBe(3);
    expect(state[1].step.item()).toBe(2);
  });

  test("exposes the learning rate of its optimiser, and whether it uses line searches", () => {
    expect(chain(clipByNorm(1), sgd({ learningRate: 0.25 })).learningRate).toBe(0.25);
    expect(chain(clipByNorm(1), lbfgs()).searches).toBe(true);
    expect(chain(clipByNorm(1), unit).searches).toBeUndefined();
  });

  test.each([
    [() => chain(), "chain: needs at least one link, as in"],
    [() => chain(unit, 3 as never), "chain: link 2 must be an optimiser, such as adam()."],
    [() => chain(unit).update([1], null as never, [1]), "chain: the state must be a list of 1"],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});

describe("clipping", () => {
  const gradient = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 2, maxLength: 6 });

  test("by the global norm keeps the direction and bounds the norm, for every p", () => {
    fc.assert(
      fc.property(gradient, fc.constantFrom(1, 2, 3, Infinity), (numbers, normType) => {
        const params = { a: tensor(numbers.slice(1)), b: tensor(numbers[0]!) };
        const { updates } = clipByGlobalNorm(2, { normType }).update(params, null, params);
        const clipped = [updates.b.item(), ...updates.a.data()];
        const size = (xs: readonly number[]): number =>
          normType === Infinity
            ? Math.max(...xs.map(Math.abs))
            : xs.reduce((total, x) => total + Math.abs(x) ** normType, 0) ** (1 / normType);
        const factor = Math.min(1, 2 / (size(numbers) + 1e-6));
        clipped.forEach((x, i) => expect(x).toBeCloseTo(numbers[i]! * factor, 12));
        expect(size(clipped)).toBeLessThanOrEqual(2);
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  test("by the norm treats each tensor separately", () => {
    const params = { a: tensor([3, 4]), b: tensor([0.3, 0.4]) };
    const { updates } = clipByNorm(1).update(params, null, params);
    expect(updates.a.at(0).item()).toBeCloseTo(0.6, 6);
    expect(updates.b.tolist()).toEqual([0.3, 0.4]);
  });

  test("of a gradient of 0 has a derivative", () => {
    const after = (x: Tensor): Tensor => sum(clipByGlobalNorm(1).update({ x }, null, { x }).updates.x);
    expect(grad(after)([0, 0]).tolist()).toEqual([1, 1]);
    checkGrads(after, [tensor([3, -4])]);
  });

  test.each([
    [() => clipByValue(0), "clipByValue: limit must be a finite number above 0, got 0."],
    [() => clipByNorm(-1), "clipByNorm: maxNorm must be"],
    [() => clipByGlobalNorm(Number.NaN), "clipByGlobalNorm: maxNorm must be"],
    [() => clipByGlobalNorm(1, { normType: 0.5 }), "clipByGlobalNorm: normType must be"],
    [() => clipByGlobalNorm(1, { norm: 2 } as never), 'unknown option "norm". Did you mean "normType"?'],
    [() => clipByNorm(1).init({}), "clipByNorm: params contains no tensors"],
    [
      () => clipByValue(1).update([1, 2, "x"], null, [1, 2, "y"] as never),
      "clipByValue: grads[2] should be y",
    ],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});

describe("parts of the parameters", () => {
  const params = {
    layers: [
      { w: tensor([1, 1]), b: tensor(1) },
      { w: tensor([1, 1]), b: tensor(1) },
    ],
  };
  const numbers = (tree: typeof params): unknown => tree.layers.map(({ w, b }) => [w.tolist(), b.item()]);

  test("masked selects parameters by a tree, a subtree or a path", () => {
    const decay = addDecayedWeights(0.5);
    const apply = (mask: Parameters<typeof masked>[1]): unknown =>
      numbers(masked(decay, mask).update(params, null, params).updates);
    const first = [[[1.5, 1.5], 1.5], [[1, 1], 1]]; // prettier-ignore
    expect(apply({ layers: [true, false] })).toEqual(first);
    expect(apply({ layers: [{ w: true, b: true }, false] })).toEqual(first);
    expect(apply((path) => path.startsWith("layers[0]"))).toEqual(first);
    expect(apply((_, x) => x.ndim === 1)).toEqual([[[1.5, 1.5], 1], [[1.5, 1.5], 1]]); // prettier-ignore
    expect(apply(true)).toEqual([[[1.5, 1.5], 1.5], [[1.5, 1.5], 1.5]]); // prettier-ignore
  });

  test("multiTransform gives each group its own rate, and freeze gives none", () => {
    const optimizer = multiTransform(
      { fast: sgd({ learningRate: 1, momentum: 0.5 }), slow: sgd({ learningRate: 0.25 }), still: freeze() },
      { layers: [{ w: "fast", b: "slow" }, "still"] },
    );
    const { updates, state } = optimizer.update(params, optimizer.init(params), params);
    expect(numbers(updates)).toEqual([[[-1, -1], -0.25], [[0, 0], 0]]); // prettier-ignore
    const velocity = state.fast!.velocity as { layers: { w: Tensor }[] };
    expect(velocity.layers[0]!.w.tolist()).toEqual([1, 1]);
    expect(state.still).toBeNull();
    expect(multiTransform({ a: unit, b: unit }, "a").init(params).b).toBeNull();
  });

  test("a group can use a line search while other groups are frozen", () => {
    const loss = (p: { x: Tensor; y: Tensor }): Tensor => square(sub(p.x, p.y)).add(square(p.y));
    const start = { x: tensor(1), y: tensor(3) };
    const optimizer = multiTransform({ search: lbfgs(), still: freeze() }, { x: "search", y: "still" });
    const [value, grads] = valueAndGrad(loss)(start);
    const extra = { value, valueAndGrad: (p: typeof start) => valueAndGrad(loss)(p) };
    const { updates } = optimizer.update(grads, optimizer.init(start), start, extra);
    const { x, y } = applyUpdates(start, updates);
    expect(x.item()).toBeCloseTo(3, 6);
    expect(y.item()).toBe(3);
  });

  test.each([
    [() => masked(undefined as never, true), "masked: the first argument must be an optimiser"],
    [() => multiTransform({ fast: 3 as never }, "fast"), "multiTransform: fast must be an optimiser"],
    [() => masked(unit, { layers: [true] }).init(params), "masked: the mask has no value for layers[1].w."],
    [
      () => masked(unit, { layer: true }).init(params),
      'masked: the mask has "layer", which is not a parameter.',
    ],
    [() => masked(unit, false).init(params), "masked: the mask selects no parameter."],
    [() => masked(unit, (() => 1) as never).init(params), "masked: the mask has no value for layers[0].w."],
    [
      () => multiTransform({ fast: unit }, "fats").init(params),
      'multiTransform: no optimiser for the label "fats". Did you mean "fast"?',
    ],
    [
      () => multiTransform({ fast: unit }, {}).init(params),
      "the tree of labels has no value for layers[0].w.",
    ],
    [() => addDecayedWeights(-1), "addDecayedWeights: weightDecay must be"],
    [() => masked(unit, true).init({}), "masked: params contains no tensors"],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});

describe("accumulate", () => {
  const x = tensor([[1, 2], [0.5, -1], [3, 0.1], [-2, 1], [0.3, 0.7], [1, -1]]); // prettier-ignore
  const y = tensor([1, 2, 3, -1, 0.5, 2]);
  const loss = (p: { w: Tensor }, a: Tensor, b: Tensor): Tensor => mean(square(sub(matmul(a, p.w), b)));
  const start = { w: tensor([0.1, 0.2]) };

  test.each([
    ["sgd", chain(clipByGlobalNorm(1), sgd({ learningRate: 0.1, momentum: 0.9 }))],
    ["adam", adam({ learningRate: 0.1, amsgrad: true })],
    ["rprop", rprop()],
  ] as [string, GeneralOptimizer<unknown>][])(
    "takes exactly the step of the large batch with %s",
    (_, inner) => {
      const whole = { params: start, state: inner.init(start) };
      const optimizer = accumulate(inner, 3);
      const parts = { params: start, state: optimizer.init(start) };
      for (let k = 0; k < 3; k++) {
        const { updates, state } = inner.update(grad(loss)(whole.params, x, y), whole.state, whole.params);
        Object.assign(whole, { params: applyUpdates(whole.params, updates), state });
        for (let i = 0; i < 3; i++) {
          const [a, b] = [x.slice(2 * i, 2 * i + 2), y.slice(2 * i, 2 * i + 2)];
          const next = optimizer.update(grad(loss)(parts.params, a, b), parts.state, parts.params);
          if (i < 2) expect(next.updates.w.tolist()).toEqual([0, 0]);
          Object.assign(parts, { params: applyUpdates(parts.params, next.updates), state: next.state });
        }
        const [expected, actual] = [whole.params.w.data(), parts.params.w.data()];
        actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 13));
      }
    },
  );

  test("counts steps, not micro-batches, for a schedule", () => {
    const rising = ((t: Tensor) => t.add(1)) as Schedule;
    expect(follow(accumulate(sgd({ learningRate: rising }), 2), [-1, -1, -1, -1]).xs).toEqual([0, 1, 1, 3]);
  });

  test("of 1 changes nothing; 0 and fractions are refused", () => {
    expect(follow(accumulate(unit, 1), [-1, -2]).xs).toEqual(follow(unit, [-1, -2]).xs);
    expect(() => accumulate(unit, 0)).toThrow(
      "accumulate: k must be an integer from 1 to 2147483647, got 0.",
    );
    expect(() => accumulate(2 as never, 2)).toThrow("accumulate: the first argument must be an optimiser");
    expect(() => accumulate(unit, 1.5)).toThrow("accumulate: k must be");
  });
});

describe("averages", () => {
  const averageOf = (link: ReturnType<typeof ema>, gradients: readonly number[]): number => {
    const { average } = follow(chain(unit, link), gradients).state[1];
    return (average as { x: Tensor }).x.item();
  };

  test("ema copies the first parameters and then fades", () => {
    expect(averageOf(ema({ decay: 0.75 }), [-4])).toBe(4);
    expect(averageOf(ema({ decay: 0.75 }), [-4, -4])).toBe(0.75 * 4 + 0.25 * 8);
  });

  test("swa is the mean of the selected parameters", () => {
    const ones = [-1, -1, -1, -1, -1, -1, -1]; // x = 1, 2, 3, …
    expect(averageOf(swa(), ones)).toBeCloseTo(4, 14);
    expect(averageOf(swa({ start: 3 }), ones)).toBeCloseTo((4 + 5 + 6 + 7) / 4, 14);
    expect(averageOf(swa({ start: 1, every: 2 }), ones)).toBeCloseTo((3 + 5 + 7) / 3, 14);
    expect(averageOf(swa({ start: 1, every: 2 }), ones.slice(0, 6))).toBeCloseTo((3 + 5) / 2, 14);
    expect(averageOf(swa({ start: 10 }), ones)).toBe(7);
    expect(averageOf(swa({ start: 5, every: 4 }), ones)).toBe(7);
  });

  test.each([
    [() => ema({ decay: 1.5 }), "ema: decay must be a number from 0 to 1, got 1.5."],
    [() => ema({ beta: 0.5 } as never), 'ema: unknown option "beta".'],
    [() => swa({ every: 0 }), "swa: every must be an integer of 1 or more, got 0."],
    [() => swa({ start: -1 }), "swa: start must be an integer of 0 or more, got -1."],
    [() => ema().update([1], {} as never, [1]), "ema: the state has no step"],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});

describe("lookahead", () => {
  test("moves back part of the way every k steps", () => {
    const { xs } = follow(chain(unit, lookahead({ every: 2, slowStep: 0.25 })), [-1, -1, -1, -1]);
    expect(xs).toEqual([1, 0.5, 1.5, 1]);
  });

  test("refuses options out of range", () => {
    expect(() => lookahead({ every: 0 })).toThrow("lookahead: every must be");
    expect(() => lookahead({ slowStep: 1.5 })).toThrow(
      "lookahead: slowStep must be a number from 0 to 1, got 1.5.",
    );
    expect(() => lookahead({ alpha: 1 } as never)).toThrow('lookahead: unknown option "alpha".');
  });
});

test("scaleBySchedule scales updates by a function of the step", () => {
  const rising = ((t: Tensor) => t.add(1)) as Schedule;
  expect(follow(chain(unit, scaleBySchedule(rising)), [-1, -1, -1]).xs).toEqual([1, 3, 6]);
  expect(() => scaleBySchedule(0.1 as never)).toThrow(
    "scaleBySchedule: needs a function of the step, got 0.1.",
  );
});

describe("injectHyperparameters", () => {
  const falling = ((t: number | Tensor) =>
    typeof t === "number" ? 1 / (t + 1) : t.add(1).pow(-1)) as Schedule;

  test("lets every option follow a schedule of its own", () => {
    const optimizer = injectHyperparameters(sgd, { learningRate: 1, momentum: falling });
    // v: 1, then ½ · 1 + 1 = 1.5, then ⅓ · 1.5 + 1 = 1.5
    const { xs, state } = follow(optimizer, [-1, -1, -1]);
    expect(xs).toEqual([1, 2.5, 4]);
    expect(state.hyperparameters["momentum"]!.item()).toBeCloseTo(1 / 3, 15);
  });

  test("allows changes between updates of one compiled step", () => {
    const optimizer = injectHyperparameters(sgd, { learningRate: 1, nesterov: false });
    const params = { x: tensor(0) };
    const step = jit((state: ReturnType<typeof optimizer.init>) =>
      optimizer.update({ x: tensor(1) }, state, params),
    );
    const state = optimizer.init(params);
    expect(step(state).updates.x.item()).toBe(-1);
    const hyperparameters = { ...state.hyperparameters, learningRate: tensor(0.25) };
    expect(step({ ...state, hyperparameters }).updates.x.item()).toBe(-0.25);
    expect(Object.keys(state.hyperparameters)).toEqual(["learningRate"]);
  });

  test("can be differentiated in the hyper-parameters", () => {
    const after = (beta1: Tensor, eps: Tensor): Tensor => {
      const optimizer = injectHyperparameters(adam, { learningRate: 0.1, beta1, eps });
      let params = { x: tensor([1, 2]) };
      let state = optimizer.init(params);
      for (let k = 0; k < 3; k++) {
        const { updates, state: next } = optimizer.update({ x: mul(params.x, [1, 3]) }, state, params);
        [params, state] = [applyUpdates(params, updates), next];
      }
      return sum(params.x);
    };
    checkGrads(after, [tensor(0.5), tensor(0.1)]);
  });

  test("is suggested by an optimiser that gets a schedule for another option", () => {
    expect(() => adam({ beta1: falling as never })).toThrow(
      "got a function. For a schedule: injectHyperparameters(adam, { beta1: schedule }).",
    );
  });

  test("refuses options that the optimiser refuses, and names of options that are not numbers", () => {
    expect(() => injectHyperparameters(adam, undefined as never)).toThrow(
      "needs an optimiser's function and",
    );
    expect(() => injectHyperparameters(adam, { beta1: 1 })).toThrow("adam: beta1 must be");
    expect(() => injectHyperparameters(adam, { beta1: (() => 2) as never })).toThrow("adam: beta1 must be");
    expect(() => injectHyperparameters(adam, { amsgrad: true }, ["amsgrad"])).toThrow(
      'injectHyperparameters: "amsgrad" is no number, scalar or schedule.',
    );
    expect(() => injectHyperparameters(adam, { beta1: 0.5 }, ["beta2"])).toThrow(
      'injectHyperparameters: "beta2" is not among the options. Did you mean "beta1"?',
    );
  });
});

describe("projectBox", () => {
  test("cuts steps at its bounds, one for all parameters or one for each", () => {
    expect(follow(chain(unit, projectBox({ low: -1, high: 2 })), [-5, 1, 9]).xs).toEqual([2, 1, -1]);
    const params = { w: tensor([0.5, 0.5]), b: tensor(0.5) };
    const box = projectBox({ low: { w: [0.25, -1], b: -Infinity } });
    const grads = { w: tensor([-1, -1]), b: tensor(-1) };
    const { updates } = box.update(grads, null, params);
    expect([updates.w.tolist(), updates.b.item()]).toEqual([[-0.25, -1], -1]);
  });

  test.each([
    [() => projectBox({}), "projectBox: needs low or high, as in projectBox({ low: 0 })."],
    [() => projectBox({ low: 1, high: 0 }), "projectBox: low must be at most high, got 1 and 0."],
    [() => projectBox({ hi: 1 } as never), 'projectBox: unknown option "hi". It takes low, high.'],
    [
      () => projectBox({ low: tensor([1, 2]) }).update([tensor([1])], null, [tensor([1])]),
      "projectBox: low is f64[2] for params[0], which is f64[1].",
    ],
    [
      () => projectBox({ low: "0" as never }).update([1], null, [1]),
      "projectBox: low has no value for the parameter.",
    ],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});

describe("all together", () => {
  const optimizer = chain(
    clipByGlobalNorm(1),
    masked(addDecayedWeights(0.1), { w: true, b: false }),
    accumulate(injectHyperparameters(adam, { learningRate: 0.1, amsgrad: true }), 2),
    scaleBySchedule(((t: Tensor) => t.mul(0.1).add(1)) as Schedule),
    lookahead({ every: 3 }),
    projectBox({ low: -5, high: 5 }),
    swa({ start: 2 }),
    ema(),
  );
  const step = (params: { w: Tensor; b: Tensor }, state: ReturnType<typeof optimizer.init>) => {
    const grads = grad((p: typeof params) => sum(square(sub(p.w, p.b))))(params);
    const { updates, state: next } = optimizer.update(grads, state, params);
    return { params: applyUpdates(params, updates), state: next };
  };
  const start = { w: tensor([1, 2]), b: tensor(-1) };

  test("give the same run eagerly, compiled and as a scan", () => {
    const run = (f: typeof step): number[] => {
      let carry = { params: start, state: optimizer.init(start) };
      for (let k = 0; k < 8; k++) carry = f(carry.params, carry.state);
      return [...carry.params.w.data(), carry.params.b.item()];
    };
    const eager = run(step);
    const [{ params }] = scan(
      ({ params, state }: ReturnType<typeof step>) => [step(params, state), null] as const,
      { params: start, state: optimizer.init(start) },
      null,
      { length: 8 },
    );
    run(jit(step) as typeof step).forEach((x, i) => expect(x).toBeCloseTo(eager[i]!, 12));
    [...params.w.data(), params.b.item()].forEach((x, i) => expect(x).toBeCloseTo(eager[i]!, 12));
  });

  test("on float32 give a program without a float64 in it", () => {
    const params = { w: tensor([1, 2], { dtype: "float32" }), b: tensor(1, { dtype: "float32" }) };
    const program = makeProgram(step)(params, optimizer.init(params));
    expect(printProgram(program)).not.toContain("f64");
  });
});
