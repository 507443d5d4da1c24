// Models of `toOnnx`, checked by ONNX, run by ONNX Runtime, and compared with the values of downhill.
import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import * as d from "downhill";
import * as nn from "downhill/nn";
import { toOnnx } from "downhill/onnx";
import * as optim from "downhill/optim";
import * as random from "downhill/random";
import { extent, inTurn } from "./support/extent.ts";
import * as p from "../src/engine/prims/index.ts";
import { triangle } from "../src/engine/prims/triangular.ts";
import { hasForm } from "../src/training/onnx/write-program.ts";
import { faultOf, runModels, testWithOnnxRuntime } from "./support/onnx-runtime.ts";
import { samplesOf, specialOperations } from "./support/special-functions.ts";

interface Case {
  readonly f: (...xs: Tensor[]) => Tensor | readonly Tensor[];
  readonly args: readonly Tensor[];
}

function compare(cases: Readonly<Record<string, Case>>): void {
  testWithOnnxRuntime("in ONNX Runtime", () => {
    const entries = Object.entries(cases);
    const runs = entries.map(([, { f, args }]) => {
      const names = args.map((_, i) => `x${i}`);
      return {
        model: toOnnx(f as (...xs: readonly unknown[]) => unknown, args as never, { inputs: names }),
        feeds: Object.fromEntries(args.map((x, i) => [names[i]!, x])),
      };
    });
    const faults = runModels(runs).flatMap((found, i) => {
      const [name, { f, args }] = entries[i]!;
      if (typeof found === "string") return [`${name}: ${found}`];
      const result = d.jit((...xs: Tensor[]) => f(...xs))(...(args as never[]));
      const wanted = Array.isArray(result) ? (result as readonly Tensor[]) : [result as Tensor];
      const got = Object.values(found);
      return wanted.flatMap((want, k) =>
        faultOf(want, got[k]!).map((fault) => `${name}, result ${k}: ${fault}`),
      );
    });
    expect(faults).toEqual([]);
  });
}

const floats = [
  -30.5, -3, -1, -0.75, -1e-3, -1e-12, 0, 1e-12, 1e-3, 0.3, 0.75, 0.9, 1, 1.5, 3, 10, 26.5, 30.5,
];
const unit = floats.filter((x) => Math.abs(x) <= 1);
const f64 = (values: readonly number[], shape = [values.length]): Tensor => d.tensor([...values], { shape });
const f32 = (values: readonly number[], shape = [values.length]): Tensor =>
  d.tensor([...values], { dtype: "float32", shape });
const numbered = (n: number, shape: readonly number[], dtype: "float64" | "float32" = "float32"): Tensor =>
  d.tensor(
    Array.from({ length: n }, (_, i) => Math.sin(i * 1.7) * 2),
    { dtype, shape },
  );

describe("functions of one number", () => {
  const within: Partial<Record<string, readonly number[]>> = {
    asin: unit,
    acos: unit,
    atanh: unit.filter((x) => Math.abs(x) < 1),
    acosh: [1, 1.0001, 1.5, 3, 1e5, 1e10],
    log: floats.filter((x) => x > 0),
    log2: floats.filter((x) => x > 0),
    log10: floats.filter((x) => x > 0),
    sqrt: floats.filter((x) => x >= 0),
    log1p: floats.filter((x) => x > -1),
  };
  const names = [
    "abs", "sign", "floor", "ceil", "round", "trunc", "neg", "square", "exp", "expm1", "exp2", "sin", "cos", "tan",
    "sinh", "cosh", "tanh", "asinh", "cbrt", "erf", "erfc", "softplus", "atan", ...Object.keys(within),
  ] as const; // prettier-ignore
  const functions = d as unknown as Record<string, (x: Tensor) => Tensor>;
  // one number per result, so that small results are compared to their own digits
  const each =
    (name: string, values: readonly number[]) =>
    (x: Tensor): Tensor[] =>
      values.map((_, i) => functions[name]!(x).at(i));
  const cases = names.flatMap((name, i) => {
    const values = within[name] ?? floats;
    return inTurn([f64, f32], i).map(
      (make) => [`${name} of ${make([0]).dtype}`, { f: each(name, values), args: [make(values)] }] as const,
    );
  });
  // its kernel in ONNX Runtime loses the digits of small results
  const sigmoid = { f: (x: Tensor) => d.sigmoid(x), args: [f32(floats)] };
  compare({ ...Object.fromEntries(cases), sigmoid });
});

describe("special functions", () => {
  const functions = d as unknown as Readonly<Record<string, (...xs: Tensor[]) => Tensor>>;
  const cases = specialOperations
    .filter(({ name }) => hasForm(name))
    .filter((_, i) => extent(0, 1, 1) === 1 || i % 3 === 0)
    .map((operation) => {
      const rows = operation.values.map(([operands]) => operands);
      const args = samplesOf(operation).map((numbers, i) => f64([...numbers, ...rows.map((row) => row[i]!)]));
      const each = (...xs: Tensor[]): Tensor[] =>
        Array.from({ length: args[0]!.shape[0]! }, (_, i) => functions[operation.name]!(...xs.map((x) => x.at(i)))); // prettier-ignore
      return [operation.name, { f: each, args }] as const;
    });
  compare(Object.fromEntries(cases));
});

const [a, b] = [numbered(12, [3, 4]), numbered(12, [3, 4]).mul(0.7).add(0.1)];
const ints = d.tensor([7, -7, 0, 2147483647, -2147483648, 5], { dtype: "int32" });
const divisors = d.tensor([2, 2, 0, -1, -1, -3], { dtype: "int32" });
const words = d.tensor([7, 0, 4294967295, 2147483648], { dtype: "uint32" });
const flags = d.tensor([
  [true, false, true],
  [false, false, true],
]);

describe("operations on arrays", () => {
  const images = numbered(2 * 3 * 7 * 6, [2, 3, 7, 6]);
  const windows = numbered(4 * 3 * 3 * 2, [4, 3, 3, 2]).mul(0.3);
  const places = d.tensor([2, -1, 0, 9], { dtype: "int32" });
  compare({
    arithmetic: {
      f: (x, y) => [
        x.add(y),
        x.sub(y),
        x.mul(y),
        x.div(y),
        d.rem(x, y),
        d.maximum(x, y),
        d.minimum(x, y),
        d.atan2(x, y),
        d.pow(d.abs(x), y),
      ],
      args: [a, b],
    },
    "arithmetic of float64": {
      f: (x, y) => [x.div(y), d.rem(x, y), d.atan2(x, y), d.pow(d.abs(x), y), d.maximum(x, y)],
      args: [a.astype("float64"), b.astype("float64")],
    },
    bits: { f: (x, y) => [p.differ(x, y), p.both(x, y), p.either(x, y)], args: [ints, divisors] },
    comparisons: {
      f: (x, y) => [
        d.less(x, y),
        d.lessEqual(x, y),
        d.equal(x, x),
        d.notEqual(x, y),
        d.where(d.less(x, y), x, y),
      ],
      args: [a, b],
    },
    integers: {
      f: (x, y) => [
        d.add(x, y),
        d.sub(x, y),
        d.mul(x, y),
        d.rem(x, y),
        d.abs(x),
        d.sign(x),
        d.neg(x),
        d.floor(x),
      ],
      args: [ints, divisors],
    },
    words: {
      f: (x) => [
        d.add(x, x),
        d.mul(x, x),
        d.sub(x, 8),
        d.sum(x),
        d.cumsum(x, { axis: 0 }),
        x.astype("int32"),
        x.astype("float64"),
        d.scatterAdd(x, d.tensor([0, 2, 2, 0], { dtype: "int32" }), x),
        d.scatterAddAlongAxis(x, d.tensor([0, 2, 2, 0], { dtype: "int32" }), x, { axis: 0 }),
      ],
      args: [words],
    },
    booleans: {
      f: (x) => [
        d.logicalNot(x),
        d.logicalAnd(x, x),
        d.any(x, { axis: 0 }),
        d.all(x, { axis: 1 }),
        d.sum(x),
        x.astype("float32"),
        d.where(x, x, d.logicalNot(x)),
        d.max(x),
        d.argsort(x, { axis: 1 }),
        d.pad(x, [
          [1, 0],
          [0, 2],
        ]),
        d.cond(
          d.any(x),
          () => x,
          () => d.logicalNot(x),
        ),
      ],
      args: [flags],
    },
    conversions: {
      f: (x) => [x.astype("int32"), x.astype("uint32"), x.astype("bool"), x.astype("float64")],
      args: [f32([0, -0.5, 1.9, -1.9, 3e9, -3e9, 1e20, 4294967295])],
    },
    reductions: {
      f: (x) => [
        x.sum(),
        x.sum({ axis: 0 }),
        x.max({ axis: 1 }),
        d.min(x),
        x.mean({ axis: 1, keepdims: true }),
        d.argmax(x, { axis: 1 }),
        d.argmin(x, { axis: 0 }),
        d.logsumexp(x, { axis: 0 }),
        d.softmax(x),
        d.variance(x),
        d.norm(x),
      ],
      args: [a],
    },
    "running sums": {
      f: (x) => [d.cumsum(x, { axis: 1 }), d.cumsum(x, { axis: 0, reverse: true })],
      args: [a],
    },
    "running products and extremes": {
      f: (x) => [
        d.cumprod(x, { axis: 1 }),
        d.cummax(x, { axis: 0 }),
        d.cummin(x, { axis: 1, reverse: true }),
        d.cummax(d.cumprod(x.astype("int32"), { axis: 0 }), { axis: 1 }),
        d.cumprod(d.expandDims(x, 1), { axis: 1 }),
        d.grad((y: Tensor) => d.sum(d.cummax(y, { axis: 1 }).mul(d.cumprod(y, { axis: 1 }))))(x),
      ],
      args: [a],
    },
    "triangles of matrices": {
      f: (x) => [triangle(x, true), triangle(x, false), triangle(x, true, 0), triangle(x, false, 0.5)],
      args: [numbered(24, [2, 3, 4], "float64")],
    },
    "bits that are moved": {
      f: (x, y, z) => [d.leftShift(x, y), d.rightShift(x, y), d.leftShift(z, 4), d.rightShift(z, 33)],
      args: [ints, d.tensor([0, 1, 31, 33, 4, 2], { dtype: "int32" }), words],
    },
    "functions of probabilities": {
      f: (x, y) => [0, 1, 2, 3, 4, 5, 6].flatMap((i) => [
        d.logit(x.at(i)), d.entr(x.at(i)), d.relEntr(x.at(i), y.at(i)), d.ndtr(y.at(i)),
      ]), // prettier-ignore
      args: [f64([0, 1e-12, 0.3, 0.5 + 1e-9, 0.7, 1 - 1e-9, 1]), f64([0, -9, 0.3 + 1e-9, 0.2, -30, 4, 2])],
    },
    shapes: {
      f: (x) => [
        x.reshape([2, 6]),
        x.transpose(),
        d.broadcastTo(x, [2, 3, 4]),
        d.expandDims(x, 1),
        p.reverse(x, [0, 1]),
        d.concatenate([x, x, x], { axis: 1 }),
        d.stack([x, x]),
        d.full([2, 2], 3),
        d.arange(5),
        d.pad(x, [
          [1, 2],
          [0, 1],
        ]),
        d.slice(x, [1, 3], [0, 4, 2]),
      ],
      args: [a],
    },
    products: {
      f: (x, y) => [
        d.matmul(x, y.transpose()),
        d.matmul(x.transpose(), y),
        d.einsum("ij,ij->j", x, y),
        d.einsum("ij,kj->ki", x, y),
        d.einsum("ij,kl->ijkl", x, y),
        d.dot(x.at(0), y.at(1)),
      ],
      args: [a, b],
    },
    "products with batches": {
      f: (x, y) => [d.matmul(x, y), d.einsum("bij,bjk->bki", x, y)],
      args: [numbered(24, [2, 3, 4]), numbered(40, [2, 4, 5])],
    },
    "products of integers": {
      f: (x) => [d.matmul(x.reshape([2, 3]), x.reshape([3, 2]))],
      args: [d.tensor([1, 2, 3, 4, 5, 6], { dtype: "int32" })],
    },
    convolutions: {
      f: (x, w) => [
        d.conv(x, w),
        d.conv(x, w, { stride: 2, padding: 1 }),
        d.conv(x, w, { dilation: 2, padding: "same" }),
        d.grad((v: Tensor) => d.square(d.conv(v, w, { stride: 3, padding: 2 })).sum())(x),
        d.grad((v: Tensor) => d.square(d.conv(x, v, { stride: 3, padding: 2, dilation: 2 })).sum())(w),
        ...(d.valueAndGrad(
          (v: Tensor, u: Tensor) => d.square(d.conv(v, u, { stride: 2, padding: 1 })).sum(),
          { argnums: [0, 1] },
        )(x, w)[1] as readonly Tensor[]),
      ],
      args: [images, windows],
    },
    "transposed convolution": {
      f: (x, w) => [d.convTranspose(x, w.reshape([3, 4, 3, 2]), { stride: 2 })],
      args: [images, windows],
    },
    pooling: {
      f: (x) => [
        d.maxPool(x, 2),
        d.maxPool(x, 3, { stride: 2, padding: 1 }),
        d.avgPool(x, 2),
        d.avgPool(x, [3, 2], { stride: 1, padding: 1 }),
        d.grad((v: Tensor) => d.square(d.maxPool(v, 3, { stride: 2 })).sum())(x),
        d.grad((v: Tensor) => d.square(d.avgPool(v, 2)).sum())(x),
      ],
      args: [images],
    },
    places: {
      f: (x, i) => [
        d.take(x, i, { axis: 0 }),
        d.take(x, i, { axis: 1 }),
        d.at(x, i.at(1)),
        d.grad((v: Tensor) => d.square(d.take(v, i, { axis: 0 })).sum())(x),
        d.grad((v: Tensor) => d.square(d.take(v, i, { axis: 1 })).sum())(x),
      ],
      args: [a, places],
    },
    "places along an axis": {
      f: (x) => [
        d.takeAlongAxis(x, d.argsort(x, { axis: 1 }), { axis: 1 }),
        d.sort(x, { axis: 0 }),
        d.argsort(x, { axis: 1, descending: true }),
        ...d.topK(x, 2, { axis: 1 }),
        d.grad((v: Tensor) =>
          d
            .square(d.sort(v, { axis: 1 }))
            .mul(d.arange(4))
            .sum(),
        )(x),
      ],
      args: [a],
    },
    blocks: {
      f: (x, i) => [
        d.dynamicSlice(x, [i, 1], [2, 2]),
        d.dynamicUpdateSlice(x, d.full([1, 2], 9), [i, i]),
        d.grad((v: Tensor) => d.square(d.dynamicSlice(v, [i, 1], [2, 2])).sum())(x),
      ],
      args: [a, d.tensor(1, { dtype: "int32" })],
    },
  });
});

describe("programs", () => {
  const x = numbered(12, [3, 4]);
  const f = d.customJvp(
    (v: Tensor) => d.log1p(d.exp(v)),
    ([v], [dv]) => [d.log1p(d.exp(v)), dv.mul(d.sigmoid(v))],
  );
  const g = d.customVjp(
    (v: Tensor) => d.square(v),
    (v: Tensor) => [d.square(v), v] as const,
    (v: Tensor, ct: Tensor) => [ct.mul(v).mul(3)],
  );
  const sums = (v: Tensor): readonly Tensor[] => {
    const [last, all] = d.scan(
      (c: Tensor, row: Tensor) => [d.tanh(c.add(row)), c.mul(row)] as [Tensor, Tensor],
      v.at(0),
      v,
    );
    return [last, all];
  };
  compare({
    "a scan": { f: sums, args: [x] },
    "a scan backwards": {
      f: (v) =>
        d.scan((c: Tensor, row: Tensor) => [c.add(row), c.mul(2)] as [Tensor, Tensor], v.at(0), v, {
          reverse: true,
        }),
      args: [x],
    },
    "a scan without items": {
      f: (v) => [d.scan((c: Tensor) => [c.mul(1.5), null] as never, v, null, { length: 5 })[0]],
      args: [x],
    },
    "the gradient of a scan": { f: (v) => d.grad((w: Tensor) => d.square(sums(w)[0]!).sum())(v), args: [x] },
    "a loop within a loop": {
      f: (v) =>
        d.foriLoop(
          0,
          3,
          (i: Tensor, c: Tensor) => d.foriLoop(0, 2, (k: Tensor, e: Tensor) => e.mul(0.9).add(i).add(k), c),
          v,
        ),
      args: [x],
    },
    "a while loop": {
      f: (v) =>
        d.whileLoop(
          (c: { n: Tensor; y: Tensor }) => d.less(c.y.sum(), 100),
          (c) => ({ n: c.n.add(1), y: c.y.mul(1.5).add(0.5) }),
          { n: d.tensor(0, { dtype: "int32" }), y: d.abs(v) },
        ).y,
      args: [x],
    },
    "a while loop that does not begin": {
      f: (v) =>
        d.whileLoop(
          (c: Tensor) => d.less(c.sum(), -1e9),
          (c: Tensor) => c.mul(2),
          v,
        ),
      args: [x],
    },
    "a branch": {
      f: (v) => [
        d.cond(
          d.less(v.sum(), 0),
          (w: Tensor) => w.mul(2),
          (w: Tensor) => w,
          v,
        ),
        d.cond(
          d.less(0, v.sum()),
          (w: Tensor) => w.mul(2),
          (w: Tensor) => w,
          v,
        ),
      ],
      args: [x],
    },
    "a call": {
      f: (v) => d.grad((w: Tensor) => d.jit((u: Tensor) => d.square(d.sin(u)).sum())(w))(v),
      args: [x],
    },
    "rules of one's own": {
      f: (v) => [f(v), d.grad((w: Tensor) => f(w).sum())(v), g(v), d.grad((w: Tensor) => g(w).sum())(v)],
      args: [x],
    },
    "a checkpoint": {
      f: (v) =>
        d.grad((w: Tensor) =>
          d
            .checkpoint((u: Tensor) => d.tanh(u).mul(u))(w)
            .sum(),
        )(v),
      args: [x],
    },
    "per-example gradients": {
      f: (v) => d.vmap(d.grad((w: Tensor) => d.square(w).mul(w).sum()))(v),
      args: [x],
    },
    "a Hessian": {
      f: (v) => d.hessian((w: Tensor) => d.exp(w).sum().mul(d.sin(w).sum()))(v),
      args: [f64([0.1, 0.5, -1])],
    },
    "random bits": {
      f: (k) => [
        ...random.split(k, 2),
        random.foldIn(k, 7),
        random.bernoulli(k, 0.3, [9]),
        random.bits(k, [2, 3]),
        random.uniform(k, 5),
        random.uniform(k, [2, 2], { dtype: "float32", minval: -1 }),
        d.vmap((each: Tensor) => random.uniform(each, 2))(random.keys(k, 3)),
      ],
      args: [d.tensor(random.key(42), { dtype: "uint32" })],
    },
  });
});

describe("a custom operation", () => {
  // 2 x, whatever it is called
  const own = (name: string): d.Primitive<object> =>
    d.definePrimitive<object>({
      name,
      typeOf: ([x]) => [x!],
      derivative: { kind: "constant" },
      batch: "elementwise",
      lowering: { kind: "elementwise", scalar: ([x]) => d.kernel.add(x!, x!) },
    });

  test.each(["sin", "sum", "scan", "add", "double", "toString", "__proto__"])(
    "is refused and named, though it has the name of another: %s was written as that one",
    (name) => {
      const prim = own(name);
      const f = (x: Tensor): Tensor => d.bind1(prim, [x], {}).add(1);
      expect(f(d.tensor([1, 2])).tolist()).toEqual([3, 5]);
      const model = (): unknown => toOnnx(f, [[1, 2]]);
      expect(model).toThrow(`toOnnx: "${name}", a custom operation (definePrimitive), has no form in ONNX (`);
      expect(model).toThrow(expect.objectContaining({ code: "onnx" }) as Error);
      expect(model).toThrow(
        /onnx\.test\.ts:\d+.*Write it with operations of the library, or export the parts before and after it/,
      );
    },
  );
});

interface Leaf {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A network of the bench: its initial parameters and a batch as leaves, and its loss. */
interface Model {
  readonly name: string;
  readonly parameters: () => object;
  readonly batch: (library: string) => object;
  readonly losses: { readonly downhill: (library: object) => (params: object, batch: object) => Tensor };
}

const models = await Promise.all(
  [
    ["dense", "digitsMlp"],
    ["lenet", "lenet"],
    ["lstm", "lstm"],
    ["transformer", "transformer"],
  ].map(async ([file, name]) => {
    const module = (await import(`../bench/models/${file!}.mjs`)) as Record<string, Model>;
    return module[name!]!;
  }),
);

describe("steps of training, derivatives and optimiser included, twenty times", () => {
  // in the quick extent the one with a loop, which is the one with most kinds of operations
  const some = models.filter(({ name }) => extent(0, 1, 1) === 1 || name === "lstm");
  testWithOnnxRuntime.each(some)("of $name", (model) => {
    const tensors = (leaves: object): Record<string, unknown> =>
      Object.fromEntries(
        Object.entries(leaves).map(([key, leaf]) => [
          key,
          "values" in (leaf as object)
            ? d.tensor((leaf as Leaf).values).reshape([...(leaf as Leaf).shape])
            : tensors(leaf as object),
        ]),
      );
    const loss = model.losses.downhill({ ...d, ...nn });
    const [params, batch] = [tensors(model.parameters()), tensors(model.batch("downhill"))];
    const rule = optim.adam({ learningRate: 0.01 });
    const step = (own: typeof params, s: unknown, data: typeof batch): readonly unknown[] => {
      const [value, grads] = d.valueAndGrad(loss as never)(own as never, data as never) as unknown as [
        Tensor,
        typeof params,
      ];
      const { updates, state } = rule.update(grads as never, s as never, own as never);
      return [optim.applyUpdates(own as never, updates), state, value];
    };
    let [given, s] = [params, rule.init(params as never) as unknown];
    const outputs = d.makeProgram(step as never)(given, s, batch);
    const inputNames = outputs.ins.map((v) => v.name!);
    const count = outputs.outs.length;
    const next = Object.fromEntries(inputNames.slice(0, count - 1).map((name, i) => [`o${i}`, name]));
    const found = runModels([
      {
        model: toOnnx(step as never, [given, s, batch] as never, {
          outputs: Array.from({ length: count }, (_, i) => `o${i}`),
        }),
        feeds: Object.fromEntries(leavesOf([given, s, batch]).map((x, i) => [inputNames[i]!, x])),
        times: 20,
        next,
      },
    ])[0]!;
    if (typeof found === "string") throw new Error(found);
    const run = d.jit(step as never) as never as typeof step;
    let value: Tensor | undefined;
    for (let i = 0; i < 20; i++) [given, s, value] = run(given, s, batch) as [typeof given, unknown, Tensor];
    const got = found[`o${count - 1}`]!.item();
    expect(Math.abs(got - value!.item())).toBeLessThan(1e-5 * Math.max(1, value!.item()));
  });
});

function leavesOf(value: unknown): Tensor[] {
  if (value instanceof d.Tensor) return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(leavesOf);
}
