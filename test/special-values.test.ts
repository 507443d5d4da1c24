// Operations on zeros, infinities, NaN, ties and edges against reference values made with PyTorch 2.6 and 2.13
// (test/testdata/golden/special-values.json), with intended differences.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import * as d from "downhill";
import * as nn from "downhill/nn";
import { jvp, tensor, vjp } from "downhill";
import { root } from "./support/snippets.ts";
import { specialOperations } from "./support/special-functions.ts";

type Flat = readonly (number | string)[];

interface Case {
  readonly op: string;
  readonly args?: Readonly<Record<string, unknown>>;
  readonly note?: string;
  readonly inputs: readonly { readonly shape: readonly number[]; readonly data: Flat }[];
  readonly outputs: readonly { readonly shape: readonly number[]; readonly data: Flat }[];
  readonly grad_for_ones: readonly Flat[] | null;
  readonly jvp_for_ones?: Flat;
}

type Op = (x: Tensor, y: Tensor, args: Readonly<Record<string, unknown>>) => Tensor;

const positive = (x: Tensor): Tensor => d.greater(x, 0);
const ops: Readonly<Record<string, Op>> = {
  neg: d.neg,
  sign: d.sign,
  exp: d.exp,
  exp2: d.exp2,
  expm1: d.expm1,
  log: d.log,
  log10: d.log10,
  log2: d.log2,
  log1p: d.log1p,
  sqrt: d.sqrt,
  reciprocal: d.reciprocal,
  asin: d.asin,
  acos: d.acos,
  atan: d.atan,
  sinh: d.sinh,
  cosh: d.cosh,
  asinh: d.asinh,
  acosh: d.acosh,
  atanh: d.atanh,
  sigmoid: d.sigmoid,
  erf: d.erf,
  erfc: d.erfc,
  erfinv: d.erfinv,
  lgamma: d.lgamma,
  digamma: d.digamma,
  logit: (x, _, { eps }) => d.logit(typeof eps === "number" ? d.clip(x, eps, 1 - eps) : x),
  i0: d.i0,
  ceil: d.ceil,
  floor: d.floor,
  round: d.round,
  "round half to even": d.round,
  frac: (x) => x.sub(d.trunc(x)),
  tan: d.tan,
  tanh: d.tanh,
  sin: d.sin,
  square: d.square,
  abs: d.abs,
  "nn.functional.softsign": nn.softsign,
  "nn.functional.tanhshrink": (x) => x.sub(d.tanh(x)),
  "nn.functional.mish": nn.mish,
  "nn.functional.relu": nn.relu,
  "nn.functional.leaky_relu": (x) => nn.leakyRelu(x),
  "nn.functional.elu": (x) => nn.elu(x),
  "nn.functional.selu": nn.selu,
  "nn.functional.gelu": (x) => nn.gelu(x, { approximate: "tanh" }),
  "nn.functional.logsigmoid": nn.logSigmoid,
  "nn.functional.max_pool1d": (x) => d.maxPool(x, 2),
  "nn.functional.max_pool2d": (x) => d.maxPool(x, 2),
  "nn.functional.max_pool2d nan": (x) => d.maxPool(x, 2),
  "nn.functional.batch_norm": (x) =>
    nn.batchNorm(nn.scaleInit(2, { dtype: "float64" }), x, nn.batchStatisticsInit(2), { training: true })[0],
  "sdpa fully masked row": (x) => nn.dotProductAttention(x, x, x, { mask: [[false, false], [true, true]] }), // prettier-ignore
  sort: (x) => d.sort(x),
  "topk(k=2)": (x) => d.topK(x, 2)[0],
  pow: (x, _, { exponent }) => d.pow(x, exponent as number),
  minimum: d.minimum,
  add: d.add,
  sub: d.sub,
  mul: d.mul,
  div: d.div,
  true_divide: d.div,
  remainder: d.remainder,
  fmod: d.rem,
  atan2: d.atan2,
  logaddexp: (x, y) => d.logsumexp(d.stack([x, y]), { axis: 0 }),
  amin: (x) => d.min(x),
  amax: (x) => d.max(x),
  "max (whole)": (x) => d.max(x),
  "min (whole)": (x) => d.min(x),
  logsumexp: (x) => d.logsumexp(x),
  softmax: (x) => d.softmax(x),
  "nn.functional.softmax all -inf": (x) => d.softmax(x),
  log_softmax: (x) => d.logSoftmax(x),
  argmax: (x) => d.argmax(x, { axis: 0 }),
  mean: (x) => d.mean(x),
  "mean (empty)": (x) => d.mean(x),
  "sum (empty)": (x) => d.sum(x),
  norm: (x) => d.norm(x),
  "linalg.vector_norm": (x) => d.norm(x),
  "sqrt(sum(x^2))": (x) => d.sqrt(x.square().sum()),
  "where safe": (x) => d.where(positive(x), d.log(x), 0),
  "where double": (x) => d.where(positive(x), d.log(d.where(positive(x), x, 1)), 0),
  "x*0 with inf": (x) => x.mul(0),
  "x/x": (x) => x.div(x),
  "sin(x)/x": (x) => d.sin(x).div(x),
  "nn.functional.layer_norm": (x) => x.sub(x.mean()).div(d.sqrt(d.variance(x).add(1e-5))),
};

/** Intended differences from the reference: operation, pattern of the lines, and the reason. */
const byDesign: readonly (readonly [op: string, line: RegExp, reason: string])[] = [
  ["sign", /at NaN/, "NaN in, NaN out, as NumPy and JAX do"],
  ["abs", /at NaN: NaN/, "the slope of NaN is NaN"],
  ["acosh", /at -.*: NaN/, "there is no slope where there is no value"],
  ["sinh", /at 710/, "the result is finite"],
  ["cosh", /at 710/, "the result is finite"],
  ["sigmoid", /at 20/, "σ (1 − σ) cancels in both, differently"],
  ["pow", /"exponent":0\} .* at NaN/, "the slope of NaN is NaN"],
  ["pow", /at -Infinity/, "IEEE 754: |−∞|^½ is ∞; PyTorch takes a square root"],
  ["pow", /at 0: Infinity, reference -Infinity/, "IEEE 754: (−0)^½ is +0; PyTorch takes a square root"],
  ["minimum", /at .*NaN/, "neither operand of a NaN is the smaller: slope 0, as in JAX"],
  ["i0", /Infinity: -?Infinity, reference NaN/, "it grows beyond all numbers"],
  ["i0", /at 710/, "the result is finite"],
  ["digamma", /at -1: Infinity/, "a pole, as the value says"],
  ["where safe", /at 0: 0, reference NaN/, "what a mask did not choose has no part in the derivative"],
  ["max (whole)", /nan gradient/, "no element equals NaN: the slope is NaN, as that of amax"],
  ["min (whole)", /nan gradient/, "no element equals NaN: the slope is NaN, as that of amin"],
];

const close = (a: number, b: number): boolean =>
  Object.is(a + 0, b + 0) ||
  (Number.isFinite(a) && Number.isFinite(b) && Math.abs(a - b) <= Math.max(1e-9 * Math.abs(b), 1e-16));

/** The elements at which we and the reference differ, as lines of text. */
function differences({
  op,
  args = {},
  note = "",
  inputs,
  outputs,
  grad_for_ones: grads,
  jvp_for_ones: tangent,
}: Case): string[] {
  const xs = inputs.map(({ data, shape }) => tensor(data.map(Number), { shape }));
  const operation = ops[op.replace("torch.", "")]!;
  const f = (...ys: Tensor[]): Tensor => {
    const words = [ys[0]!, ys[1]!, args] as const;
    return operation(...(words.slice(0, operation.length) as unknown as typeof words));
  };
  const found: string[] = [];
  const compare = (what: string, actual: Tensor, expected: Flat): void => {
    actual.data().forEach((value, i) => {
      const at = xs.map((x) => x.data()[i] ?? "…").join(", ");
      const where = `${op.replace("torch.", "")}${JSON.stringify(args)} ${note} ${what} at ${actual.shape.length === 0 ? "" : at}`;
      if (!close(value, Number(expected[i]))) found.push(`${where}: ${value}, reference ${expected[i]!}`);
    });
  };
  const [out, pullback] = vjp(f, ...xs);
  compare("value", out, outputs[0]!.data);
  if (grads === null) return found;
  pullback(d.onesLike(out)).forEach((g, i) => compare(`gradient ${i}`, g, grads[i]!));
  if (tangent) compare("jvp", jvp(f, xs, xs.map(d.onesLike))[1], tangent);
  return found;
}

const { cases } = JSON.parse(
  readFileSync(join(root, "test/testdata/golden/special-values.json"), "utf8"),
) as { cases: Case[] };

/** Values of operations without a reference, by IEEE 754 and by our own contract: [operation, operands, value]. */
const stated: readonly (readonly [op: string, ins: readonly number[], value: number])[] = [
  ["maximum", [NaN, 1], NaN],
  ["maximum", [-Infinity, Infinity], Infinity],
  ["maximum", [-0, 0], 0],
  ["lessEqual", [NaN, NaN], 0],
  ["lessEqual", [-0, 0], 1],
  ["lessEqual", [Infinity, Infinity], 1],
  ["greaterEqual", [NaN, NaN], 0],
  ["greaterEqual", [0, -0], 1],
  ["greaterEqual", [-Infinity, Infinity], 0],
  ["less", [NaN, 1], 0],
  ["less", [-0, 0], 0],
  ["less", [1, Infinity], 1],
  ["equal", [NaN, NaN], 0],
  ["equal", [0, -0], 1],
  ["equal", [Infinity, Infinity], 1],
  ["notEqual", [NaN, NaN], 1],
  ["notEqual", [0, -0], 0],
  ["isNaN", [NaN], 1],
  ["isNaN", [Infinity], 0],
  ["isFinite", [NaN], 0],
  ["isFinite", [-Infinity], 0],
  ["isFinite", [1.7976931348623157e308], 1],
  ["clip", [NaN, 0, 1], NaN],
  ["clip", [Infinity, 0, 1], 1],
  ["clip", [-Infinity, 0, 1], 0],
  ["polygamma", [1, 0], Infinity],
  ["polygamma", [1, -3], Infinity],
  ["polygamma", [1, Infinity], 0],
  ["polygamma", [2, 0], -Infinity],
  ["polygamma", [2, -0], Infinity],
  ["polygamma", [2, -3], NaN],
  ["polygamma", [1, 1e-160], Infinity],
  ["polygamma", [2, 1e-150], -Infinity],
  ["zeta", [2, 1e-160], Infinity],
  ["zeta", [1, 2], Infinity],
  ["zeta", [2, 0], Infinity],
  ["zeta", [0.5, 2], NaN],
  ["zeta", [2, -1], NaN],
  ["zeta", [2, Infinity], 0],
  ["zeta", [Infinity, 1], 1],
  ["expit", [-Infinity], 0],
  ["xlog1py", [0, -1], 0],
  ["xlog1py", [0, NaN], NaN],
  ["stopGradient", [NaN], NaN],
  ["stopGradient", [-0], -0],
];

describe("special values", () => {
  const ofSpecial = specialOperations.flatMap(({ name, values }) => values.map((each) => [name, ...each] as const)); // prettier-ignore
  test.each([...stated, ...ofSpecial])("%s of %j is %d", (op, ins, value) => {
    const f = (d as unknown as Readonly<Record<string, (...xs: readonly number[]) => Tensor>>)[op]!;
    expect(f(...ins).item()).toBe(value);
  });

  test.each([...new Set(cases.map(({ op }) => op))])("%s", (op) => {
    const found = cases.filter((given) => given.op === op).flatMap(differences);
    const expected = byDesign.filter(([name]) => `torch.${name}` === op);
    expect(found.filter((line) => !expected.some(([, pattern]) => pattern.test(line)))).toEqual([]);
    for (const [, pattern, reason] of expected)
      expect(
        found.some((line) => pattern.test(line)),
        `no longer different: ${reason}`,
      ).toBe(true);
  });
});

/** Functions of one number, by their expressions. */
const smooth: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  ...Object.fromEntries(
    (
      "neg sign exp exp2 expm1 log log10 log2 log1p sqrt rsqrt reciprocal cbrt asin acos atan sin cos tan sinh cosh tanh asinh acosh " +
      "atanh sigmoid erf erfc erfinv lgamma digamma logit i0 i1 i0e i1e ndtr ndtri logNdtr entr square abs ceil"
    )
      .split(" ")
      .map((name) => [name, (d as unknown as Readonly<Record<string, (x: Tensor) => Tensor>>)[name]!]),
  ),
  relu: (x) => nn.relu(x),
  elu: (x) => nn.elu(x),
  gelu: (x) => nn.gelu(x),
  silu: (x) => nn.silu(x),
  softplus: (x) => nn.softplus(x),
  "x ** 0.5": (x) => d.pow(x, 0.5),
  "x ** 2": (x) => d.pow(x, 2),
  "max(x, 0)": (x) => d.maximum(x, 0),
  clip: (x) => d.clip(x, -1, 1),
  atan2: (x) => d.atan2(x, 1),
  logaddexp: (x) => d.logaddexp(x, 0),
  xlogy: (x) => d.xlogy(x, x),
  "log-sum-exp": (x) => d.logsumexp(d.stack([x, x.mul(2)])),
  "a product": (x) => d.prod(d.stack([x, x, x.add(1)])),
  "a masked logarithm": (x) => d.where(positive(x), d.log(x), 0),
  "the largest": (x) => d.max(d.stack([x, x.square()])),
  softmax: (x) => d.softmax(d.stack([x, x.square()])).at(0),
};

/** Second derivatives: forward over reverse, reverse over forward, forward twice and reverse twice. */
const nestings: readonly ((f: (x: Tensor) => Tensor, x: number) => number)[] = [
  (f, x) => d.grad(d.grad(f))(x).item(),
  (f, x) => jvp(d.grad(f), [x], [1])[1].item(),
  (f, x) =>
    d
      .grad((y: Tensor) => jvp(f, [y], [1])[1])(x)
      .item(),
  (f, x) => jvp((y: Tensor) => jvp(f, [y], [1])[1], [x], [1])[1].item(),
];

describe("second derivatives at special values", () => {
  const points = [0, -0, 1, -1, 0.5, -3, 1e-20, Infinity, -Infinity, NaN];
  /**
   * Points of infinite slope, at which the modes differ: reverse mode over either mode returns NaN, a product of 0 and
   * ∞.
   */
  const infinite: Readonly<Record<string, readonly number[]>> = {
    asin: [1, -1],
    acos: [1, -1],
    acosh: [1],
    atanh: [1, -1],
    logit: [0, 1],
    xlogy: [Infinity, -Infinity], // 1 / x = 0 is a strong zero in forward mode, since xlogy has a mask; reverse mode gives NaN
  };
  test.each(Object.entries(smooth))("of %s are the same in every nesting", (name, f) => {
    for (const x of points) {
      const [first, ...others] = nestings.map((nested) => nested(f, x)) as [number, ...number[]];
      const agree = others.every((other) => close(other, first));
      const differs = infinite[name]?.some((place) => place === x) ?? false;
      expect(agree, `at ${Object.is(x, -0) ? "-0" : x}: ${[first, ...others].join()}`).toBe(!differs);
    }
  });

  // i1e(x) / x in the first derivative cancelled
  test.each([1e-300, 1e-20, 1e-8, 0.02, 0.99, 1.01])("of i1e near 0 keep their digits, at %d", (x) => {
    // x² y″ + (1 + 2 x) x y′ + (x − 1) y = 0 for x > 0. The left side cancels for small x, so two terms of the series
    // are used there.
    const slope = d.grad(d.i1e)(x).item();
    const expected =
      x < 1e-6 ? -1 + 1.875 * x : -((1 + 2 * x) * x * slope + (x - 1) * d.i1e(x).item()) / (x * x);
    for (const nested of nestings)
      expect(Math.abs(nested(d.i1e, x) - expected)).toBeLessThan(x < 0.1 && x > 1e-6 ? 1e-12 : 1e-14);
  });
});
