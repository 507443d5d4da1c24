import "../array/methods.ts";
import "../../engine/runtime/install.ts";

export type { CoordinateEntries, SortedCoordinates } from "./matrix/coordinates.ts";
export {
  analyse,
  type FactoriseOptions,
  type FactorSolveOptions,
  SparseAnalysis,
  SparseFactor,
} from "./factor/factorise.ts";
export type { FactorProgress, Inertia } from "./factor/multifrontal.ts";
export { normalProduct, type NormalProduct } from "./matrix/normal-product.ts";
export type { NumericFactor } from "./factor/numeric-factor.ts";
export type { Ordering } from "./analysis/symbolic.ts";
export { type LinearOperator, lsmr, type LsmrOptions, type LsmrReason, type LsmrResult } from "./lsmr.ts";
export {
  readMatrixMarket,
  writeMatrixMarket,
  type WriteMatrixMarketOptions,
} from "./matrix/matrix-market.ts";
export { SparseMatrix } from "./matrix/sparse-matrix.ts";
export {
  type MatrixShape,
  type PatternRecord,
  SparsePattern,
  type TransposedPattern,
} from "./matrix/sparse-pattern.ts";
export {
  type SparseDerivativeFunction,
  type SparseDerivativeOptions,
  sparseHessian,
  sparseJacobian,
} from "./derivative/sparse-jacobian.ts";
