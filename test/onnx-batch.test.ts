// Models for any batch size, exported at other sizes than those that ONNX Runtime runs.
import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import * as d from "downhill";
import * as nn from "downhill/nn";
import { anyBatch, toOnnx } from "downhill/onnx";
import { adam, applyUpdates } from "downhill/optim";
import { bernoulli, key, normal } from "downhill/random";
import { faultOf, runModels, testWithOnnxRuntime } from "./support/onnx-runtime.ts";

const values = (n: number, shape: readonly number[]): Tensor =>
  d.tensor(
    normal(
      key(n),
      shape.reduce((a, b) => a * b, 1),
      { dtype: "float32" },
    ),
    { shape: [...shape] },
  );
const [w, v, image] = [values(1, [6, 5]), values(2, [5, 3]), values(3, [4, 2, 3, 3])];
const hidden = (x: Tensor, from: Tensor = w): Tensor => d.tanh(x.matmul(from));

interface Case {
  readonly f: (...xs: Tensor[]) => unknown;
  /** Sizes of an item of each input. */
  readonly items: readonly (readonly number[])[];
}

const cases: Readonly<Record<string, Case>> = {
  "a network": { f: (x) => d.softmax(hidden(x).matmul(v)), items: [[6]] },
  "convolutions, pooling and a flattening": {
    f: (x) => d.maxPool(d.conv(x, image, { padding: 1 }), 2).reshape([x.shape[0]!, -1]),
    items: [[2, 6, 6]],
  },
  normalisations: {
    f: (x) => [nn.layerNorm(nn.scaleInit(6), x), x.sub(x.mean({ axis: 0 }))],
    items: [[6]],
  },
  attention: {
    f: (x) => nn.dotProductAttention(x, x, x, { causal: true }),
    items: [[4, 2, 6]],
  },
  "a scan over time": {
    f: (x) => d.scan((h: Tensor, y: Tensor) => [hidden(h.add(y), d.eye(6)), h], d.zeros([x.shape[0]!, 6]), x.transpose([1, 0, 2])), // prettier-ignore
    items: [[4, 6]],
  },
  "embeddings, comparisons and sorting": {
    f: (x) => [
      d.take(w, d.argmax(x, { axis: 1 }), { axis: 0 }),
      d.sort(x, { axis: 0 }),
      d.cumsum(x, { axis: 0 }),
    ],
    items: [[6]],
  },
  "a loss and its gradient": {
    f: (x, y) =>
      d.valueAndGrad((p: { w: Tensor; v: Tensor }) => nn.meanSquaredError(hidden(x, p.w).matmul(p.v), y))({
        w,
        v,
      }),
    items: [[6], [3]],
  },
  "a step of training": {
    f: (x, y) => {
      const rule = adam({ learningRate: 0.01 });
      const grads = d.grad((p: Tensor) => nn.meanSquaredError(hidden(x, p).matmul(v), y))(w);
      return applyUpdates(w, rule.update(grads, rule.init(w), w).updates);
    },
    items: [[6], [3]],
  },
  "a mean weighed by numbers of many digits": {
    f: (x) => d.grad((y: Tensor) => d.square(y).mean().mul(0.1))(x),
    items: [[6]],
  },
  "the same in float64": {
    f: (x) => d.grad((y: Tensor) => d.square(y).mean().mul(0.1))(x.astype("float64")),
    items: [[6]],
  },
  "a spread": { f: (x) => [d.variance(x), d.variance(x, { axis: 0, ddof: 1 })], items: [[6]] },
  "random masks": { f: (x) => x.mul(bernoulli(key(3), 0.5, [x.shape[0]!, 6])), items: [[6]] },
  "blocks and joints": {
    f: (x) => [d.concatenate([x, x], { axis: 0 }), d.pad(x, [[1, 0], [0, 0]]), d.slice(x, [1, x.shape[0]!], [0, 3])], // prettier-ignore
    items: [[6]],
  },
};

describe("a model for any batch size agrees with downhill for batches of 2, 3 and 8 items", () => {
  testWithOnnxRuntime("in ONNX Runtime", () => {
    const runs = Object.entries(cases).flatMap(([name, { f, items }]) => {
      const names = items.map((_, i) => `x${i}`);
      const model = toOnnx(f, items.map((shape) => d.zeros([4, ...shape], { dtype: "float32" })) as never, {
        inputs: names,
        batch: anyBatch(...names),
      });
      return [2, 3, 8].map((n) => {
        const args = items.map((shape, i) => values(10 + i, [n, ...shape]));
        const feeds = Object.fromEntries(args.map((x, i) => [names[i]!, x]));
        return {
          name: `${name}, ${n} items`,
          wanted: leavesOf(d.jit(f as never)(...(args as never[]))),
          model,
          feeds,
        };
      });
    });
    const faults = runModels(runs).flatMap((found, i) => {
      const { name, wanted } = runs[i]!;
      if (typeof found === "string") return [`${name}: ${found}`];
      const got = Object.values(found);
      return wanted.flatMap((want, k) =>
        faultOf(want, got[k]!).map((fault) => `${name}, result ${k}: ${fault}`),
      );
    });
    expect(faults).toEqual([]);
  });
});

function leavesOf(value: unknown): Tensor[] {
  if (value instanceof d.Tensor) return [value];
  return Object.values(value as object).flatMap(leavesOf);
}

describe("a function that depends on the size of its batch in another way", () => {
  const x = d.zeros([4, 6], { dtype: "float32" });
  const refused =
    (f: (x: Tensor) => unknown): (() => unknown) =>
    () =>
      toOnnx(f as never, [x] as never, { inputs: ["x"], batch: anyBatch("x") });
  test.each<[string, (x: Tensor) => unknown, string]>([
    [
      "loops over items",
      (y) => Array.from({ length: (y.shape[0]! % 7) + 1 }, (_, i) => y.mul(i)).reduce((a, b) => a.add(b)),
      "its operations depend on the size",
    ],
    [
      "has the square of the size",
      (y) => y.mul(y.shape[0]! ** 2),
      "it has a constant that is 1018081 for 1009 items and",
    ],
    [
      "holds as many numbers",
      (y) => y.mul(d.tensor(new Float32Array(y.shape[0]! * 6), { shape: [y.shape[0]!, 6] })),
      "it has more operations or numbers for larger sizes",
    ],
    [
      "loses an axis where there is one item",
      (y) => d.squeeze(y),
      "its result out has another shape for one item",
    ],
    ["does other work above a size", (y) => (y.shape[0]! > 1010 ? d.sin(y) : d.cos(y)), "depend on the size"],
  ])("is refused with the reason: it %s", (_, f, why) => {
    // prettier-ignore
    expect(refused(f)).toThrow(`toOnnx: this function has no model for batches of any size: `);
    expect(refused(f)).toThrow(why);
  });
});

test("batch names inputs that have a first axis, of one size, of a function", () => {
  const f = (x: Tensor, y: Tensor): Tensor => x.add(y);
  const of =
    (names: readonly string[], args: readonly unknown[] = [d.zeros([2, 3]), d.zeros([2, 3])]) =>
    (): unknown =>
      toOnnx(f as never, args as never, { batch: anyBatch(...names) });
  expect(of([])).toThrow('anyBatch: needs names of inputs, as in anyBatch("x").');
  expect(() => toOnnx(f, [1, 2], { batch: ["x"] as never })).toThrow('toOnnx: batch must be the result of anyBatch, as in anyBatch("x").'); // prettier-ignore
  expect(of(["z"])).toThrow('anyBatch: "z" is not an input; the inputs are x, y.');
  expect(of(["x"], [1, 2])).toThrow("anyBatch: x is a scalar and has no batch axis.");
  expect(of(["x", "y"], [d.zeros([2, 3]), d.zeros([1, 3])])).toThrow("x, y have first axes of 2, 1");
  const program = d.makeProgram(f)(d.zeros([2]), d.zeros([2]));
  expect(() => toOnnx(program, { batch: anyBatch("x") })).toThrow(
    "Pass toOnnx the function that it was traced from.",
  );
});
