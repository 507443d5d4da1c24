import type { SparsityPattern } from "./rows.ts";

/**
 * Colours of columns: two columns of one colour share no counted row, so that one derivative in their common direction
 * yields the entries of both. −1: the column has no counted entry.
 */
export interface Colouring {
  readonly colours: Int32Array;
  readonly count: number;
}

/** Number of steps from which a colouring that can save little is not computed. */
const longSearch = 2e9;

/** Ratio of colours to the lower bound from which a second order of columns is tried. */
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
 * Colours the columns of a pattern greedily. `transposed` is the transposed pattern. Rows marked in `omitted` do not
 * count.
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

/** Length of the longest counted row, which bounds the number of colours from below, and the steps of a colouring. */
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

/** Columns by descending number of entries that their rows have in other columns. */
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

/** Weight of a backward pass compared with a forward pass. */
const reverseWeight = 1.5;

/**
 * Colours of columns for forward passes and of rows for backward passes. Each entry is in a column with a colour or in a
 * row with a colour; `first` decides if it is in both.
 */
export interface JacobianColouring {
  readonly forward: Colouring;
  readonly reverse: Colouring;
  /** Direction that computes all entries of its columns or rows. The other one computes the rest. */
  readonly first: "forward" | "reverse";
}

/** True if a backward pass computes the entry. */
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
 * Chooses forward passes, backward passes, or both, by their number. Few dense rows are computed by backward passes and
 * the others by forward passes, or few dense columns by forward passes and the rest by backward passes.
 */
export function colourJacobian(
  pattern: SparsityPattern,
  transposed: SparsityPattern = transposePattern(pattern),
): JacobianColouring {
  const [tall, wide] = [splitOf(pattern, 1, reverseWeight), splitOf(transposed, reverseWeight, 1)];
  let best: JacobianColouring | undefined;
  const consider = (bound: number, make: () => JacobianColouring): void => {
    if (best !== undefined && bound >= costOf(best)) return;
    const made = make();
    if (best === undefined || costOf(made) < costOf(best)) best = made;
  };
  const candidates: [bound: number, make: () => JacobianColouring][] = [
    [tall.bound, () => colourSplit(pattern, transposed, tall.limit)],
    [wide.bound, () => exchanged(colourSplit(transposed, pattern, wide.limit))],
  ];
  if (candidates[1]![0] < candidates[0]![0]) candidates.reverse();
  for (const [bound, make] of candidates) consider(bound, make);
  return best!;
}

function exchanged({ forward, reverse, first }: JacobianColouring): JacobianColouring {
  return { forward: reverse, reverse: forward, first: first === "forward" ? "reverse" : "forward" };
}

/**
 * Length of rows above which rows are computed one by one in the other direction, and the least possible cost of the
 * passes then. `weight` is the cost of a pass of this direction, `otherWeight` of the other one.
 */
function splitOf(
  pattern: SparsityPattern,
  weight: number,
  otherWeight: number,
): { readonly limit: number; readonly bound: number } {
  const lengths = new Int32Array(pattern.rows);
  for (let i = 0; i < pattern.rows; i++) lengths[i] = rowLength(pattern, i);
  lengths.sort();
  let limit = lengths.length === 0 ? 0 : lengths.at(-1)!;
  const whole = weight * limit;
  let bound = whole;
  for (let k = 1; k < lengths.length; k++) {
    if (otherWeight * k >= bound) break;
    const length = lengths[lengths.length - 1 - k]!;
    const cost = otherWeight * k + weight * length;
    if (cost < bound) [limit, bound] = [length, cost];
  }
  // leave everything to one direction unless the other one saves much
  return bound > 0.7 * whole ? { limit: lengths.at(-1) ?? 0, bound: whole } : { limit, bound };
}

/** Colours columns for the rows up to a length, and the longer rows for the other direction. */
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
