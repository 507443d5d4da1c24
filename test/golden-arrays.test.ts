// Values and derivatives of the array functions against reference values made with PyTorch 2.6 and 2.13
// (test/testdata/golden/arrays.json). Second derivatives of copysign, which PyTorch computes only up to rounding, are 0
// there. Functions that have another name in PyTorch, or return indices with values, are defined here.
import type { Tensor } from "downhill";
import * as d from "downhill";
import type { Args, Op } from "./support/golden.ts";
import { checkFile } from "./support/golden.ts";

const unary =
  (f: (x: Tensor) => Tensor): Op =>
  ([x]) =>
    f(x!);
const binary =
  (f: (x: Tensor, y: Tensor) => Tensor): Op =>
  ([x, y]) =>
    f(x!, y!);
const reduceOptions = ({ dim, keepdim }: Args): d.ReduceOptions => ({
  ...(dim !== undefined && { axis: dim as number | number[] }),
  keepdims: keepdim === true,
});
const reduction =
  (f: (x: Tensor, options: d.ReduceOptions) => Tensor): Op =>
  ([x], args) =>
    f(x!, reduceOptions(args));
const axisOf = ({ dim = -1 }: Args): number => dim as number;

/** The element of a given rank along an axis, counted from the smallest, and its index. */
const ranked = (x: Tensor, k: number, axis: number): [Tensor, Tensor] => {
  const places = d.take(d.argsort(x, { axis }), [k], { axis });
  return [d.takeAlongAxis(x, places, { axis }), places].map((y) => d.squeeze(y, { axis })) as [
    Tensor,
    Tensor,
  ];
};
const running =
  (f: typeof d.cummax): Op =>
  ([x], args) => {
    const axis = (axisOf(args) + x!.ndim) % x!.ndim;
    const best = f(x!, { axis });
    const places = d.where(d.equal(x!, best), d.indices(x!.shape, axis), 0);
    return [best, d.cummax(places, { axis })];
  };
/** A norm with a power other than 2, whose derivative at 0 is not compared here. */
const length = (x: Tensor, power: unknown, options: d.ReduceOptions = {}): Tensor => {
  if (power === "inf") return d.max(d.abs(x), options);
  if (power === "-inf") return d.min(d.abs(x), options);
  if (power === 2 || power === "fro") return d.norm(x, options);
  return d.pow(d.pow(d.abs(x), power as number).sum(options), 1 / (power as number));
};
const deviation = ([x]: readonly Tensor[], args: Args): Tensor =>
  d.std(x!, { ...reduceOptions(args), ddof: args["correction"] as number });
const padModes = { constant: "constant", reflect: "reflect", replicate: "edge", circular: "wrap" } as const;
const number = (value: unknown, otherwise: number): number => (typeof value === "number" ? value : otherwise);

const ops: Readonly<Record<string, Op>> = {
  sinc: unary(d.sinc),
  round: ([x], { decimals }) => d.round(x!.mul(10 ** (decimals as number))).div(10 ** (decimals as number)),
  nan_to_num: ([x], { nan, posinf, neginf }) =>
    d.nanToNum(x!, { nan: nan as number, posinf: posinf as number, neginf: neginf as number }),
  div: binary(d.floorDivide),
  fmax: binary(d.fmax),
  fmin: binary(d.fmin),
  logaddexp2: binary(d.logaddexp2),
  xlogy: binary(d.xlogy),
  copysign: binary(d.copysign),
  ldexp: ([x, y]) => d.ldexp(x!, y!),
  dist: ([x, y], { p }) => length(x!.sub(y!), p),
  "nn.functional.cosine_similarity": ([x, y], { dim = 1, eps = 1e-8 }) => {
    const axis = dim as number;
    const size = (z: Tensor): Tensor => d.maximum(d.norm(z, { axis }), eps as number);
    return d.vecdot(x!, y!, { axis }).div(size(x!).mul(size(y!)));
  },
  "nn.functional.pairwise_distance": ([x, y], { p, keepdim }) =>
    length(x!.sub(y!).add(1e-6), p, { axis: -1, keepdims: keepdim === true }),
  "linalg.cross": ([x, y], args) => d.cross(x!, y!, { axis: axisOf(args) }),
  gradient: ([x], { spacing }) => [d.gradient(x!, { spacing: spacing as number })],
  angle: unary((x) => d.where(d.less(x, 0), Math.PI, x.mul(0))),
  "nn.functional.threshold": ([x], { threshold, value }) =>
    d.where(d.greater(x!, threshold as number), x!, value as number),
  "nn.functional.celu": ([x], { alpha }) => {
    const a = number(alpha, 1);
    return d.where(d.greater(x!, 0), x!, d.expm1(x!.div(a)).mul(a));
  },
  "nn.functional.hardshrink": unary((x) => d.where(d.greater(d.abs(x), 0.5), x, 0)),
  "nn.functional.softshrink": ([x], { lambd }) => {
    const edge = number(lambd, 0.5);
    return d.select([d.greater(x!, edge), d.less(x!, -edge)], [x!.sub(edge), x!.add(edge)], x!.mul(0));
  },
  "nn.functional.prelu": ([x, w]) =>
    d.where(
      d.greater(x!, 0),
      x!,
      x!.mul(x!.ndim > 1 ? w!.reshape([-1, ...x!.shape.slice(2).map(() => 1)]) : w!),
    ),
  "nn.functional.glu": ([x]) => {
    const [a, b] = d.split(x!, 2, { axis: -1 }) as [Tensor, Tensor];
    return a.mul(d.sigmoid(b));
  },

  nansum: reduction(d.nansum),
  nanmean: reduction(d.nanmean),
  std_mean: (xs, args) => [deviation(xs, args), d.mean(xs[0]!, reduceOptions(args))],
  // PyTorch's median of an even number is the lower of the two in the middle
  median: ([x], { dim }) =>
    dim === undefined
      ? d.quantile(x!, 0.5, { method: "lower" })
      : ranked(x!, (x!.shape[dim as number]! - 1) >> 1, dim as number),
  nanmedian: ([x]) => d.nanquantile(x!, 0.5, { method: "lower" }),
  kthvalue: ([x], args) => ranked(x!, (args["k"] as number) - 1, axisOf(args)),
  norm: ([x], { p, ...args }) => length(x!, p, reduceOptions(args)),
  cumprod: ([x], args) => d.cumprod(x!, { axis: axisOf(args) }),
  logcumsumexp: ([x], args) => d.logcumsumexp(x!, { axis: axisOf(args) }),
  cummax: running(d.cummax),
  cummin: running(d.cummin),
  diff: unary((x) => d.diff(x)),
  trapezoid: ([y, x], { dx }) => d.trapezoid(y!, x === undefined ? { dx: dx as number } : { x }),
  cumulative_trapezoid: unary((y) => d.cumulativeTrapezoid(y)),
  argsort: ([x], args) => d.argsort(x!, { axis: axisOf(args) }),
  corrcoef: unary((x) => d.corrcoef(x)),
  quantile: ([x], { q, dim, interpolation }) =>
    d.quantile(x!, q as number, { axis: dim as number, method: interpolation as d.QuantileMethod }),
  renorm: ([x], { maxnorm }) => {
    const size = d.norm(x!, { axis: 1, keepdims: true });
    const most = maxnorm as number;
    return d.where(d.greater(size, most), x!.mul(d.div(most, size.add(1e-7))), x!);
  },
  pdist: unary((x) => {
    const [i, j] = d.triuIndices(x.shape[0]!, { k: 1 });
    return d.norm(d.take(x, i).sub(d.take(x, j)), { axis: 1 });
  }),

  einsum: (xs, { equation }) => d.einsum(equation as string, ...xs),
  trace: unary((x) => d.trace(x)),
  "linalg.vander": unary((x) => d.vander(x, { increasing: true })),

  chunk: ([x]) => d.arraySplit(x!, 3),
  tensor_split: ([x], { sections }) => d.arraySplit(x!, sections as number),
  rot90: ([x], { k, dims }) => d.rot90(x!, { k: k as number, axes: dims as [number, number] }),
  diag: ([x], { diagonal }) => d.diag(x!, { k: diagonal as number }),
  diag_embed: ([x], { offset }) => d.diagEmbed(x!, { offset: offset as number }),
  gather: ([x, i], args) => d.takeAlongAxis(x!, i!, { axis: axisOf(args) }),
  take_along_dim: ([x, i], args) => d.takeAlongAxis(x!, i!, { axis: axisOf(args) }),
  sort: ([x]) => [d.sort(x!, { descending: true }), d.argsort(x!, { descending: true })],
  topk: ([x], { k, largest }) => d.topK(x!, k as number, { smallest: largest === false }),
  msort: unary((x) => d.sort(x, { axis: 0 })),
  "nn.functional.pad": ([x], { pad, mode, value }) => {
    const widths = pad as number[]; // PyTorch begins with the last axis
    const pairs = x!.shape.map((_, axis): [number, number] => {
      const at = 2 * (x!.ndim - 1 - axis);
      return [widths[at] ?? 0, widths[at + 1] ?? 0];
    });
    const ours = padModes[mode as keyof typeof padModes];
    return d.pad(x!, pairs, ours === "constant" ? { value: value as number } : { mode: ours });
  },
  meshgrid: (xs) => d.meshgrid(xs, { indexing: "ij" }),
  cartesian_prod: (xs) => d.stack(d.meshgrid(xs, { indexing: "ij" }).map(d.ravel), { axis: 1 }),
  repeat_interleave: ([x, n]) => d.repeat(x!, n!.tolist() as number[], { axis: 0 }),
  tile: ([x], { dims }) => d.tile(x!, dims as number[]),
  "Tensor.unfold": ([x], { size, step }) => {
    const starts = d.arange(0, x!.shape[0]! - (size as number) + 1, step as number);
    return d.take(x!, starts.reshape([-1, 1]).add(d.arange(size as number)));
  },
};

checkFile("arrays", ops);
