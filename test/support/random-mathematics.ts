// Rules of random programs for the content of one elementwise loop: every function several times, on numbers that are
// or are not constant over the elements, mixed floating types, and many live values.
import type { Tensor } from "downhill";
import * as d from "downhill";
import type { Pool, Rule } from "./random-rules.ts";
import { coarse, jumping, smooth, tame } from "./random-rules.ts";
import { type Domain, specialOperations } from "./special-functions.ts";

type Unary = (x: Tensor) => Tensor;

const positive = (x: Tensor): Tensor => d.square(x).add(0.3);
const inside = (x: Tensor): Tensor => tame(x).mul(0.9);

/** Maps any number into the domain. */
const intoDomain: Readonly<Record<Domain, Unary>> = {
  any: (x) => x,
  tame,
  positive,
  inner: inside,
  belowTwo: (x) => inside(x).add(1),
  fraction: (x) => inside(x).mul(0.5).add(0.5),
};

/**
 * The special functions of their table, applied to one and two tensors. For three operands, the second is constant over
 * the elements.
 */
const specialRules = specialOperations.map(({ name, operands }) => {
  const f = (d as unknown as Readonly<Record<string, (...xs: (Tensor | number)[]) => Tensor>>)[name]!;
  const [first, last] = [intoDomain[operands[0]!], intoDomain[operands.at(-1)!]];
  const middle = operands.length === 3 ? [1.5] : [];
  return {
    count: operands.length,
    ofOne: (x: Tensor) => f(first(x)),
    ofSeveral: (x: Tensor, y: Tensor) => f(first(x), ...middle, last(y)),
  };
});

/** Every function of one number, on numbers in its domain. */
const functions: readonly Unary[] = [
  (x) => d.exp(tame(x)),
  (x) => d.exp2(tame(x)),
  (x) => d.expm1(tame(x)),
  (x) => d.log(positive(x)),
  (x) => d.log2(positive(x)),
  (x) => d.log10(positive(x)),
  (x) => d.log1p(d.square(x)),
  d.sin,
  d.cos,
  (x) => d.tan(tame(x)),
  (x) => d.asin(inside(x)),
  (x) => d.acos(inside(x)),
  d.atan,
  (x) => d.sinh(tame(x)),
  (x) => d.cosh(tame(x)),
  d.tanh,
  d.asinh,
  (x) => d.acosh(positive(x).add(1)),
  (x) => d.atanh(inside(x)),
  d.erf,
  d.erfc,
  d.sigmoid,
  d.softplus,
  (x) => d.cbrt(positive(x)),
  (x) => d.sqrt(positive(x)),
  (x) => d.reciprocal(positive(x)),
  d.expit,
  (x) => d.lgamma(positive(x)),
  (x) => d.lambertw(positive(x)),
  (x) => d.jv(1.5, positive(x)),
  (x) => d.yv(0.25, positive(x)),
  (x) => d.iv(1.5, positive(x)),
  (x) => d.kv(0.25, positive(x)),
  (x) => d.digamma(positive(x).add(0.5)),
  (x) => d.polygamma(1, positive(x).add(1)),
  ...specialRules.flatMap(({ count, ofOne }) => (count === 1 ? [ofOne] : [])),
];

/** Every function of two numbers. */
const pairs: readonly ((x: Tensor, y: Tensor) => Tensor)[] = [
  (x, y) => d.pow(positive(x), y),
  (x, y) => d.pow(positive(x), tame(y).mul(2)),
  (x, y) => d.atan2(x, positive(y)),
  (x, y) => d.xlog1py(x, positive(y)),
  (x) => d.multigammaln(positive(x).add(1), 2),
  (x, y) => d.zeta(2.5, positive(x.add(y)).add(1)),
  (x, y) => d.rem(x, positive(y)),
  (x, y) => x.div(positive(y)),
  (x, y) => d.maximum(x, y),
  (x, y) => d.minimum(x, y),
  (x, y) => x.sub(y).mul(y),
  ...specialRules.flatMap(({ count, ofSeveral }) => (count > 1 ? [ofSeveral] : [])),
];

const other = (dtype: Pool["dtype"]): "float32" | "float64" => (dtype === "float32" ? "float64" : "float32");

export const mathematics: readonly Rule[] = [
  // one function applied to elements, to a shared number, and to other elements
  smooth(({ vectors, scalars }, pick) => {
    const f = pick(functions);
    vectors.push(
      tame(
        f(pick(vectors))
          .mul(f(pick(scalars)))
          .add(f(pick(scalars).mul(0.7))),
      ),
    );
  }),
  smooth(({ vectors, scalars }, pick) => {
    const [f, g] = [pick(functions), pick(functions)];
    vectors.push(tame(f(g(pick(vectors).add(pick(scalars)))).sub(g(pick(vectors)))));
  }),
  smooth(({ matrices, vectors, scalars }, pick) => {
    const f = pick(functions);
    matrices.push(
      tame(
        f(pick(matrices))
          .mul(f(pick(vectors)))
          .sub(f(pick(scalars))),
      ),
    );
  }),
  smooth(({ scalars }, pick) => {
    const f = pick(functions);
    scalars.push(tame(f(pick(scalars)).add(f(pick(scalars)))));
  }),
  // one function of two operands twice, with other numbers on one side
  smooth(({ vectors, scalars }, pick) => {
    const f = pick(pairs);
    const [x, c] = [pick(vectors), pick(scalars)];
    vectors.push(tame(f(x, c).sub(f(x, pick(scalars).sub(1)))));
  }),
  smooth(({ vectors, scalars }, pick) => {
    const f = pick(pairs);
    const [x, c] = [pick(vectors), pick(scalars)];
    vectors.push(
      tame(
        f(c, x)
          .mul(f(x, c.mul(0.5)))
          .add(f(c, pick(scalars))),
      ),
    );
  }),
  smooth(({ matrices, vectors }, pick) => {
    const f = pick(pairs);
    const [x, y] = [pick(matrices), pick(vectors)];
    const sums = x.mean({ axis: 1, keepdims: true });
    matrices.push(tame(f(x, y).add(f(x, sums))));
  }),
  smooth(({ vectors, scalars }, pick) => {
    const [x, c] = [positive(pick(vectors)), pick(scalars)];
    vectors.push(tame(d.grad((v: Tensor) => d.pow(v, c).sum())(x)));
  }),
  smooth(({ vectors }, pick) => vectors.push(tame(d.pow(pick(vectors), pick([2, 3, 0.5, -1]))).mul(0.5))),
  // a choice by a condition that is constant over the elements
  jumping(({ vectors, scalars }, pick) => {
    const c = d.less(pick(scalars), pick(scalars));
    vectors.push(d.where(c, tame(pick(vectors)), pick(vectors).mul(pick(scalars))));
  }),
  jumping(({ vectors, scalars }, pick) => {
    const [x, f] = [pick(vectors), pick(functions)];
    vectors.push(tame(d.where(d.greater(x, pick(scalars)), f(x), f(pick(scalars)))));
  }),
  jumping(({ vectors }, pick) => {
    const f = pick([d.floor, d.ceil, d.round, d.trunc, d.sign]);
    vectors.push(f(pick(vectors).mul(4)).mul(0.25));
  }),
  smooth(({ vectors, scalars }, pick) =>
    vectors.push(d.clip(pick(vectors), -0.4, pick([0.3, 0.8])).add(pick(scalars))),
  ),
  // a detour through the other floating type
  coarse(({ vectors, scalars, dtype }, pick) => {
    const [x, c] = [pick(vectors).astype(other(dtype)), pick(scalars).astype(other(dtype))];
    const f = pick(functions);
    vectors.push(
      tame(
        f(x)
          .mul(c)
          .astype(dtype)
          .add(f(pick(vectors))),
      ),
    );
  }),
  coarse(({ matrices, vectors, dtype }, pick) => {
    const x = pick(matrices).astype(other(dtype));
    vectors.push(x.mul(x).mean({ axis: 0 }).astype(dtype).sub(pick(vectors)).mul(0.5));
  }),
  // unsigned 32-bit integers
  smooth(({ places }, pick) => {
    const u = pick(places).astype("uint32");
    const v = d.rem(u.mul(2654435761).add(12345), pick([97, 4096, 65537]));
    places.push(d.maximum(v, 3).astype("int32"));
  }),
  smooth(({ places, flags }, pick) =>
    flags.push(d.lessEqual(pick(places).astype("uint32"), pick(places).astype("uint32"))),
  ),
  smooth(({ flags, scalars, places }, pick) => {
    const some = d.sum(pick(flags).astype("int32")).add(pick(places).at(0));
    scalars.push(d.rem(some, 7).astype(scalars[0]!.dtype).mul(0.1));
  }),
  jumping(({ flags, vectors }, pick) => {
    const f = pick([d.any, d.all]);
    vectors.push(d.where(f(pick(flags)), pick(vectors), pick(vectors).mul(-0.5)));
  }),
  // more live values than registers, all used at the end
  smooth(({ vectors, scalars }, pick) => {
    const [f, c] = [pick(functions), pick(scalars)];
    let x = pick(vectors);
    const kept: Tensor[] = [];
    for (let i = 0; i < 24; i++)
      kept.push(
        (x =
          i % 6 === 3
            ? f(x)
            : x
                .mul(c)
                .add(0.1 * i - 1)
                .mul(0.6)),
      );
    vectors.push(tame(kept.reverse().reduce((sum, y, i) => sum.mul(i % 2 === 0 ? 0.9 : -0.8).add(y))));
  }),
  // rows that their own folds update repeatedly
  smooth(({ matrices }, pick) => {
    const x = pick(matrices);
    const axis = pick([0, 1]);
    const centred = x.sub(x.mean({ axis, keepdims: true }));
    const scaled = centred.div(d.sqrt(d.square(centred).mean({ axis, keepdims: true }).add(0.01)));
    matrices.push(tame(scaled.sub(d.max(scaled, { axis, keepdims: true }).mul(0.1))));
  }),
  smooth(({ matrices, vectors }, pick) => {
    const x = pick(matrices);
    const peaks = d.max(x.mul(pick(vectors)), { axis: 1, keepdims: true });
    const sums = d.exp(x.sub(peaks)).sum({ axis: 1, keepdims: true });
    matrices.push(tame(x.sub(d.log(sums)).mul(0.3)));
  }),
  // products with adjacent operations: bias and activation after, scaling before, attention
  smooth(({ matrices, vectors, dims }, pick) => {
    if (dims.columns > 130) return;
    const [x, w] = [pick(matrices), pick(matrices)];
    const square = d.matmul(w.transpose(), w).mul(1 / dims.rows);
    matrices.push(
      d
        .maximum(d.matmul(x.mul(0.5), square).add(pick(vectors)), 0)
        .sub(0.2)
        .mul(1 / dims.columns),
    );
  }),
  smooth(({ matrices, dims }, pick) => {
    if (dims.rows > 33) return;
    const [q, key, value] = [pick(matrices), pick(matrices), pick(matrices)];
    const scores = d.matmul(q, key.transpose()).mul(1 / Math.sqrt(dims.columns));
    matrices.push(d.matmul(d.softmax(scores), value).add(q.mul(0.1)));
  }),
  smooth(({ matrices, scalars, dims }, pick) => {
    const [x, y] = [pick(matrices), pick(matrices)];
    const batch = d.stack([x, y.mul(pick(scalars)), x.sub(y)]); // [3, rows, columns]
    if (dims.rows > 16 || dims.columns > 130) return;
    const products = d.einsum("bij,bkj->bik", batch, batch); // [3, rows, rows]
    matrices.push(tame(d.einsum("bik,bkj->ij", products, batch).mul(1 / (dims.rows * dims.columns))));
  }),
  smooth(({ vectors, scalars }, pick) => {
    const products = d.outer(pick(vectors).slice(0, 3), pick(vectors));
    vectors.push(products.sum({ axis: 0 }).mul(0.3).add(pick(scalars)));
  }),
];
