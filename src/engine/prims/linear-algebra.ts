// Matrix primitives. They are not in index.ts, so that modules without factorisations do not load them.
export { cholesky } from "./cholesky.ts";
export { det, slogdet } from "./determinant.ts";
export { eig } from "./eig.ts";
export { eigh } from "./eigh.ts";
export { factoredSolve, linearSolve, lu, rowsInOrder } from "./lu.ts";
export { identityLike, product, requireMatrices, requireSquare, swapped } from "./matrices.ts";
export { matrixFunction } from "./matrix-functions.ts";
export { qr, triangleOfQr } from "./qr.ts";
export { svd } from "./svd.ts";
export { triangle, triangularSolve, unitLower } from "./triangular.ts";
export type { TriangleParams, TriangularParams } from "./triangular.ts";
