// Rules of random programs for nested loops and branches, with several carries of several kinds, and for calls.
import type { Tensor } from "downhill";
import * as d from "downhill";
import type { Rule } from "./random-rules.ts";
import { jumping, smooth, tame, within } from "./random-rules.ts";

const item = (x: Tensor, i: Tensor, n: number): Tensor => x.at(within(i, n));

export const loops: readonly Rule[] = [
  // carries of every kind, two of which are swapped, over two arrays at once
  smooth(({ scalars, vectors, matrices, places, flags }, pick) => {
    const [w, x0] = [pick(vectors), pick(scalars)];
    const [last, [ys, zs]] = d.scan(
      ({ a, b, s, n, f }: Carries, { x, y }: { x: Tensor; y: Tensor }) => {
        const next = tame(a.mul(w).add(x).add(s));
        return [
          { a: b, b: next, s: tame(s.add(d.mean(y)).mul(0.8)), n: n.mul(3).add(1), f: d.logicalNot(f) },
          [next.mul(0.5), d.where(f, s, n.at(0).astype(s.dtype).mul(0.001))] as const,
        ] as const;
      },
      { a: pick(vectors), b: w, s: x0, n: pick(places), f: pick(flags).at(0) },
      { x: pick(matrices), y: pick(matrices) },
      { reverse: pick([true, false]) },
    );
    vectors.push(last.a);
    vectors.push(last.b);
    scalars.push(last.s);
    places.push(last.n);
    matrices.push(ys);
    scalars.push(tame(zs.sum()));
  }),
  // a choice in a loop, by a carried value
  jumping(({ vectors, matrices, scalars }, pick) => {
    const [w, limit] = [pick(vectors), pick(scalars)];
    const [last, ys] = d.scan(
      (c: Tensor, x: Tensor) => {
        const [next, y] = d.cond(
          d.less(d.mean(c), limit),
          () => [tame(c.add(x)), x] as const,
          () => [c.mul(0.5), x.mul(w)] as const,
        );
        return [next, y] as const;
      },
      pick(vectors),
      pick(matrices),
      { reverse: pick([true, false]) },
    );
    vectors.push(last);
    matrices.push(ys);
  }),
  // a loop in a choice
  jumping(({ vectors, matrices, scalars }, pick) => {
    const [c, xs, f] = [pick(vectors), pick(matrices), d.less(pick(scalars), pick(scalars))];
    vectors.push(
      d.cond(
        f,
        () => d.scan((v: Tensor, x: Tensor) => [tame(v.mul(x)), null], c, xs)[0],
        () => d.foriLoop(0, 3, (i, v) => tame(v.add(i)), c),
      ),
    );
  }),
  // loops in loops in loops
  smooth(({ vectors, matrices, scalars }, pick) => {
    const [m, w] = [pick(matrices), pick(scalars)];
    const inner = (c: Tensor, row: Tensor): Tensor =>
      d.scan(
        (e: Tensor, k: Tensor) => [
          d.scan((z: Tensor) => [tame(z.mul(row).add(k)), null], e, null, { length: 2 })[0],
          null,
        ],
        c,
        d.stack([w, w.mul(0.5)]),
      )[0];
    vectors.push(d.scan((c: Tensor, row: Tensor) => [inner(c, row), null], pick(vectors), m)[0]);
  }),
  // a loop whose length is computed, inside another
  smooth(({ places, vectors, dims }, pick) => {
    const [xs, v] = [pick(places).slice(0, Math.min(8, dims.columns)), pick(vectors)];
    const [count, ns] = d.scan(
      (total: Tensor, x: Tensor) => {
        const n = d.whileLoop(
          (i) => d.less(d.square(i), d.rem(d.abs(d.rem(x, 50)), 40)),
          (i) => i.add(1),
          d.zerosLike(x),
        );
        return [total.add(n), n] as const;
      },
      d.zerosLike(xs.at(0)),
      xs,
    );
    const weights = ns.astype(v.dtype).mul(0.1);
    vectors.push(v.mul(weights.sum().mul(0.05)).add(item(v, count, dims.columns)));
  }),
  // elements updated in place, at indices that the loop computes
  smooth(({ vectors, dims }, pick) => {
    const steps = Math.min(dims.columns, 6);
    const v = pick(vectors);
    vectors.push(
      d.foriLoop(
        0,
        steps,
        (i, c) => d.scatterAdd(c.mul(0.9), i, item(v, i.mul(3), dims.columns).mul(0.5)),
        pick(vectors),
      ),
    );
  }),
  smooth(({ vectors, dims }, pick) => {
    const size = Math.max(1, dims.columns >> 2);
    const step = (i: Tensor, c: Tensor): Tensor =>
      d.dynamicUpdateSlice(c, tame(d.dynamicSlice(c, [i], [size])).mul(0.8), [i.mul(2)]);
    vectors.push(d.foriLoop(0, 4, step, pick(vectors)));
  }),
  // a product in every step
  smooth(({ vectors, matrices, dims }, pick) => {
    if (dims.columns > 70) return;
    const m = pick(matrices);
    const w = d.matmul(m.transpose(), m).mul(1 / (dims.rows * dims.columns));
    const bias = pick(vectors);
    const [h, hs] = d.scan(
      (h: Tensor, x: Tensor) => {
        const next = d.tanh(d.matmul(w, h).add(x).add(bias));
        return [next, next] as const;
      },
      pick(vectors),
      pick(matrices),
    );
    vectors.push(h);
    matrices.push(hs.mul(0.7));
  }),
  // recomputed values
  smooth(({ scalars, vectors, matrices }, pick) => {
    const [last, ys] = d.scan(
      (c: Tensor, row: Tensor) => [tame(c.mul(d.mean(row.mul(row)))), c.mul(row)],
      pick(scalars),
      pick(matrices),
      { checkpoint: pick([true, 2]), reverse: pick([true, false]) },
    );
    scalars.push(last);
    matrices.push(ys);
    vectors.push(
      d.checkpoint((v: Tensor, a: Tensor) => tame(tame(v.mul(a)).mul(v)), {
        policy: pick(["nothing", "products"]),
      })(pick(vectors), pick(scalars)),
    );
  }),
  // custom rules
  smooth(({ vectors, scalars }, pick) => {
    const own = d.customJvp(
      (a: Tensor, b: Tensor) => tame(a).mul(b),
      ([a, b], [da, db]) => [tame(a).mul(b), d.cos(a).mul(b).mul(da).add(tame(a).mul(db))],
    );
    vectors.push(own(pick(vectors), d.broadcastTo(pick(scalars), vectors[0]!.shape)));
  }),
  smooth(({ vectors, scalars }, pick) => {
    const own = d.customVjp(
      (v: Tensor, a: Tensor) => v.mul(tame(a)),
      (v, a) => [v.mul(tame(a)), { v, a }],
      ({ v, a }, ct) => [ct.mul(tame(a)), ct.mul(v).sum().mul(d.cos(a))],
    );
    vectors.push(own(pick(vectors), pick(scalars)));
  }),
  // one function called twice, with other operands
  smooth(({ vectors, scalars, matrices }, pick) => {
    const part = d.jit((v: Tensor, a: Tensor) => tame(v.mul(a).add(v.sum().mul(0.01))));
    vectors.push(part(pick(vectors), pick(scalars)).sub(part(pick(vectors), pick(scalars).mul(0.5))));
    matrices.push(d.vmap((row: Tensor) => part(row, pick(scalars)))(pick(matrices)));
  }),
  // batches of loops and choices
  jumping(({ matrices, scalars }, pick) => {
    const w = pick(scalars);
    matrices.push(
      d.vmap((row: Tensor) =>
        d.cond(
          d.less(d.mean(row), w),
          () => d.foriLoop(0, 2, (_, c) => tame(c.mul(w).add(row)), row),
          () => row.mul(0.5),
        ),
      )(pick(matrices)),
    );
  }),
  smooth(({ matrices, vectors }, pick) => {
    const [xs, c] = [pick(matrices), pick(vectors)];
    const columns = d.vmap(
      (column: Tensor, start: Tensor) =>
        d.scan((s: Tensor, x: Tensor) => [tame(s.add(x)), s.mul(x)], start, column)[1],
      { inAxes: [1, 0], outAxes: 1 },
    );
    matrices.push(columns(xs, c));
  }),
];

interface Carries {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly s: Tensor;
  readonly n: Tensor;
  readonly f: Tensor;
}
