import type { SparsityPattern } from "./rows.ts";

/**
 * Colouring of the columns of a matrix (or of its rows). Two columns of one colour have no entry in a common row, so
 * that one derivative in the sum of their directions yields the entries of both. Rows that another direction of
 * differentiation computes do not count. Colour −1: the column needs no pass.
 */
export interface Colouring {
  readonly colours: Int32Array;
  readonly count: number;
}

/** Number of steps above which a colouring is not computed if it can save less than half of the passes. */
const longSearch = 2e9;

/** Number of colours, relative to the lower bound, above which a second order of the columns is tried. */
const goodEnough = 1.2;

/** Pattern with rows and columns exchanged. */
export function transposePattern({
  rows,
  columns,
  rowPointers,
  columnIndices,
}: SparsityPattern): SparsityPattern {
  const pointers = new Int32Array(columns + 1);
  for (let p = 0; p < columnIndices.length; p++) pointers[columnIndices[p]! + 1]!++;
  for (let j = 0; j < columns; j++) pointers[j + 1]! += pointers[j]!;
  const next = pointers.slice(0, columns);
  const indices = new Int32Array(columnIndices.length);
  for (let i = 0; i < rows; i++)
    for (let p = rowPointers[i]!; p < rowPointers[i + 1]!; p++) indices[next[columnIndices[p]!]!++] = i;
  return { rows: columns, columns: rows, rowPointers: pointers, columnIndices: indices };
}

/** Number of entries of a row. */
export function rowLength({ rowPointers }: SparsityPattern, row: number): number {
  return rowPointers[row + 1]! - rowPointers[row]!;
}

/**
 * Colours the columns of a pattern greedily. `transposed` is the transposed pattern. Entries in the rows marked in
 * `omitted` are ignored. If little can be saved, each column gets a colour of its own.
 */
function colourColumns(
  pattern: SparsityPattern,
  transposed: SparsityPattern,
  omitted?: Uint8Array,
): Colouring {
  const { most, work } = boundsOf(pattern, omitted);
  if (most === pattern.columns || (work > longSearch && 2 * most > pattern.columns)) {
    return { colours: Int32Array.from({ length: pattern.columns }, (_, j) => j), count: pattern.columns };
  }
  const natural = colourInOrder(pattern, transposed, omitted, undefined);
  if (natural.count <= Math.ceil(goodEnough * most) || work > longSearch / 10) return natural;
  const other = colourInOrder(pattern, transposed, omitted, largestFirst(pattern, transposed, omitted));
  return other.count < natural.count ? other : natural;
}

/**
 * Returns the length `most` of the longest row that is not omitted, a lower bound of the number of colours, and `work`,
 * the number of steps of a colouring.
 */
function boundsOf(
  pattern: SparsityPattern,
  omitted: Uint8Array | undefined,
): { readonly most: number; readonly work: number } {
  let [most, work] = [0, 0];
  for (let i = 0; i < pattern.rows; i++) {
    if (omitted?.[i] === 1) continue;
    const length = rowLength(pattern, i);
    if (length > most) most = length;
    work += length * length;
  }
  return { most, work };
}

function colourInOrder(
  pattern: SparsityPattern,
  transposed: SparsityPattern,
  omitted: Uint8Array | undefined,
  order: Int32Array | undefined,
): Colouring {
  const { columns, rowPointers, columnIndices } = pattern;
  const [starts, rowsOfColumns] = [transposed.rowPointers, transposed.columnIndices];
  const colours = new Int32Array(columns).fill(-1);
  const usedBy = new Int32Array(columns + 1).fill(-1); // last column that met each colour
  let count = 0;
  for (let k = 0; k < columns; k++) {
    const j = order === undefined ? k : order[k]!;
    let isCounted = false;
    for (let p = starts[j]!; p < starts[j + 1]!; p++) {
      const i = rowsOfColumns[p]!;
      if (omitted !== undefined && omitted[i] === 1) continue;
      isCounted = true;
      for (let q = rowPointers[i]!; q < rowPointers[i + 1]!; q++) {
        const colour = colours[columnIndices[q]!]!;
        if (colour >= 0) usedBy[colour] = j;
      }
    }
    if (!isCounted) continue;
    let colour = 0;
    while (usedBy[colour] === j) colour++;
    colours[j] = colour;
    if (colour >= count) count = colour + 1;
  }
  return { colours, count };
}

/**
 * Columns in descending order of degree. The degree of a column is the number of entries in other columns of its rows,
 * without the omitted rows.
 */
function largestFirst(
  pattern: SparsityPattern,
  transposed: SparsityPattern,
  omitted: Uint8Array | undefined,
): Int32Array {
  const degrees = new Float64Array(pattern.columns);
  for (let j = 0; j < pattern.columns; j++) {
    for (let p = transposed.rowPointers[j]!; p < transposed.rowPointers[j + 1]!; p++) {
      const i = transposed.columnIndices[p]!;
      if (omitted?.[i] !== 1) degrees[j]! += rowLength(pattern, i) - 1;
    }
  }
  const order = Int32Array.from({ length: pattern.columns }, (_, j) => j);
  return order.sort((a, b) => degrees[b]! - degrees[a]! || a - b);
}

/** Cost of a backward pass, in forward passes. */
const reverseWeight = 1.5;

/**
 * Colours of columns for forward passes and of rows for backward passes. Each entry is in a column with a colour, in a
 * row with a colour, or in both; if in both, the passes of direction `first` compute it.
 */
export interface JacobianColouring {
  readonly forward: Colouring;
  readonly reverse: Colouring;
  /**
   * Direction whose passes compute all entries of their columns or rows. The passes of the other direction compute the
   * remaining entries.
   */
  readonly first: "forward" | "reverse";
}

/** True if a backward pass computes the entry; false if a forward pass does. */
export function isReverse(
  { forward, reverse, first }: JacobianColouring,
  row: number,
  column: number,
): boolean {
  return first === "reverse" ? reverse.colours[row]! >= 0 : forward.colours[column]! < 0;
}

const noColours = (n: number): Colouring => ({ colours: new Int32Array(n).fill(-1), count: 0 });

/** Cost of the passes of a colouring, in forward passes. */
export function costOf({ forward, reverse }: JacobianColouring): number {
  return forward.count + reverseWeight * reverse.count;
}

/**
 * Chooses the cheapest passes for a Jacobian: forward passes, backward passes, or both. With both, backward passes
 * compute a few dense rows and forward passes the other rows, or forward passes compute a few dense columns and
 * backward passes the rest.
 */
export function colourJacobian(
  pattern: SparsityPattern,
  transposed: SparsityPattern = transposePattern(pattern),
): JacobianColouring {
  const { tall, wide } = splitsOf(pattern);
  const colourTall = (): JacobianColouring => colourSplit(pattern, transposed, tall.limit);
  const colourWide = (): JacobianColouring => exchanged(colourSplit(transposed, pattern, wide.limit));
  const isTallFirst = tall.bound <= wide.bound;
  const first = isTallFirst ? colourTall() : colourWide();
  if (Math.max(tall.bound, wide.bound) >= costOf(first)) return first;
  const second = isTallFirst ? colourWide() : colourTall();
  return costOf(second) < costOf(first) ? second : first;
}

/** Lower bound of the cost of the colouring that `colourJacobian` finds. */
export function leastCost(pattern: SparsityPattern): number {
  const { tall, wide } = splitsOf(pattern);
  return Math.min(tall.bound, wide.bound);
}

function exchanged({ forward, reverse, first }: JacobianColouring): JacobianColouring {
  return { forward: reverse, reverse: forward, first: first === "forward" ? "reverse" : "forward" };
}

/**
 * Length of rows above which passes of the other direction compute each row separately, and a lower bound of the cost
 * of all passes.
 */
interface DirectionSplit {
  readonly limit: number;
  readonly bound: number;
}

/** Best splits with dense rows (`tall`) and with dense columns (`wide`). */
function splitsOf({ rows, columns, rowPointers, columnIndices }: SparsityPattern): {
  readonly tall: DirectionSplit;
  readonly wide: DirectionSplit;
} {
  const [ofRows, ofColumns] = [new Int32Array(rows), new Int32Array(columns)];
  for (let i = 0; i < rows; i++) ofRows[i] = rowPointers[i + 1]! - rowPointers[i]!;
  for (const j of columnIndices) ofColumns[j]!++;
  return { tall: splitOf(ofRows, 1, reverseWeight), wide: splitOf(ofColumns, reverseWeight, 1) };
}

/**
 * Best split of rows with the given lengths. `weight` is the cost of a pass of this direction, `otherWeight` that of
 * the other direction.
 */
function splitOf(lengths: Int32Array, weight: number, otherWeight: number): DirectionSplit {
  let longest = 0;
  for (const length of lengths) if (length > longest) longest = length;
  const rowsOfLength = new Int32Array(longest + 1);
  for (const length of lengths) rowsOfLength[length]!++;
  const whole = weight * longest;
  let best: DirectionSplit = { limit: longest, bound: whole };
  let longer = 0;
  for (let length = longest; length >= 0 && otherWeight * longer < best.bound; length--) {
    const cost = otherWeight * longer + weight * length;
    if (rowsOfLength[length]! > 0 && cost < best.bound) best = { limit: length, bound: cost };
    longer += rowsOfLength[length]!;
  }
  // leave everything to one direction unless the other one saves much
  return best.bound > 0.7 * whole ? { limit: longest, bound: whole } : best;
}

/** Colours the columns for the rows with at most `limit` entries. Each longer row gets its own backward pass. */
function colourSplit(
  pattern: SparsityPattern,
  transposed: SparsityPattern,
  limit: number,
): JacobianColouring {
  const omitted = new Uint8Array(pattern.rows);
  let dense = 0;
  for (let i = 0; i < pattern.rows; i++)
    if (rowLength(pattern, i) > limit) {
      omitted[i] = 1;
      dense++;
    }
  if (dense === 0)
    return {
      forward: colourColumns(pattern, transposed),
      reverse: noColours(pattern.rows),
      first: "reverse",
    };
  const colours = new Int32Array(pattern.rows).fill(-1);
  let count = 0;
  for (let i = 0; i < pattern.rows; i++) if (omitted[i] === 1) colours[i] = count++;
  return {
    forward: colourColumns(pattern, transposed, omitted),
    reverse: { colours, count },
    first: "reverse",
  };
}
