import "../array/methods.ts";
import "../../engine/runtime/install.ts";

export { det, slogdet } from "./determinant.ts";
export { eigh, eigvalsh, qr, svd, svdvals } from "./factorise.ts";
export { blockDiag, expm, kron, matrixPower, multiDot, toeplitz } from "./functions.ts";
export { cond, type CondOptions, lstsq, matrixRank, pinv, type RankOptions } from "./least-squares.ts";
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
export { cross, type CrossOptions } from "../array/products.ts";
