import { expect, test } from "vitest";
import { grad, jit, ones, type Tensor, tensor } from "downhill";
import * as nn from "downhill/nn";
import { key, split } from "downhill/random";
import * as tree from "downhill/tree";

const network = nn.sequential([
  { init: (k) => nn.denseInit(k, 2, 3, { dtype: "float64" }), apply: nn.dense },
  nn.tanh,
  nn.residual(nn.mlp([3, 3], { dtype: "float64" })),
  { init: (k) => nn.denseInit(k, 3, 1, { dtype: "float64" }), apply: nn.dense },
]);
const x = tensor([
  [1, -2],
  [0.5, 3],
]);

test("sequential applies its layers in order, each with its own parameters and key", () => {
  const params = network.init(key(4));
  const [start, none, block, last] = params;
  const keys = split(key(4), 4);
  expect(start.weight.tolist()).toEqual(nn.denseInit(keys[0], 2, 3, { dtype: "float64" }).weight.tolist());
  expect(none).toEqual({});
  const hidden = nn.tanh(nn.dense(start, x));
  const after = hidden.add(nn.dense(block.body.layers[0]!, hidden));
  expect(network.apply(params, x).tolist()).toEqual(nn.dense(last, after).tolist());
});

test("sequential has gradients in the structure of its parameters, also compiled", () => {
  const params = network.init(key(1));
  const slopes = grad((p: typeof params) => network.apply(p, x).sum());
  const direct = slopes(params);
  expect(tree.structure(direct)).toEqual(tree.structure(params));
  expect(direct[3].bias.tolist()).toEqual([2]);
  const compiled = jit(slopes)(params);
  tree.leaves(compiled).forEach((slope, i) => {
    const expected = tree.leaves(direct)[i]!.data();
    slope.data().forEach((value, j) => expect(value).toBeCloseTo(expected[j]!, 13));
  });
});

test("layers created for a call do not change the parameters", () => {
  const withDropout = (k: ReturnType<typeof key>): nn.Layer<readonly [nn.DenseParams, object]> =>
    nn.sequential([
      { init: (own) => nn.denseInit(own, 2, 3), apply: nn.dense },
      (y): Tensor => nn.dropout(k, y),
    ]);
  const params = withDropout(key(0)).init(key(5));
  const expected = nn.dropout(key(9), nn.dense(params[0], x));
  expect(withDropout(key(9)).apply(params, x).tolist()).toEqual(expected.tolist());
});

test("residual adds x, or the result of the shortcut", () => {
  const plain = nn.residual((t: Tensor) => t.mul(2));
  expect(plain.init(key(0))).toEqual({ body: {}, shortcut: {} });
  expect(plain.apply(plain.init(key(0)), [1, 2]).tolist()).toEqual([3, 6]);
  const projected = nn.residual(nn.mlp([2, 4]), {
    init: (k) => nn.denseInit(k, 2, 4),
    apply: nn.dense,
  });
  const params = projected.init(key(2));
  const expected = nn.dense(params.body.layers[0]!, x).add(nn.dense(params.shortcut, x));
  expect(projected.apply(params, x).tolist()).toEqual(expected.tolist());
});

test("bad input is named", () => {
  const params = network.init(key(0));
  expect(() => nn.sequential([])).toThrow("sequential: takes a list of one or more layers");
  expect(() => nn.sequential(nn.relu as never)).toThrow("sequential: takes a list of one or more layers");
  expect(() => nn.sequential([nn.relu, params as never])).toThrow(
    "sequential: layer 1 must be { init, apply } or a function of a tensor, such as relu.",
  );
  expect(() => network.apply(x as never, params as never)).toThrow(
    "sequential: apply takes the parameters, a list with one entry for each of the 4 layers",
  );
  expect(() => network.apply(params.slice(1) as never, x)).toThrow("sequential: apply takes the parameters");
  expect(() => nn.sequential([() => undefined as never]).apply([{}], x)).toThrow(
    "sequential: layer 0 must return one tensor, got undefined.",
  );
  const block = nn.residual(nn.mlp([2, 4]));
  expect(() => block.apply(block.init(key(0)), x)).toThrow(
    "residual: the body returns f64[2,4] and the shortcut f64[2,2]; they must have the same shape.",
  );
  expect(() => block.apply(x as never, x)).toThrow(
    "residual: apply takes the parameters, { body, shortcut }",
  );
  expect(() => nn.residual(null as never)).toThrow("residual: the body must be { init, apply }");
  expect(() => block.apply(block.init(key(0)), ones([2, 3]))).toThrow("dense: x is f64[2,3]");
});
