// Properties of layers that golden-networks.test.ts does not compare with PyTorch: special values, shapes, randomness,
// misuse.
import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { grad, jit, jvp, mean, ones, scan, sum, tensor, variance, vmap, zeros } from "downhill";
import * as nn from "downhill/nn";
import { key, split } from "downhill/random";
import { checkGrads, checkPrimitive } from "downhill/testing";

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
const matrix = tensor(numbers(6), { shape: [2, 3] });

describe("activations", () => {
  test.each(
    Object.entries({
      celu: (x: Tensor) => nn.celu(x, { alpha: 0.7 }),
      elu: nn.elu,
      hardTanh: nn.hardTanh,
      prelu: (x: Tensor) => nn.prelu(x, [0.3]),
      sparsePlus: nn.sparsePlus,
      sparseSigmoid: nn.sparseSigmoid,
      squareplus: nn.squareplus,
      gelu: nn.gelu,
      geluTanh: (x: Tensor) => nn.gelu(x, { approximate: "tanh" }),
      hardSigmoid: nn.hardSigmoid,
      hardSwish: nn.hardSwish,
      leakyRelu: nn.leakyRelu,
      logSigmoid: nn.logSigmoid,
      mish: nn.mish,
      relu: nn.relu,
      relu6: nn.relu6,
      selu: nn.selu,
      silu: nn.silu,
      softsign: nn.softsign,
    }),
  )("%s passes every check of an operation", (name, f) => {
    const op = (x: Tensor): Tensor => f(x);
    checkPrimitive(
      op,
      [{ ins: [0.7] }, { ins: [matrix] }, { ins: [tensor([-2, 5, 0.5], { dtype: "float32" })] }],
      { name },
    );
  });

  const edges: [string, (x: Tensor) => Tensor, number, number, number][] = [
    ["relu6 at 0", nn.relu6, 0, 0, 0],
    ["relu6 at 6", nn.relu6, 6, 6, 0],
    ["leakyRelu at 0", nn.leakyRelu, 0, 0, 0.01],
    ["elu at 0", nn.elu, 0, 0, 1],
    ["elu far below", nn.elu, -1000, -1, 0],
    ["elu far above", nn.elu, 1000, 1000, 1],
    ["hardTanh at −1", nn.hardTanh, -1, -1, 0],
    ["hardTanh at 1", nn.hardTanh, 1, 1, 0],
    ["hardTanh far above", nn.hardTanh, Infinity, 1, 0],
    ["celu at 0", nn.celu, 0, 0, 1],
    ["celu far above", nn.celu, 1000, 1000, 1],
    ["celu far below", nn.celu, -1000, -1, 0],
    ["squareplus at 0", nn.squareplus, 0, 1, 0.5],
    ["squareplus far below", nn.squareplus, -1e9, 1e-9, 1e-18],
    ["squareplus far above", nn.squareplus, 1e200, 1e200, 1],
    ["squareplus of ever less", nn.squareplus, -Infinity, 0, 0],
    ["sparsePlus at −1", nn.sparsePlus, -1, 0, 0],
    ["sparsePlus at 1", nn.sparsePlus, 1, 1, 1],
    ["sparsePlus far below", nn.sparsePlus, -Infinity, 0, 0],
    ["sparseSigmoid at 1", nn.sparseSigmoid, 1, 1, 0],
    ["hardSigmoid at −3", nn.hardSigmoid, -3, 0, 0],
    ["hardSigmoid at 3", nn.hardSigmoid, 3, 1, 0],
    ["hardSwish at 3", nn.hardSwish, 3, 3, 1],
    ["gelu far below", nn.gelu, -100, -0, 0],
    ["silu far below", nn.silu, -1000, -0, 0],
    ["logSigmoid far below", nn.logSigmoid, -1000, -1000, 1],
    ["softsign at 0", nn.softsign, 0, 0, 1],
  ];
  test.each(edges)("%s", (_, f, x, y, slope) => {
    expect(f(tensor(x)).item() + 0).toBe(y + 0);
    expect(grad((t: Tensor) => f(t))(x).item() + 0).toBe(slope);
  });

  test("glu halves any axis, and prelu accepts broadcast slopes", () => {
    const wide = tensor(numbers(12), { shape: [2, 2, 3] });
    const halves = (x: Tensor): Tensor => nn.glu(x, { axis: 1 });
    const [first, second] = [wide.at(null, 0), wide.at(null, 1)];
    expect(halves(wide).tolist()).toEqual(first.mul(nn.sigmoid(second)).reshape([2, 1, 3]).tolist());
    checkPrimitive(halves, [{ ins: [wide] }], { name: "glu" });
    checkPrimitive(nn.prelu, [{ ins: [matrix, tensor([[0.1], [2]])] }], { name: "prelu" });
    expect(grad((slope: Tensor) => sum(nn.prelu([-2, 3], slope)))([0.1, 0.2]).tolist()).toEqual([-2, 0]);
    expect(() => nn.glu([1, 2, 3])).toThrow("glu: axis 0 of f64[3] has no halves.");
    expect(() => nn.celu(1, { alpha: 0 })).toThrow("celu: alpha must be above 0, got 0.");
    expect(() => nn.squareplus(1, { b: -1 })).toThrow("squareplus: b must be at least 0, got -1.");
  });

  test("refuse unknown options", () => {
    expect(() => nn.elu(1, { slope: 1 } as never)).toThrow('elu: unknown option "slope". It takes alpha.');
    expect(() => nn.gelu(1, { approximate: "erf" as never })).toThrow(
      'gelu: approximate must be "none" or "tanh"',
    );
  });
});

describe("normalisations", () => {
  const params = nn.scaleInit(3, { dtype: "float64" });

  test("layerNorm gives rows of mean 0 and variance 1", () => {
    const y = nn.layerNorm(params, matrix, { epsilon: 0 });
    mean(y, { axis: -1 })
      .data()
      .forEach((m) => expect(m).toBeCloseTo(0, 14));
    variance(y, { axis: -1 })
      .data()
      .forEach((v) => expect(v).toBeCloseTo(1, 12));
  });

  test("layerNorm of equal numbers is 0, with a finite derivative", () => {
    expect(nn.layerNorm(params, [[2, 2, 2]]).tolist()).toEqual([[0, 0, 0]]);
    const slope = grad((x: Tensor) => nn.layerNorm(params, x).mul([1, 2, 3]).sum())([2, 2, 2]);
    expect([...slope.data()].every(Number.isFinite)).toBe(true);
  });

  test("batchNorm adds batches to its statistics, and uses the statistics outside training", () => {
    let statistics = nn.batchStatisticsInit(1, { dtype: "float64" });
    const one = nn.scaleInit(1, { dtype: "float64" });
    [, statistics] = nn.batchNorm(one, [[1], [3], [8]], statistics, { training: true, momentum: 0.5 });
    expect(statistics.mean.tolist()).toEqual([2]);
    expect(statistics.variance.item()).toBeCloseTo(0.5 + 0.5 * 13, 14);
    const [y, same] = nn.batchNorm(one, [[4]], statistics, { training: false, epsilon: 0 });
    expect(y.item()).toBeCloseTo(2 / Math.sqrt(7), 14);
    expect(same).toBe(statistics);
    expect(() => nn.batchNorm(one, [[1]], statistics, { training: true })).toThrow(
      "batchNorm: f64[1,1] has 1 number per channel, but a variance needs two.",
    );
  });

  test.each<[() => unknown, string]>([
    [
      () => nn.layerNorm(params, [1, 2]),
      "layerNorm: x is f64[2], but the parameters (weight f64[3]) are for 3 features along the last axis.",
    ],
    [
      () => nn.groupNorm(params, ones([2, 3, 4]), 2),
      "groupNorm: 3 channels cannot be divided into 2 groups.",
    ],
    [() => nn.groupNorm(params, ones([3]), 1), "groupNorm: x is f64[3], but the parameters"],
    [
      () => nn.layerNorm(params, matrix, { eps: 1 } as never),
      'layerNorm: unknown option "eps". Did you mean "epsilon"?',
    ],
    [() => nn.scaleInit(0), "scaleInit: features must be an integer from 1 to 2147483647, got 0."],
  ])("refuse misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});

describe("attention", () => {
  const [q, k, v] = [0, 1, 2].map((i) =>
    tensor(
      numbers(12).map((x) => x + i),
      { shape: [2, 3, 2] },
    ),
  ) as [Tensor, Tensor, Tensor];

  test("a causal query attends only to earlier positions", () => {
    const f = (x: Tensor): Tensor => nn.dotProductAttention(q, k, x, { causal: true });
    const slope = grad((x: Tensor) => sum(f(x).at(0).at(1)))(v);
    expect(slope.at(0).at(2).tolist()).toEqual([0, 0]);
    expect(f(v).at(0).at(0).tolist()).toEqual(v.at(0).at(0).tolist());
    const mask = tensor([[1, 0, 0], [1, 1, 0], [1, 1, 1]], { dtype: "bool" }); // prettier-ignore
    expect(nn.dotProductAttention(q, k, v, { mask }).tolist()).toEqual(f(v).tolist());
    const added = tensor([[0, -Infinity, -Infinity], [0, 0, -Infinity], [0, 0, 0]]); // prettier-ignore
    expect(nn.dotProductAttention(q, k, v, { mask: added }).tolist()).toEqual(f(v).tolist());
  });

  test("a query that attends to nothing gets 0, with derivative 0", () => {
    const mask = tensor([[1, 1, 1], [0, 0, 0], [1, 1, 0]], { dtype: "bool" }); // prettier-ignore
    const f = (x: Tensor): Tensor => nn.dotProductAttention(x, k, v, { mask });
    expect(f(q).at(0).at(1).tolist()).toEqual([0, 0]);
    const slope = grad((x: Tensor) => f(x).sum())(q);
    expect(slope.at(0).at(1).tolist()).toEqual([0, 0]);
    expect([...slope.data()].every(Number.isFinite)).toBe(true);
    checkGrads((...xs: Tensor[]) => nn.dotProductAttention(xs[0]!, xs[1]!, xs[2]!, { mask }), [q, k, v], {
      order: 1,
    });
  });

  test("several heads attend separately, over any batch", () => {
    const params = nn.multiHeadInit(key(1), 4, { dtype: "float64" });
    const x = tensor(numbers(24), { shape: [2, 3, 4] });
    const f = (item: Tensor): Tensor => nn.multiHeadAttention(params, item, { heads: 2, causal: true });
    expect(f(x).shape).toEqual([2, 3, 4]);
    const each = [f(x.at(0)), f(x.at(1))].map((y) => y.tolist());
    vmap(f)(x)
      .data()
      .forEach((y, i) => expect(y).toBeCloseTo(each.flat(2)[i] as number, 13));
    const context = tensor(numbers(20), { shape: [5, 4] });
    expect(nn.multiHeadAttention(params, x.at(0), { heads: 4, context }).shape).toEqual([3, 4]);
  });

  test.each<[() => unknown, string]>([
    [
      () => nn.dotProductAttention(q, ones([2, 3, 3]), v),
      "dotProductAttention: query f64[2,3,2] and key f64[2,3,3] must have the same last axis",
    ],
    [
      () => nn.multiHeadAttention(nn.multiHeadInit(key(0), 4), ones([3, 4]), { heads: 3 }),
      "multiHeadAttention: 4 features cannot be divided into 3 heads.",
    ],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});

describe("embedding", () => {
  test("a padding row is read and gets no derivative", () => {
    const table = tensor(numbers(6), { shape: [3, 2] });
    const f = (t: Tensor): Tensor => nn.embedding(t, [0, 2, 2], { padding: 0 });
    expect(f(table).at(0).tolist()).toEqual(table.at(0).tolist());
    expect(grad((t: Tensor) => f(t).sum())(table).tolist()).toEqual([[0, 0], [0, 0], [2, 2]]); // prettier-ignore
    expect(() => nn.embedding([1, 2], [0])).toThrow(
      "embedding: the table is f64[2]; it must have shape [words, features].",
    );
  });
});

describe("dropout", () => {
  const x = ones([10_000]);

  test("keeps the mean, and drops the fraction given by its rate", () => {
    for (const rate of [0.1, 0.5, 0.9]) {
      const y = nn.dropout(key(1), x, { rate });
      const dropped = [...y.data()].filter((value) => value === 0).length / 10_000;
      expect(Math.abs(dropped - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / 10_000)); // five standard deviations
      expect([...y.data()].every((value) => value === 0 || value === 1 / (1 - rate))).toBe(true);
    }
  });

  test("drops different elements for each key, also in jitted functions, and the same ones in values and derivatives", () => {
    const f = jit((k: Tensor, t: Tensor) => nn.dropout(k, t));
    const [a, b] = split(key(5)).map((k) => f(tensor(k), x).tolist());
    expect(a).not.toEqual(b);
    expect(f(tensor(split(key(5))[0]), x).tolist()).toEqual(a);
    const slope = jit(grad((t: Tensor, k: Tensor) => nn.dropout(k, t).sum()))(x, tensor(split(key(5))[0]));
    expect(slope.tolist()).toEqual(a);
    expect(jvp((t: Tensor) => nn.dropout(key(1), t), [x], [x])[1].tolist()).toEqual(
      nn.dropout(key(1), x).tolist(),
    );
  });

  test("returns x unchanged outside training", () => {
    expect(nn.dropout(key(0), [1, 2], { training: false }).tolist()).toEqual([1, 2]);
    expect(nn.dropout(key(0), [1, 2], { rate: 0 }).tolist()).toEqual([1, 2]);
    expect(() => nn.dropout(key(0), [1], { rate: 1 })).toThrow(
      "dropout: rate must be 0 or more and below 1, got 1.",
    );
  });
});

describe("recurrent cells", () => {
  test("run over time by scan, from initial float32 parameters within ±1/√hidden", () => {
    const p = nn.lstmInit(key(0), 3, 16);
    expect([p.input.shape, p.hidden.shape, p.bias.shape, p.bias.dtype]).toEqual([
      [3, 64],
      [16, 64],
      [64],
      "float32",
    ]);
    for (const part of Object.values(p) as Tensor[])
      expect(Math.max(...part.data().map(Math.abs))).toBeLessThanOrEqual(0.25);
    const start = { h: zeros([2, 16], { dtype: "float32" }), c: zeros([2, 16], { dtype: "float32" }) };
    const run = (params: nn.RecurrentParams): Tensor =>
      scan(
        (s: nn.LstmState, x: Tensor) => [nn.lstmCell(params, x, s), null],
        start,
        ones([5, 2, 3], { dtype: "float32" }),
      )[0].h.sum();
    const slope = jit(grad(run))(p);
    expect(slope.hidden.shape).toEqual([16, 64]);
    expect(slope.hidden.dtype).toBe("float32");
    expect(nn.gruInit(key(0), 3, 4).hiddenBias.shape).toEqual([4]);
    expect(nn.rnnInit(key(0), 3, 4).hidden.shape).toEqual([4, 4]);
  });

  test("name operands that do not fit", () => {
    const p = nn.rnnInit(key(0), 3, 4);
    expect(() => nn.rnnCell(p, [1, 2], zeros([4]))).toThrow(
      "rnnCell: x is f64[2] and the state f64[4], but the cell takes 3 inputs and 4 hidden numbers along the last axis.",
    );
    expect(() => nn.lstmInit(key(0), 3, 0.5)).toThrow(
      "lstmInit: hidden must be an integer from 1 to 2147483647, got 0.5.",
    );
  });
});

describe("convolution layers", () => {
  test("start within PyTorch's bound and add a bias to each output", () => {
    const p = nn.convolutionInit(key(0), 4, 6, [3, 3], { groups: 2 });
    expect(p.weight.shape).toEqual([6, 2, 3, 3]);
    expect(Math.max(...p.weight.data().map(Math.abs))).toBeLessThanOrEqual(1 / Math.sqrt(18));
    const shifted = { weight: zeros([2, 1, 2]), bias: tensor([1, 2]) };
    expect(nn.convolution(shifted, ones([1, 1, 3])).tolist()).toEqual([[[1, 1], [2, 2]]]); // prettier-ignore
  });

  test("name operands that do not fit", () => {
    expect(() => nn.convolutionInit(key(0), 3, 8, 5 as never)).toThrow("the window must be a list of sizes");
    expect(() => nn.convolutionInit(key(0), 3, 8, [5], { groups: 2 })).toThrow(
      "convolutionInit: 3 channels and 8 outputs cannot be divided into 2 groups.",
    );
  });
});

describe("transformer layers", () => {
  const x = tensor(numbers(24), { shape: [2, 3, 4] });
  const params = nn.transformerDecoderInit(key(1), 4, 6, { dtype: "float64" });

  test("apply dropout by a key, in training only", () => {
    const out = (dropout?: nn.TransformerOptions["dropout"]): unknown =>
      nn.transformerDecoderLayer(params, x, x, { heads: 2, ...(dropout && { dropout }) }).tolist();
    expect(out({ key: key(0), training: false })).toEqual(out());
    expect(out({ key: key(0), rate: 0 })).toEqual(out());
    expect(out({ key: key(0) })).toEqual(out({ key: key(0) }));
    expect(out({ key: key(0) })).not.toEqual(out({ key: key(2) }));
  });

  test("attend only to the encoder outputs that the mask allows", () => {
    const out = (context: Tensor): unknown =>
      nn.transformerDecoderLayer(params, x, context, { heads: 2, contextMask: [true, true, false] }).tolist();
    expect(out(x)).toEqual(out(x.mul([[1], [1], [7]])));
    expect(out(x)).not.toEqual(out(x.mul([[1], [7], [1]])));
  });

  test("refuse unknown options", () => {
    expect(() => nn.transformerEncoderLayer(params, x, { heads: 3 })).toThrow(
      "4 features cannot be divided into 3 heads",
    );
    expect(() => nn.transformerEncoderLayer(params, x, { heads: 2, contextMask: [true] } as never)).toThrow(
      'unknown option "contextMask"',
    );
  });
});
