// Values and derivatives of linear algebra against reference values made with PyTorch 2.6 and 2.13 (test/testdata/golden).
import type { Tensor } from "downhill";
import { arange, eye, expandDims, matmul, pow, sign, stopGradient, sum, swapaxes, trace } from "downhill";
import * as linalg from "downhill/linalg";
import { checkFile } from "./support/golden.ts";
import type { Op } from "./support/golden.ts";

const flipped = (x: Tensor): Tensor => swapaxes(x, -1, -2);
const symmetric = (x: Tensor): Tensor => x.add(flipped(x)).div(2);
/** Columns times numbers. */
const columns = (x: Tensor, factors: Tensor): Tensor => x.mul(expandDims(factors, -2));
const signsOf = (x: Tensor): Tensor => stopGradient(sign(sum(x, { axis: -2 })));

const eigh: Op = ([a]) => {
  const [w, v] = linalg.eigh(symmetric(a!));
  return [w, columns(v, signsOf(v))];
};
const ops: Readonly<Record<string, Op>> = {
  "linalg.cholesky": ([a], { upper }) => {
    const l = linalg.cholesky(symmetric(a!));
    return upper === true ? flipped(l) : l;
  },
  "linalg.solve": ([a, b], { left }) =>
    left === false ? flipped(linalg.solve(flipped(a!), flipped(b!))) : linalg.solve(a!, b!),
  "linalg.inv": ([a]) => linalg.inv(a!),
  "linalg.det": ([a]) => linalg.det(a!),
  "linalg.slogdet": ([a]) => linalg.slogdet(a!),
  logdet: ([a]) => linalg.slogdet(a!)[1],
  "linalg.svdvals": ([a]) => linalg.svdvals(a!),
  "linalg.qr": ([a]) => {
    const [q, r] = linalg.qr(a!);
    const k = r.shape.at(-2)!;
    const diagonal = sum(r.mul(eye(k, r.shape.at(-1)!)), { axis: -1 });
    const signs = stopGradient(sign(diagonal));
    return [columns(q, signs), r.mul(expandDims(signs, -1))];
  },
  "linalg.svd": ([a]) => {
    const [u, s, vh] = linalg.svd(a!);
    const signs = signsOf(u);
    return [columns(u, signs), s, vh.mul(expandDims(signs, -1))];
  },
  "linalg.matrix_exp": ([a]) => linalg.expm(a!),
  "linalg.solve_triangular": ([a, b], { upper, left, unitriangular }) => {
    const options = { lower: upper !== true, unitDiagonal: unitriangular === true };
    if (left !== false) return linalg.solveTriangular(a!, b!, options);
    return flipped(linalg.solveTriangular(a!, flipped(b!), { ...options, transpose: true }));
  },
  "linalg.eigh": eigh,
  "linalg.eigh|repeated": ([a]) => linalg.eigvalsh(symmetric(a!)),
  "linalg.eigvalsh": ([a]) => linalg.eigvalsh(symmetric(a!)),
  "linalg.pinv": ([a]) => linalg.pinv(a!),
  cholesky_solve: ([b, l]) => linalg.choleskySolve(l!, b!),
  cholesky_inverse: ([l]) => linalg.choleskySolve(l!, eye(l!.shape[0]!)),
  "linalg.matrix_norm": ([a], { ord }) =>
    linalg.norm(a!, { ord: (ord === "inf" ? Infinity : ord) as number, axis: [-2, -1] }),
  trace: ([a]) => trace(a!),
  "f:A->U Vh of svd (polar factor)": ([a]) => {
    const [u, , vh] = linalg.svd(a!);
    return matmul(u, vh);
  },
  "f:x->V diag(exp w) V^T": ([a]) => {
    const [w, v] = linalg.eigh(symmetric(a!));
    return matmul(columns(v, w.exp()), flipped(v));
  },
  "linalg.vander": ([x]) => pow(expandDims(x!, -1), arange(0, x!.shape[0])),
};

checkFile("linalg", ops);
