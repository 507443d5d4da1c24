import "../array/methods.ts";
import "../../engine/runtime/install.ts";

export { SparseMatrix } from "./sparse-matrix.ts";
export {
  type MatrixShape,
  type PatternRecord,
  SparsePattern,
  type TransposedPattern,
} from "./sparse-pattern.ts";
