// Elimination of the leading variables of a front in their order, as long as their pivots are acceptable.
import type { Front, PivotRule, Pivots } from "./front.ts";
import { updateBlock } from "./front-update.ts";

/** Number of columns of a panel. */
const panelWidth = 32;

/** Pivots below this are left to the pivot search, because their reciprocals may overflow. */
const smallest = 1e-290;

/**
 * Eliminates leading variables by 1 × 1 pivots, until one is not acceptable. Returns their number. Updates the columns
 * before `last`. For the last panel, row p of `scaled` holds D Lᵀ of its pivot p.
 *
 * Within a panel each column takes all updates at once (left-looking), so that the pivot search of other columns, which
 * needs all columns of a window up to date, is left out.
 */
export function eliminateInOrder(
  front: Front,
  rule: PivotRule,
  pivots: Pivots,
  step: number,
  last: number,
): number {
  const { elements, size, summed, scaled } = front;
  let done = 0;
  while (done < summed) {
    const from = done;
    const end = Math.min(summed, from + panelWidth);
    done = eliminatePanel(front, rule, pivots, step, from, end);
    // pairs of columns are updated together, so the one after a refused pivot may be up to date
    const current = done === end ? end : Math.min(end, done + 2 - ((done - from) % 2));
    if (done > from && current < last) updateBlock(elements, size, current, last, size, from, done, scaled);
    if (done < end) break;
  }
  return done;
}

function eliminatePanel(
  front: Front,
  rule: PivotRule,
  pivots: Pivots,
  step: number,
  from: number,
  end: number,
): number {
  const { elements: a, size, scaled } = front;
  for (let k = from; k < end; k += 2) {
    if (k > from) updateBlock(a, size, k, Math.min(end, k + 2), size, from, k, scaled);
    if (!eliminateColumn(front, rule, pivots, step, k, (k - from) * size)) return k;
    if (k + 1 === end) break;
    const factor = scaled[(k - from) * size + k + 1]!;
    for (let i = k + 1, s = k * size + i, t = s + size; i < size; i++) a[t++]! -= factor * a[s++]!;
    if (!eliminateColumn(front, rule, pivots, step, k + 1, (k + 1 - from) * size)) return k + 1;
  }
  return end;
}

/**
 * Divides column k by its pivot, records the pivot, and stores the undivided column in a row of `scaled`. Returns
 * false, and does nothing, if the pivot is not acceptable.
 */
function eliminateColumn(
  { elements: a, size, scaled, variables }: Front,
  { tolerance, sizes, zeroShare }: PivotRule,
  { diagonal, below }: Pivots,
  step: number,
  k: number,
  row: number,
): boolean {
  const column = k * size;
  const d = a[column + k]!;
  let [largest, total] = [0, 0];
  for (let i = k + 1; i < size; i++) {
    const x = Math.abs(a[column + i]!);
    total += x;
    if (x > largest) largest = x;
  }
  const pivot = Math.abs(d);
  if (!(pivot + total < Infinity)) return false;
  if (!(pivot > smallest && pivot >= tolerance * largest)) return false;
  if (Math.max(pivot, largest) <= zeroShare * sizes[variables[k]!]!) return false;
  diagonal[step + k] = d;
  below[step + k] = 0;
  const inverse = 1 / d;
  for (let i = k + 1; i < size; i++) {
    const x = a[column + i]!;
    scaled[row + i] = x;
    a[column + i] = x * inverse;
  }
  return true;
}
