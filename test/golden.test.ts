// Values and derivatives of operations against reference values made with PyTorch 2.6 and 2.13 (test/testdata/golden).
// Functions with another name in our library are defined here. Intended differences have no case here; see
// special-values.test.ts.
import type { Tensor } from "downhill";
import * as d from "downhill";
import * as nn from "downhill/nn";
import type { Op } from "./support/golden.ts";
import { checkFile } from "./support/golden.ts";

const unary =
  (f: (x: Tensor) => Tensor): Op =>
  ([x]) =>
    f(x!);
const binary =
  (f: (x: Tensor, y: Tensor) => Tensor): Op =>
  ([x, y]) =>
    f(x!, y!);
const axisOf = (value: unknown): { axis?: number | number[] } =>
  value === undefined ? {} : { axis: value as number | number[] };
const number = (value: unknown, otherwise: number): number => (typeof value === "number" ? value : otherwise);
const reduction =
  (f: (x: Tensor, options: d.ReduceOptions) => Tensor): Op =>
  ([x], { dim, keepdim }) =>
    f(x!, { ...axisOf(dim), keepdims: keepdim === true });
const variance: Op = ([x], { dim, keepdim, correction }) =>
  d.variance(x!, { ...axisOf(dim), keepdims: keepdim === true, ddof: number(correction, 1) });
const deviation: Op = ([x], { dim, keepdim, correction }) =>
  d.std(x!, { ...axisOf(dim), keepdims: keepdim === true, ddof: number(correction, 1) });
const mean = reduction(d.mean) as (...given: Parameters<Op>) => Tensor;
const lengthOf: Op = ([x], { p, ord = p, dim, keepdim }) => {
  const options = { ...axisOf(dim), keepdims: keepdim === true };
  const power = ord === "fro" || ord === undefined ? 2 : (ord as number);
  if (power === 2) return d.norm(x!, options);
  return d.pow(d.pow(d.abs(x!), power).sum(options), 1 / power);
};
const affine = (x: Tensor, w: Tensor, b: Tensor | undefined): Tensor => {
  const out = d.matmul(x, w.transpose());
  return b === undefined ? out : out.add(b);
};
const ops: Readonly<Record<string, Op>> = {
  exp: unary(d.exp),
  exp2: unary(d.exp2),
  expm1: unary(d.expm1),
  square: unary(d.square),
  sin: unary(d.sin),
  cos: unary(d.cos),
  tan: unary(d.tan),
  sinh: unary(d.sinh),
  cosh: unary(d.cosh),
  tanh: unary(d.tanh),
  asin: unary(d.asin),
  acos: unary(d.acos),
  atan: unary(d.atan),
  asinh: unary(d.asinh),
  acosh: unary(d.acosh),
  atanh: unary(d.atanh),
  erf: unary(d.erf),
  erfc: unary(d.erfc),
  log: unary(d.log),
  log2: unary(d.log2),
  log10: unary(d.log10),
  log1p: unary(d.log1p),
  sqrt: unary(d.sqrt),
  abs: unary(d.abs),
  sign: unary(d.sign),
  neg: unary(d.neg),
  positive: unary((x) => x),
  reciprocal: unary(d.reciprocal),
  floor: unary(d.floor),
  ceil: unary(d.ceil),
  trunc: unary(d.trunc),
  frac: unary((x) => x.sub(d.trunc(x))),
  rad2deg: unary(d.rad2deg),
  relu: unary(nn.relu),
  logit: ([x], { eps }) => d.logit(typeof eps === "number" ? d.clip(x!, eps, 1 - eps) : x!),
  lgamma: unary(d.lgamma),
  digamma: unary(d.digamma),
  mvlgamma: ([x], { p }) => d.multigammaln(x!, p as number),
  i0: unary(d.i0),
  "special.polygamma": ([x], { n }) => d.polygamma(n as number, x!),
  "special.i0e": unary(d.i0e),
  "special.i1": unary(d.i1),
  "special.i1e": unary(d.i1e),
  "special.ndtri": unary(d.ndtri),
  "special.entr": unary(d.entr),
  "special.xlog1py": binary(d.xlog1py),
  pow: ([x, y], { exponent }) => d.pow(x!, y ?? (exponent as number)),
  float_power: ([x, y]) => d.pow(x!, y!),
  clamp: ([x], { min, max }, named) => {
    const [low, high] = [named("min") ?? (min as number), named("max") ?? (max as number)];
    return d.clip(x!, low ?? null, high ?? null);
  },
  "special.ndtr": unary(d.ndtr),
  "nn.functional.relu": unary(nn.relu),
  "nn.functional.relu6": unary(nn.relu6),
  "nn.functional.elu": ([x], { alpha }) => nn.elu(x!, { alpha: number(alpha, 1) }),
  "nn.functional.silu": unary(nn.silu),
  "nn.functional.mish": unary(nn.mish),
  "nn.functional.softsign": unary(nn.softsign),
  "nn.functional.tanhshrink": unary((x) => x.sub(d.tanh(x))),
  "nn.functional.hardtanh": ([x], { min_val, max_val }) =>
    d.clip(x!, number(min_val, -1), number(max_val, 1)),
  "nn.functional.logsigmoid": unary(nn.logSigmoid),
  "nn.functional.leaky_relu": unary((x) => nn.leakyRelu(x)),
  "nn.functional.softplus": ([x], { beta, threshold }) => {
    const scaled = x!.mul(number(beta, 1));
    return d.where(d.greater(scaled, number(threshold, 20)), x!, d.softplus(scaled).div(number(beta, 1)));
  },
  "nn.functional.gelu": ([x], { approximate }) => nn.gelu(x!, approximate === "tanh" ? { approximate } : {}),
  add: ([x, y], { alpha }) => x!.add(y!.mul(number(alpha, 1))),
  sub: ([x, y], { alpha }) => x!.sub(y!.mul(number(alpha, 1))),
  mul: binary(d.mul),
  div: binary(d.div),
  rsub: binary((x, y) => y.sub(x)),
  maximum: binary(d.maximum),
  minimum: binary(d.minimum),
  hypot: binary(d.hypot),
  logaddexp: binary(d.logaddexp),
  fmod: binary(d.fmod),
  remainder: binary(d.remainder),
  where: ([c, x, y]) => d.where(c!, x!, y!),
  lerp: ([x, y], { weight }) => x!.add(y!.sub(x!).mul(weight as number)),
  addcdiv: ([x, a, b], { value }) => x!.add(a!.div(b!).mul(value as number)),
  addcmul: ([x, a, b], { value }) => x!.add(a!.mul(b!).mul(value as number)),
  atan2: binary(d.atan2),

  sum: reduction(d.sum),
  mean,
  var: variance,
  std: deviation,
  var_mean: (...given) => [variance(...given) as Tensor, mean(...given)],
  std_mean: (...given) => [deviation(...given) as Tensor, mean(...given)],
  prod: reduction(d.prod),
  amax: reduction(d.max),
  amin: reduction(d.min),
  max: ([x], { dim, keepdim }) => {
    const options = { axis: dim as number, keepdims: keepdim === true };
    return [d.max(x!, options), d.argmax(x!, options)];
  },
  min: reduction(d.min),
  logsumexp: reduction(d.logsumexp),
  norm: lengthOf,
  "linalg.vector_norm": lengthOf,
  cumsum: ([x], { dim }) => d.cumsum(x!, { axis: dim as number }),
  argmin: ([x], { dim }) => d.argmin(x!, { axis: dim as number }),
  count_nonzero: ([x], { dim }) => d.countNonzero(x!, { axis: dim as number }),
  "nn.functional.softmax": ([x], { dim }) => d.softmax(x!, { axis: dim as number }),
  "nn.functional.log_softmax": ([x], { dim }) => d.logSoftmax(x!, { axis: dim as number }),
  "nn.functional.softmin": ([x], { dim }) => d.softmax(x!.neg(), { axis: dim as number }),
  cov: unary((x) => d.cov(x)),

  matmul: binary(d.matmul),
  mm: binary(d.matmul),
  mv: binary(d.matmul),
  bmm: binary(d.matmul),
  dot: binary(d.dot),
  vdot: binary(d.vdot),
  inner: binary(d.inner),
  addmv: ([x, a, v], { beta, alpha }) => x!.mul(beta as number).add(d.matmul(a!, v!).mul(alpha as number)),
  addmm: ([x, a, b], { beta, alpha }) => x!.mul(beta as number).add(d.matmul(a!, b!).mul(alpha as number)),
  baddbmm: ([x, a, b], { beta, alpha }) => x!.mul(beta as number).add(d.matmul(a!, b!).mul(alpha as number)),
  tensordot: ([x, y], { dims }) => {
    return d.tensordot(x!, y!, dims as d.TensordotAxes);
  },
  "nn.functional.linear": ([x, w, b]) => affine(x!, w!, b),
  "linalg.multi_dot": (xs) => xs.reduce(d.matmul),
  "linalg.matrix_power": ([x], { n }) =>
    Array.from({ length: (n as number) - 1 }).reduce<Tensor>((p) => d.matmul(p, x!), x!),
  kron: binary((x, y) =>
    d
      .outer(x, y)
      .transpose([0, 2, 1, 3])
      .reshape([x.shape[0]! * y.shape[0]!, x.shape[1]! * y.shape[1]!]),
  ),

  transpose: ([x], { dim0, dim1 }) => d.swapaxes(x!, dim0 as number, dim1 as number),
  permute: ([x], { dims }) => x!.transpose(dims as number[]),
  movedim: unary((x) => x.transpose([1, 2, 0])),
  flatten: unary((x) => x.reshape([x.shape[0]!, -1])),
  squeeze: ([x], { dim }) => d.squeeze(x!, dim === undefined ? {} : { axis: dim as number }),
  "Tensor.expand": ([x], { sizes }) => d.broadcastTo(x!, sizes as number[]),
  "Tensor.repeat": ([x], { repeats }) => d.tile(x!, repeats as number[]),
  cat: (xs, { dim }) => d.concatenate(xs, { axis: dim as number }),
  stack: (xs, { dim }) => d.stack(xs, { axis: dim as number }),
  hstack: (xs) => d.hstack(xs),
  vstack: (xs) => d.vstack(xs),
  split: ([x], { split_size_or_sections: sizes, dim = 0 }) => {
    const axis = dim as number;
    const n = x!.shape[axis]!;
    const step = sizes as number; // a size of all parts, or one for each
    const cuts = Array.isArray(sizes) ? d.cumsum(sizes as number[]).slice(0, -1) : d.arange(step, n, step);
    return d.split(x!, cuts.tolist() as number[], { axis });
  },
  unbind: ([x]) => d.unstack(x!),
  narrow: ([x], { start, length }) => x!.slice(start as number, (start as number) + (length as number)),
  select: ([x], { dim, index }) => d.take(x!, index as number, { axis: dim as number }),
  masked_fill: ([x, mask], { value }, named) => d.where(mask!, named("value") ?? (value as number), x!),
  flip: ([x], { dims }) => d.flip(x!, { axis: dims as number[] }),
  roll: ([x], { shifts, dims }) =>
    d.roll(x!, shifts as number | number[], dims === undefined ? {} : { axis: dims as number | number[] }),
  diagonal: ([x], { offset, dim1 = 0, dim2 = 1 }) =>
    d.diagonal(x!, { offset: offset as number, axis1: dim1 as number, axis2: dim2 as number }),
  tril: ([x], { diagonal }) => d.tril(x!, { k: diagonal as number }),
  index_select: ([x, i]) => d.take(x!, i!),
  take: ([x, i]) => d.take(d.ravel(x!), i!),
  broadcast_to: ([x], { size }) => d.broadcastTo(x!, size as number[]),
  reshape: ([x], { shape }) => x!.reshape(shape as number[]),
  "nn.functional.embedding": ([i, w]) => nn.embedding(w!, i!),
  index_put: ([x, values], { indices }) => {
    const [rows, columns] = indices as [number[], number[]];
    const places = rows.map((r, i) => r * x!.shape[1]! + columns[i]!);
    return d.scatterAdd(d.ravel(x!), places, values!).reshape(x!.shape);
  },
};

for (const file of ["elementwise", "reduction", "matmul", "shape-index", "special"]) checkFile(file, ops);
