// Equal bits with any number of threads, through the public interface: the distribution of work must not affect
// results.
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import * as d from "downhill";
import { DownhillError, type Tensor } from "downhill";
import * as linalg from "downhill/linalg";
import * as nn from "downhill/nn";
import { adam, applyUpdates } from "downhill/optim";
import { key, normal } from "downhill/random";
import { wasmArena } from "../src/engine/backends/wasm/host/arena.ts";
import { threadPool } from "../src/engine/backends/wasm/host/threads/pool.ts";
import { extent } from "./support/extent.ts";

afterEach(() => d.configure({}));

const random = (seed: number, ...shape: number[]): Tensor =>
  d
    .tensor(
      normal(
        key(seed),
        shape.reduce((a, b) => a * b, 1),
        { dtype: "float32" },
      ),
    )
    .reshape(shape);
const random64 = (seed: number, ...shape: number[]): Tensor =>
  d
    .tensor(
      normal(
        key(seed),
        shape.reduce((a, b) => a * b, 1),
      ),
    )
    .reshape(shape);

/** A program whose result is compared bit by bit. */
interface Case {
  readonly name: string;
  readonly f: (...args: Tensor[]) => unknown;
  readonly args: () => Tensor[];
}

const digits = nn.mlp([64, 256, 10]);
const rule = adam({ learningRate: 0.01 });
const windows = nn.convolutionInit(key(3), 1, 8, [5, 5]);
const labels = (n: number): Tensor => d.tensor(Int32Array.from({ length: n }, (_, i) => (7 * i) % 10));

/** Three steps of Adam, from the same start. */
function train<P extends object>(params: P, loss: (p: P) => Tensor): unknown {
  const gradient = d.grad(loss) as (p: P) => unknown;
  let [p, state] = [params, rule.init(params)];
  for (let step = 0; step < 3; step++) {
    const next = rule.update(gradient(p) as P, state, p);
    [p, state] = [applyUpdates(p, next.updates), next.state];
  }
  return [p, loss(p)];
}

const cases: readonly Case[] = [
  {
    name: "a product",
    f: (a, b) => d.matmul(a, b),
    args: () => [random(1, 300, 301), random(2, 301, 302)],
  },
  {
    name: "a product in float64, and its gradients",
    f: (a, b) => d.grad((x: Tensor, y: Tensor) => d.sum(d.sin(d.matmul(x, y))), { argnums: [0, 1] })(a, b),
    args: () => [random64(1, 150, 170), random64(2, 170, 130)],
  },
  {
    name: "a batch of products",
    f: (a, b) => d.matmul(a, b),
    args: () => [random(1, 12, 96, 64), random(2, 12, 64, 96)],
  },
  {
    name: "a matrix times a vector",
    f: (a, b) => d.matmul(a, b),
    args: () => [random(1, 1500, 1501), random(2, 1501)],
  },
  {
    name: "transcendental functions of each element",
    f: (x) => d.add(d.mul(d.tanh(x), d.exp(d.neg(d.mul(x, x)))), d.sin(x)),
    args: () => [random(1, 400_003)],
  },
  {
    name: "the same in float64, with its gradient",
    f: (x) => d.valueAndGrad((y: Tensor) => d.sum(d.mul(d.tanh(y), d.exp(d.neg(d.mul(y, y))))))(x),
    args: () => [random64(1, 300_001)],
  },
  {
    name: "sums, means and extremes of rows, of columns and of all",
    f: (x) => [0, 1].flatMap((axis) => [d.sum(x, { axis }), d.mean(d.exp(x), { axis }), d.max(x, { axis })]).concat(d.sum(x)), // prettier-ignore
    args: () => [random(1, 900, 901)],
  },
  {
    name: "softmax of rows",
    f: (x) => {
      const e = d.exp(d.sub(x, d.max(x, { axis: 1, keepdims: true })));
      return d.div(e, d.sum(e, { axis: 1, keepdims: true }));
    },
    args: () => [random(1, 700, 650)],
  },
  {
    name: "steps of training a network of dense layers",
    f: (x) => train(digits.init(key(1)), (p) => nn.softmaxCrossEntropy(digits.apply(p, x), labels(256))),
    args: () => [random(1, 256, 64)],
  },
  {
    name: "steps of training a convolutional network",
    f: (x) => {
      const start = { windows, dense: nn.denseInit(key(4), 8 * 12 * 12, 10) };
      return train(start, (p) => {
        const h = d.maxPool(nn.relu(nn.convolution(p.windows, x)), 2);
        return nn.softmaxCrossEntropy(nn.dense(p.dense, d.reshape(h, [32, -1])), labels(32));
      });
    },
    args: () => [random(1, 32, 1, 28, 28)],
  },
];

const spread = (x: Tensor): Tensor => d.add(d.matmul(x, d.transpose(x)).div(x.shape[0]!), d.eye(x.shape[0]!)); // positive definite

/** Factorisations of downhill/linalg that run on several threads; `eigh` and `svd` do not. */
const factorisations: readonly Case[] = [
  {
    name: "a system by a Cholesky factorisation, with its gradients",
    f: (a, b) =>
      d.valueAndGrad(
        (x: Tensor, y: Tensor) => d.sum(d.square(linalg.choleskySolve(linalg.cholesky(spread(x)), y))),
        { argnums: [0, 1] },
      )(a, b),
    args: () => [random64(1, 260, 260), random64(2, 260, 40)],
  },
  {
    name: "a system by an LU factorisation, with its gradients",
    f: (a, b) =>
      d.valueAndGrad((x: Tensor, y: Tensor) => d.sum(d.sin(linalg.solve(spread(x), y))), { argnums: [0, 1] })(
        a,
        b,
      ),
    args: () => [random64(3, 250, 250), random64(4, 250, 50)],
  },
  {
    name: "QR, with its gradient",
    f: (a) => d.grad((x: Tensor) => d.sum(d.cos(linalg.qr(x)[0])))(a),
    args: () => [random64(5, 300, 160)],
  },
];

/** All numbers of a result, as words of bits. */
function bitsOf(result: unknown): Uint8Array[] {
  if (result instanceof d.Tensor) {
    const data = result.data();
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return [bytes.slice()];
  }
  return Object.values(result as object).flatMap(bitsOf);
}

const threadCounts = [2, 8, 3, 4];

describe.each([...cases, ...factorisations].map((one, i) => ({ ...one, i })))("$name", ({ f, args, i }) => {
  let operands: Tensor[] = [];
  let expected: Uint8Array[] = [];
  beforeAll(() => {
    operands = args();
    d.configure({ threads: 1 });
    const run = d.jit(f);
    expected = bitsOf(run(...operands));
    expect(run.stats()).toMatchObject({ shared: 0, threads: 1 });
  });

  // in the quick extent each case with one of the thread numbers in turn, in integration with two
  const every = extent(4, 1, 2);
  const some = threadCounts.filter((_, k) => k % every === i % every);
  test.each(some)("has the bits of one thread with %d", async (threads) => {
    d.configure({ threads });
    const run = d.jit(f);
    const pool = threadPool(threads, wasmArena())!;
    pool.start(); // a few small computations alone would not
    do {
      const found = bitsOf(run(...operands));
      expect(found).toHaveLength(expected.length);
      found.forEach((bytes, k) => expect(Buffer.compare(bytes, expected[k]!)).toBe(0));
      await new Promise((resolve) => setImmediate(resolve));
    } while (pool.doneByOthers() === 0);
    expect(run.stats().threads).toBe(threads);
    expect(run.stats().shared).toBeGreaterThan(0);
  });
});

test.each([0, -1, 1.5, NaN, Infinity, 33, "2"])("`threads: %o` is refused", (threads) => {
  expect(() => d.configure({ threads: threads as number })).toThrow(
    new DownhillError(
      "option",
      `configure: threads must be an integer from 1 to 32, not ${String(threads)}.`,
    ),
  );
});

test("`threads: null` is refused as null is for all options", () => {
  expect(() => d.configure({ threads: null as never })).toThrow("configure: threads must not be null.");
});

test("`threads` that are refused leave the number as it was", () => {
  d.configure({ threads: 3 });
  expect(() => d.configure({ threads: 0 })).toThrow(/integer/);
  const f = d.jit((x: Tensor) => d.sin(x));
  f(random(1, 10));
  expect(f.stats().threads).toBe(3);
});
