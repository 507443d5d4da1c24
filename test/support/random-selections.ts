// Rules of random programs for sorting, selection, indices, flags and random bits.
import type { Tensor } from "downhill";
import * as d from "downhill";
import { bernoulli, foldIn, split } from "downhill/random";
import type { Pool, Rule } from "./random-rules.ts";
import { jumping, smooth, tame, within } from "./random-rules.ts";

/** A key of two of the integers. */
const keyOf = ({ places }: Pool, pick: <T>(list: readonly T[]) => T): Tensor =>
  d.stack([pick(places).at(0), pick(places).at(-1)]).astype("uint32");

export const selections: readonly Rule[] = [
  // the least
  smooth(({ scalars, vectors }, pick) => scalars.push(d.min(pick(vectors)).add(pick(scalars)).mul(0.5))),
  smooth(({ vectors, matrices }, pick) => vectors.push(d.min(pick(matrices), { axis: 0 }).mul(0.8))),
  smooth(({ matrices }, pick) => {
    const [x, axis] = [pick(matrices), pick([0, 1])];
    const [low, high] = [d.min(x, { axis, keepdims: true }), d.max(x, { axis, keepdims: true })];
    matrices.push(x.sub(low).div(high.sub(low).add(0.5)));
  }),
  jumping(({ places, matrices, dims }, pick) => {
    const least = d.argmin(pick(matrices), { axis: pick([0, 1]) });
    if (least.shape[0] === dims.columns) places.push(least);
  }),
  jumping(({ vectors, places, dims }, pick) => {
    const best = pick([d.argmax, d.argmin])(pick(vectors), { axis: 0 });
    vectors.push(pick(vectors).at(best).add(pick(vectors)).mul(0.5));
    places.push(d.rem(pick(places).add(best), dims.columns));
  }),
  jumping(({ vectors, matrices, dims }, pick) => {
    const k = Math.max(1, dims.columns >> 1);
    const [values] = d.topK(pick(matrices), k, { smallest: pick([true, false]) });
    vectors.push(
      d
        .pad(values.mean({ axis: 0 }), [[dims.columns - k, 0]])
        .sub(pick(vectors))
        .mul(0.5),
    );
  }),
  // an order that moves other numbers
  jumping(({ vectors }, pick) => vectors.push(d.take(pick(vectors), d.argsort(pick(vectors))).mul(0.9))),
  // flags and indices
  smooth(({ flags }, pick) => flags.push(d.logicalOr(d.logicalNot(pick(flags)), pick(flags)))),
  smooth(({ flags, places }, pick) => flags.push(d.notEqual(d.rem(pick(places), pick([2, 3, 5])), 0))),
  smooth(({ places }, pick) => places.push(d.minimum(pick(places), pick(places)).sub(d.max(pick(places))))),
  smooth(({ places, scalars, dtype }, pick) =>
    scalars.push(
      d
        .rem(d.min(pick(places)), 11)
        .astype(dtype)
        .mul(0.05)
        .add(pick(scalars)),
    ),
  ),
  smooth(({ matrices, vectors, places, dims, dtype }, pick) => {
    if (dims.columns > 70) return;
    const moved = d.oneHot(within(pick(places), dims.columns), dims.columns, {
      dtype: dtype as "float64" | "float32",
    });
    matrices.push(d.matmul(pick(matrices), moved).mul(1 / dims.columns));
    vectors.push(d.matmul(moved, pick(vectors)).mul(0.5));
  }),
  // all kinds of reads and writes by index
  smooth(({ matrices, vectors, places, dims }, pick) => {
    const [rows, columns] = [within(pick(places), dims.rows), within(pick(places), dims.columns)];
    vectors.push(d.at(pick(matrices), rows, columns).mul(0.9));
    matrices.push(tame(d.addAt(pick(matrices), pick(vectors), rows, columns)));
  }),
  smooth(({ vectors, places, dims }, pick) => {
    const word = pick([d.setAt, d.mulAt]);
    vectors.push(tame(word(pick(vectors), tame(pick(vectors)), within(pick(places), dims.columns))));
  }),
  jumping(({ vectors, places, dims }, pick) => {
    const word = pick([d.minAt, d.maxAt]);
    vectors.push(word(pick(vectors), pick(vectors), within(pick(places), dims.columns)).mul(0.9));
  }),
  smooth(({ matrices, vectors, places, dims }, pick) => {
    const [word, step] = [pick([d.setAt, d.addAt, d.mulAt]), pick([-1, 2, -3])];
    const row = pick([0, -1, within(pick(places), dims.rows).at(0)]);
    matrices.push(tame(word(pick(matrices), d.at(pick(vectors), { step }), row, { step })));
  }),
  smooth(({ vectors, flags }, pick) =>
    vectors.push(d.setAt(pick(vectors), pick([0.25, -0.5]), pick(flags)).mul(0.8)),
  ),
  // searched and counted values
  jumping(({ vectors, places, flags, dims }, pick) => {
    const size = pick([1, dims.columns]);
    const [found] = d.nonzero(pick(flags), { size });
    places.push(d.scatterAdd(pick(places), d.ravel(d.argwhere(pick(flags), { size })), found!));
    vectors.push(
      d
        .take(pick(vectors), found!)
        .sum()
        .mul(pick(vectors))
        .mul(1 / size),
    );
  }),
  jumping(({ vectors, places, dims }, pick) => {
    const values = d.unique(pick(vectors), { size: dims.columns });
    vectors.push(values.sub(pick(vectors)).mul(0.5));
    places.push(d.searchsorted(values, pick(vectors)).add(d.digitize(pick(vectors), values)));
  }),
  smooth(({ vectors, places, dims, dtype }, pick) => {
    const [ids, size] = [within(pick(places), dims.columns), dims.columns];
    const word = pick([d.segmentSum, d.segmentProd]);
    vectors.push(tame(word(tame(pick(vectors)), ids, { size })));
    vectors.push(tame(d.bincount(ids, { size }).astype(dtype)));
  }),
  jumping(({ vectors, places, dims }, pick) => {
    const ids = within(pick(places), dims.columns);
    const word = pick([d.segmentMax, d.segmentMin]);
    vectors.push(d.take(word(pick(vectors), ids, { size: dims.columns }), ids).mul(0.9));
  }),
  jumping(({ scalars, vectors }, pick) => {
    const [counts, bounds] = d.histogram(pick(vectors), { bins: 4, range: [-1, 1], weights: pick(vectors) });
    scalars.push(tame(counts.mul(bounds.at({ end: -1 })).sum()));
  }),
  // NaN
  jumping(({ vectors }, pick) => {
    const [x, y] = [d.log(pick(vectors)), pick(vectors)];
    vectors.push(d.where(pick([d.isFinite, d.isNaN])(x), y, tame(y)));
  }),
  // lengths and outer products
  jumping(({ vectors, scalars }, pick) => {
    const x = pick(vectors);
    vectors.push(x.div(d.norm(x).add(0.1)));
    scalars.push(tame(d.norm(pick(vectors))));
  }),
  smooth(({ matrices, vectors, dims }, pick) =>
    matrices.push(
      d.outer(pick(matrices).mean({ axis: 1 }), pick(vectors)).reshape([dims.rows, dims.columns]),
    ),
  ),
  // random bits
  smooth((pool, pick) => {
    const { vectors, dims, dtype } = pool;
    const kept = bernoulli(foldIn(keyOf(pool, pick), pick([0, 7])), 0.7, [dims.columns]);
    vectors.push(
      pick(vectors)
        .mul(kept.astype(dtype))
        .mul(1 / 0.7),
    );
    pool.flags.push(kept);
  }),
  smooth((pool, pick) => {
    const { matrices, dims, dtype } = pool;
    const keys = split(keyOf(pool, pick), 2);
    const kept = keys.map((key) => bernoulli(key, pick([0.5, 0.9]), [dims.rows, dims.columns]).astype(dtype));
    matrices.push(pick(matrices).mul(kept[0]!).sub(pick(matrices).mul(kept[1]!)).mul(0.6));
  }),
  smooth((pool, pick) => {
    const { matrices, vectors, dtype } = pool;
    const key = keyOf(pool, pick);
    const [last, rows] = d.scan(
      ({ c, n }: { c: Tensor; n: Tensor }, row: Tensor) => {
        const kept = bernoulli(foldIn(key, n), 0.6, c.shape).astype(dtype);
        const next = tame(c.add(row)).mul(kept);
        return [{ c: next, n: n.add(1) }, next.sub(row)] as const;
      },
      { c: pick(vectors), n: d.tensor(0, { dtype: "int32" }) },
      pick(matrices),
    );
    vectors.push(last.c);
    matrices.push(rows.mul(0.5));
  }),
  // masked values of infinite slope
  jumping(({ vectors }, pick) => {
    const x = d.maximum(pick(vectors), 0);
    vectors.push(d.where(d.greater(x, 0.2), d.sqrt(x), pick([x, 0.1])).mul(0.8));
  }),
  jumping(({ matrices, vectors }, pick) => {
    const x = d.sqrt(d.maximum(pick(matrices), 0));
    vectors.push(d.where(d.greater(x, 0.4), x, 0.3).mul(pick(vectors)).mean({ axis: 0 }));
  }),
];
