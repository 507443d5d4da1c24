import { DownhillError } from "../../../engine/errors/index.ts";
import { arrayType } from "../../../engine/ir/types.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { add as addTensors, zeros } from "../../../engine/prims/linear.ts";
import { mul, reshape, scatterAdd, take } from "../../../engine/prims/index.ts";
import { areConcrete, floatsOf, fromFloats, indices, type SparseEntries } from "./entries.ts";
import { type MatrixShape, SparsePattern } from "./sparse-pattern.ts";

/** The transposed matrix. */
export function transpose({ pattern, values }: SparseEntries): SparseEntries {
  const { pattern: turned, from } = pattern.transposed;
  return { pattern: turned, values: pattern.nnz === 0 ? values : take(values, indices(from), 0) };
}

/** Dense form, `[rows, columns]`. */
export function toDense({ pattern, values }: SparseEntries): Tensor {
  const [rows, columnCount] = pattern.shape;
  if (pattern.nnz === 0) return zeros(arrayType("float64", [rows, columnCount]));
  if (rows * columnCount > 2 ** 31 - 1)
    throw new DownhillError(
      "shape",
      `SparseMatrix.toDense: a dense ${rows} × ${columnCount} matrix has more than 2³¹ − 1 elements. Keep it sparse.`,
    );
  const flat = pattern.rows.map((i, p) => i * columnCount + pattern.columns[p]!);
  const into = zeros(arrayType("float64", [rows * columnCount]));
  return reshape(scatterAdd(into, indices(flat), values, 0), [rows, columnCount]);
}

/** Pattern of an n × n diagonal matrix. */
export function diagonalPattern(n: number): SparsePattern {
  const upTo = (length: number): Int32Array => Int32Array.from({ length }, (_, i) => i);
  return SparsePattern.fromChecked([n, n], upTo(n + 1), upTo(n));
}

/**
 * Union of two patterns. For each entry of the two patterns, it has the index of the corresponding entry of the union.
 */
interface Union {
  readonly pattern: SparsePattern;
  readonly ofFirst: Int32Array;
  readonly ofSecond: Int32Array;
}

const unions = /* @__PURE__ */ new WeakMap<SparsePattern, WeakMap<SparsePattern, Union>>();

/** Sum of two matrices of equal shape. Its pattern is the union of both. */
export function add(a: SparseEntries, b: SparseEntries): SparseEntries {
  requireShape("SparseMatrix.add", a.pattern.shape, b.pattern.shape);
  if (a.pattern === b.pattern) return { pattern: a.pattern, values: addTensors(a.values, b.values) };
  const { pattern, ofFirst, ofSecond } = cached(unions, a.pattern, b.pattern, unitePatterns);
  let values = zeros(arrayType("float64", [pattern.nnz]));
  if (a.pattern.nnz > 0) values = scatterAdd(values, indices(ofFirst), a.values, 0);
  if (b.pattern.nnz > 0) values = scatterAdd(values, indices(ofSecond), b.values, 0);
  return { pattern, values };
}

function requireShape(operation: string, expected: MatrixShape, got: MatrixShape): void {
  if (expected[0] === got[0] && expected[1] === got[1]) return;
  throw new DownhillError(
    "shape",
    `${operation}: expects a matrix of ${expected[0]} × ${expected[1]}, as the first one; got ${got[0]} × ${got[1]}.`,
  );
}

/** Result of `make` for a pair of patterns, cached while both live. */
function cached<T>(
  memory: WeakMap<SparsePattern, WeakMap<SparsePattern, T>>,
  a: SparsePattern,
  b: SparsePattern,
  make: (a: SparsePattern, b: SparsePattern) => T,
): T {
  let ofFirst = memory.get(a);
  if (ofFirst === undefined) memory.set(a, (ofFirst = new WeakMap()));
  let found = ofFirst.get(b);
  if (found === undefined) ofFirst.set(b, (found = make(a, b)));
  return found;
}

/** Union of two patterns of equal shape. */
export function unitePatterns(a: SparsePattern, b: SparsePattern): Union {
  const rows = a.shape[0];
  const [ofFirst, ofSecond] = [new Int32Array(a.nnz), new Int32Array(b.nnz)];
  const columns = new Int32Array(a.nnz + b.nnz);
  const rowPointers = new Int32Array(rows + 1);
  let n = 0;
  for (let i = 0, p = 0, q = 0; i < rows; i++) {
    const [pEnd, qEnd] = [a.rowPointers[i + 1]!, b.rowPointers[i + 1]!];
    while (p < pEnd || q < qEnd) {
      const left = p < pEnd ? a.columns[p]! : Infinity;
      const right = q < qEnd ? b.columns[q]! : Infinity;
      if (left <= right) ofFirst[p++] = n;
      if (right <= left) ofSecond[q++] = n;
      columns[n++] = Math.min(left, right);
    }
    rowPointers[i + 1] = n;
  }
  return { pattern: SparsePattern.fromChecked(a.shape, rowPointers, columns.slice(0, n)), ofFirst, ofSecond };
}

const productPatterns = /* @__PURE__ */ new WeakMap<SparsePattern, WeakMap<SparsePattern, SparsePattern>>();

/** Pattern of the product A B, by Gustavson's algorithm. */
function productPattern(a: SparsePattern, b: SparsePattern): SparsePattern {
  return cached(productPatterns, a, b, () => {
    const [rows, columnCount] = [a.shape[0], b.shape[1]];
    const mark = new Int32Array(columnCount).fill(-1);
    const rowPointers = new Int32Array(rows + 1);
    let columns = new Int32Array(Math.max(16, a.nnz + b.nnz));
    let n = 0;
    for (let i = 0; i < rows; i++) {
      const start = n;
      for (let p = a.rowPointers[i]!; p < a.rowPointers[i + 1]!; p++) {
        const k = a.columns[p]!;
        for (let q = b.rowPointers[k]!; q < b.rowPointers[k + 1]!; q++) {
          const j = b.columns[q]!;
          if (mark[j] === i) continue;
          mark[j] = i;
          if (n === columns.length) columns = grown(columns);
          columns[n++] = j;
        }
      }
      columns.subarray(start, n).sort();
      rowPointers[i + 1] = n;
    }
    return SparsePattern.fromChecked([rows, columnCount], rowPointers, columns.slice(0, n));
  });
}

/** Copies the array into one with the given capacity, by default twice its length. */
export function grown<A extends Int32Array | Float64Array>(array: A, capacity: number = 2 * array.length): A {
  const wider = new (array.constructor as new (n: number) => A)(capacity);
  wider.set(array);
  return wider;
}

/**
 * For a product A B, the pairs of entries of A (`left`) and B (`right`) whose products are added to the entry `target`.
 */
interface Pairs {
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly target: Int32Array;
}

const pairs = /* @__PURE__ */ new WeakMap<SparsePattern, WeakMap<SparsePattern, Pairs>>();

/** Matrix product A B. */
export function multiply(a: SparseEntries, b: SparseEntries): SparseEntries {
  if (a.pattern.shape[1] !== b.pattern.shape[0])
    throw new DownhillError(
      "shape",
      `SparseMatrix.multiply: a matrix of ${a.pattern.shape.join(" × ")} needs one with ${a.pattern.shape[1]} rows; ` +
        `got ${b.pattern.shape.join(" × ")}.`,
    );
  const pattern = productPattern(a.pattern, b.pattern);
  if (areConcrete(a.values, b.values)) return { pattern, values: multiplyNow(a, b, pattern) };
  const zero = zeros(arrayType("float64", [pattern.nnz]));
  if (pattern.nnz === 0) return { pattern, values: zero };
  const { left, right, target } = cached(pairs, a.pattern, b.pattern, (x, y) => pairsOf(x, y, pattern));
  const products = mul(take(a.values, indices(left), 0), take(b.values, indices(right), 0));
  return { pattern, values: scatterAdd(zero, indices(target), products, 0) };
}

function multiplyNow(a: SparseEntries, b: SparseEntries, pattern: SparsePattern): Tensor {
  const [va, vb] = [floatsOf(a.values, "multiply"), floatsOf(b.values, "multiply")];
  const sums = new Float64Array(pattern.shape[1]);
  const out = new Float64Array(pattern.nnz);
  const [x, y] = [a.pattern, b.pattern];
  for (let i = 0; i < pattern.shape[0]; i++) {
    for (let p = x.rowPointers[i]!; p < x.rowPointers[i + 1]!; p++) {
      const [k, factor] = [x.columns[p]!, va[p]!];
      for (let q = y.rowPointers[k]!; q < y.rowPointers[k + 1]!; q++) sums[y.columns[q]!]! += factor * vb[q]!;
    }
    for (let r = pattern.rowPointers[i]!; r < pattern.rowPointers[i + 1]!; r++) {
      const j = pattern.columns[r]!;
      out[r] = sums[j]!;
      sums[j] = 0;
    }
  }
  return fromFloats(out);
}

function pairsOf(a: SparsePattern, b: SparsePattern, product: SparsePattern): Pairs {
  let count = 0;
  for (let p = 0; p < a.nnz; p++) {
    const k = a.columns[p]!;
    count += b.rowPointers[k + 1]! - b.rowPointers[k]!;
  }
  const [left, right, target] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
  const entryOf = new Int32Array(product.shape[1]);
  let n = 0;
  for (let i = 0; i < a.shape[0]; i++) {
    for (let r = product.rowPointers[i]!; r < product.rowPointers[i + 1]!; r++)
      entryOf[product.columns[r]!] = r;
    for (let p = a.rowPointers[i]!; p < a.rowPointers[i + 1]!; p++) {
      const k = a.columns[p]!;
      for (let q = b.rowPointers[k]!; q < b.rowPointers[k + 1]!; q++, n++) {
        left[n] = p;
        right[n] = q;
        target[n] = entryOf[b.columns[q]!]!;
      }
    }
  }
  return { left, right, target };
}
