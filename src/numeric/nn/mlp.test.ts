import { grad, jit, sum, type Tensor, tensor } from "downhill";
import { dense, denseInit, heNormal, mlp, relu, sigmoid, tanh } from "downhill/nn";
import { key } from "downhill/random";
import { describe, expect, test } from "vitest";

describe("relu", () => {
  test("is max(x, 0) with derivative 0 at 0, and keeps NaN", () => {
    expect(relu([-1, -0, 0, 2, Number.NaN, Infinity]).tolist()).toEqual([0, 0, 0, 2, Number.NaN, Infinity]);
    expect(grad((x: Tensor) => sum(relu(x)))([-1, 0, 2]).tolist()).toEqual([0, 0, 1]);
    expect(jit(grad((x: Tensor) => sum(relu(x))))([-1, 0, 2]).tolist()).toEqual([0, 0, 1]);
  });

  test("is exported with tanh and sigmoid", () => {
    expect(tanh(0).item()).toBe(0);
    expect(sigmoid(0).item()).toBe(0.5);
  });
});

describe("dense", () => {
  const layer = { weight: tensor([[1, 2, 3], [4, 5, 6]]), bias: tensor([0.5, 0, -0.5]) }; // prettier-ignore

  test("is x · weight + bias over the last axis", () => {
    expect(dense(layer, [1, 10]).tolist()).toEqual([41.5, 52, 62.5]);
    expect(dense(layer, [[1, 0], [0, 1]]).tolist()).toEqual([[1.5, 2, 2.5], [4.5, 5, 5.5]]); // prettier-ignore
    expect(dense(layer, tensor([1, 2, 3, 4, 5, 6, 7, 8], { shape: [2, 2, 2] })).shape).toEqual([2, 2, 3]);
  });

  test("names the sizes that do not fit", () => {
    expect(() => dense(layer, [[1, 2, 3]])).toThrow(
      "dense: x is f64[1,3], but the layer (weight f64[2,3]) takes 2 numbers along the last axis.",
    );
  });

  test("starts within PyTorch's bounds, and with biases of 0 for other initialisers", () => {
    const { weight, bias } = denseInit(key(3), 64, 10);
    expect([weight.shape, bias.shape, weight.dtype]).toEqual([[64, 10], [10], "float32"]);
    for (const x of [...weight.data(), ...bias.data()]) expect(Math.abs(x)).toBeLessThanOrEqual(0.125);
    expect([...bias.data()].some((x) => x !== 0)).toBe(true);
    expect(denseInit(key(3), 2, 2, { init: heNormal }).bias.tolist()).toEqual([0, 0]);
    expect(() => denseInit(key(3), 0, 2)).toThrow(
      "denseInit: inputs must be an integer from 1 to 2147483647, got 0.",
    );
    expect(() => denseInit(key(3), 1, 2, { dtpye: "float64" } as never)).toThrow('Did you mean "dtype"?');
  });
});

describe("mlp", () => {
  test("chains layers, with the activation only between them", () => {
    const { init, apply, sizes } = mlp([2, 3, 1], { activation: tanh, dtype: "float64" });
    const params = init(key(0));
    expect(sizes).toEqual([2, 3, 1]);
    expect(params.layers.map(({ weight }) => weight.shape)).toEqual([[2, 3], [3, 1]]); // prettier-ignore
    const x = tensor([[0.5, -1]]);
    const [first, second] = params.layers;
    expect(apply(params, x).tolist()).toEqual(dense(second!, tanh(dense(first!, x))).tolist());
  });

  test("gives every layer its own values, equal for equal keys", () => {
    const { init } = mlp([4, 4, 4]);
    const [a, b] = init(key(1)).layers;
    expect(a!.weight.tolist()).not.toEqual(b!.weight.tolist());
    expect(init(key(1)).layers[1]!.bias.tolist()).toEqual(b!.bias.tolist());
  });

  test.each<[() => unknown, string]>([
    [
      () => mlp([3]),
      "mlp: expects two or more sizes, as in mlp([64, 128, 10]), each an integer of 1 or more; got [3].",
    ],
    [() => mlp([3, 0]), "got [3,0]"],
    [() => mlp([3, 1], { activation: "relu" as never }), "mlp: activation must be a function of a tensor"],
    [() => mlp([3, 1], { hidden: 3 } as never), 'mlp: unknown option "hidden"'],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});
