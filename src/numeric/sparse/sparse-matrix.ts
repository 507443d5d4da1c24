import { refuseExtra, refuseExtraOfMethod } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { arrayType } from "../../engine/ir/types.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { convert } from "../../engine/prims/linear.ts";
import { addNodeType } from "../../engine/tree/index.ts";
import { type MatrixShape, SparsePattern } from "./sparse-pattern.ts";

/** Tree of a `SparseMatrix`: the pattern is static, the values are its only leaf. */
interface SparseTree {
  readonly pattern: SparsePattern;
  readonly values: Tensor;
}

let isRegistered = false;

/** Registers the class as a tree node at the first instance, because modules must not do work when they are loaded. */
function registerNode(): void {
  isRegistered = true;
  addNodeType(
    "SparseMatrix",
    SparseMatrix,
    ({ pattern, values }: SparseMatrix): SparseTree => ({ pattern, values }),
    ({ pattern, values }: SparseTree) => new SparseMatrix(pattern, values),
  );
}

/**
 * A sparse matrix in compressed-row form (CSR). It is a tree node whose only leaf is `values`, so it passes through
 * `grad`, `jit`, `vmap`, `scan` and optimisers; its pattern is static.
 */
export class SparseMatrix {
  /** Positions of the entries. */
  readonly pattern: SparsePattern;
  /** Entries in the order of `pattern`: float64, `[nnz]`. */
  readonly values: Tensor;

  /** For internal use; call `SparseMatrix.of`, which checks its arguments. Transforms may pass other leaves. */
  constructor(pattern: SparsePattern, values: Tensor) {
    if (!isRegistered) registerNode();
    this.pattern = pattern;
    this.values = values;
  }

  /**
   * The matrix with the given entries, in the order of the pattern: `[nnz]`. Other dtypes are converted to float64.
   *
   * @throws DownhillError `shape` if there is not one value per entry, `dtype` for a pattern of another class.
   * @example
   * const pattern = SparsePattern.from({ shape: [2, 3], rowPointers: [0, 2, 3], columns: [0, 2, 1] });
   * SparseMatrix.of(pattern, [1, 2, 3]).values; // f64[3] [1, 2, 3]
   */
  static of(pattern: SparsePattern, values: TensorLike): SparseMatrix {
    if (arguments.length > 2) refuseExtra("SparseMatrix.of", arguments, 2);
    return new SparseMatrix(pattern, readValues("SparseMatrix.of", pattern, values));
  }

  /** Numbers of rows and columns. */
  get shape(): MatrixShape {
    return this.pattern.shape;
  }

  /** Number of entries, including explicit zeros. */
  get nnz(): number {
    return this.pattern.nnz;
  }

  /** Start of each row in `columns` and `values`, and `nnz` at the end: `[rows + 1]`. */
  get rowPointers(): Int32Array {
    return this.pattern.rowPointers;
  }

  /** Column of each entry: `[nnz]`, ascending within a row. */
  get columns(): Int32Array {
    return this.pattern.columns;
  }

  /** The matrix of the same pattern with other values: `[nnz]`. */
  withValues(values: TensorLike): SparseMatrix {
    if (arguments.length > 1) refuseExtraOfMethod("SparseMatrix.withValues", arguments, 1);
    return new SparseMatrix(this.pattern, readValues("SparseMatrix.withValues", this.pattern, values));
  }
}

function readValues(operation: string, pattern: SparsePattern, given: TensorLike): Tensor {
  if (!(pattern instanceof SparsePattern))
    throw new DownhillError(
      "dtype",
      `${operation}: expects a pattern first; SparsePattern.from and SparseMatrix.fromCoo create one.`,
    );
  const isEmpty = Array.isArray(given) && given.length === 0;
  const values = isEmpty ? asTensor(new Float64Array(0), operation) : asTensor(given, operation);
  if (values.ndim !== 1 || values.type.shape[0] !== pattern.nnz)
    throw new DownhillError(
      "shape",
      `${operation}: values must be ${showType(arrayType("float64", [pattern.nnz]))}, one per entry of the pattern; ` +
        `got ${showType(values.type)}.`,
    );
  return values.dtype === "float64" && !values.type.weak ? values : convert(values, "float64");
}
