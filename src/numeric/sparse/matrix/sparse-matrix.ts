import { refuseExtra, refuseExtraOfMethod } from "../../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import { arrayType } from "../../../engine/ir/types.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { convert } from "../../../engine/prims/linear.ts";
import { addNodeType } from "../../../engine/tree/index.ts";
import { mul as multiplyElements } from "../../array/elementwise.ts";
import { add, multiply, toDense, transpose } from "./combine.ts";
import { type CoordinateEntries, readCoordinates, type SortedCoordinates } from "./coordinates.ts";
import type { SparseEntries } from "./entries.ts";
import { factorise, type FactoriseOptions, type SparseFactor } from "../factor/factorise.ts";
import { matvec, readVectors, rmatvec } from "./products.ts";
import { type MatrixShape, SparsePattern } from "./sparse-pattern.ts";

/** Fields of a `SparseMatrix` as a tree: the pattern is static, and the values are the only leaf. */
interface SparseTree {
  readonly pattern: SparsePattern;
  readonly values: Tensor;
}

let isRegistered = false;

/** Registers the class as a tree node. Called for the first instance, because loading a module must have no effects. */
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

  /**
   * For internal use; call `SparseMatrix.of`, which checks its arguments. Transforms may pass leaves of other types.
   */
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

  /** Index in `columns` and `values` at which each row begins, and `nnz` at the end: `[rows + 1]`. */
  get rowPointers(): Int32Array {
    return this.pattern.rowPointers;
  }

  /** Column of each entry: `[nnz]`, ascending within a row. */
  get columns(): Int32Array {
    return this.pattern.columns;
  }

  /** Returns a matrix with the same pattern and other values, `[nnz]`. */
  withValues(values: TensorLike): SparseMatrix {
    if (arguments.length > 1) refuseExtraOfMethod("SparseMatrix.withValues", arguments, 1);
    return new SparseMatrix(this.pattern, readValues("SparseMatrix.withValues", this.pattern, values));
  }

  /**
   * The matrix of a list of entries in any order; values of repeated positions are added. Differentiable in the values.
   *
   * @throws DownhillError `shape` if the lists differ in length, `range` for a position outside the matrix.
   * @example
   * SparseMatrix.fromCoo({ shape: [2, 2], rows: [1, 0, 1], columns: [0, 1, 0], values: [1, 2, 3] }).toDense().tolist();
   * // [[0, 2], [4, 0]]
   */
  static fromCoo(coordinates: CoordinateEntries): SparseMatrix {
    if (arguments.length > 1) refuseExtra("SparseMatrix.fromCoo", arguments, 1);
    return from(readCoordinates("SparseMatrix.fromCoo", coordinates));
  }

  /** Row, column and value of each entry, sorted by row and then by column. */
  toCoo(): SortedCoordinates {
    if (arguments.length > 0) refuseExtraOfMethod("SparseMatrix.toCoo", arguments, 0);
    const { pattern, shape, columns, values } = this;
    return { shape, rows: pattern.rows, columns, values };
  }

  /** Dense form: float64, `[rows, columns]`. */
  toDense(): Tensor {
    if (arguments.length > 0) refuseExtraOfMethod("SparseMatrix.toDense", arguments, 0);
    return toDense(this);
  }

  /**
   * Product A x with a vector of shape `[columns]`, or with columns `[columns, m]`. Differentiable in values and vector.
   *
   * @throws DownhillError `shape` for another number of elements.
   */
  matvec(x: TensorLike): Tensor {
    if (arguments.length > 1) refuseExtraOfMethod("SparseMatrix.matvec", arguments, 1);
    return matvec(this, readVectors("SparseMatrix.matvec", x, this.shape[1], "column"));
  }

  /**
   * Product Aᵀ y with a vector of shape `[rows]`, or with columns `[rows, m]`. Differentiable in values and vector.
   *
   * @throws DownhillError `shape` for another number of elements.
   */
  rmatvec(y: TensorLike): Tensor {
    if (arguments.length > 1) refuseExtraOfMethod("SparseMatrix.rmatvec", arguments, 1);
    return rmatvec(this, readVectors("SparseMatrix.rmatvec", y, this.shape[0], "row"));
  }

  /** The transposed matrix. */
  transpose(): SparseMatrix {
    if (arguments.length > 0) refuseExtraOfMethod("SparseMatrix.transpose", arguments, 0);
    return from(transpose(this));
  }

  /**
   * Sum of two matrices of equal shape. Its pattern is the union of both patterns, even where values cancel.
   *
   * @throws DownhillError `shape` for matrices of different shapes.
   */
  add(other: SparseMatrix): SparseMatrix {
    if (arguments.length > 1) refuseExtraOfMethod("SparseMatrix.add", arguments, 1);
    return from(add(this, readMatrix("SparseMatrix.add", other)));
  }

  /**
   * Matrix product A B, like `A @ B` in SciPy (whose method `multiply` is the elementwise product).
   *
   * @throws DownhillError `shape` unless the number of rows of the other matrix is the number of columns of this one.
   */
  multiply(other: SparseMatrix): SparseMatrix {
    if (arguments.length > 1) refuseExtraOfMethod("SparseMatrix.multiply", arguments, 1);
    return from(multiply(this, readMatrix("SparseMatrix.multiply", other)));
  }

  /**
   * Factorises a square matrix: LDLᵀ of a symmetric one (`kind: "ldl"`, the default), or LU. The analysis is done once
   * per pattern and options.
   *
   * @throws DownhillError `shape` for a matrix that is not square, `range` for entries that are not finite, and with
   * `"ldl"` for a matrix that is not symmetric. `trace` inside compiled functions.
   * @example
   * const a = SparseMatrix.fromCoo({ shape: [2, 2], rows: [0, 0, 1], columns: [0, 1, 0], values: [2, 1, 1] });
   * const factor = a.factorise();
   * factor.solve([3, 1]).tolist(); // [1, 1]
   * factor.inertia;                // { positive: 1, negative: 1, zero: 0 }
   */
  factorise(options: FactoriseOptions = {}): SparseFactor {
    if (arguments.length > 1) refuseExtraOfMethod("SparseMatrix.factorise", arguments, 1);
    return factorise(this, options);
  }

  /**
   * Solves A x = b, or several systems for b of shape `[n, m]`; see `factorise` and `SparseFactor.solve`.
   *
   * @throws DownhillError as both.
   */
  solve(b: TensorLike, options: FactoriseOptions = {}): Tensor {
    if (arguments.length > 2) refuseExtraOfMethod("SparseMatrix.solve", arguments, 2);
    return factorise(this, options).solve(b);
  }

  /** Returns the matrix with each entry multiplied by `factor`. */
  scale(factor: TensorLike): SparseMatrix {
    if (arguments.length > 1) refuseExtraOfMethod("SparseMatrix.scale", arguments, 1);
    return this.withValues(multiplyElements(this.values, factor));
  }
}

function from({ pattern, values }: SparseEntries): SparseMatrix {
  return new SparseMatrix(pattern, values);
}

/** Checks that an operand is a sparse matrix. */
function readMatrix(operation: string, given: unknown): SparseMatrix {
  if (given instanceof SparseMatrix) return given;
  throw new DownhillError(
    "dtype",
    `${operation}: expects a SparseMatrix; got ${given === null ? "null" : typeof given}. ` +
      `SparseMatrix.fromCoo creates one; matvec multiplies by vectors and dense matrices.`,
  );
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
