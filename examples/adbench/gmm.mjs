import {
  add,
  at,
  einsum,
  exp,
  jit,
  log,
  logsumexp,
  mul,
  multigammaln,
  setAt,
  square,
  sub,
  sum,
  triuIndices,
  valueAndGrad,
  zeros,
} from "downhill";

/**
 * Log-density of points `x` [n, d] under a mixture of k Gaussians, with Wishart's prior. `alphas` [k] are logarithms of
 * weights, and `means` is [k, d]. A row of `icf` [k, d (d + 1) / 2] is the triangular root of a precision matrix: the
 * logarithms of its diagonal, then the entries below it, column by column.
 */
export function logDensity({ alphas, means, icf }, x, { gamma, m }) {
  const [k, d] = means.shape;
  const n = x.shape[0];
  const logDiagonal = at(icf, null, { end: d });
  const below = at(icf, null, { start: d });
  const diagonal = exp(logDiagonal);
  const [columns, rows] = triuIndices(d, { k: 1 }); // row by row above the diagonal is column by column below
  const roots = setAt(zeros([k, d, d]), below, null, rows, columns);

  const off = sub(at(x, null, "new"), means); // [n, k, d]
  const y = einsum("kij,nkj->nki", roots, off).add(off.mul(diagonal));
  const logDeterminants = logDiagonal.sum(1);
  const terms = alphas.add(logDeterminants).sub(y.square().sum(2).mul(0.5)); // [n, k]

  const squares = sum(diagonal.square()).add(sum(below.square()));
  const prior = mul(squares, mul(0.5, square(gamma))).sub(sum(logDeterminants).mul(m));
  const degrees = add(m, d + 1);
  const logScale = sub(log(gamma), 0.5 * Math.LN2);
  const constant = multigammaln(degrees.div(2), d).sub(mul(degrees.mul(d), logScale));

  return sum(logsumexp(terms, { axis: 1 }))
    .sub(logsumexp(alphas).mul(n))
    .sub(0.5 * n * d * Math.log(2 * Math.PI))
    .add(prior)
    .add(constant.mul(k));
}

/** The log-density and its gradient. */
export const derivative = jit(valueAndGrad(logDensity));
