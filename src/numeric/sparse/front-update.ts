/**
 * Subtracts L · (D Lᵀ) from the lower triangle of the columns from `end` on, for the pivots from `from` to `to`. Column p
 * of L is column p of the front; `scaled` holds the rows of D Lᵀ, `size` numbers apart.
 */
export function updateTrailing(
  a: Float64Array,
  size: number,
  end: number,
  from: number,
  to: number,
  scaled: Float64Array,
): void {
  let j = end;
  for (; j + 1 < size; j += 2) {
    const [first, second] = [j * size, (j + 1) * size];
    let p = from;
    for (; p + 3 < to; p += 4) updateTwoColumns(a, size, j, p, (p - from) * size, scaled);
    for (; p < to; p++) {
      const [x, y] = [scaled[(p - from) * size + j]!, scaled[(p - from) * size + j + 1]!];
      const source = p * size;
      a[first + j]! -= x * a[source + j]!;
      for (let i = j + 1; i < size; i++) {
        const l = a[source + i]!;
        a[first + i]! -= x * l;
        a[second + i]! -= y * l;
      }
    }
  }
  if (j < size)
    for (let p = from; p < to; p++) a[j * size + j]! -= scaled[(p - from) * size + j]! * a[p * size + j]!;
}

/** Subtracts the products of four pivots from the columns j and j + 1. */
function updateTwoColumns(
  a: Float64Array,
  size: number,
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
  for (let i = j + 1; i < size; i++) {
    const l0 = a[s0 + i]!;
    const l1 = a[s1 + i]!;
    const l2 = a[s2 + i]!;
    const l3 = a[s3 + i]!;
    a[first + i]! -= x0 * l0 + x1 * l1 + x2 * l2 + x3 * l3;
    a[second + i]! -= y0 * l0 + y1 * l1 + y2 * l2 + y3 * l3;
  }
}
