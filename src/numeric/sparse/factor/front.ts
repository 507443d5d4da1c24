// Partial LDLᵀ factorisation of a dense frontal matrix, with 1 × 1 and 2 × 2 pivots.
import { panelColumns } from "./front-kernel.ts";
import { updateBlock } from "./front-update.ts";
import { eliminateInOrder } from "./ordered-pivots.ts";

/** Settings of the search for pivots. */
export interface PivotRule {
  /** Smallest accepted ratio of a pivot to the largest element of its column, 0 to 0.5. */
  readonly tolerance: number;
  /** Largest element of the original column of each variable. */
  readonly sizes: Float64Array;
  /** A column counts as zero if no element exceeds this fraction of the original size. */
  readonly zeroShare: number;
  /** Throws the error for a column that is not finite, given its variable. */
  readonly refuse: (variable: number) => never;
}

/** Block diagonal D of a factorisation, by step of elimination. */
export interface Pivots {
  /** Diagonal of D. */
  readonly diagonal: Float64Array;
  /** Element below the diagonal of D at the first step of a 2 × 2 pivot, otherwise 0. */
  readonly below: Float64Array;
}

/** A frontal matrix: the lower triangle by columns, with `size` numbers per column. */
export interface Front {
  readonly elements: Float64Array;
  readonly size: number;
  /** Number of leading variables that are fully summed, so that they may be eliminated in this front. */
  readonly summed: number;
  /** Variable of each row. The factorisation reorders the first `summed` of them. */
  readonly variables: Int32Array;
  /** Scratch memory for at least `panelColumns + 1` rows of `size` numbers. */
  readonly scaled: Float64Array;
}

/** Number of columns that are eliminated one by one before the columns after them are updated. */
const windowColumns = 24;

/**
 * Eliminates the fully summed variables that have acceptable pivots; all of them if `isRoot`. Returns their number.
 * Column p of L replaces column p of the front, below the diagonal. The lower triangle of the remaining rows and
 * columns becomes the Schur complement. The pivot search starts at the first variable in order whose pivot is not acceptable.
 */
export function factoriseFront(
  front: Front,
  rule: PivotRule,
  pivots: Pivots,
  step: number,
  isRoot: boolean,
): number {
  const { size, summed } = front;
  let done = eliminateInOrder(front, rule, pivots, step, size);
  if (done === summed) return done;
  const search = new PivotSearch(front, rule, pivots, step);
  let end = done; // end of the panel
  while (done < summed) {
    const from = done;
    const next = Math.min(summed, Math.max(end, done) + panelColumns);
    const isLast = next === end;
    if (isLast && !isRoot) break;
    end = next;
    done = isLast ? search.eliminateAny(from) : eliminatePanel(search, from, end);
    if (done > from && end < size) search.update(end, size, from, done);
  }
  return done;
}

/**
 * Eliminates the variables from `from` on of a panel whose columns are up to date; those without an acceptable pivot
 * stay. Returns how many variables of the front are eliminated so far.
 */
function eliminatePanel(search: PivotSearch, from: number, panelEnd: number): number {
  let done = from;
  let end = from; // end of the window
  while (done < panelEnd) {
    const width = Math.min(panelEnd, Math.max(end, done) + windowColumns);
    if (width === end) break;
    end = width;
    const next = search.eliminateWindow(done, end);
    if (next > done && end < panelEnd) search.update(end, panelEnd, done, next);
    done = next;
  }
  return done;
}

class PivotSearch {
  readonly #front: Front;
  readonly #a: Float64Array;
  readonly #size: number;
  readonly #summed: number;
  readonly #variables: Int32Array;
  readonly #rule: PivotRule;
  readonly #pivots: Pivots;
  /** Number of variables that are eliminated before the first one of this front. */
  readonly #step: number;

  constructor(front: Front, rule: PivotRule, pivots: Pivots, step: number) {
    const { elements, size, summed, variables } = front;
    this.#front = front;
    this.#a = elements;
    this.#size = size;
    this.#summed = summed;
    this.#variables = variables;
    this.#rule = rule;
    this.#pivots = pivots;
    this.#step = step;
  }

  /**
   * Eliminates the variables from `from` on of a window whose columns are up to date. Returns the number of eliminated
   * variables of the front.
   */
  eliminateWindow(from: number, end: number): number {
    let done = from;
    let candidates = end; // those from here on have failed since the last pivot
    while (done < candidates) {
      const width = this.#pivotAt(done, end);
      if (width === 0) {
        this.#exchange(done, --candidates);
        continue;
      }
      if (width === 1) this.#eliminateOne(done, end);
      else this.#eliminateTwo(done, end);
      done += width;
      candidates = end;
    }
    return done;
  }

  /**
   * Moves an acceptable pivot for the candidate at k to k. Returns its width, 1 or 2; 0 if the window has no such
   * pivot.
   */
  #pivotAt(k: number, end: number): number {
    const [a, size] = [this.#a, this.#size];
    const { tolerance } = this.#rule;
    const column = k * size;
    let [partner, inside, outside, total] = [-1, 0, 0, 0];
    for (let i = k + 1; i < end; i++) {
      const x = Math.abs(a[column + i]!);
      total += x;
      if (x > inside) {
        inside = x;
        partner = i;
      }
    }
    for (let i = end; i < size; i++) {
      const x = Math.abs(a[column + i]!);
      total += x;
      if (x > outside) outside = x;
    }
    const d = Math.abs(a[column + k]!);
    const largest = Math.max(inside, outside);
    if (!(d + total < Infinity)) this.#rule.refuse(this.#variables[k]!);
    if (this.#isZero(k, Math.max(d, largest))) return this.#makeZero(k);
    if (d > 0 && d >= tolerance * largest) return 1;
    if (partner < 0 || inside === 0) return 0;
    return this.#withPartner(k, partner, end, Math.max(outside, this.#largestBut(k, k, partner)));
  }

  /**
   * Tries a 2 × 2 pivot with `partner`, the row of the largest element of column k in the window, and then the diagonal
   * element of the partner. Moves the pivot to k and returns its width; 0 if neither is acceptable.
   */
  #withPartner(k: number, partner: number, end: number, largest: number): number {
    const [a, size] = [this.#a, this.#size];
    const { tolerance } = this.#rule;
    const b = Math.abs(a[k * size + partner]!);
    const other = this.#largestBut(partner, k, partner);
    const [p, q] = [a[k * size + k]!, a[partner * size + partner]!];
    const determinant = Math.abs(p * q - b * b);
    const isStable =
      determinant > 0 &&
      tolerance * (Math.abs(q) * largest + b * other) <= determinant &&
      tolerance * (b * largest + Math.abs(p) * other) <= determinant;
    if (isStable && k + 1 < end) {
      this.#exchange(k + 1, partner);
      return 2;
    }
    if (q !== 0 && Math.abs(q) >= tolerance * Math.max(other, b)) {
      this.#exchange(k, partner);
      return 1;
    }
    return 0;
  }

  /** Largest element of row and column j of the matrix from k on, without the rows k and `partner`. */
  #largestBut(j: number, k: number, partner: number): number {
    const [a, size] = [this.#a, this.#size];
    let largest = 0;
    for (let i = k + 1; i < j; i++)
      if (i !== partner) largest = Math.max(largest, Math.abs(a[i * size + j]!));
    for (let i = Math.max(j, k) + 1; i < size; i++)
      if (i !== partner) largest = Math.max(largest, Math.abs(a[j * size + i]!));
    return largest;
  }

  #isZero(k: number, largest: number): boolean {
    return largest <= this.#rule.zeroShare * this.#rule.sizes[this.#variables[k]!]!;
  }

  #makeZero(k: number): number {
    this.#a.fill(0, k * this.#size + k, (k + 1) * this.#size);
    return 1;
  }

  /** Eliminates variable k. Updates the columns before `end`. */
  #eliminateOne(k: number, end: number): void {
    const [a, size] = [this.#a, this.#size];
    const column = k * size;
    const d = a[column + k]!;
    this.#pivots.diagonal[this.#step + k] = d;
    this.#pivots.below[this.#step + k] = 0;
    if (d === 0) return;
    for (let j = k + 1; j < end; j++) {
      const factor = a[column + j]! / d;
      if (factor === 0) continue;
      const target = j * size;
      for (let i = j; i < size; i++) a[target + i]! -= factor * a[column + i]!;
    }
    for (let i = k + 1; i < size; i++) a[column + i]! /= d;
  }

  /** Eliminates variables k and k + 1 by a 2 × 2 pivot. Updates the columns before `end`. */
  #eliminateTwo(k: number, end: number): void {
    const [a, size] = [this.#a, this.#size];
    const [first, second] = [k * size, (k + 1) * size];
    const [p, b, q] = [a[first + k]!, a[first + k + 1]!, a[second + k + 1]!];
    this.#pivots.diagonal[this.#step + k] = p;
    this.#pivots.diagonal[this.#step + k + 1] = q;
    this.#pivots.below[this.#step + k] = b;
    this.#pivots.below[this.#step + k + 1] = 0;
    // scaled by b, which is not small, to avoid overflow of the determinant
    const [s, t] = [p / b, q / b];
    const scale = 1 / (b * (s * t - 1));
    for (let j = k + 2; j < end; j++) {
      const [x, y] = [a[first + j]!, a[second + j]!];
      const f = scale * (t * x - y);
      const g = scale * (s * y - x);
      if (f === 0 && g === 0) continue;
      const target = j * size;
      for (let i = j; i < size; i++) a[target + i]! -= f * a[first + i]! + g * a[second + i]!;
    }
    for (let i = k + 2; i < size; i++) {
      const [x, y] = [a[first + i]!, a[second + i]!];
      a[first + i] = scale * (t * x - y);
      a[second + i] = scale * (s * y - x);
    }
    a[first + k + 1] = 0;
  }

  /**
   * Eliminates all remaining variables of a root front, by a complete search for each pivot (Bunch and Parlett 1971).
   * Returns the number of eliminated variables of the front.
   */
  eliminateAny(from: number): number {
    const [a, size, end] = [this.#a, this.#size, this.#summed];
    for (let k = from; k < end;) {
      let [most, row, column, best, on] = [0, k, k, 0, k];
      for (let j = k; j < end; j++) {
        if (Math.abs(a[j * size + j]!) > best) {
          best = Math.abs(a[j * size + j]!);
          on = j;
        }
        for (let i = j + 1; i < end; i++)
          if (Math.abs(a[j * size + i]!) > most) {
            most = Math.abs(a[j * size + i]!);
            [row, column] = [i, j];
          }
      }
      const isZero = this.#isZero(k, Math.max(most, best));
      if (isZero) this.#makeZero(k);
      if (isZero || best >= 0.64 * most) {
        if (!isZero) this.#exchange(k, on);
        this.#eliminateOne(k, end);
        k++;
      } else {
        this.#exchange(k, column);
        this.#exchange(k + 1, row);
        this.#eliminateTwo(k, end);
        k += 2;
      }
    }
    return end;
  }

  /** Applies the pivots `from` to `to − 1` to the columns `first` to `last − 1`. */
  update(first: number, last: number, from: number, to: number): void {
    const [a, size] = [this.#a, this.#size];
    const { scaled } = this.#front;
    for (let p = from; p < to;) {
      let end = Math.min(to, p + panelColumns);
      if (this.#pivots.below[this.#step + end - 1] !== 0) end++; // both columns of a pivot
      this.#scale(p, end, first, scaled);
      updateBlock(a, size, first, last, size, p, end, scaled);
      p = end;
    }
  }

  /** Writes the rows of D Lᵀ for the pivots `from` to `to − 1`: element (p, j) is at index `(p − from) · size + j`. */
  #scale(from: number, to: number, first: number, out: Float64Array): void {
    const [a, size] = [this.#a, this.#size];
    const { diagonal, below } = this.#pivots;
    for (let p = from; p < to; p++) {
      const d = diagonal[this.#step + p]!;
      const b = below[this.#step + p]!;
      const target = (p - from) * size;
      const source = p * size;
      if (b === 0) for (let i = first; i < size; i++) out[target + i] = d * a[source + i]!;
      else {
        const e = diagonal[this.#step + p + 1]!;
        for (let i = first; i < size; i++) {
          const x = a[source + i]!;
          const y = a[source + size + i]!;
          out[target + i] = d * x + b * y;
          out[target + size + i] = b * x + e * y;
        }
        p++;
      }
    }
  }

  /** Exchanges variables i and j, i ≤ j, in the lower triangle and in the columns of L. */
  #exchange(i: number, j: number): void {
    if (i === j) return;
    const [a, size, variables] = [this.#a, this.#size, this.#variables];
    const swap = (x: number, y: number): void => {
      const value = a[x]!;
      a[x] = a[y]!;
      a[y] = value;
    };
    for (let p = 0; p < i; p++) swap(p * size + i, p * size + j);
    swap(i * size + i, j * size + j);
    for (let p = i + 1; p < j; p++) swap(i * size + p, p * size + j);
    for (let p = j + 1; p < size; p++) swap(i * size + p, j * size + p);
    const variable = variables[i]!;
    variables[i] = variables[j]!;
    variables[j] = variable;
  }
}
