import {
  add,
  grad,
  jit,
  makeProgram,
  matmul,
  mul,
  printProgram,
  scan,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
  type TensorLike,
} from "downhill";
import { applyUpdates, type Schedule, sgd, type SgdState } from "downhill/optim";
import { describe, expect, test } from "vitest";

// Three points of the line y = 2x + 1, fitted from slope a = 0 and intercept c = 0 with the losses ℓᵢ = (a·xᵢ + c −
// yᵢ)². Then ∂ℓᵢ/∂a = 2(a·xᵢ + c − yᵢ)xᵢ and ∂ℓᵢ/∂c = 2(a·xᵢ + c − yᵢ).
interface Line {
  readonly a: Tensor;
  readonly c: Tensor;
}
const points = { x: [1, 2, 3], y: [3, 5, 7] };
const start: Line = { a: tensor(0), c: tensor(0) };

function total({ a, c }: Line, x: TensorLike, y: TensorLike): Tensor {
  return sum(square(sub(add(mul(a, x), c), y)));
}

function stepOn(rows: readonly number[], params: Line, state: SgdState<Line>, optimizer = plain) {
  const pick = (values: readonly number[]): number[] => rows.map((i) => values[i]!);
  const grads = grad((p: Line) => total(p, pick(points.x), pick(points.y)))(params);
  const { updates, state: next } = optimizer.update(grads, state, params);
  return { params: applyUpdates(params, updates), state: next };
}
const plain = sgd({ learningRate: 0.01 });
const numbers = ({ a, c }: Line): number[] => [a.item(), c.item()];

describe("the steps of the notes, computed by hand", () => {
  test("gradient descent: θ ← θ − η Σ ∇ℓᵢ over all items", () => {
    // at (0, 0): Σ ∂ℓᵢ/∂a = 2(−3·1 − 5·2 − 7·3) = −68, Σ ∂ℓᵢ/∂c = 2(−3 − 5 − 7) = −30
    const { params } = stepOn([0, 1, 2], start, plain.init(start));
    expect(numbers(params)).toEqual([0.68, 0.3]);
  });

  test("stochastic gradient descent: θ ← θ − η ∇ℓᵢ, one item after the other", () => {
    // item 1: ∂ℓ/∂a = 2(−5)·2 = −20, ∂ℓ/∂c = −10, to (0.2, 0.1)
    const first = stepOn([1], start, plain.init(start));
    expect(numbers(first.params)).toEqual([0.2, 0.1]);
    // item 2: 2(0.2·3 + 0.1 − 7) = −12.6; ∂ℓ/∂a = −37.8, to (0.578, 0.226)
    const [a, c] = numbers(stepOn([2], first.params, first.state).params);
    expect(a).toBeCloseTo(0.578, 14);
    expect(c).toBeCloseTo(0.226, 14);
  });

  test("mini-batch: θ ← θ − η Σ ∇ℓᵢ over the items of the batch", () => {
    // items 0 and 2: Σ ∂ℓᵢ/∂a = 2(−3·1 − 7·3) = −48, Σ ∂ℓᵢ/∂c = 2(−3 − 7) = −20
    expect(numbers(stepOn([0, 2], start, plain.init(start)).params)).toEqual([0.48, 0.2]);
  });

  test("momentum: v ← βv + ∇f(θ), θ ← θ − ηv, with v = ∇f at the first step", () => {
    const optimizer = sgd({ learningRate: 0.01, momentum: 0.9 });
    const first = stepOn([0, 1, 2], start, optimizer.init(start), optimizer);
    expect(numbers(first.state.velocity!)).toEqual([-68, -30]);
    expect(numbers(first.params)).toEqual([0.68, 0.3]);
    // residuals at (0.68, 0.3): −2.02, −3.34, −4.66; Σ∂a = 2(−2.02 − 6.68 − 13.98) = −45.36, Σ∂c = −20.04
    const second = stepOn([0, 1, 2], first.params, first.state, optimizer);
    const v = [0.9 * -68 - 45.36, 0.9 * -30 - 20.04];
    numbers(second.state.velocity!).forEach((value, i) => expect(value).toBeCloseTo(v[i]!, 12));
    numbers(second.params).forEach((x, i) => expect(x).toBeCloseTo([0.68, 0.3][i]! - 0.01 * v[i]!, 12));
  });

  test("a sum at rate η equals the mean at η·b", () => {
    const summed = stepOn([0, 1, 2], start, plain.init(start)).params;
    const optimizer = sgd({ learningRate: 0.03 });
    const mean = (p: Line): Tensor => total(p, points.x, points.y).div(3);
    const { updates } = optimizer.update(grad(mean)(start), optimizer.init(start), start);
    numbers(applyUpdates(start, updates)).forEach((x, i) => expect(x).toBeCloseTo(numbers(summed)[i]!, 14));
  });
});

describe("each option, by hand from θ = 1, v = 4 and g = 2", () => {
  const params = { x: tensor(1) };
  const update = (options: Parameters<typeof sgd>[0]) => {
    const velocity = options?.momentum === undefined ? null : { x: tensor(4) };
    const state = { step: tensor(3, { dtype: "int32" }), velocity };
    const { updates, state: next } = sgd(options).update({ x: tensor(2) }, state, params);
    return [updates.x.item(), next.velocity?.x.item(), next.step.item()];
  };

  test.each([
    ["plain", { learningRate: 0.5 }, [-1, undefined, 4]],
    ["momentum", { learningRate: 0.5, momentum: 0.75 }, [-2.5, 5, 4]],
    ["momentum 1", { learningRate: 0.5, momentum: 1 }, [-3, 6, 4]],
    ["dampening", { learningRate: 0.5, momentum: 0.75, dampening: 0.5 }, [-2, 4, 4]],
    ["nesterov", { learningRate: 0.5, momentum: 0.75, nesterov: true }, [-2.875, 5, 4]],
    ["weight decay", { learningRate: 0.5, weightDecay: 0.5 }, [-1.25, undefined, 4]],
    ["maximize", { learningRate: 0.5, maximize: true }, [1, undefined, 4]],
    ["maximize with decay", { learningRate: 0.5, maximize: true, weightDecay: 0.5 }, [0.75, undefined, 4]],
    ["a schedule", { learningRate: ((t: Tensor) => t.mul(0.5)) as Schedule }, [-3, undefined, 4]],
  ])("%s", (_, options, expected) => {
    expect(update(options)).toEqual(expected);
  });

  test("dampening does not affect the first step", () => {
    const optimizer = sgd({ learningRate: 0.5, momentum: 0.75, dampening: 0.5 });
    const { state } = optimizer.update({ x: tensor(2) }, optimizer.init(params), params);
    expect(state.velocity!.x.item()).toBe(2);
  });
});

describe("parameters", () => {
  test("may be nested, and keep their dtypes", () => {
    const params = {
      layers: [{ w: tensor([[1, 2]], { dtype: "float32" }) }, { w: tensor([[3]], { dtype: "float64" }) }],
      "__proto__ x": tensor(1),
    };
    const optimizer = sgd({ learningRate: 1, momentum: 0.5, dampening: 0.5, weightDecay: 0.25 });
    const { updates, state } = optimizer.update(params, optimizer.init(params), params);
    const next = applyUpdates(params, updates);
    expect(next.layers.map(({ w }) => w.dtype)).toEqual(["float32", "float64"]);
    expect(state.velocity!.layers[0]!.w.dtype).toBe("float32");
    expect(next.layers[0]!.w.tolist()).toEqual([[-0.25, -0.5]]);
    expect(next["__proto__ x"].item()).toBe(-0.25);
  });

  test("of float32 give a step without a float64 in it", () => {
    const optimizer = sgd({
      learningRate: ((t: Tensor) => t.mul(0.5)) as Schedule,
      momentum: 0.9,
      dampening: 0.1,
      weightDecay: 0.1,
      nesterov: false,
    });
    const params = { w: tensor([1, 2], { dtype: "float32" }) };
    const program = makeProgram((p: typeof params, s: SgdState<typeof params>) => {
      const { updates, state } = optimizer.update(p, s, p);
      return [applyUpdates(p, updates), state];
    })(params, optimizer.init(params));
    expect(printProgram(program)).not.toContain("f64");
  });

  test("keep the type of a carry", () => {
    const optimizer = sgd({ learningRate: 0.25, momentum: 0.5 });
    const [{ params }] = scan(
      ({ params, state }: { params: Line; state: SgdState<Line> }) => {
        const { updates, state: next } = optimizer.update(params, state, params);
        return [{ params: applyUpdates(params, updates), state: next }, null];
      },
      { params: { a: 1, c: 2 }, state: optimizer.init(start) },
      null,
      { length: 2 },
    );
    expect(numbers(params)).toEqual([0.4375, 0.875]); // v: 1, 1.25; x: 1, 0.75, 0.4375
  });
});

describe("the whole run", () => {
  test("can be differentiated in the learning rate", () => {
    // x ← x − η·x k times is x(1 − η)ᵏ, with derivative −k·x(1 − η)ᵏ⁻¹ in η
    const after = (eta: Tensor): Tensor => {
      const { init, update } = sgd({ learningRate: (() => eta) as never });
      let params = { x: tensor(3) };
      let state = init(params);
      for (let k = 0; k < 4; k++) {
        const { updates, state: next } = update(params, state, params);
        [params, state] = [applyUpdates(params, updates), next];
      }
      return params.x;
    };
    expect(after(tensor(0.5)).item()).toBe(3 / 16);
    expect(grad(after)(0.5).item()).toBeCloseTo(-4 * 3 * 0.125, 14);
    expect(jit(grad(after))(0.5).item()).toBeCloseTo(-4 * 3 * 0.125, 14);
  });

  test("of a linear model is the same eagerly and compiled, bit for bit", () => {
    const x = tensor([[1, 2], [0.5, -1], [3, 0.1]]); // prettier-ignore
    const loss = (p: { w: Tensor }): Tensor => sum(square(sub(matmul(x, p.w), [1, 2, 3])));
    const optimizer = sgd({ learningRate: 0.01, momentum: 0.9, nesterov: true });
    const step = (params: { w: Tensor }, state: SgdState<{ w: Tensor }>) => {
      const { updates, state: next } = optimizer.update(grad(loss)(params), state, params);
      return [applyUpdates(params, updates), next] as const;
    };
    const run = (f: typeof step): unknown => {
      let params = { w: tensor([0.1, 0.2]) };
      let state = optimizer.init(params);
      for (let k = 0; k < 20; k++) [params, state] = f(params, state);
      return params.w.tolist();
    };
    expect(run(jit(step) as typeof step)).toEqual(run(step));
  });
});

describe("misuse", () => {
  test.each<[unknown, string]>([
    [{ lr: 0.1 }, 'sgd: unknown option "lr". Did you mean "learningRate"?'],
    [{ momentun: 0.1 }, 'sgd: unknown option "momentun". Did you mean "momentum"?'],
    [{ weight_decay: 0.1 }, 'sgd: unknown option "weight_decay". Did you mean "weightDecay"?'],
    [{ learningRate: -1 }, "sgd: learningRate must be a finite number of 0 or more, got -1."],
    [{ learningRate: Number.NaN }, "sgd: learningRate must be a finite number of 0 or more, got NaN."],
    [{ learningRate: "0.1" }, 'sgd: learningRate must be a number or a schedule, got "0.1".'],
    [{ momentum: 1.1 }, "sgd: momentum must be a number from 0 to 1, got 1.1."],
    [{ momentum: true }, "sgd: momentum must be a number from 0 to 1, got true."],
    [{ dampening: -0.1 }, "sgd: dampening must be a number from 0 to 1, got -0.1."],
    [{ weightDecay: Infinity }, "sgd: weightDecay must be a finite number of 0 or more, got Infinity."],
    [{ nesterov: 1, momentum: 0.9 }, "sgd: nesterov must be true or false, got 1."],
    [
      { nesterov: true },
      "sgd: nesterov needs a momentum above 0 and no dampening, got momentum 0 and dampening 0.",
    ],
    [{ maximize: "no" }, 'sgd: maximize must be true or false, got "no".'],
  ])("of options: %j", (options, message) => {
    expect(() => sgd(options as never)).toThrow(message);
  });

  const optimizer = sgd({ momentum: 0.9 });
  const params = { w: tensor([1, 2]), b: tensor(0) };
  const state = optimizer.init(params);
  test.each<[string, () => unknown, string]>([
    [
      "no parameters",
      () => optimizer.init({}),
      "sgd: params contains no tensors, so there is nothing to optimise.",
    ],
    [
      "integers",
      () => optimizer.init({ n: tensor([1], { dtype: "int32" }) }),
      "sgd: params.n is i32[1]; only",
    ],
    [
      "grads that lack a part",
      () => optimizer.update({ w: [1, 2] } as never, state, params),
      'sgd: grads lacks "b".',
    ],
    [
      "grads of another shape",
      () => optimizer.update({ w: tensor([1]), b: tensor(0) }, state, params),
      "sgd: grads.w is f64[1], but params.w is f64[2]. They must have the same shape.",
    ],
    [
      "the state of other parameters",
      () => optimizer.update(params, optimizer.init({ w: tensor([1, 2]) }), params),
      'sgd: state.velocity lacks "b".',
    ],
    [
      "the state of an optimiser without momentum",
      () => optimizer.update(params, sgd().init(params), params),
      "sgd: the state has no velocity. Pass the result of init of the same optimiser with the same options",
    ],
    [
      "updates of another structure",
      () => applyUpdates([tensor(1)], [] as never),
      "applyUpdates: updates should have 1",
    ],
  ])("of trees: %s", (_, action, message) => {
    expect(action).toThrow(message);
  });
});
