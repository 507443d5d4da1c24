import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { StaticValue } from "../../../engine/tree/index.ts";

/** Numbers of rows and columns of a matrix. */
export type MatrixShape = readonly [rows: number, columns: number];

/** Structure of a sparse matrix in compressed-row form (CSR). */
export interface PatternRecord {
  readonly shape: MatrixShape;
  /**
   * Index in `columns` at which each row begins, and the number of entries at the end: `[rows + 1]`, ascending from 0.
   */
  readonly rowPointers: Int32Array | readonly number[];
  /** Column of each entry, strictly ascending within a row. */
  readonly columns: Int32Array | readonly number[];
}

/** Transposed pattern. `from` has, for each of its entries, the index of the entry in the original pattern. */
export interface TransposedPattern {
  readonly pattern: SparsePattern;
  readonly from: Int32Array;
}

const largestSide = 2 ** 31 - 1;

/**
 * Positions of the entries of a sparse matrix, in compressed-row form (CSR). A pattern is static, as part of the
 * structure of a `SparseMatrix`, so that functions are compiled once per pattern. Patterns with equal content are the
 * same object, so that `===` compares them. The arrays belong to the pattern and must not be changed.
 */
export class SparsePattern extends StaticValue {
  readonly shape: MatrixShape;
  /** Index in `columns` at which each row begins, and the number of entries at the end. */
  readonly rowPointers: Int32Array;
  /** Column of each entry, ascending within a row. */
  readonly columns: Int32Array;
  readonly key: string;
  #rows: Int32Array | undefined;
  #transposed: TransposedPattern | undefined;

  /** For internal use; call `SparsePattern.from`, which checks its argument. */
  private constructor(shape: MatrixShape, rowPointers: Int32Array, columns: Int32Array, key: string) {
    super();
    this.shape = shape;
    this.rowPointers = rowPointers;
    this.columns = columns;
    this.key = key;
  }

  /**
   * Returns the pattern with these arrays. Typed arrays are used without a copy.
   *
   * @throws DownhillError `shape` for arrays whose lengths do not fit, `range` for columns that are outside the matrix
   * or not ascending.
   * @example
   * const pattern = SparsePattern.from({ shape: [2, 3], rowPointers: [0, 2, 3], columns: [0, 2, 1] });
   * pattern.nnz; // 3
   */
  static from(record: PatternRecord): SparsePattern {
    if (arguments.length > 1) refuseExtra("SparsePattern.from", arguments, 1);
    const shape = readMatrixShape("SparsePattern.from", record.shape);
    const rowPointers = asInt32("SparsePattern.from", "rowPointers", record.rowPointers);
    const columns = asInt32("SparsePattern.from", "columns", record.columns);
    checkPattern("SparsePattern.from", shape, rowPointers, columns);
    return SparsePattern.fromChecked(shape, rowPointers, columns);
  }

  /** Like `from`, without checks, for arrays that are known to be valid. For internal use. */
  static fromChecked(shape: MatrixShape, rowPointers: Int32Array, columns: Int32Array): SparsePattern {
    const hash = hashOf(shape, rowPointers, columns);
    const equalHashes = known.get(hash) ?? [];
    let fresh = 0;
    for (const { reference, number } of equalHashes) {
      const pattern = reference.deref();
      if (pattern !== undefined && hasContent(pattern, shape, rowPointers, columns)) return pattern;
      fresh = Math.max(fresh, number + 1);
    }
    const key = `${shape[0]}x${shape[1]}:${columns.length}:${hash.toString(36)}${fresh === 0 ? "" : `.${fresh}`}`;
    const pattern = new SparsePattern(shape, rowPointers, columns, key);
    const reference = new WeakRef(pattern);
    known.set(hash, [...equalHashes, { reference, number: fresh }]);
    forgetWhenCollected(pattern, hash, reference);
    return pattern;
  }

  /** Number of entries. */
  get nnz(): number {
    return this.columns.length;
  }

  /** Row of each entry: `[nnz]`. Computed on first access. */
  get rows(): Int32Array {
    if (this.#rows === undefined) {
      const rows = new Int32Array(this.nnz);
      const { rowPointers } = this;
      for (let i = 0; i < this.shape[0]; i++) rows.fill(i, rowPointers[i], rowPointers[i + 1]);
      this.#rows = rows;
    }
    return this.#rows;
  }

  /** The transposed pattern. Computed on first access. */
  get transposed(): TransposedPattern {
    return (this.#transposed ??= transposePattern(this));
  }

  override toString(): string {
    return `a pattern of ${this.nnz} entries in a ${this.shape[0]} × ${this.shape[1]} matrix`;
  }
}

interface KnownPattern {
  readonly reference: WeakRef<SparsePattern>;
  /** Distinguishes the keys of patterns with equal hashes. */
  readonly number: number;
}

/** Live patterns by hash. */
const known = /* @__PURE__ */ new Map<number, readonly KnownPattern[]>();

interface CollectedPattern {
  readonly hash: number;
  readonly reference: WeakRef<SparsePattern>;
}

let collected: FinalizationRegistry<CollectedPattern> | undefined;

/** Removes a pattern from `known` once it has been garbage-collected. */
function forgetWhenCollected(pattern: SparsePattern, hash: number, reference: WeakRef<SparsePattern>): void {
  collected ??= new FinalizationRegistry((gone) => {
    const rest = known.get(gone.hash)?.filter((item) => item.reference !== gone.reference) ?? [];
    if (rest.length === 0) known.delete(gone.hash);
    else known.set(gone.hash, rest);
  });
  collected.register(pattern, { hash, reference });
}

function hasContent(
  pattern: SparsePattern,
  shape: MatrixShape,
  rowPointers: Int32Array,
  columns: Int32Array,
): boolean {
  return (
    pattern.shape[0] === shape[0] &&
    pattern.shape[1] === shape[1] &&
    areEqual(pattern.rowPointers, rowPointers) &&
    areEqual(pattern.columns, columns)
  );
}

function areEqual(a: Int32Array, b: Int32Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Hash of 53 bits: two multiplicative hashes of 32 bits over all integers of the pattern. */
function hashOf(shape: MatrixShape, rowPointers: Int32Array, columns: Int32Array): number {
  let [a, b] = [shape[0] | 0, shape[1] | 0];
  for (const array of [rowPointers, columns]) {
    for (let i = 0; i < array.length; i++) {
      const x = array[i]!;
      a = Math.imul(a ^ x, 0x01000193);
      a ^= a >>> 15;
      b = Math.imul(b + x, 0x85ebca6b);
      b ^= b >>> 13;
    }
  }
  return (a >>> 0) * 2 ** 21 + ((b >>> 0) & 0x1fffff);
}

/** Reads the shape of a matrix: two integers from 0 to 2³¹ − 1. */
export function readMatrixShape(operation: string, shape: unknown): MatrixShape {
  if (Array.isArray(shape) && shape.length === 2 && shape.every(isSide))
    return [shape[0] as number, shape[1] as number];
  throw new DownhillError(
    "shape",
    `${operation}: shape must be [rows, columns] with integers from 0 to ${largestSide}; got ${JSON.stringify(shape) ?? typeof shape}.`,
  );
}

function isSide(n: unknown): boolean {
  return Number.isInteger(n) && (n as number) >= 0 && (n as number) <= largestSide;
}

/** Reads a list of integers as an Int32Array. An Int32Array is returned unchanged. */
export function asInt32(
  operation: string,
  name: string,
  given: Int32Array | readonly number[] | Uint32Array,
): Int32Array {
  if (given instanceof Int32Array) return given;
  if (!Array.isArray(given) && !(given instanceof Uint32Array))
    throw new DownhillError(
      "dtype",
      `${operation}: ${name} must be an Int32Array or a list of integers; got ${typeof given}.`,
    );
  const array = Int32Array.from(given as readonly number[]);
  const odd = array.findIndex((x, i) => x !== given[i]);
  if (odd < 0) return array;
  throw new DownhillError(
    "range",
    `${operation}: ${name}[${odd}] is ${String(given[odd])}; expected an integer below 2³¹.`,
  );
}

function checkPattern(
  operation: string,
  [rows, columnCount]: MatrixShape,
  rowPointers: Int32Array,
  columns: Int32Array,
): void {
  if (rowPointers.length !== rows + 1)
    throw new DownhillError(
      "shape",
      `${operation}: rowPointers must have rows + 1 = ${rows + 1} elements; got ${rowPointers.length}.`,
    );
  if (rowPointers[0] !== 0 || rowPointers[rows] !== columns.length)
    throw new DownhillError(
      "range",
      `${operation}: rowPointers must run from 0 to the number of columns given, ${columns.length}; ` +
        `got ${rowPointers[0]} to ${rowPointers[rows]}.`,
    );
  for (let i = 0; i < rows; i++) {
    const [from, to] = [rowPointers[i]!, rowPointers[i + 1]!];
    if (to < from || to > columns.length)
      throw new DownhillError(
        "range",
        `${operation}: rowPointers must ascend; row ${i} runs from ${from} to ${to}.`,
      );
    for (let p = from, last = -1; p < to; p++) {
      const column = columns[p]!;
      if (column < 0 || column >= columnCount)
        throw new DownhillError(
          "range",
          `${operation}: row ${i} has column ${column}, and the matrix has ${columnCount} columns, numbered from 0.`,
        );
      if (column <= last)
        throw new DownhillError(
          "range",
          `${operation}: the columns of row ${i} must ascend; ${column} follows ${last}. ` +
            `SparseMatrix.fromCoo sorts entries and adds repeated ones.`,
        );
      last = column;
    }
  }
}

function transposePattern(pattern: SparsePattern): TransposedPattern {
  const { shape, rowPointers, columns, from } = transposeEntries(pattern);
  return { pattern: SparsePattern.fromChecked(shape, rowPointers, columns), from };
}

/** Entries of a sparse matrix in compressed-row form, like those of a pattern. */
export type Entries = Pick<SparsePattern, "shape" | "rowPointers" | "columns">;

/** Transposed entries. `from` has the index of each among the original ones. */
export interface TransposedEntries extends Entries {
  readonly from: Int32Array;
}

/** Transposes entries without creating a pattern. */
export function transposeEntries({ shape, rowPointers, columns }: Entries): TransposedEntries {
  const [rows, columnCount] = shape;
  const nnz = columns.length;
  const pointers = new Int32Array(columnCount + 1);
  for (let p = 0; p < nnz; p++) pointers[columns[p]! + 1]!++;
  for (let j = 0; j < columnCount; j++) pointers[j + 1]! += pointers[j]!;
  const next = pointers.slice(0, columnCount);
  const rowsOfColumns = new Int32Array(nnz);
  const from = new Int32Array(nnz);
  for (let i = 0; i < rows; i++) {
    for (let p = rowPointers[i]!; p < rowPointers[i + 1]!; p++) {
      const q = next[columns[p]!]!++;
      rowsOfColumns[q] = i;
      from[q] = p;
    }
  }
  return { shape: [columnCount, rows], rowPointers: pointers, columns: rowsOfColumns, from };
}
