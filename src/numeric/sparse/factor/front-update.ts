// Updates of a front by eliminated columns: loops of JavaScript for small blocks, compiled products for large ones.
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { product } from "../../../engine/prims/linear-algebra.ts";
import { floatsOf, fromFloats } from "../matrix/entries.ts";

/** Sides of the blocks that a compiled product computes: rows and columns of the result, and pivots. */
const tile = 256;
export const panelColumns = 64;

/** Smallest numbers of columns and of pivots for which compiled products are faster. */
const fewestColumns = 2 * tile;
const fewestPivots = 48;

/**
 * Subtracts L · (D Lᵀ) from the lower triangle of the columns from `first` to `last`, for the pivots from `from` to `to`.
 * Column p of L is column p of the front; `scaled` holds the rows of D Lᵀ, `size` numbers apart.
 */
export function updateTrailing(
  a: Float64Array,
  size: number,
  first: number,
  last: number,
  from: number,
  to: number,
  scaled: Float64Array,
): void {
  if (last - first < fewestColumns || to - from < fewestPivots || to - from > panelColumns)
    return updateBlock(a, size, first, last, size, from, to, scaled);
  const left = new Float64Array(panelColumns * tile);
  const right = new Float64Array(panelColumns * tile);
  for (let j = first; j < last; j += tile) {
    const columnEnd = Math.min(last, j + tile);
    updateBlock(a, size, j, columnEnd, columnEnd, from, to, scaled);
    if (columnEnd === size) continue;
    for (let p = from; p < to; p++)
      copyRow(scaled, (p - from) * size + j, columnEnd - j, left, (p - from) * tile);
    for (let i = columnEnd; i < size; i += tile) {
      const rowEnd = Math.min(size, i + tile);
      for (let p = from; p < to; p++) copyRow(a, p * size + i, rowEnd - i, right, (p - from) * tile);
      subtract(a, size, j, columnEnd, i, rowEnd, multiply(left, right));
    }
  }
}

/** Copies part of a row of a block, and clears the rest of the row. */
function copyRow(source: Float64Array, at: number, length: number, out: Float64Array, to: number): void {
  for (let k = 0; k < length; k++) out[to + k] = source[at + k]!;
  if (length < tile) out.fill(0, to + length, to + tile);
}

/** Element (j, i) is the sum over p of `left(p, j) right(p, i)`. Valid until the next call. */
function multiply(left: Float64Array, right: Float64Array): Float64Array {
  const asMatrix = (x: Float64Array): Tensor => fromFloats(x, [panelColumns, tile]);
  return floatsOf(product(asMatrix(left), asMatrix(right), { x: true }), "factorise");
}

/** Subtracts a product from the columns from `first` to `last`, in the rows from `from` to `to`. */
function subtract(
  a: Float64Array,
  size: number,
  first: number,
  last: number,
  from: number,
  to: number,
  products: Float64Array,
): void {
  for (let j = first; j < last; j++)
    for (let i = from, t = j * size + from, s = (j - first) * tile; i < to; i++) a[t++]! -= products[s++]!;
}

/** The update of the columns from `first` to `last`, in the rows before `end`. */
function updateBlock(
  a: Float64Array,
  size: number,
  first: number,
  last: number,
  end: number,
  from: number,
  to: number,
  scaled: Float64Array,
): void {
  let j = first;
  for (; j + 1 < last; j += 2) {
    const left = j * size;
    const right = left + size;
    let p = from;
    for (; p + 3 < to; p += 4) updateTwoColumns(a, size, end, j, p, (p - from) * size, scaled);
    for (; p < to; p++) {
      const x = scaled[(p - from) * size + j]!;
      const y = scaled[(p - from) * size + j + 1]!;
      const source = p * size;
      a[left + j]! -= x * a[source + j]!;
      for (let i = j + 1; i < end; i++) {
        const l = a[source + i]!;
        a[left + i]! -= x * l;
        a[right + i]! -= y * l;
      }
    }
  }
  if (j < last)
    for (let p = from; p < to; p++) {
      const x = scaled[(p - from) * size + j]!;
      for (let i = j, s = p * size + j, t = j * size + j; i < end; i++) a[t++]! -= x * a[s++]!;
    }
}

/** Subtracts the products of four pivots from the columns j and j + 1, in the rows before `end`. */
function updateTwoColumns(
  a: Float64Array,
  size: number,
  end: number,
  j: number,
  p: number,
  row: number,
  scaled: Float64Array,
): void {
  const first = j * size;
  const second = first + size;
  const s0 = p * size;
  const s1 = s0 + size;
  const s2 = s1 + size;
  const s3 = s2 + size;
  const x0 = scaled[row + j]!;
  const y0 = scaled[row + j + 1]!;
  const x1 = scaled[row + size + j]!;
  const y1 = scaled[row + size + j + 1]!;
  const x2 = scaled[row + 2 * size + j]!;
  const y2 = scaled[row + 2 * size + j + 1]!;
  const x3 = scaled[row + 3 * size + j]!;
  const y3 = scaled[row + 3 * size + j + 1]!;
  a[first + j]! -= x0 * a[s0 + j]! + x1 * a[s1 + j]! + x2 * a[s2 + j]! + x3 * a[s3 + j]!;
  for (let i = j + 1; i < end; i++) {
    const l0 = a[s0 + i]!;
    const l1 = a[s1 + i]!;
    const l2 = a[s2 + i]!;
    const l3 = a[s3 + i]!;
    a[first + i]! -= x0 * l0 + x1 * l1 + x2 * l2 + x3 * l3;
    a[second + i]! -= y0 * l0 + y1 * l1 + y2 * l2 + y3 * l3;
  }
}
