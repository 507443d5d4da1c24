import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { diagonalPattern, productPattern, unitePatterns } from "./combine.ts";
import { requireMemory } from "../analysis/memory-limit.ts";
import { SparsePattern } from "./sparse-pattern.ts";

/** Computes the products AᵀA of matrices A with one pattern. */
export interface NormalProduct {
  /** Pattern of AᵀA with both triangles and the whole diagonal. */
  readonly pattern: SparsePattern;
  /** Values of AᵀA, or of Aᵀ W A with one weight per row. They are written into `out` if it is given. */
  evaluate(values: Float64Array, weights?: Float64Array, out?: Float64Array): Float64Array;
  /** Like `evaluate`, with zeros for the entries above the diagonal. */
  evaluateLower(values: Float64Array, weights?: Float64Array, out?: Float64Array): Float64Array;
}

/** Groups of adjacent rows with equal columns, which form dense blocks. */
interface RowGroups {
  /** First row of each group, and the number of rows at the end. */
  readonly first: Int32Array;
  /** Pattern with one row per group. */
  readonly pattern: SparsePattern;
}

/**
 * Prepares the product AᵀA for matrices with this pattern: its pattern, and the index in it of each product of two
 * entries of a row. Adjacent rows with equal columns, such as the residuals of one observation, share these indices.
 *
 * @throws DownhillError `range` if the product or these indices do not fit into memory.
 */
export function normalProduct(pattern: SparsePattern): NormalProduct {
  if (arguments.length > 1) refuseExtra("normalProduct", arguments, 1);
  const n = pattern.shape[1];
  const groups = groupRows(pattern);
  requireSmallProduct(groups.pattern);
  const product = productPattern(groups.pattern.transposed.pattern, groups.pattern);
  const square = hasEmptyColumn(groups.pattern)
    ? unitePatterns(product, diagonalPattern(n)).pattern
    : product;
  const positions = positionsOf(groups.pattern, square);
  const evaluateLower: NormalProduct["evaluateLower"] = (
    values,
    weights,
    out = new Float64Array(square.nnz),
  ) => {
    out.fill(0);
    addProducts(pattern, groups, positions, values, weights, out);
    return out;
  };
  return {
    pattern: square,
    evaluateLower,
    evaluate(values, weights, given) {
      const out = evaluateLower(values, weights, given);
      const { rows, columns } = square;
      const mirror = square.transposed.from;
      for (let p = 0; p < out.length; p++) if (columns[p]! > rows[p]!) out[p] = out[mirror[p]!]!;
      return out;
    },
  };
}

/** True if a column has no entry, so that the product lacks an element of its diagonal. */
function hasEmptyColumn({ shape, columns }: SparsePattern): boolean {
  const isUsed = new Uint8Array(shape[1]);
  for (const column of columns) isUsed[column] = 1;
  return isUsed.includes(0);
}

function groupRows({ shape, rowPointers, columns }: SparsePattern): RowGroups {
  const first: number[] = [];
  const pointers: number[] = [0];
  const kept = new Int32Array(columns.length);
  let count = 0;
  for (let i = 0; i < shape[0]; i++) {
    const [before, from, end] = [rowPointers[i - 1] ?? 0, rowPointers[i]!, rowPointers[i + 1]!];
    let isSame = i > 0 && from - before === end - from;
    for (let p = from; isSame && p < end; p++) isSame = columns[p] === columns[p - (end - from)];
    if (isSame) continue;
    first.push(i);
    for (let p = from; p < end; p++) kept[count++] = columns[p]!;
    pointers.push(count);
  }
  const pattern = SparsePattern.fromChecked(
    [first.length, shape[1]],
    Int32Array.from(pointers),
    kept.slice(0, count),
  );
  return { first: Int32Array.from([...first, shape[0]]), pattern };
}

/** Checks the sizes of AᵀA and of the index of each product, by the widest row and the widths of all rows. */
function requireSmallProduct({ rowPointers, shape }: SparsePattern): void {
  let [widest, products] = [0, 0];
  for (let i = 0; i < shape[0]; i++) {
    const width = rowPointers[i + 1]! - rowPointers[i]!;
    widest = Math.max(widest, width);
    products += (width * (width + 1)) / 2;
  }
  const repair = 'Solve with lsmr (linearSolver: "lsmr"), which does not compute it.';
  requireMemory(`normalProduct: a row has ${widest} entries, so AᵀA`, widest ** 2, 8, repair);
  requireMemory("normalProduct: the products of AᵀA", products, 4, repair);
}

/**
 * For each pair of columns a and b ≤ a of each group, the index of the entry of the product. Ordered by group, a and b.
 */
function positionsOf(groups: SparsePattern, product: SparsePattern): Int32Array {
  const count = groups.shape[0];
  const starts = new Float64Array(count + 1);
  for (let g = 0; g < count; g++) {
    const width = groups.rowPointers[g + 1]! - groups.rowPointers[g]!;
    starts[g + 1] = starts[g]! + (width * (width + 1)) / 2;
  }
  const positions = new Int32Array(starts[count]!);
  const entryOf = new Int32Array(product.shape[1]);
  const { pattern: byColumn, from } = groups.transposed;
  for (let j = 0; j < product.shape[0]; j++) {
    for (let r = product.rowPointers[j]!; r < product.rowPointers[j + 1]!; r++)
      entryOf[product.columns[r]!] = r;
    for (let q = byColumn.rowPointers[j]!; q < byColumn.rowPointers[j + 1]!; q++) {
      const g = byColumn.columns[q]!;
      const begin = groups.rowPointers[g]!;
      const a = from[q]! - begin;
      for (let b = 0, t = starts[g]! + (a * (a + 1)) / 2; b <= a; b++, t++)
        positions[t] = entryOf[groups.columns[begin + b]!]!;
    }
  }
  return positions;
}

function addProducts(
  pattern: SparsePattern,
  groups: RowGroups,
  positions: Int32Array,
  values: Float64Array,
  weights: Float64Array | undefined,
  out: Float64Array,
): void {
  const { rowPointers } = pattern;
  const { first } = groups;
  for (let g = 0, t = 0; g < first.length - 1; g++) {
    const [row, end] = [first[g]!, first[g + 1]!];
    const width = rowPointers[row + 1]! - rowPointers[row]!;
    for (let a = 0; a < width; a++)
      for (let b = 0; b <= a; b++, t++) {
        let sum = 0;
        for (let i = row, p = rowPointers[row]!; i < end; i++, p += width)
          sum += (weights === undefined ? 1 : weights[i]!) * values[p + a]! * values[p + b]!;
        out[positions[t]!]! += sum;
      }
  }
}
