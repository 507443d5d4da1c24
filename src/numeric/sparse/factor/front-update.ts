// Updates of a front by eliminated columns.
import type { Front } from "./front.ts";
import { kernelOf } from "./front-kernel.ts";

/**
 * Subtracts L D Lᵀ from the lower triangle of the columns `first` to `last − 1`, in the rows before `end`, for the
 * pivots `from` to `to − 1`. Column p of L is column p of the front. `scaled` contains the rows of D Lᵀ, one per `size`
 * numbers. WebAssembly does this if the front is in its memory, with equal results.
 */
export function updateBlock(
  a: Float64Array,
  size: number,
  first: number,
  last: number,
  end: number,
  from: number,
  to: number,
  scaled: Float64Array,
): void {
  const kernel = kernelOf(a, scaled);
  if (kernel !== undefined) return kernel.update(size, first, last, end, from, to);
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

/** Subtracts the products of four pivots, from p on, from the columns j and j + 1, in the rows before `end`. */
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

/** Front that takes the products of another one. */
interface UpdateTarget {
  readonly elements: Float64Array;
  readonly size: number;
  /** Rows of the target, from index `from` on: one per row below the pivots. */
  readonly rows: Int32Array;
  readonly from: number;
}

/** Subtracts the products of up to four pivots, whose rows of D Lᵀ are in `scaled`, from the lower triangle of another front. */
export function subtractProducts(
  { elements: l, size, summed, scaled }: Front,
  pivot: number,
  end: number,
  { elements, size: stride, rows, from }: UpdateTarget,
): void {
  const s0 = pivot * size;
  // missing pivots have factors of 0
  const s1 = Math.min(pivot + 1, end - 1) * size;
  const s2 = Math.min(pivot + 2, end - 1) * size;
  const s3 = Math.min(pivot + 3, end - 1) * size;
  const offset = from - summed;
  const factor = (p: number, at: number): number => (p < end ? scaled[at]! : 0);
  let j = summed;
  for (; j + 1 < size; j += 2) {
    const left = rows[offset + j]! * stride;
    const right = rows[offset + j + 1]! * stride;
    const [x0, y0] = [scaled[s0 + j]!, scaled[s0 + j + 1]!];
    const [x1, y1] = [factor(pivot + 1, s1 + j), factor(pivot + 1, s1 + j + 1)];
    const [x2, y2] = [factor(pivot + 2, s2 + j), factor(pivot + 2, s2 + j + 1)];
    const [x3, y3] = [factor(pivot + 3, s3 + j), factor(pivot + 3, s3 + j + 1)];
    elements[left + rows[offset + j]!]! -=
      x0 * l[s0 + j]! + x1 * l[s1 + j]! + x2 * l[s2 + j]! + x3 * l[s3 + j]!;
    for (let i = j + 1; i < size; i++) {
      const row = rows[offset + i]!;
      const l0 = l[s0 + i]!;
      const l1 = l[s1 + i]!;
      const l2 = l[s2 + i]!;
      const l3 = l[s3 + i]!;
      elements[left + row]! -= x0 * l0 + x1 * l1 + x2 * l2 + x3 * l3;
      elements[right + row]! -= y0 * l0 + y1 * l1 + y2 * l2 + y3 * l3;
    }
  }
  if (j < size) {
    const at = rows[offset + j]! * (stride + 1);
    for (let p = pivot; p < end; p++) elements[at]! -= scaled[p * size + j]! * l[p * size + j]!;
  }
}
