import "../array/methods.ts";
import "../../engine/runtime/install.ts";

export type { CoordinateEntries, SortedCoordinates } from "./coordinates.ts";
export {
  analyse,
  type FactoriseOptions,
  type FactorSolveOptions,
  SparseAnalysis,
  SparseFactor,
} from "./factorise.ts";
export type { FactorProgress, Inertia } from "./multifrontal.ts";
export { normalProduct, type NormalProduct } from "./normal-product.ts";
export type { NumericFactor } from "./numeric-factor.ts";
export type { Ordering } from "./symbolic.ts";
export { type LinearOperator, lsmr, type LsmrOptions, type LsmrReason, type LsmrResult } from "./lsmr.ts";
export { readMatrixMarket, writeMatrixMarket, type WriteMatrixMarketOptions } from "./matrix-market.ts";
export { SparseMatrix } from "./sparse-matrix.ts";
export {
  type MatrixShape,
  type PatternRecord,
  SparsePattern,
  type TransposedPattern,
} from "./sparse-pattern.ts";
export {
  type SparseDerivativeFunction,
  type SparseDerivativeOptions,
  sparseHessian,
  sparseJacobian,
} from "./sparse-jacobian.ts";
