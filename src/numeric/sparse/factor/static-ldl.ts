// LDLᵀ factors of symmetric matrices with pivots on the diagonal, by supernodes and without fronts.
import type { SymbolicFactor } from "../analysis/symbolic.ts";
import type { LuAnalysis } from "./lu.ts";
import type { StaticFactors } from "./static-lu.ts";

/** Blocks of L, and the pivots, of one matrix. */
interface LdlBlocks {
  readonly elements: Float64Array;
  readonly pivots: Float64Array;
}

/**
 * Structure of the factors of symmetric matrices with one pattern. Indices are renumbered. The block of a supernode is a
 * dense matrix by columns: first the rows of its own columns, then the rows below. The factorisation is left-looking:
 * a block receives the products of all earlier blocks with rows in its columns, and is then eliminated.
 */
export class StaticLdl {
  readonly #analysis: LuAnalysis;
  /** Start of the block of each supernode. */
  readonly #blockStart: Int32Array;
  /** Entries of the matrix on and below the diagonal, and the positions of these entries in the blocks. */
  readonly #entry: Int32Array;
  readonly #target: Int32Array;
  readonly #updates: BlockUpdates;
  readonly #side: Float64Array;

  constructor(analysis: LuAnalysis) {
    this.#analysis = analysis;
    const { parent, order } = analysis;
    this.#blockStart = new Int32Array(parent.length + 1);
    for (let s = 0; s < parent.length; s++)
      this.#blockStart[s + 1] = this.#blockStart[s]! + widthOf(analysis, s) * heightOf(analysis, s);
    const { entry, target } = entryPositions(analysis, this.#blockStart);
    this.#entry = entry;
    this.#target = target;
    this.#updates = blockUpdates(analysis);
    this.#side = new Float64Array(order.length);
  }

  /**
   * Factors of a matrix with these values of its entries. `undefined` if a pivot is 0 or not finite, or if an element of L
   * exceeds `largestMultiplier`.
   */
  factorise(values: Float64Array, largestMultiplier: number): StaticFactors | undefined {
    const { parent, first } = this.#analysis;
    const [blockStart, entry, target] = [this.#blockStart, this.#entry, this.#target];
    const elements = new Float64Array(blockStart.at(-1)!);
    const pivots = new Float64Array(this.#side.length);
    for (let t = 0; t < entry.length; t++) elements[target[t]!] = values[entry[t]!]!;
    for (let s = 0; s < parent.length; s++) {
      this.#update(s, { elements, pivots });
      const [width, height] = [widthOf(this.#analysis, s), heightOf(this.#analysis, s)];
      eliminateBlock(elements, blockStart[s]!, height, width, pivots, first[s]!);
      for (let c = 0; c < width; c++) {
        if (!(Math.abs(pivots[first[s]! + c]!) > 0)) return undefined;
        const column = blockStart[s]! + c * height;
        for (let i = column + c + 1; i < column + height; i++)
          if (!(Math.abs(elements[i]!) <= largestMultiplier)) return undefined;
      }
    }
    return pivots.every(Number.isFinite)
      ? { solve: (b, out) => this.#solve({ elements, pivots }, b, out) }
      : undefined;
  }

  /** Subtracts the products of earlier blocks from block s. */
  #update(s: number, { elements, pivots }: LdlBlocks): void {
    const { first } = this.#analysis;
    const { start, source, from, count, rowsAt, rows } = this.#updates;
    const blockStart = this.#blockStart;
    const size = heightOf(this.#analysis, s);
    for (let u = start[s]!; u < start[s + 1]!; u++) {
      const d = source[u]!;
      const [width, height] = [widthOf(this.#analysis, d), heightOf(this.#analysis, d)];
      const shift = rowsAt[u]! - from[u]!;
      for (let k = 0; k < width; k += 4) {
        const block = blockStart[d]! + k * height;
        for (let j = from[u]!; j < from[u]! + count[u]!; j++)
          subtractScattered(
            elements,
            { block, height, width: Math.min(4, width - k), pivots, pivot: first[d]! + k },
            j,
            blockStart[s]! + rows[shift + j]! * size,
            rows,
            shift,
          );
      }
    }
  }

  #solve(
    { elements, pivots }: LdlBlocks,
    b: Float64Array,
    out: Float64Array = new Float64Array(b.length),
  ): Float64Array {
    const { order, rowOrder, parent, first, rowStart, rows } = this.#analysis;
    const x = this.#side;
    for (let k = 0; k < x.length; k++) x[k] = b[rowOrder[k]!]!;
    for (let s = 0; s < parent.length; s++)
      forward(
        elements,
        this.#blockStart[s]!,
        x,
        first[s]!,
        first[s + 1]!,
        rows,
        rowStart[s]!,
        rowStart[s + 1]!,
      );
    for (let k = 0; k < x.length; k++) x[k]! /= pivots[k]!;
    for (let s = parent.length - 1; s >= 0; s--)
      backward(
        elements,
        this.#blockStart[s]!,
        x,
        first[s]!,
        first[s + 1]!,
        rows,
        rowStart[s]!,
        rowStart[s + 1]!,
      );
    for (let k = 0; k < x.length; k++) out[order[k]!] = x[k]!;
    return out;
  }
}

/** Up to four adjacent columns of an eliminated block. */
interface BlockColumns {
  /** Start of the first column in the elements. */
  readonly block: number;
  readonly height: number;
  readonly width: number;
  readonly pivots: Float64Array;
  /** Index of the pivot of the first column. */
  readonly pivot: number;
}

/**
 * Subtracts `Σₖ Lᵢₖ dₖ Lⱼₖ` for all rows i ≥ j of columns k from another column, whose row of i is `rows[shift + i]` after
 * `column`.
 */
function subtractScattered(
  x: Float64Array,
  { block, height, width, pivots, pivot }: BlockColumns,
  j: number,
  column: number,
  rows: Int32Array,
  shift: number,
): void {
  const [o0, a0] = [block, x[block + j]! * pivots[pivot]!];
  if (width === 4) {
    const [o1, o2, o3] = [block + height, block + 2 * height, block + 3 * height];
    const a1 = x[o1 + j]! * pivots[pivot + 1]!;
    const a2 = x[o2 + j]! * pivots[pivot + 2]!;
    const a3 = x[o3 + j]! * pivots[pivot + 3]!;
    for (let i = j; i < height; i++)
      x[column + rows[shift + i]!]! -=
        a0 * x[o0 + i]! + a1 * x[o1 + i]! + (a2 * x[o2 + i]! + a3 * x[o3 + i]!);
    return;
  }
  if (width === 1) {
    for (let i = j; i < height; i++) x[column + rows[shift + i]!]! -= a0 * x[o0 + i]!;
    return;
  }
  const o1 = block + height;
  const a1 = x[o1 + j]! * pivots[pivot + 1]!;
  const o2 = width === 3 ? o1 + height : o1;
  const a2 = width === 3 ? x[o2 + j]! * pivots[pivot + 2]! : 0;
  for (let i = j; i < height; i++)
    x[column + rows[shift + i]!]! -= a0 * x[o0 + i]! + a1 * x[o1 + i]! + a2 * x[o2 + i]!;
}

/**
 * Eliminates the columns of a block, four at a time. Overwrites them by L below its unit diagonal, and writes the pivots from
 * index `pivot` on.
 */
function eliminateBlock(
  x: Float64Array,
  block: number,
  height: number,
  width: number,
  pivots: Float64Array,
  pivot: number,
): void {
  for (let k = 0; k < width; k += 4) {
    const end = Math.min(k + 4, width);
    for (let c = k; c < end; c++) {
      const column = block + c * height;
      for (let p = k; p < c; p++) {
        const from = block + p * height;
        const a = x[from + c]! * pivots[pivot + p]!;
        for (let i = c; i < height; i++) x[column + i]! -= a * x[from + i]!;
      }
      const d = x[column + c]!;
      pivots[pivot + c] = d;
      const inverse = 1 / d;
      for (let i = c + 1; i < height; i++) x[column + i]! *= inverse;
    }
    if (end === width) return;
    const [o0, o1, o2, o3] = [0, 1, 2, 3].map((c) => block + (k + c) * height) as [number, number, number, number]; // prettier-ignore
    const [d0, d1, d2, d3] = [0, 1, 2, 3].map((c) => pivots[pivot + k + c]!) as [number, number, number, number]; // prettier-ignore
    for (let j = end; j < width; j++) {
      const column = block + j * height;
      const [a0, a1, a2, a3] = [x[o0 + j]! * d0, x[o1 + j]! * d1, x[o2 + j]! * d2, x[o3 + j]! * d3];
      for (let i = j; i < height; i++)
        x[column + i]! -= a0 * x[o0 + i]! + a1 * x[o1 + i]! + (a2 * x[o2 + i]! + a3 * x[o3 + i]!);
    }
  }
}

/** Eliminates the variables `first` to `end − 1` of a block from the right-hand side x. Its rows below are `from` to `to − 1`. */
function forward(
  e: Float64Array,
  block: number,
  x: Float64Array,
  first: number,
  end: number,
  rows: Int32Array,
  from: number,
  to: number,
): void {
  const width = end - first;
  const height = width + to - from;
  const shift = from - width;
  let c = 0;
  for (; c + 4 <= width; c += 4) {
    const o0 = block + c * height;
    const [o1, o2, o3] = [o0 + height, o0 + 2 * height, o0 + 3 * height];
    const k = first + c;
    const v0 = x[k]!;
    const v1 = x[k + 1]! - e[o0 + c + 1]! * v0;
    const v2 = x[k + 2]! - e[o0 + c + 2]! * v0 - e[o1 + c + 2]! * v1;
    const v3 = x[k + 3]! - e[o0 + c + 3]! * v0 - e[o1 + c + 3]! * v1 - e[o2 + c + 3]! * v2;
    x[k + 1] = v1;
    x[k + 2] = v2;
    x[k + 3] = v3;
    for (let i = c + 4; i < width; i++)
      x[first + i]! -= e[o0 + i]! * v0 + e[o1 + i]! * v1 + (e[o2 + i]! * v2 + e[o3 + i]! * v3);
    for (let i = width; i < height; i++)
      x[rows[shift + i]!]! -= e[o0 + i]! * v0 + e[o1 + i]! * v1 + (e[o2 + i]! * v2 + e[o3 + i]! * v3);
  }
  for (; c < width; c++) {
    const column = block + c * height;
    const value = x[first + c]!;
    for (let i = c + 1; i < width; i++) x[first + i]! -= e[column + i]! * value;
    for (let i = width; i < height; i++) x[rows[shift + i]!]! -= e[column + i]! * value;
  }
}

/** Solves for the variables `first` to `end − 1` of a block, whose later variables are known. */
function backward(
  e: Float64Array,
  block: number,
  x: Float64Array,
  first: number,
  end: number,
  rows: Int32Array,
  from: number,
  to: number,
): void {
  const width = end - first;
  const height = width + to - from;
  const shift = from - width;
  let c = width;
  for (; (c & 3) > 0;) {
    c--;
    const column = block + c * height;
    let value = x[first + c]!;
    for (let i = c + 1; i < width; i++) value -= e[column + i]! * x[first + i]!;
    for (let i = width; i < height; i++) value -= e[column + i]! * x[rows[shift + i]!]!;
    x[first + c] = value;
  }
  for (c -= 4; c >= 0; c -= 4) {
    const o0 = block + c * height;
    const [o1, o2, o3] = [o0 + height, o0 + 2 * height, o0 + 3 * height];
    const k = first + c;
    let [v0, v1, v2, v3] = [x[k]!, x[k + 1]!, x[k + 2]!, x[k + 3]!];
    for (let i = c + 4; i < width; i++) {
      const y = x[first + i]!;
      v0 -= e[o0 + i]! * y;
      v1 -= e[o1 + i]! * y;
      v2 -= e[o2 + i]! * y;
      v3 -= e[o3 + i]! * y;
    }
    for (let i = width; i < height; i++) {
      const y = x[rows[shift + i]!]!;
      v0 -= e[o0 + i]! * y;
      v1 -= e[o1 + i]! * y;
      v2 -= e[o2 + i]! * y;
      v3 -= e[o3 + i]! * y;
    }
    v2 -= e[o2 + c + 3]! * v3;
    v1 -= e[o1 + c + 2]! * v2 + e[o1 + c + 3]! * v3;
    x[k] = v0 - (e[o0 + c + 1]! * v1 + e[o0 + c + 2]! * v2 + e[o0 + c + 3]! * v3);
    x[k + 1] = v1;
    x[k + 2] = v2;
    x[k + 3] = v3;
  }
}

function widthOf({ first }: SymbolicFactor, s: number): number {
  return first[s + 1]! - first[s]!;
}

function heightOf({ first, rowStart }: SymbolicFactor, s: number): number {
  return first[s + 1]! - first[s]! + rowStart[s + 1]! - rowStart[s]!;
}

/** Supernode of each column. */
function supernodeOf({ first, order }: SymbolicFactor): Int32Array {
  const nodeOf = new Int32Array(order.length);
  for (let s = 0; s + 1 < first.length; s++) nodeOf.fill(s, first[s], first[s + 1]);
  return nodeOf;
}

/** Writes the position of each variable of supernode s in its block. */
function numberRows({ first, rowStart, rows }: SymbolicFactor, s: number, position: Int32Array): void {
  const width = first[s + 1]! - first[s]!;
  for (let c = 0; c < width; c++) position[first[s]! + c] = c;
  for (let p = rowStart[s]!; p < rowStart[s + 1]!; p++) position[rows[p]!] = width + p - rowStart[s]!;
}

/** Entries on and below the diagonal, with their positions in the blocks. */
function entryPositions(
  analysis: LuAnalysis,
  blockStart: Int32Array,
): { readonly entry: Int32Array; readonly target: Int32Array } {
  const { first, lists, order } = analysis;
  const [entry, target]: [number[], number[]] = [[], []];
  const position = new Int32Array(order.length);
  for (let s = 0; s + 1 < first.length; s++) {
    numberRows(analysis, s, position);
    for (let k = first[s]!; k < first[s + 1]!; k++)
      for (let t = lists.pointers[k]!; t < lists.pointers[k + 1]!; t++) {
        if (lists.columns[t] !== k) continue;
        entry.push(lists.entry[t]!);
        target.push(blockStart[s]! + (k - first[s]!) * heightOf(analysis, s) + position[lists.rows[t]!]!);
      }
  }
  return { entry: Int32Array.from(entry), target: Int32Array.from(target) };
}

/** Updates of blocks by earlier blocks. Those of supernode s are from `start[s]` to `start[s + 1]`. */
interface BlockUpdates {
  readonly start: Int32Array;
  /** Supernode whose block updates another one. */
  readonly source: Int32Array;
  /** First row of the source that is a column of the target, and the number of these rows. */
  readonly from: Int32Array;
  readonly count: Int32Array;
  /** Index in `rows` of the positions, in the target, of the rows of the source from that row on. */
  readonly rowsAt: Int32Array;
  readonly rows: Int32Array;
}

function blockUpdates(analysis: SymbolicFactor): BlockUpdates {
  const { parent, first, rowStart, rows, order } = analysis;
  const nodeOf = supernodeOf(analysis);
  const bySource: { readonly d: number; readonly s: number; readonly from: number; readonly count: number }[] = []; // prettier-ignore
  const start = new Int32Array(parent.length + 1);
  let length = 0;
  for (let d = 0; d < parent.length; d++)
    for (let p = rowStart[d]!; p < rowStart[d + 1]!;) {
      const s = nodeOf[rows[p]!]!;
      let end = p + 1;
      while (end < rowStart[d + 1]! && rows[end]! < first[s + 1]!) end++;
      bySource.push({ d, s, from: widthOf(analysis, d) + p - rowStart[d]!, count: end - p });
      start[s + 1]!++;
      length += rowStart[d + 1]! - p;
      p = end;
    }
  for (let s = 0; s < parent.length; s++) start[s + 1]! += start[s]!;
  const updates = [...bySource].sort((a, b) => a.s - b.s || a.d - b.d);
  const positions = new Int32Array(length);
  const position = new Int32Array(order.length);
  const rowsAt = new Int32Array(updates.length);
  let [at, last] = [0, -1];
  for (const [u, { d, s, from }] of updates.entries()) {
    if (s !== last) numberRows(analysis, s, position);
    last = s;
    rowsAt[u] = at;
    for (let p = rowStart[d]! + from - widthOf(analysis, d); p < rowStart[d + 1]!; p++)
      positions[at++] = position[rows[p]!]!;
  }
  return {
    start,
    source: Int32Array.from(updates, ({ d }) => d),
    from: Int32Array.from(updates, ({ from }) => from),
    count: Int32Array.from(updates, ({ count }) => count),
    rowsAt,
    rows: positions,
  };
}
