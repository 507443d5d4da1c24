// Rules of random programs for the special cases of passes, derivative rules and backends. Examples: sums of repeated
// elements, products for all steps at once, windows with gaps, batches with unbatched operands, data-dependent loops.
import type { Tensor } from "downhill";
import * as d from "downhill";
import type { Pick, Pool, Rule } from "./random-rules.ts";
import { forward, jumping, smooth, tame, within } from "./random-rules.ts";

const wave = ({ dtype }: Pool, ...shape: number[]): Tensor =>
  d.tensor(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(2 + 1.7 * i)),
    { dtype, shape },
  );

/** A recurrent layer, trained. At its sizes, moving products out of the loop is worthwhile. */
function trainedRecurrence(pool: Pool, pick: Pick, n: number, steps: number): Tensor {
  const [a, b, c] = [pick(pool.scalars), pick(pool.scalars), pick(pool.scalars)];
  const xs = wave(pool, steps, n).mul(a);
  const loss = (w: Tensor, u: Tensor, bias: Tensor): Tensor => {
    const [last, all] = d.scan(
      (h: Tensor, x: Tensor) => {
        const next = d.tanh(d.matmul(x, u).add(d.matmul(h, w)).add(bias));
        return [next, d.matmul(next, u).mul(b)] as const;
      },
      wave(pool, n),
      xs,
      { reverse: pick([true, false]), ...pick([{}, {}, { checkpoint: true }]) },
    );
    return last.sum().add(d.mean(d.square(all)));
  };
  const scale = 1 / n;
  const [w, u] = [wave(pool, n, n).mul(scale), wave(pool, n, n).mul(c).mul(scale)];
  const gradients = d.grad(loss, { argnums: [0, 1, 2] })(w, u, wave(pool, n).mul(b));
  return gradients.map((g) => d.mean(tame(g.mul(w.at(0)).mul(n)))).reduce((x, y) => x.add(y));
}

const slopes: readonly ((x: Tensor) => Tensor)[] = [
  (x) => d.sqrt(d.square(x).add(0.1)),
  (x) => d.log(d.square(x).add(0.5)),
  (x) => d.square(x).mul(0.5),
  (x) => d.reciprocal(d.square(x).add(1)),
  (x) => d.sqrt(d.abs(x)),
];

export const corners: readonly Rule[] = [
  // gradients of selections among numbers, whose cotangents are selections too
  jumping(({ vectors, flags, scalars }, pick) => {
    const [one, other, c] = [pick(flags), pick(flags), pick(scalars)];
    const [f, g, number] = [pick(slopes), pick(slopes), pick([0, 0.5, -2])];
    const losses: readonly ((x: Tensor) => Tensor)[] = [
      (x) => d.where(one, f(x), number),
      (x) => d.where(one, number, d.where(other, f(x), g(x))),
      (x) => d.where(one, f(d.where(other, g(x), number)), 0),
      (x) => d.clip(f(x), 0.3, 0.8).mul(number),
      (x) => d.where(one, f(x).mul(3), 0).mul(d.where(other, 2, number)),
      (x) => d.where(one, f(x), 0).mul(c),
    ];
    const [loss, total] = [pick(losses), pick([d.sum, d.mean])];
    const slope = d.grad((x: Tensor) => total(loss(x)))(pick(vectors));
    vectors.push(tame(d.where(d.isFinite(slope), slope, 0.5)));
  }),
  // sums of repeated rows, of no rows, and of numbers of any size
  smooth(({ matrices, vectors, dims }, pick) => {
    const x = d.broadcastTo(pick(vectors), [pick([2, 4]), dims.rows, dims.columns]);
    matrices.push(tame(x.sum({ axis: 0 }).add(pick(matrices))));
  }),
  smooth(({ vectors, scalars, dims, dtype }, pick) => {
    const none = d.broadcastTo(pick(vectors), [0, dims.columns]);
    const large = dtype === "float64" ? 1e250 : 1e30;
    const numbers = d.full([pick([3, 8])], pick([0, large, -large]), { dtype });
    vectors.push(pick(vectors).add(none.sum({ axis: 0 })));
    scalars.push(
      tame(
        numbers
          .sum()
          .mul(1 / large)
          .add(pick(scalars)),
      ),
    );
  }),
  // sums of repeated values, and of constants
  smooth(({ vectors, dims }, pick) => {
    const x = d.broadcastTo(pick(vectors), [pick([2, 3, 8, 57]), dims.columns]);
    vectors.push(x.sum({ axis: 0 }).mul(1 / x.shape[0]!));
  }),
  smooth(({ matrices, vectors, scalars, dims }, pick) => {
    const rows = d.broadcastTo(pick(vectors).reshape([1, -1]), [dims.rows, dims.columns]);
    const spread = d.broadcastTo(pick(scalars), [2, 5]).sum().mul(0.1);
    matrices.push(
      rows
        .mean({ axis: pick([0, 1]), keepdims: true })
        .mul(pick(matrices))
        .add(spread),
    );
  }),
  smooth(({ scalars, dims, dtype }, pick) => {
    const x = d.full([dims.rows, dims.columns], pick([0.375, 1, 0.1]), { dtype });
    scalars.push(
      pick(scalars)
        .mul(x.sum())
        .mul(1 / (dims.rows * dims.columns)),
    );
  }),
  smooth(({ places, dims }, pick) => {
    const x = d.broadcastTo(pick(places), [pick([2, 6]), dims.columns]);
    places.push(x.sum({ axis: 0 }));
    places.push(pick(places).add(d.full([3, dims.columns], 5, { dtype: "int32" }).sum({ axis: 0 })));
  }),
  // a value that is constant along a batch or sum is a factor of it
  smooth(({ vectors, matrices, dims }, pick) => {
    const ones = d.onesLike(pick(matrices));
    vectors.push(
      d
        .matmul(ones.transpose(), pick(matrices))
        .sum({ axis: 0 })
        .mul(1 / (dims.rows * dims.columns)),
    );
  }),
  // products for all steps at once
  smooth((pool, pick) => pool.scalars.push(trainedRecurrence(pool, pick, pick([33, 66]), 3))),
  smooth((pool, pick) => pool.scalars.push(trainedRecurrence(pool, pick, pick([8, 65]), 2))),
  smooth((pool, pick) => {
    const [v, a] = [pick(pool.vectors), pick(pool.scalars)];
    const [w, xs] = [wave(pool, 40, 64).mul(a), wave(pool, 3, 40)];
    const [last, ys] = d.scan(
      (c: Tensor, x: Tensor) => [tame(c.add(d.matmul(x, w))), d.matmul(w, c)] as const,
      wave(pool, 64).mul(a),
      xs,
    );
    pool.scalars.push(tame(last.mean().add(ys.mean())));
    pool.vectors.push(v.mul(d.mean(last)));
  }),
  // windows that are adjacent or have gaps
  jumping(({ matrices, dims }, pick) => {
    const [high, wide] = [Math.min(2, dims.rows), Math.min(pick([2, 3]), dims.columns)];
    const image = pick(matrices).reshape([1, 1, dims.rows, dims.columns]);
    const stride: [number, number] = [high, wide + pick([0, 1])];
    const out = pick([d.maxPool, d.maxPool, d.avgPool])(image, [high, wide], { stride });
    const [rows, columns] = [out.shape[2]!, out.shape[3]!];
    const space: [number, number][] = [
      [0, dims.rows - rows],
      [dims.columns - columns, 0],
    ];
    matrices.push(
      d
        .pad(out.reshape([rows, columns]), space)
        .add(pick(matrices))
        .mul(0.5),
    );
  }),
  jumping(({ matrices, dims }, pick) => {
    const pooled = d.vmap((row: Tensor) => {
      const out = d.maxPool(row.reshape([1, 1, dims.columns]), [Math.min(3, dims.columns)], { stride: 2 });
      return out
        .reshape([-1])
        .sum()
        .mul(row)
        .mul(1 / dims.columns);
    });
    matrices.push(pooled(pick(matrices)));
  }),
  // products of batches, over two axes, in other orders
  smooth(({ matrices, dims }, pick) => {
    if (dims.rows > 33) return;
    const [x, y] = [d.stack([pick(matrices), pick(matrices)]), d.stack([pick(matrices), pick(matrices)])];
    const scores = d.einsum("bij,bkj->bik", x, y).mul(1 / dims.columns);
    matrices.push(tame(d.einsum("bik,bkj->ij", scores, x).mul(1 / dims.rows)));
  }),
  smooth(({ matrices, vectors, dims }, pick) => {
    const [x, y] = [d.stack([pick(matrices), pick(matrices)]), d.stack([pick(matrices), pick(matrices)])];
    const rows = d.einsum("bij,bij->i", x, y).mul(1 / dims.columns);
    matrices.push(rows.reshape([-1, 1]).mul(pick(matrices)));
    vectors.push(tame(d.einsum("bij,ibj->j", x, y.transpose([1, 0, 2])).mul(1 / dims.rows)));
  }),
  smooth(({ matrices, dims }, pick) => {
    const attend = (row: Tensor, other: Tensor): Tensor => d.outer(row, other).sum({ axis: 1 });
    if (dims.columns > 130) return;
    matrices.push(
      tame(
        d
          .vmap(attend)(pick(matrices), pick(matrices))
          .mul(1 / dims.columns),
      ),
    );
  }),
  smooth(({ places, dims }, pick) => {
    const x = d.rem(pick(places), 100);
    places.push(d.rem(d.dot(x, pick(places)), dims.columns).add(pick(places)));
  }),
  // two interleaved arrays, and every second element
  smooth(({ vectors, dims }, pick) => {
    const both = d.stack([pick(vectors), tame(pick(vectors))], { axis: 1 }).reshape([2 * dims.columns]);
    const from = pick([0, dims.columns]);
    vectors.push(
      d
        .slice(both, [from, from + dims.columns])
        .sub(d.slice(both, [0, 2 * dims.columns, 2]))
        .mul(0.5),
    );
  }),
  smooth(({ matrices, dims }, pick) => {
    const both = d.stack([tame(pick(matrices)), pick(matrices).mul(0.5)], { axis: 2 });
    matrices.push(
      both.reshape([2 * dims.rows, dims.columns]).slice(dims.rows >> 1, dims.rows + (dims.rows >> 1)),
    );
  }),
  // tables, blocks and choices that a batch shares
  smooth((pool, pick) => {
    const { vectors, places, dims } = pool;
    const table = wave(pool, dims.columns + 3);
    vectors.push(d.take(table, within(pick(places), dims.columns + 3)).mul(pick(vectors)));
  }),
  smooth((pool, pick) => {
    const { vectors, places, dims } = pool;
    const size = Math.max(1, dims.columns >> 2);
    const fixed = d.dynamicUpdateSlice(pick(vectors), wave(pool, size), [pick(places).at(0)]);
    vectors.push(fixed.add(d.concatenate([wave(pool, size), pick(vectors)]).slice(0, dims.columns)).mul(0.5));
  }),
  smooth((pool, pick) => {
    const { vectors, places, dims } = pool;
    const moved = d.scatterAdd(wave(pool, dims.columns), within(pick(places), dims.columns), pick(vectors));
    const kept = d.scatterAdd(pick(vectors), within(pick(places), dims.columns), wave(pool, dims.columns));
    vectors.push(tame(moved.sub(kept)));
  }),
  smooth(({ vectors, places, scalars }, pick) => {
    const [v, a] = [pick(vectors), pick(scalars)];
    const isEven = d.equal(d.rem(pick(places).at(0), 2), 0);
    const [x, y] = d.cond(
      isEven,
      () => [tame(v).mul(a), a] as const,
      () => [v, tame(a).mul(0.5)] as const,
    );
    vectors.push(x);
    scalars.push(y);
  }),
  // loops with a data-dependent end, which have no reverse mode
  forward(({ vectors, scalars }, pick) => {
    const [v, a] = [pick(vectors), d.square(pick(scalars))];
    const [x, s] = d.whileLoop(
      ([, s]: readonly [Tensor, Tensor]) => d.less(s, 2),
      ([x, s]: readonly [Tensor, Tensor]) => [tame(x.mul(v).add(s)), s.add(a).add(0.3)] as const,
      [pick(vectors), a] as const,
    );
    vectors.push(x);
    scalars.push(s.mul(0.4));
  }),
  forward(({ matrices, scalars }, pick) => {
    const w = pick(scalars);
    const halved = d.vmap((row: Tensor, m: Tensor) =>
      d.whileLoop(
        (x: Tensor) => d.greater(d.mean(d.abs(x)), 0.2),
        (x: Tensor) => x.mul(0.6).mul(d.cos(w.mul(m))),
        row,
      ),
    );
    const x = pick(matrices);
    matrices.push(halved(x, x.mean({ axis: 1 })));
  }),
  forward(({ vectors, places, scalars, dims }, pick) => {
    const n = d.rem(d.abs(pick(places).at(0)), 6);
    const a = pick(scalars);
    const [, x] = d.whileLoop(
      ([i]: readonly [Tensor, Tensor]) => d.less(i, n),
      ([i, x]: readonly [Tensor, Tensor]) =>
        [i.add(1), x.mul(0.8).add(x.at(within(i, dims.columns)).mul(a))] as const,
      [d.zerosLike(n), pick(vectors)] as const,
    );
    vectors.push(tame(x));
  }),
];
