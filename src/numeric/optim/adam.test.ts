import { add, grad, jit, makeProgram, mul, printProgram, square, sum, type Tensor, tensor } from "downhill";
import { adam, type AdamState, adamw, applyUpdates, type Optimizer, type Schedule } from "downhill/optim";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

/** Updates of a scalar for given gradients, from θ = 1. */
function run(options: Parameters<typeof adam>[0], gradients: readonly number[]): number[] {
  const { init, update } = adam(options);
  let params = { x: tensor(1) };
  let state = init(params);
  return gradients.map((g) => {
    const { updates, state: next } = update({ x: tensor(g) }, state, params);
    [params, state] = [applyUpdates(params, updates), next];
    return updates.x.item();
  });
}

describe("adam by hand", () => {
  test("moves by the learning rate at the first step, for any gradient", () => {
    for (const g of [1e-3, 1, 1e3]) expect(run({ learningRate: 0.1 }, [g])[0]).toBeCloseTo(-0.1, 5);
  });

  test("two steps with β₁ = β₂ = ½, ε = 0", () => {
    // m: 1, then ½·1 + ½·3 = 2, over 1 − ¼: 8/3; v: 2, then ½·2 + ½·9 = 5.5, over ¾: 22/3 (from g = 2, then 3)
    const options = { learningRate: 1, beta1: 0.5, beta2: 0.5, eps: 0 };
    const [first, second] = run(options, [2, 3]);
    expect(first).toBeCloseTo(-1, 14);
    expect(second).toBeCloseTo(-8 / 3 / Math.sqrt(22 / 3), 14);
  });

  test("amsgrad keeps the largest mean square", () => {
    const options = { learningRate: 1, beta1: 0, beta2: 0.5, eps: 0 };
    // v: 8, then 4 + ½·1 = 4.5; the maximum stays 8, over 1 − ¼
    expect(run({ ...options, amsgrad: true }, [4, 1])[1]).toBeCloseTo(-1 / Math.sqrt(8 / 0.75), 14);
    expect(run(options, [4, 1])[1]).toBeCloseTo(-1 / Math.sqrt(4.5 / 0.75), 14);
  });

  test("maximize ascends; weight decay enters the gradient", () => {
    expect(run({ learningRate: 0.1, maximize: true }, [5])[0]).toBeCloseTo(0.1, 8);
    expect(run({ learningRate: 0.1, weightDecay: 2 }, [-1])[0]).toBeCloseTo(-0.1, 8); // −1 + 2·1 = 1
  });

  test("decoupled weight decay equals that of adamw", () => {
    const options = { learningRate: 0.1, weightDecay: 0.5 };
    const params = { x: tensor([1, -2]) };
    const [a, b] = [adam({ ...options, decoupledWeightDecay: true }), adamw(options)].map(
      (optimizer) => optimizer.update({ x: tensor([1, 3]) }, optimizer.init(params), params).updates.x,
    );
    expect(a!.tolist()).toEqual(b!.tolist());
  });

  test("takes a schedule", () => {
    const schedule = ((t: Tensor) => add(mul(t, 0.1), 0.2)) as Schedule;
    const steps = run({ learningRate: schedule }, [1, 1, 1]);
    [-0.2, -0.3, -0.4].forEach((u, i) => expect(steps[i]).toBeCloseTo(u, 7));
  });
});

test("scaling the gradients changes nothing when ε is 0", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: -20, max: 20 }),
      (gradients, power) => {
        const options = { learningRate: 0.1, eps: 0 };
        const scaled = gradients.map((g) => g * 2 ** power); // exact
        expect(run(options, scaled)).toEqual(run(options, gradients));
      },
    ),
    { seed: 1, numRuns: 50 },
  );
});

describe("parameters", () => {
  test("of float32 give a step without a float64 in it", () => {
    const optimizer = adam({ amsgrad: true, weightDecay: 0.1, learningRate: ((t: Tensor) => t) as Schedule });
    const params = { w: tensor([1, 2], { dtype: "float32" }) };
    const program = makeProgram((p: typeof params, s: AdamState<typeof params>) => {
      const { updates, state } = optimizer.update(p, s, p);
      return [applyUpdates(p, updates), state];
    })(params, optimizer.init(params));
    expect(printProgram(program)).not.toContain("f64");
  });

  test("in float32 follow float64 to its precision from the first step on", () => {
    const after = (dtype: "float32" | "float64", steps: number): number => {
      const { init, update } = adam({ learningRate: 0.01 });
      let params = { x: tensor([1], { dtype }) };
      let state = init(params);
      for (let k = 0; k < steps; k++) {
        const { updates, state: next } = update({ x: params.x }, state, params);
        [params, state] = [applyUpdates(params, updates), next];
      }
      return params.x.data()[0]!;
    };
    // 1 − 0.999 as a difference of float32 numbers would be wrong by 3e-5, which would show at the first step
    for (const steps of [1, 2, 50]) {
      expect(Math.abs(after("float32", steps) / after("float64", steps) - 1)).toBeLessThan(1e-6);
    }
  });

  test("with a gradient of exactly 0 leave the derivative of the run finite", () => {
    const after = (start: Tensor): Tensor => {
      const { init, update } = adam({ learningRate: 0.1 });
      const params = { x: start };
      const grads = grad((p: typeof params) => sum(square(mul(p.x, [0, 1]))))(params);
      const { updates } = update(grads, init(params), params);
      return sum(applyUpdates(params, updates).x);
    };
    const slope = grad(after)([1, 2]).tolist() as number[];
    expect(slope[0]).toBe(1);
    expect(slope[1]).toBeCloseTo(1, 6);
  });
});

test("is an Optimizer of any parameters, eagerly and compiled", () => {
  interface Params {
    readonly w: Tensor;
  }
  const optimizer: Optimizer<Params, AdamState<Params>> = adam({ learningRate: 0.1 });
  const params: Params = { w: tensor([1, -2]) };
  const step = (p: Params, s: AdamState<Params>) => optimizer.update(p, s, p);
  const eager = step(params, optimizer.init(params));
  const compiled = jit(step)(params, optimizer.init(params));
  expect(compiled.updates.w.tolist()).toEqual(eager.updates.w.tolist());
  expect(compiled.state.step.item()).toBe(1);
});

test.each<[unknown, string]>([
  [{ lr: 0.1 }, 'adam: unknown option "lr". Did you mean "learningRate"?'],
  [{ betas: [0.9, 0.99] }, 'adam: unknown option "betas". Did you mean "beta1" and "beta2"?'],
  [{ beta1: 1 }, "adam: beta1 must be a number from 0 to 1, 1 excluded, got 1."],
  [{ beta2: -0.1 }, "adam: beta2 must be a number from 0 to 1, 1 excluded, got -0.1."],
  [{ eps: -1e-8 }, "adam: eps must be a finite number of 0 or more, got -1e-8."],
  [{ weightDecay: -1 }, "adam: weightDecay must be a finite number of 0 or more, got -1."],
  [{ amsgrad: null }, "adam: amsgrad must be true or false, got null."],
])("refuses %j", (options, message) => {
  expect(() => adam(options as never)).toThrow(message);
});

test("names the part of the state that does not fit", () => {
  const params = { w: tensor([1, 2]) };
  const optimizer = adam({ amsgrad: true });
  const wrong = { ...optimizer.init(params), meanSquare: { w: tensor([1]) } };
  expect(() => optimizer.update(params, wrong, params)).toThrow("adam: state.meanSquare.w is f64[1]");
  expect(() => optimizer.update(params, adam().init(params), params)).toThrow(
    "adam: the state has no maxMeanSquare.",
  );
});
