// Random functions of a vector whose derivatives are sparse.
import type { Tensor } from "downhill";
import * as d from "downhill";

/** Draws numbers from a seed, the same in each run. */
function drawFrom(seed: number): (n: number) => number {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return (n) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    state = Math.imul(state ^ (state >>> 13), 0x297a2d39) >>> 0;
    return ((state ^ (state >>> 16)) >>> 0) % n;
  };
}

type Draw = (n: number) => number;
/** Computes a vector from those computed so far. The draws are made before, so that every call computes the same. */
type Step = (pool: readonly Tensor[]) => Tensor;
type Rule = (lengths: readonly number[], draw: Draw) => { readonly step: Step; readonly length: number };

const indices = (count: number, n: number, draw: Draw): Int32Array =>
  Int32Array.from({ length: count }, () => draw(n));

/** A vector of the pool, brought to a length by reading elements at fixed indices. */
function operand(
  lengths: readonly number[],
  draw: Draw,
  length?: number,
): { readonly of: Step; readonly length: number } {
  // prettier-ignore
  const k = draw(lengths.length);
  const own = lengths[k]!;
  if (length === undefined || own === length) return { of: (pool) => pool[k]!, length: own };
  const at = indices(length, own, draw);
  return { of: (pool) => d.take(pool[k]!, at), length };
}

const unary =
  (f: (x: Tensor, draws: readonly number[]) => Tensor): Rule =>
  (lengths, draw) => {
    const x = operand(lengths, draw);
    const draws = [draw(1000), draw(1000), draw(1000)];
    return { step: (pool) => f(x.of(pool), draws), length: x.length };
  };

const binary =
  (f: (x: Tensor, y: Tensor) => Tensor): Rule =>
  (lengths, draw) => {
    const x = operand(lengths, draw);
    const y = operand(lengths, draw, x.length);
    return { step: (pool) => f(x.of(pool), y.of(pool)), length: x.length };
  };

/** Rows of three elements. */
const inRows =
  (f: (rows: Tensor) => Tensor, each: number): Rule =>
  (lengths, draw) => {
    const rows = 1 + draw(4);
    const x = operand(lengths, draw, 3 * rows);
    return { step: (pool) => f(x.of(pool).reshape([rows, 3])).reshape([-1]), length: each * rows };
  };

const within = (x: Tensor): Tensor => d.sin(x).mul(0.5).add(0.5); // from 0 to 1

const rules: readonly Rule[] = [
  unary((x) => d.sin(x)),
  unary((x) => d.exp(d.sin(x))),
  unary((x) => d.floor(x.mul(3)).add(0.5).mul(x)),
  unary((x) => d.stopGradient(x).mul(d.cos(x))),
  unary((x, [by]) => d.roll(x, by! % 5)),
  unary((x) => d.flip(x)),
  unary((x) => d.cumsum(d.sin(x), { axis: 0 })),
  unary((x) => x.sub(d.mean(x).mul(0.3))),
  unary((x) => d.foriLoop(0, 3, (_i, y: Tensor) => d.sin(d.roll(y, 1)).add(y.mul(0.5)), x)),
  unary((x) => d.scan((c: Tensor, t: Tensor): [Tensor, Tensor] => [t, c.mul(t).add(t)], d.tensor(0.7), x)[1]),
  unary((x) =>
    d.cond(
      d.greater(d.sin(x.sum().mul(3)), 0),
      () => d.sin(x),
      () => d.flip(x).mul(0.5),
    ),
  ),
  unary((x) => d.take(x, d.floor(within(x.mul(2)).mul(x.shape[0]! - 1e-6)).astype("int32"))), // prettier-ignore
  binary((x, y) => x.mul(y).add(0.3)),
  binary((x, y) => x.sub(y.mul(0.5))),
  binary((x, y) => d.where(d.greater(d.sin(x.mul(3)), 0), x, y.square())),
  binary((x, y) => d.maximum(x, y)),
  binary((x, y) => d.take(x, d.argmax(y)).mul(y)),
  inRows((x) => d.max(x, { axis: 1 }), 1),
  inRows((x) => d.softmax(x, { axis: 1 }), 3),
  inRows((x) => d.sort(x, { axis: 1 }), 3),
  inRows((x) => d.matmul(x, d.tensor([[0.5, 0.2, 0], [0.1, 0.9, 0.3], [0, 0.4, 0.7]])), 3), // prettier-ignore
  inRows(
    (x) =>
      d.vmap((row: Tensor) =>
        row
          .at(0)
          .mul(row.at(1))
          .add(d.sin(row.at(2))),
      )(x),
    1,
  ),
  inRows((x) => x.transpose(), 3),
  (lengths, draw) => {
    const x = operand(lengths, draw);
    const length = 1 + draw(x.length);
    const start = draw(x.length - length + 1);
    return { step: (pool) => x.of(pool).at({ start, end: start + length }), length };
  },
  (lengths, draw) => {
    const x = operand(lengths, draw);
    const [low, high] = [draw(3), draw(3)];
    return { step: (pool) => d.pad(x.of(pool), [[low, high]]), length: x.length + low + high };
  },
  (lengths, draw) => {
    const [x, y] = [operand(lengths, draw), operand(lengths, draw)];
    return { step: (pool) => d.concatenate([x.of(pool), y.of(pool)]), length: x.length + y.length };
  },
  (lengths, draw) => {
    const x = operand(lengths, draw);
    const size = 1 + draw(6);
    const ids = indices(x.length, size, draw);
    return { step: (pool) => d.segmentSum(x.of(pool), ids, { size }), length: size };
  },
  (lengths, draw) => {
    const x = operand(lengths, draw);
    return { step: (pool) => d.sin(x.of(pool).sum()).reshape([1]), length: 1 };
  },
];

/** Longest vector that a program computes. */
const longest = 40;

/** A random function from a vector of this size to a vector. */
export function randomSparseFunction(seed: number, size: number): (x: Tensor) => Tensor {
  const draw = drawFrom(seed);
  const lengths = [size];
  const steps: Step[] = [];
  for (let count = 2 + draw(7); count > 0; count--) {
    const { step, length } = rules[draw(rules.length)]!(lengths, draw);
    if (length > longest) continue;
    steps.push(step);
    lengths.push(length);
  }
  const [last, other] = [lengths.length - 1, draw(lengths.length)];
  return (x) => {
    const pool = [x];
    for (const step of steps) pool.push(step(pool));
    return d.concatenate([pool[last]!, pool[other]!]);
  };
}
