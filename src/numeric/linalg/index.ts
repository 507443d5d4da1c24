import "../array/methods.ts";
import "../../engine/runtime/install.ts";

export { det, slogdet } from "./determinant.ts";
export { eig, eigvals } from "./eigenvalues.ts";
export { eigh, eigvalsh, qr, svd, svdvals } from "./factorise.ts";
export { blockDiag, expm, kron, matrixPower, multiDot, toeplitz } from "./functions.ts";
export { logm, sqrtm } from "./matrix-functions.ts";
export { cond, type CondOptions, lstsq, matrixRank, pinv, type RankOptions } from "./least-squares.ts";
export { cg, type CgOptions, gmres, type GmresOptions } from "./krylov.ts";
export type { LinearMap } from "./linear-solution.ts";
export { norm, type NormOptions } from "./norm.ts";
export {
  cholesky,
  choleskySolve,
  inv,
  lu,
  luSolve,
  solve,
  solveTriangular,
  type SolveTriangularOptions,
} from "./solve.ts";
export { nullSpace, orth, type SubspaceOptions } from "./subspaces.ts";
export { type TensorInverseOptions, tensorinv, tensorsolve } from "./tensor-systems.ts";
export { cross, type CrossOptions } from "../array/products.ts";
