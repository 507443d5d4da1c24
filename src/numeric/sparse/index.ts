import "../array/methods.ts";
import "../../engine/runtime/install.ts";

export type { Coordinates, SortedCoordinates } from "./coordinates.ts";
export { readMatrixMarket, writeMatrixMarket, type WriteMatrixMarketOptions } from "./matrix-market.ts";
export { SparseMatrix } from "./sparse-matrix.ts";
export {
  type MatrixShape,
  type PatternRecord,
  SparsePattern,
  type TransposedPattern,
} from "./sparse-pattern.ts";
