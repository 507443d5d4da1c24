// Rules of random programs, one or two lines each. A rule computes a value from those in the pool.
import type { DType, Tensor } from "downhill";
import * as d from "downhill";

/** Rows and columns of the matrices of a program; its vectors are as long as a row. */
export interface Dims {
  readonly rows: number;
  readonly columns: number;
}

/** The values computed so far, by kind. They stay near 1, so that nothing overflows. */
export interface Pool {
  readonly scalars: Tensor[]; // []
  readonly vectors: Tensor[]; // [columns]
  readonly matrices: Tensor[]; // [rows, columns]
  readonly places: Tensor[]; // int32 [columns], any numbers
  readonly flags: Tensor[]; // bool [columns]
  readonly dims: Dims;
  readonly dtype: DType;
}

export type Pick = <T>(list: readonly T[]) => T;

export interface Rule {
  readonly apply: (pool: Pool, pick: Pick) => void;
  /**
   * True if a rounding error of the operands may change the results discontinuously, by a choice between numbers or by
   * their order.
   */
  readonly jumps: boolean;
  /** Whether it computes float64 values in float32. */
  readonly isCoarse: boolean;
  /** Whether it has forward mode only. */
  readonly isForward: boolean;
}

/** The function that bounds numbers. Tests of a device may replace it by one that compiles faster there. */
export const taming: { by: (x: Tensor) => Tensor } = { by: d.sin };
/** Bounds numbers to magnitude 1. */
export const tame = (x: Tensor): Tensor => taming.by(x);
const usual = { jumps: false, isCoarse: false, isForward: false };
export const smooth = (apply: Rule["apply"]): Rule => ({ ...usual, apply });
export const jumping = (apply: Rule["apply"]): Rule => ({ ...usual, apply, jumps: true });
export const coarse = (apply: Rule["apply"]): Rule => ({ ...usual, apply, jumps: true, isCoarse: true });
export const forward = (apply: Rule["apply"]): Rule => ({ ...usual, apply, jumps: true, isForward: true });

/** Maps any numbers to indices of an axis of length `n`. */
export const within = (places: Tensor, n: number): Tensor => d.rem(d.abs(d.rem(places, n)), n);

/** Sums, products, shapes, windows and a loop or two. */
export const basics: readonly Rule[] = [
  // scalars
  smooth(({ scalars }, pick) => scalars.push(pick(scalars).add(pick(scalars)).mul(0.5))),
  smooth(({ scalars }, pick) => scalars.push(tame(pick(scalars).mul(pick(scalars)).mul(3)))),
  smooth(({ scalars, vectors }, pick) => scalars.push(d.mean(pick(vectors)))),
  smooth(({ scalars, vectors }, pick) => scalars.push(tame(d.dot(pick(vectors), pick(vectors)).mul(0.1)))),
  smooth(({ scalars, matrices }, pick) => scalars.push(d.mean(tame(pick(matrices).mul(pick(matrices)))))),
  smooth(({ scalars, vectors }, pick) => scalars.push(d.max(pick(vectors)).sub(pick(scalars)).mul(0.5))),
  smooth(({ scalars, matrices }, pick) => scalars.push(d.logsumexp(pick(matrices)).mul(0.05))),
  smooth(({ scalars, vectors }, pick) => scalars.push(d.variance(pick(vectors)).mul(0.3))),
  // elementwise, with broadcasting
  smooth(({ vectors, scalars }, pick) =>
    vectors.push(pick(vectors).mul(pick(scalars)).add(pick(vectors)).mul(0.5)),
  ),
  smooth(({ matrices, vectors }, pick) =>
    matrices.push(pick(matrices).mul(pick(vectors)).add(pick(matrices)).mul(0.4)),
  ),
  smooth(({ matrices }, pick) => {
    const x = pick(matrices);
    const centre = x.mean({ axis: 1, keepdims: true });
    matrices.push(d.exp(x.sub(centre).mul(0.3)).sub(1));
  }),
  smooth(({ matrices }, pick) => matrices.push(d.tanh(pick(matrices)).mul(d.sigmoid(pick(matrices))))),
  smooth(({ vectors }, pick) =>
    vectors.push(
      d
        .exp(d.neg(d.square(pick(vectors))))
        .mul(d.tanh(pick(vectors)))
        .add(tame(pick(vectors))),
    ),
  ),
  smooth(({ vectors }, pick) => vectors.push(d.log(d.square(pick(vectors)).add(0.5)))),
  smooth(({ vectors }, pick) => vectors.push(d.sqrt(d.square(pick(vectors)).add(0.1)).sub(0.5))),
  smooth(({ vectors }, pick) => vectors.push(pick(vectors).div(d.square(pick(vectors)).add(1)))),
  smooth(({ vectors }, pick) => vectors.push(d.maximum(pick(vectors), pick(vectors)).mul(0.7))),
  jumping(({ vectors }, pick) =>
    vectors.push(d.where(d.less(pick(vectors), pick(vectors)), pick(vectors), tame(pick(vectors)))),
  ),
  jumping(({ flags, vectors }, pick) => flags.push(d.less(pick(vectors), pick(vectors)))),
  smooth(({ flags }, pick) => flags.push(d.logicalAnd(pick(flags), d.logicalNot(pick(flags))))),
  smooth(({ flags, vectors }, pick) =>
    vectors.push(d.where(pick(flags), pick(vectors), pick(vectors).mul(0.5))),
  ),
  smooth(({ flags, places }, pick) => places.push(d.where(pick(flags), pick(places), pick(places).mul(3)))),
  smooth(({ flags, vectors, dtype }, pick) => vectors.push(pick(flags).astype(dtype).mul(pick(vectors)))),
  // integers
  smooth(({ places }, pick) =>
    places.push(
      pick(places)
        .mul(pick([3, -5, 7]))
        .add(pick([1, 2, -9])),
    ),
  ),
  smooth(({ places }, pick) => places.push(d.maximum(pick(places), d.neg(pick(places))))),
  smooth(({ places, flags }, pick) => flags.push(d.equal(d.rem(pick(places), 3), 1))),
  smooth(({ places, dims, vectors, dtype }, pick) => {
    const x = within(pick(places), dims.columns).astype(dtype);
    vectors.push(x.mul(1 / dims.columns).sub(pick(vectors)));
  }),
  jumping(({ places, vectors }, pick) => places.push(pick(vectors).mul(8).astype("int32"))),
  smooth(({ places }, pick) =>
    places.push(d.cumsum(pick(places), { axis: 0, reverse: pick([true, false]) })),
  ),
  // folds and products
  smooth(({ vectors, matrices }, pick) => vectors.push(pick(matrices).mean({ axis: 0 }))),
  smooth(({ vectors, matrices }, pick) => vectors.push(d.max(pick(matrices), { axis: 0 }).mul(0.8))),
  smooth(({ matrices, vectors }, pick) => {
    const rows = tame(d.matmul(pick(matrices), pick(vectors)).mul(0.2));
    matrices.push(rows.reshape([-1, 1]).mul(pick(matrices)));
  }),
  smooth(({ matrices, dims }, pick) => {
    const products = d.matmul(pick(matrices), pick(matrices).transpose());
    matrices.push(tame(d.matmul(products, pick(matrices)).mul(1 / (dims.rows * dims.columns))));
  }),
  smooth(({ vectors, matrices, dims }, pick) => {
    const x = d.matmul(pick(matrices), pick(vectors));
    vectors.push(d.matmul(pick(matrices).transpose(), x).mul(1 / (dims.rows * dims.columns)));
  }),
  smooth(({ matrices, dims }, pick) => {
    if (dims.columns > 300) return;
    const gram = d.einsum("ij,ik->jk", pick(matrices), pick(matrices));
    matrices.push(tame(d.einsum("jk,ij->ik", gram, pick(matrices)).mul(1 / (dims.rows * dims.columns))));
  }),
  smooth(({ matrices }, pick) => matrices.push(d.softmax(pick(matrices).mul(2), { axis: pick([0, 1]) }))),
  smooth(({ matrices }, pick) =>
    matrices.push(d.logSoftmax(pick(matrices), { axis: pick([0, 1]) }).mul(0.1)),
  ),
  smooth(({ vectors }, pick) => {
    const total = d.cumsum(pick(vectors), { axis: 0, reverse: pick([true, false]) });
    vectors.push(tame(total.mul(0.1)));
  }),
  smooth(({ matrices }, pick) => matrices.push(tame(d.cumsum(pick(matrices), { axis: pick([0, 1]) })))),
  smooth(({ vectors }, pick) =>
    vectors.push(tame(d.cumprod(pick(vectors).add(1), { reverse: pick([true, false]) }))),
  ),
  smooth(({ matrices }, pick) => {
    const running = pick([d.cummax, d.cummin]);
    matrices.push(running(pick(matrices), { axis: pick([0, 1]), reverse: pick([true, false]) }).mul(0.8));
  }),
  smooth(({ places }, pick) =>
    places.push(d.rightShift(d.leftShift(pick(places), pick([1, 3])), pick([0, 2]))),
  ),
  smooth(({ matrices, vectors }, pick) => vectors.push(tame(d.prod(pick(matrices).add(1), { axis: 0 })))),
  smooth(({ vectors, flags }, pick) => vectors.push(pick(vectors).sub(d.std(pick(vectors).add(d.arange(pick(vectors).shape[0]!)), { where: d.logicalOr(pick(flags), d.arange(pick(vectors).shape[0]!).less(1)) }).mul(0.1)))), // prettier-ignore
  // other orders and parts
  smooth(({ vectors }, pick) => vectors.push(d.flip(pick(vectors)))),
  smooth(({ matrices }, pick) => matrices.push(d.flip(pick(matrices), { axis: pick([0, 1]) }))),
  smooth(({ vectors }, pick) =>
    vectors.push(d.concatenate([pick(vectors).slice(1), pick(vectors).slice(0, 1)])),
  ),
  smooth(({ matrices, dims }, pick) =>
    matrices.push(tame(pick(matrices)).reshape([dims.columns, dims.rows]).transpose().mul(0.9)),
  ),
  smooth(({ matrices, dims }, pick) => {
    const shift = Math.min(dims.columns, pick([1, 2, 3]));
    const kept = d.slice(pick(matrices), null, [shift, dims.columns]);
    matrices.push(
      d.pad(tame(kept), [
        [0, 0],
        pick([
          [shift, 0],
          [0, shift],
        ]),
      ]),
    );
  }),
  smooth(({ vectors, dims }, pick) => {
    const step = pick([2, 3]);
    const part = d.slice(pick(vectors), [0, dims.columns, step]);
    vectors.push(d.concatenate([part, d.slice(pick(vectors), [part.shape[0]!, dims.columns])]));
  }),
  smooth(({ matrices, vectors, dims }, pick) => {
    const all = new Array(dims.rows).fill(0).map(() => pick(vectors));
    if (dims.rows <= 8) matrices.push(d.stack(all));
  }),
  smooth(({ vectors, matrices }, pick) => vectors.push(pick(matrices).at(pick([0, -1])))),
  smooth(({ vectors, places, dims }, pick) =>
    vectors.push(d.take(tame(pick(vectors)), within(pick(places), dims.columns))),
  ),
  smooth(({ vectors, places, dims }, pick) =>
    vectors.push(
      tame(d.scatterAdd(pick(vectors).mul(0.5), within(pick(places), dims.columns), pick(vectors).mul(0.3))),
    ),
  ),
  smooth(({ matrices, places, dims }, pick) => {
    const columns = within(pick(places), dims.columns).reshape([1, dims.columns]);
    matrices.push(d.takeAlongAxis(pick(matrices), columns, { axis: 1 }));
  }),
  smooth(({ matrices, places, dims }, pick) => {
    const rows = within(pick(places), dims.rows).reshape([1, dims.columns]);
    const values = d.takeAlongAxis(pick(matrices), rows, { axis: 0 });
    matrices.push(tame(d.scatterAddAlongAxis(pick(matrices).mul(0.5), rows, values, { axis: 0 })));
  }),
  smooth(({ vectors, places, dims }, pick) => {
    const [i, j] = [pick(places).at(0), pick(places).at(-1)];
    const size = Math.max(1, dims.columns >> 1);
    const part = d.dynamicSlice(pick(vectors), [i], [size]).mul(-0.5);
    vectors.push(d.dynamicUpdateSlice(pick(vectors), part, [j]));
  }),
  jumping(({ vectors }, pick) => vectors.push(d.sort(pick(vectors), { descending: pick([true, false]) }))),
  jumping(({ matrices }, pick) => matrices.push(d.sort(pick(matrices), { axis: pick([0, 1]) }))),
  jumping(({ places, vectors }, pick) => places.push(d.argsort(pick(vectors)))),
  jumping(({ places, matrices, dims }, pick) => {
    const best = d.argmax(pick(matrices), { axis: pick([0, 1]) });
    if (best.shape[0] === dims.columns) places.push(best);
  }),
  // windows
  smooth(({ vectors, matrices, dims }, pick) => {
    const size = Math.min(3, dims.columns);
    const weight = pick(vectors).slice(0, size).reshape([1, 1, size]);
    const x = pick(matrices).reshape([dims.rows, 1, dims.columns]);
    const out = d.conv(x, weight, { padding: "same", dilation: pick([1, 2]) });
    matrices.push(tame(out.reshape([dims.rows, dims.columns])));
  }),
  smooth(({ matrices, dims }, pick) => {
    const [high, wide] = [Math.min(3, dims.rows), Math.min(3, dims.columns)];
    const weight = d.slice(pick(matrices), [0, high], [0, wide]).reshape([1, 1, high, wide]);
    const image = pick(matrices).reshape([1, 1, dims.rows, dims.columns]);
    matrices.push(
      tame(d.conv(image, weight, { padding: "same" }).reshape([dims.rows, dims.columns]).mul(0.3)),
    );
  }),
  smooth(({ matrices, dims }, pick) => {
    if (dims.columns < 4) return;
    // channels: the rows; each output channel sees all of them
    const mixed = d.slice(pick(matrices), null, [0, 3]).reshape([dims.rows, 1, 3]);
    const x = pick(matrices).reshape([1, dims.rows, dims.columns]);
    const out = d.conv(x, mixed, { padding: "same", groups: dims.rows });
    matrices.push(tame(out.reshape([dims.rows, dims.columns])));
  }),
  smooth(({ vectors, matrices, dims }, pick) => {
    if (dims.columns < 4) return;
    const weight = d.slice(pick(matrices), null, [0, 4]).reshape([dims.rows, 1, 4]);
    const x = d
      .slice(pick(matrices), null, [0, dims.columns >> 1])
      .reshape([1, dims.rows, dims.columns >> 1]);
    const out = d.convTranspose(x, weight, { stride: 2, padding: 1 });
    const flat = out.reshape([-1]);
    vectors.push(tame(d.pad(flat, [[0, dims.columns - flat.shape[0]!]]).mul(1 / dims.rows)));
  }),
  jumping(({ matrices, dims }, pick) => {
    if (dims.rows < 2 || dims.columns < 2) return;
    const image = pick(matrices).reshape([1, 1, dims.rows, dims.columns]);
    const pool = pick([d.maxPool, d.avgPool]);
    const out = pool(image, [3, 3], { stride: 1, padding: 1 });
    matrices.push(out.reshape([dims.rows, dims.columns]).mul(0.9));
  }),
  // loops, choices and transforms
  smooth(({ vectors, matrices }, pick) => {
    const w = pick(vectors);
    const [last, ys] = d.scan(
      (c: Tensor, x: Tensor) => [tame(c.mul(w).add(x)), c.mul(x)],
      pick(vectors),
      pick(matrices),
      { reverse: pick([true, false]) },
    );
    vectors.push(last);
    matrices.push(ys);
  }),
  smooth(({ scalars, vectors, dims }, pick) => {
    if (dims.columns > 300) return;
    const w = pick(scalars);
    const [last, ys] = d.scan(
      (c: Tensor, x: Tensor) => [tame(c.mul(w).add(x)), c.mul(x)],
      pick(scalars),
      pick(vectors),
    );
    scalars.push(last);
    vectors.push(ys);
  }),
  smooth(({ vectors, scalars, dims }, pick) => {
    const w = pick(scalars);
    const steps = dims.columns > 1000 ? 3 : pick([2, 40]);
    vectors.push(d.foriLoop(0, steps, (_, c) => tame(c.mul(w).add(c)), pick(vectors)));
  }),
  jumping(({ scalars, vectors }, pick) => {
    const [a, b, v] = [pick(scalars), pick(scalars), pick(vectors)];
    const [x, y] = d.cond(
      d.less(a, b),
      () => [tame(v.mul(a)), b] as const,
      () => [v.mul(0.5), tame(a.mul(b))] as const,
    );
    vectors.push(x);
    scalars.push(y);
  }),
  smooth(({ vectors, matrices }, pick) => {
    const w = pick(vectors);
    matrices.push(d.vmap((row: Tensor) => tame(row).mul(w).add(row.sum().mul(0.01)))(pick(matrices)));
  }),
  smooth(({ vectors, scalars }, pick) => {
    const x = pick(vectors);
    vectors.push(d.grad((a: Tensor) => tame(a.mul(x)).sum().mul(pick(scalars)))(pick(vectors)));
  }),
  smooth(({ matrices }, pick) =>
    matrices.push(d.checkpoint((x: Tensor) => tame(tame(x.mul(2)).mul(x)))(pick(matrices))),
  ),
  smooth(({ scalars, vectors }, pick) =>
    scalars.push(d.jit((a: Tensor, v: Tensor) => tame(d.mean(v.mul(a))))(pick(scalars), pick(vectors))),
  ),
];
