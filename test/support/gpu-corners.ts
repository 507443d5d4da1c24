// Functions of unusual arrays on a GPU beside the processor: empty and size-1 axes, five axes, 2³⁰ elements that no memory
// contains, NaN, infinities, −0 and subnormal numbers. Runs in Node and in pages.
import {
  arange,
  argmax,
  argmin,
  broadcastTo,
  clip,
  concatenate,
  conv,
  cumsum,
  einsum,
  exp,
  expm1,
  floor,
  isFinite,
  isNaN,
  jit,
  log,
  log1p,
  matmul,
  maximum,
  minimum,
  notEqual,
  prod,
  remainder,
  round,
  sign,
  slice,
  softmax,
  sort,
  sqrt,
  take,
  tanh,
  tensor,
  type Tensor,
  transpose,
  valueAndGrad,
  where,
  zeros,
} from "../../src/index.ts";
import { dropout } from "../../src/numeric/nn/index.ts";
import { bernoulli, categorical, key, normal, permutation, randint, uniform } from "../../src/numeric/random/index.ts"; // prettier-ignore
import type { WebGpu } from "../../src/numeric/webgpu/index.ts";
import type { TrialResult } from "./gpu-trials.ts";
import { differences } from "./gpu-trials.ts";

const f32 = { dtype: "float32" } as const;

/** Numbers, different in sign and size, of a shape. */
function numbers(...shape: number[]): Tensor {
  const n = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: n }, (_, i) => Math.fround(((i * 7919) % 101) / 8 - 6)),
    { shape },
  );
}

/** A function of arrays, and its arguments. */
interface Corner {
  readonly f: (...x: Tensor[]) => readonly Tensor[];
  readonly args: readonly Tensor[];
  /** True if arguments or results are subnormal. */
  readonly isSubnormal?: boolean;
  /** True if a software device takes tens of seconds. */
  readonly isSlow?: boolean;
}

const five = numbers(2, 3, 1, 4, 2);
const special = tensor(
  Float32Array.of(NaN, Infinity, -Infinity, -0, 0, 1, -1, 0.5, -2.5, 1e30, -1e30, 1e-30, 16777217, 1.5),
);
const pairs = (f: (x: Tensor, y: Tensor) => readonly Tensor[]): Corner => ({
  f: (x) => f(x.reshape([14, 1]), x),
  args: [special],
});
const tiny = tensor(
  Float32Array.of(1e-45, -1e-45, 1e-40, -3e-39, 1.1754944e-38, 2e-38, 1e-20, -1e-20, 0, -0),
);
const side = 2 ** 15;
const row = arange(0, side, 1, f32).mul(0.001).sub(11);

const corners: Readonly<Record<string, Corner>> = {
  "random draws of float32, integers and booleans": {
    f: (k, x) => [
      uniform(k, [2, 3], f32),
      normal(k, [7], f32),
      randint(k, [5], -3, 10),
      bernoulli(k, 0.3, [6]),
      bernoulli(k, x),
      permutation(k, 6),
      categorical(k, x),
      dropout(k, x, { rate: 0.25 }),
    ],
    args: [tensor(key(7)), numbers(4, 3).mul(0.01).add(0.5)],
  },
  "an empty axis, element by element": {
    f: (x, y) => [x.add(y), tanh(x), where(x.less(0), x, 1), x.astype("int32")],
    args: [zeros([0, 3], f32), numbers(3)],
  },
  "sums over an empty axis and beside it": {
    f: (x) => [x.sum(), x.sum(0), x.sum(1), x.mean(1), prod(x, { axis: 0 })],
    args: [zeros([0, 3], f32)],
  },
  "products without terms, and without rows": {
    f: (x, y, z) => [matmul(x, y).add(1), matmul(z, numbers(3, 2))],
    args: [zeros([4, 0], f32), zeros([0, 5], f32), zeros([0, 3], f32)],
  },
  "empty parts": {
    f: (x, y) => [concatenate([x, y]), x.slice(0, 0), take(y, zeros([0], { dtype: "int32" }))],
    args: [numbers(3, 2), zeros([0, 2], f32)],
  },
  "gradients through empty arrays": {
    f: (x, y) =>
      valueAndGrad((a: Tensor, b: Tensor) => matmul(a, b).add(2).sum().add(a.sum()), { argnums: [0, 1] })(
        x,
        y,
      ).flat(),
    args: [zeros([3, 0], f32), zeros([0, 2], f32)],
  },
  "axes of size 1": {
    f: (x, y) => [
      x.add(y),
      x.sum(0),
      x.mean([0, 2], { keepdims: true }),
      softmax(x, { axis: 0 }),
      matmul(x.reshape([1, 5]), x.reshape([5, 1])),
      argmax(x, { axis: 2 }),
      cumsum(x, { axis: 0 }),
    ],
    args: [numbers(1, 5, 1), numbers(1, 1, 4)],
  },
  "an array of one element": {
    f: (x) => [x.sum(), matmul(x, x), sort(x, { axis: 0 }), x.reshape([]), argmin(x)],
    args: [numbers(1, 1)],
  },
  "five axes: transposed, broadcast, joined": {
    f: (x, y) => [
      transpose(x, [4, 2, 0, 3, 1]).add(1),
      x.mul(y),
      concatenate([x, x.neg()], { axis: 2 }),
      broadcastTo(x, [2, 3, 5, 4, 2]).sub(slice(transpose(x, [0, 1, 4, 3, 2]), null, null, [0, 1])),
    ],
    args: [five, numbers(3, 1, 1, 2)],
  },
  "five axes: sums, softmax, products": {
    f: (x) => [
      x.sum([0, 2, 4]),
      x.max([1, 3]),
      softmax(x, { axis: 3 }),
      matmul(x, transpose(x, [0, 1, 2, 4, 3])),
      einsum("abcde,xbcdy->eyax", x, x),
    ],
    args: [five],
  },
  "a gradient with five axes": {
    f: (x, y) =>
      valueAndGrad(
        (a: Tensor, b: Tensor) => {
          const z = tanh(a.mul(b)).sum([1, 3]);
          return z.mul(z).mean();
        },
        { argnums: [0, 1] },
      )(x, y).flat(),
    args: [five, numbers(3, 1, 1, 2)],
  },
  "NaN, infinities and −0: sums, products, quotients": pairs((x, y) => [
    x.add(y),
    x.sub(y),
    x.mul(y),
    x.div(y),
  ]),
  "NaN, infinities and −0: larger, smaller, equal": pairs((x, y) => [
    maximum(x, y),
    minimum(x, y),
    x.less(y),
    x.equal(y),
    notEqual(x, y),
    where(x.less(y), x, y),
  ]),
  "NaN, infinities and −0: remainders": pairs((x, y) => [remainder(x, y)]),
  "NaN, infinities and −0: functions": {
    f: (x) => [
      x.neg(),
      sign(x),
      clip(x, -1, 1),
      floor(x),
      round(x),
      sqrt(x),
      exp(x),
      log(x),
      tanh(x),
      expm1(x),
      log1p(x),
      isNaN(x),
      isFinite(x),
    ],
    args: [special],
  },
  "NaN, infinities and −0: identities that compilers assume": {
    f: (x) => [x.sub(x), x.mul(0), x.add(0), x.div(x), tensor(0, f32).sub(x), x.mul(1), x.add(1).sub(1)],
    args: [special],
  },
  "NaN, infinities and −0: reductions": {
    f: (x, y) => [
      x.sum(),
      x.max(),
      argmax(x),
      argmin(x),
      y.max(),
      argmax(y),
      sort(x),
      cumsum(y),
      softmax(y),
      matmul(y.reshape([1, 4]), y.reshape([4, 1])),
    ],
    args: [special, tensor(Float32Array.of(1, -Infinity, 2, -0))],
  },
  "a convolution of infinities and NaN": {
    f: (x, w) => [conv(x, w, { padding: "same" })],
    args: [
      tensor(
        Float32Array.from({ length: 50 }, (_, i) => [1, Infinity, -0, NaN, -2][i % 23] ?? i),
        {
          shape: [1, 2, 5, 5],
        },
      ),
      numbers(3, 2, 3, 3),
    ],
  },
  "subnormal numbers": {
    f: (x) => [
      x.mul(0.5),
      x.add(1e-40),
      x.reshape([10, 1]).mul(x),
      x.div(4),
      sqrt(x.mul(x.less(0).astype("float32").mul(-2).add(1))),
      x.less(0),
      x.equal(0),
      maximum(x, 0),
      x.sum(),
      x.max(),
      argmin(x),
      exp(x.add(-95)),
      matmul(x.reshape([1, 10]), x.reshape([10, 1])),
    ],
    args: [tiny],
    isSubnormal: true,
  },
  "2³⁰ elements: the largest of each row": {
    f: (x) => [x.reshape([side, 1]).mul(x.neg()).max(1)],
    args: [row],
    isSlow: true,
  },
  "2³⁰ elements: sums of integers": {
    f: (x) => [x.reshape([side, 1]).less(x).astype("int32").mul(4).sub(1).sum(1)],
    args: [arange(0, side, 1, { dtype: "int32" })],
    isSlow: true,
  },
  "2³⁰ elements: parts of a view": {
    f: (x) => {
      const all = broadcastTo(x, [2 ** 13, 2, 2, side]);
      return [
        slice(all, [2 ** 13 - 1], [1], null, [side - 5]),
        take(all, arange(0, 2, 1, { dtype: "int32" })),
      ];
    },
    args: [row],
  },
};

/** Result of the comparison of corners. */
export interface CornerResult extends TrialResult {
  /** Number of functions of subnormal numbers with other bits, on a device that flushes these. Not in `differing`. */
  readonly flushed: number;
}

/** Compares the functions with the processor, the slow ones only if `isThorough`. */
export async function compareCorners(gpu: WebGpu, isThorough: boolean): Promise<CornerResult> {
  const flushes = gpu.probe.subnormals > 0;
  const differing: string[] = [];
  let [ran, elements, flushed] = [0, 0, 0];
  for (const [name, { f, args, isSubnormal = false, isSlow = false }] of Object.entries(corners)) {
    if (isSlow && !isThorough) continue;
    const expected = jit(f)(...args).map((x) => x.data());
    const got = await Promise.all(jit(f, { device: gpu })(...args).map((x) => x.read()));
    const text = differences(got, expected);
    ran++;
    elements += expected.reduce((sum, { length }) => sum + length, 0);
    if (text === "") continue;
    if (isSubnormal && flushes) flushed++;
    else differing.push(`${name}: ${text}`);
  }
  return { ran, refused: 0, elements, differing, flushed };
}
