// LU factors with pivots on the diagonal, for matrices with so few entries that dense fronts take more time than they save.
// Symmetric matrices have factors L D Lᵀ; `static-ldl` computes those of real ones.
import { eliminationTree } from "../analysis/elimination-tree.ts";
import type { LuAnalysis } from "./lu.ts";
import { StaticLdl } from "./static-ldl.ts";

const none = -1;

/** Largest absolute value of an element of L. Larger ones need another order of pivots. */
const largestMultiplier = 100;

/** Positions of the entries of L and U by rows, for matrices of one pattern. Indices are renumbered. */
export class StaticLu {
  readonly #analysis: LuAnalysis;
  /** Start of each row of L in `lowerIndex`, and their ascending columns. The unit diagonal is not stored. */
  readonly #lowerStart: Int32Array;
  readonly #lowerIndex: Int32Array;
  /** The same for the rows of U without its diagonal. */
  readonly #upperStart: Int32Array;
  readonly #upperIndex: Int32Array;
  /** Entries of the matrix by renumbered rows: start of each row, entry and column. */
  readonly #start: Int32Array;
  readonly #entry: Int32Array;
  readonly #column: Int32Array;
  /** Entries above the diagonal, and the entries at the transposed positions; `undefined` if one of them is missing. */
  readonly #mirror: { readonly above: Int32Array; readonly below: Int32Array } | undefined;
  /** Elements of a solution in the order of the factors, while it is computed. */
  readonly #solution: Float64Array;
  /** Structure for real symmetric matrices, created at the first use. */
  #symmetric: StaticLdl | undefined;

  constructor(analysis: LuAnalysis) {
    this.#analysis = analysis;
    const n = analysis.order.length;
    this.#solution = new Float64Array(2 * n);
    const { rows, columns, entry } = analysis.lists;
    const byRow = grouped(rows, n, (t) => t);
    this.#start = byRow.start;
    this.#entry = byRow.items.map((t) => entry[t]!);
    this.#column = byRow.items.map((t) => columns[t]!);
    this.#mirror = mirrorOf(rows, columns, entry, n);
    const off = Int32Array.from(rows.keys()).filter((t) => rows[t] !== columns[t]);
    const later = off.map((t) => Math.max(rows[t]!, columns[t]!));
    const upper = grouped(later, n, (k) => Math.min(rows[off[k]!]!, columns[off[k]!]!));
    const lower = lowerRows({ pointers: upper.start, neighbours: upper.items });
    this.#lowerStart = lower.start;
    this.#lowerIndex = lower.items;
    const rowOf = new Int32Array(lower.items.length);
    for (let i = 0; i < n; i++) rowOf.fill(i, lower.start[i], lower.start[i + 1]);
    const transposed = grouped(lower.items, n, (p) => rowOf[p]!);
    this.#upperStart = transposed.start;
    this.#upperIndex = transposed.items;
  }

  /** Factors of a matrix with these values of its entries; `undefined` if a pivot is too small or a value not finite. */
  factorise(values: Float64Array): StaticFactors | undefined {
    if (!this.#isSymmetric(values, 1)) return this.#factorise(values);
    this.#symmetric ??= new StaticLdl(this.#analysis);
    return this.#symmetric.factorise(values, largestMultiplier) ?? this.#factorise(values);
  }

  /**
   * `factorise` for a complex matrix. Values and vectors alternate real and imaginary parts. Returns `undefined` in the
   * same cases as `factorise`.
   */
  factorisePairs(values: Float64Array): StaticFactors | undefined {
    const factors = this.#isSymmetric(values, 2) ? this.#factoriseSymmetricPairs(values) : undefined;
    return factors ?? this.#factorisePairs(values);
  }

  /** True if the matrix is symmetric up to rounding. Each entry has `width` values. */
  #isSymmetric(values: Float64Array, width: number): boolean {
    if (this.#mirror === undefined) return false;
    const { above, below } = this.#mirror;
    for (let k = 0; k < above.length; k++)
      for (let part = 0; part < width; part++) {
        const x = values[width * above[k]! + part]!;
        const y = values[width * below[k]! + part]!;
        if (x !== y && !(Math.abs(x - y) <= 1e-14 * Math.abs(x))) return false;
      }
    return true;
  }

  /**
   * Factors L D Lᵀ of a symmetric complex matrix, with half the operations of the general method. Column k of L is stored
   * like row k of U. Lᵀ is not conjugated. `undefined` if a pivot is too small.
   */
  #factoriseSymmetricPairs(values: Float64Array): StaticFactors | undefined {
    const n = this.#analysis.order.length;
    const [lowerStart, lowerIndex] = [this.#lowerStart, this.#lowerIndex];
    const [upperStart, upperIndex] = [this.#upperStart, this.#upperIndex];
    const [start, entry, column] = [this.#start, this.#entry, this.#column];
    const elements = new Float64Array(2 * upperIndex.length);
    const [inverse, row] = [new Float64Array(2 * n), new Float64Array(2 * n)];
    const next = upperStart.slice();
    for (let i = 0; i < n; i++) {
      for (let t = start[i]!; t < start[i + 1]!; t++) {
        const [c, e] = [column[t]!, 2 * entry[t]!];
        if (c > i) continue;
        row[2 * c] = values[e]!;
        row[2 * c + 1] = values[e + 1]!;
      }
      let [re, im] = [row[2 * i]!, row[2 * i + 1]!];
      row[2 * i] = row[2 * i + 1] = 0;
      for (let p = lowerStart[i]!; p < lowerStart[i + 1]!; p++) {
        const k = lowerIndex[p]!;
        const [x, y] = [row[2 * k]!, row[2 * k + 1]!];
        row[2 * k] = row[2 * k + 1] = 0;
        const end = next[k]!;
        for (let q = upperStart[k]!; q < end; q++) {
          const j = 2 * upperIndex[q]!;
          const a = elements[2 * q]!;
          const b = elements[2 * q + 1]!;
          row[j]! -= a * x - b * y;
          row[j + 1]! -= a * y + b * x;
        }
        const u = x * inverse[2 * k]! - y * inverse[2 * k + 1]!;
        const v = x * inverse[2 * k + 1]! + y * inverse[2 * k]!;
        if (!(Math.abs(u) + Math.abs(v) <= largestMultiplier)) return undefined;
        re -= u * x - v * y;
        im -= u * y + v * x;
        elements[2 * end] = u;
        elements[2 * end + 1] = v;
        next[k] = end + 1;
      }
      const size = re * re + im * im;
      inverse[2 * i] = re / size;
      inverse[2 * i + 1] = -im / size;
      if (!Number.isFinite(inverse[2 * i]! + inverse[2 * i + 1]!)) return undefined;
    }
    return { solve: (b, out) => this.#solveSymmetricPairs(elements, inverse, b, out) };
  }

  #solveSymmetricPairs(
    elements: Float64Array,
    inverse: Float64Array,
    b: Float64Array,
    out: Float64Array = new Float64Array(b.length),
  ): Float64Array {
    const { order, rowOrder } = this.#analysis;
    const [start, index] = [this.#upperStart, this.#upperIndex];
    const [n, x] = [order.length, this.#solution];
    for (let k = 0; k < n; k++) {
      x[2 * k] = b[2 * rowOrder[k]!]!;
      x[2 * k + 1] = b[2 * rowOrder[k]! + 1]!;
    }
    for (let k = 0; k < n; k++) {
      const re = x[2 * k]!;
      const im = x[2 * k + 1]!;
      for (let q = start[k]!; q < start[k + 1]!; q++) {
        const j = 2 * index[q]!;
        x[j]! -= elements[2 * q]! * re - elements[2 * q + 1]! * im;
        x[j + 1]! -= elements[2 * q]! * im + elements[2 * q + 1]! * re;
      }
    }
    for (let k = n - 1; k >= 0; k--) {
      let re = x[2 * k]! * inverse[2 * k]! - x[2 * k + 1]! * inverse[2 * k + 1]!;
      let im = x[2 * k]! * inverse[2 * k + 1]! + x[2 * k + 1]! * inverse[2 * k]!;
      for (let q = start[k]!; q < start[k + 1]!; q++) {
        const j = 2 * index[q]!;
        re -= elements[2 * q]! * x[j]! - elements[2 * q + 1]! * x[j + 1]!;
        im -= elements[2 * q]! * x[j + 1]! + elements[2 * q + 1]! * x[j]!;
      }
      out[2 * order[k]!] = x[2 * k] = re;
      out[2 * order[k]! + 1] = x[2 * k + 1] = im;
    }
    return out;
  }

  #factorise(values: Float64Array): StaticFactors | undefined {
    const n = this.#analysis.order.length;
    const [lowerStart, lowerIndex] = [this.#lowerStart, this.#lowerIndex];
    const [upperStart, upperIndex] = [this.#upperStart, this.#upperIndex];
    const [start, entry, column] = [this.#start, this.#entry, this.#column];
    const [lower, upper] = [new Float64Array(lowerIndex.length), new Float64Array(upperIndex.length)];
    const [inverse, scale, row] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
    for (let i = 0; i < n; i++) {
      let largest = 0;
      for (let t = start[i]!; t < start[i + 1]!; t++)
        largest = Math.max(largest, Math.abs(values[entry[t]!]!));
      const s = 1 / largest;
      scale[i] = s;
      for (let t = start[i]!; t < start[i + 1]!; t++) row[column[t]!] = s * values[entry[t]!]!;
      for (let p = lowerStart[i]!; p < lowerStart[i + 1]!; p++) {
        const k = lowerIndex[p]!;
        const l = row[k]! * inverse[k]!;
        row[k] = 0;
        if (!(Math.abs(l) <= largestMultiplier)) return undefined;
        lower[p] = l;
        for (let q = upperStart[k]!; q < upperStart[k + 1]!; q++) row[upperIndex[q]!]! -= l * upper[q]!;
      }
      inverse[i] = 1 / row[i]!;
      if (!Number.isFinite(inverse[i])) return undefined;
      row[i] = 0;
      for (let q = upperStart[i]!; q < upperStart[i + 1]!; q++) {
        upper[q] = row[upperIndex[q]!]!;
        row[upperIndex[q]!] = 0;
      }
    }
    return { solve: (b, out) => this.#solve({ lower, upper, inverse, scale }, b, out) };
  }

  #solve(
    { lower, upper, inverse, scale }: RealFactors,
    b: Float64Array,
    out: Float64Array = new Float64Array(b.length),
  ): Float64Array {
    const { order, rowOrder } = this.#analysis;
    const [lowerStart, lowerIndex] = [this.#lowerStart, this.#lowerIndex];
    const [upperStart, upperIndex] = [this.#upperStart, this.#upperIndex];
    const [n, x] = [order.length, this.#solution];
    for (let i = 0; i < n; i++) {
      let value = b[rowOrder[i]!]! * scale[i]!;
      for (let p = lowerStart[i]!; p < lowerStart[i + 1]!; p++) value -= lower[p]! * x[lowerIndex[p]!]!;
      x[i] = value;
    }
    for (let i = n - 1; i >= 0; i--) {
      let value = x[i]!;
      for (let q = upperStart[i]!; q < upperStart[i + 1]!; q++) value -= upper[q]! * x[upperIndex[q]!]!;
      out[order[i]!] = x[i] = value * inverse[i]!;
    }
    return out;
  }

  #factorisePairs(values: Float64Array): StaticFactors | undefined {
    const n = this.#analysis.order.length;
    const [lowerStart, lowerIndex] = [this.#lowerStart, this.#lowerIndex];
    const [upperStart, upperIndex] = [this.#upperStart, this.#upperIndex];
    const [start, entry, column] = [this.#start, this.#entry, this.#column];
    const [lower, upper] = [new Float64Array(2 * lowerIndex.length), new Float64Array(2 * upperIndex.length)];
    const [inverse, scale, row] = [new Float64Array(2 * n), new Float64Array(n), new Float64Array(2 * n)];
    for (let i = 0; i < n; i++) {
      let largest = 0;
      for (let t = start[i]!; t < start[i + 1]!; t++) {
        const e = 2 * entry[t]!;
        largest = Math.max(largest, Math.abs(values[e]!), Math.abs(values[e + 1]!));
      }
      const s = 1 / largest;
      scale[i] = s;
      for (let t = start[i]!; t < start[i + 1]!; t++) {
        const [e, c] = [2 * entry[t]!, 2 * column[t]!];
        row[c] = s * values[e]!;
        row[c + 1] = s * values[e + 1]!;
      }
      for (let p = lowerStart[i]!; p < lowerStart[i + 1]!; p++) {
        const k = 2 * lowerIndex[p]!;
        const re = row[k]! * inverse[k]! - row[k + 1]! * inverse[k + 1]!;
        const im = row[k]! * inverse[k + 1]! + row[k + 1]! * inverse[k]!;
        row[k] = row[k + 1] = 0;
        if (!(Math.abs(re) + Math.abs(im) <= largestMultiplier)) return undefined;
        lower[2 * p] = re;
        lower[2 * p + 1] = im;
        for (let q = upperStart[k >> 1]!; q < upperStart[(k >> 1) + 1]!; q++) {
          const j = 2 * upperIndex[q]!;
          const [x, y] = [upper[2 * q]!, upper[2 * q + 1]!];
          row[j]! -= re * x - im * y;
          row[j + 1]! -= re * y + im * x;
        }
      }
      const [x, y] = [row[2 * i]!, row[2 * i + 1]!];
      const size = x * x + y * y;
      inverse[2 * i] = x / size;
      inverse[2 * i + 1] = -y / size;
      if (!Number.isFinite(inverse[2 * i]! + inverse[2 * i + 1]!)) return undefined;
      row[2 * i] = row[2 * i + 1] = 0;
      for (let q = upperStart[i]!; q < upperStart[i + 1]!; q++) {
        const j = 2 * upperIndex[q]!;
        upper[2 * q] = row[j]!;
        upper[2 * q + 1] = row[j + 1]!;
        row[j] = row[j + 1] = 0;
      }
    }
    return { solve: (b, out) => this.#solvePairs({ lower, upper, inverse, scale }, b, out) };
  }

  #solvePairs(
    { lower, upper, inverse, scale }: RealFactors,
    b: Float64Array,
    out: Float64Array = new Float64Array(b.length),
  ): Float64Array {
    const { order, rowOrder } = this.#analysis;
    const [lowerStart, lowerIndex] = [this.#lowerStart, this.#lowerIndex];
    const [upperStart, upperIndex] = [this.#upperStart, this.#upperIndex];
    const [n, x] = [order.length, this.#solution];
    for (let i = 0; i < n; i++) {
      const from = 2 * rowOrder[i]!;
      let re = b[from]! * scale[i]!;
      let im = b[from + 1]! * scale[i]!;
      for (let p = lowerStart[i]!; p < lowerStart[i + 1]!; p++) {
        const k = 2 * lowerIndex[p]!;
        re -= lower[2 * p]! * x[k]! - lower[2 * p + 1]! * x[k + 1]!;
        im -= lower[2 * p]! * x[k + 1]! + lower[2 * p + 1]! * x[k]!;
      }
      x[2 * i] = re;
      x[2 * i + 1] = im;
    }
    for (let i = n - 1; i >= 0; i--) {
      let re = x[2 * i]!;
      let im = x[2 * i + 1]!;
      for (let q = upperStart[i]!; q < upperStart[i + 1]!; q++) {
        const j = 2 * upperIndex[q]!;
        re -= upper[2 * q]! * x[j]! - upper[2 * q + 1]! * x[j + 1]!;
        im -= upper[2 * q]! * x[j + 1]! + upper[2 * q + 1]! * x[j]!;
      }
      const to = 2 * order[i]!;
      out[to] = x[2 * i] = re * inverse[2 * i]! - im * inverse[2 * i + 1]!;
      out[to + 1] = x[2 * i + 1] = re * inverse[2 * i + 1]! + im * inverse[2 * i]!;
    }
    return out;
  }
}

/** Factors of one matrix. */
export interface StaticFactors {
  /** Solution of A x = b, written into `out` if it is given. `out` may be b. */
  readonly solve: (b: Float64Array, out?: Float64Array) => Float64Array;
}

/** Elements of L and U, reciprocals of the pivots, and the factors by which rows were multiplied. */
interface RealFactors {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly inverse: Float64Array;
  readonly scale: Float64Array;
}

/** Lists of items: those of list i are from `start[i]` to `start[i + 1]`. */
interface ItemLists {
  readonly start: Int32Array;
  readonly items: Int32Array;
}

/** Groups items by keys from 0 to n − 1, in their order. */
function grouped(keys: Int32Array, n: number, item: (index: number) => number): ItemLists {
  const start = new Int32Array(n + 1);
  for (const key of keys) start[key + 1]!++;
  for (let k = 0; k < n; k++) start[k + 1]! += start[k]!;
  const next = start.slice();
  const items = new Int32Array(keys.length);
  for (let t = 0; t < keys.length; t++) items[next[keys[t]!]!++] = item(t);
  return { start, items };
}

/** Entries above the diagonal with the entries at the transposed positions, if all of them exist. */
function mirrorOf(
  rows: Int32Array,
  columns: Int32Array,
  entry: Int32Array,
  n: number,
): { readonly above: Int32Array; readonly below: Int32Array } | undefined {
  const all = Int32Array.from(rows.keys());
  /** Entries on one side, in the order of `major` and then of `minor`. */
  const sorted = (major: Int32Array, minor: Int32Array): Int32Array => {
    const own = all.filter((t) => major[t]! < minor[t]!);
    const byMinor = grouped(own.map((t) => minor[t]!), n, (k) => own[k]!).items; // prettier-ignore
    return grouped(byMinor.map((t) => major[t]!), n, (k) => byMinor[k]!).items; // prettier-ignore
  };
  const [above, below] = [sorted(rows, columns), sorted(columns, rows)];
  const fits =
    above.length === below.length &&
    above.every((t, k) => rows[t] === columns[below[k]!] && columns[t] === rows[below[k]!]);
  return fits ? { above: above.map((t) => entry[t]!), below: below.map((t) => entry[t]!) } : undefined;
}

/** Columns of each row of L, ascending: the paths in the elimination tree from the entries of the row. */
function lowerRows(upper: { readonly pointers: Int32Array; readonly neighbours: Int32Array }): ItemLists {
  const parent = eliminationTree(upper);
  const n = parent.length;
  const start = new Int32Array(n + 1);
  const marked = new Int32Array(n).fill(none);
  const items: number[] = [];
  for (let i = 0; i < n; i++) {
    marked[i] = i;
    for (let p = upper.pointers[i]!; p < upper.pointers[i + 1]!; p++)
      for (let k = upper.neighbours[p]!; marked[k] !== i; k = parent[k]!) {
        marked[k] = i;
        items.push(k);
      }
    start[i + 1] = items.length;
  }
  const sorted = Int32Array.from(items);
  for (let i = 0; i < n; i++) sorted.subarray(start[i], start[i + 1]).sort();
  return { start, items: sorted };
}
