// Factorisations of large dense matrices by the compiled, blocked routines of `linalg`.
import { matmul, transpose } from "../../array/shape.ts";
import { tensor } from "../../array/create.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { cholesky } from "../../linalg/solve.ts";
import { qr, triangleOfQr } from "../../../engine/prims/linear-algebra.ts";
import { makeJitted as jit } from "../../../engine/runtime/jitted.ts";
import { solveUpperTransposed } from "../dense-matrix.ts";
import { dot, isAllFinite } from "../vector.ts";
import { type ColumnMatrix, factorize, type QrFactors } from "./qr.ts";

/** Number of multiplications of a factorisation above which a compiled routine takes less time, its compilation included. */
const leastWork = 2e7;

/** True if a matrix of these sizes is factorised by a compiled routine. */
export function isLarge(rows: number, columns: number): boolean {
  return Math.max(rows, columns) * columns ** 2 >= leastWork;
}

const compiledQ = /* @__PURE__ */ jit((columns: Tensor): Tensor => qr(transpose(columns))[0]);
const compiledTriangle = /* @__PURE__ */ jit((columns: Tensor): Tensor => triangleOfQr(transpose(columns)));

/** Ratio of a diagonal element of R to the largest one below which Qᵀc is computed with Q instead of R⁻ᵀAᵀc. */
const leastRatio = 1e-6;

/**
 * R and Qᵀb like `factorize`, by a compiled routine if the matrix is large. Overwrites small matrices and their
 * right-hand sides; `transform` needs the matrix. For large matrices that are well conditioned, `transform` returns
 * R⁻ᵀAᵀc, whose relative error is the condition number times 1e-16, because Q doubles the work.
 */
export function factorizeAny(matrix: ColumnMatrix, rightSide?: Float64Array): QrFactors {
  const n = matrix.length;
  const length = matrix[0]?.length ?? 0;
  if (!isLarge(Math.max(length, n), n)) return factorize(matrix, rightSide);
  // with b as the last column, Qᵀb is the last column of R
  const columns = rightSide === undefined ? matrix : [...matrix, rightSide];
  const width = columns.length;
  const rows = Math.max(length, width);
  const upper = numbersOf(compiledTriangle(tensorOfColumns(columns, rows)));
  const r = new Float64Array(n * n);
  for (let i = 0; i < n; i++) r.set(upper.subarray(i * width, i * width + n), i * n);
  let elements: Float64Array | undefined;
  return {
    r,
    qtb: Float64Array.from({ length: rightSide === undefined ? 0 : n }, (_, i) => upper[i * width + n]!),
    transform(c) {
      if (isWellConditioned(r, n)) {
        const y = Float64Array.from(matrix, (column) => dot(column, c));
        solveUpperTransposed(r, y);
        return y;
      }
      elements ??= numbersOf(compiledQ(tensorOfColumns(columns, rows)));
      const out = new Float64Array(n);
      for (let i = 0; i < c.length; i++) {
        const ci = c[i]!;
        for (let j = 0; j < n; j++) out[j]! += elements[i * width + j]! * ci;
      }
      return out;
    },
  };
}

/** True if the diagonal of R shows that R⁻ᵀ enlarges errors by a modest factor only. */
function isWellConditioned(r: Float64Array, n: number): boolean {
  let [least, most] = [Infinity, 0];
  for (let i = 0; i < n; i++) {
    const size = Math.abs(r[i * n + i]!);
    least = Math.min(least, size);
    most = Math.max(most, size);
  }
  return least > leastRatio * most;
}

const compiledRoot = /* @__PURE__ */ jit((columns: Tensor): Tensor =>
  transpose(cholesky(matmul(columns, transpose(columns)))),
);

/**
 * R of a matrix by Cholesky's method for AᵀA, in a quarter of the time. `undefined` if rounding prevents it. Its relative
 * error is the squared condition number times 1e-16.
 */
export function rootOfGram(matrix: ColumnMatrix): Float64Array | undefined {
  const root = numbersOf(compiledRoot(tensorOfColumns(matrix, matrix[0]!.length)));
  return isAllFinite(root) ? root : undefined;
}

/** The transposed matrix, padded with columns of zeros. */
function tensorOfColumns(matrix: ColumnMatrix, rows: number): Tensor {
  const all = new Float64Array(matrix.length * rows);
  matrix.forEach((column, j) => all.set(column, j * rows));
  return tensor(all, { shape: [matrix.length, rows] });
}

/** Elements of a tensor that has no other users. */
function numbersOf(x: Tensor): Float64Array {
  return x.data({ donate: true }) as Float64Array;
}
