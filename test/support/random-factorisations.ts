// Rules of random programs: factorisations of matrices far from singular.
import type { Tensor } from "downhill";
import * as d from "downhill";
import * as linalg from "downhill/linalg";
import type { Dims, Rule } from "./random-rules.ts";
import { smooth, tame } from "./random-rules.ts";

/** Maximum number of columns. More would cost time without covering further kinds of loops. */
const mostColumns = 20;

const isLarge = ({ columns }: Dims): boolean => columns > mostColumns;

/** A positive definite matrix with eigenvalues of at least 1. It has one row per column of x. */
const positive = (x: Tensor): Tensor =>
  d
    .matmul(x.transpose(), x)
    .mul(1 / x.shape[0]!)
    .add(d.eye(x.shape[1]!, { dtype: x.dtype }));

export const factorisations: readonly Rule[] = [
  smooth(({ vectors, matrices, dims }, pick) => {
    if (isLarge(dims)) return;
    vectors.push(linalg.choleskySolve(linalg.cholesky(positive(pick(matrices))), pick(vectors)));
  }),
  smooth(({ vectors, matrices, dims }, pick) => {
    if (isLarge(dims)) return;
    // asymmetric parts do not outweigh the rest
    const [a, b] = [positive(pick(matrices)), d.outer(pick(vectors), pick(vectors))];
    vectors.push(linalg.solve(a.add(b.sub(b.transpose()).mul(0.1)), pick(vectors)));
  }),
  smooth(({ scalars, matrices, dims }, pick) => {
    if (isLarge(dims)) return;
    scalars.push(tame(linalg.slogdet(positive(pick(matrices)))[1].mul(1 / dims.columns)));
  }),
  smooth(({ scalars, matrices, dims }, pick) => {
    if (dims.columns > 6) return;
    scalars.push(tame(linalg.det(positive(pick(matrices))).mul(0.1)));
  }),
  smooth(({ matrices, dims }, pick) => {
    if (isLarge(dims)) return;
    const l = linalg.cholesky(positive(pick(matrices)));
    matrices.push(tame(linalg.solveTriangular(l, pick(matrices).transpose()).transpose()));
  }),
  smooth(({ vectors, matrices, dims }, pick) => {
    if (isLarge(dims)) return;
    const [, r] = linalg.qr(positive(pick(matrices)));
    vectors.push(tame(d.matmul(r, pick(vectors)).mul(0.5)));
  }),
];
