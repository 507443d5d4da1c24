import { DownhillError, internalError } from "../errors/index.ts";
import type { JacobianColouring } from "./colouring.ts";
import { colourJacobian, costOf, isReverse, leastCost, rowLength, transposePattern } from "./colouring.ts";
import type { SparsityPattern } from "./rows.ts";
import { hubDegree, starColouring, starPlaces, symmetrised } from "./star-colouring.ts";

/**
 * Plan of derivative passes. The numbers that the passes compute, here called products, form one list. First come the
 * products of each forward pass, one per result element, then those of each backward pass, one per moved element.
 */
export interface PassPlan {
  /** Pattern of the derivative. */
  readonly pattern: SparsityPattern;
  readonly colouring: JacobianColouring;
  /** For each entry of the pattern, the index of its product in that list, or of the first product of a sum. */
  readonly products: Int32Array;
  /** Further products to add: `products[k]` is the index of a product that is added to the entry `entries[k]`. */
  readonly added: { readonly products: Int32Array; readonly entries: Int32Array };
}

/** Maximum number of products, because int32 indices number them. */
const mostProducts = 2 ** 31 - 1;

/** Cost of computing the moved elements, in forward passes. Passes over moved elements must save more than this. */
const moveCost = 0.5;

/**
 * For each moved element, the index of the argument that it copies, which is a column of the whole derivative; −1 if it
 * copies none. `pattern` is that of `moves`, with at most one entry per row.
 */
export function sourcesOf({ rows, rowPointers, columnIndices }: SparsityPattern): Int32Array {
  const sources = new Int32Array(rows).fill(-1);
  for (let i = 0; i < rows; i++) {
    const length = rowPointers[i + 1]! - rowPointers[i]!;
    if (length > 1) throw internalError("an equation that moves elements has a row with several entries");
    if (length === 1) sources[i] = columnIndices[rowPointers[i]!]!;
  }
  return sources;
}

/** Pattern after all moved elements that copy the same argument were merged into one column. */
interface Merged {
  readonly pattern: SparsityPattern;
  /**
   * For each entry of the original pattern, the index of its entry in the merged one; −1 if its column copies no
   * argument.
   */
  readonly entries: Int32Array;
}

/** Replaces each column, a moved element, by the argument that it copies, and merges entries that coincide. */
function mergeColumns(pattern: SparsityPattern, sources: Int32Array, columns: number): Merged {
  const { rows, rowPointers, columnIndices } = pattern;
  const pointers = new Int32Array(rows + 1);
  const indices = new Int32Array(columnIndices.length);
  const entries = new Int32Array(columnIndices.length).fill(-1);
  const entryOf = new Int32Array(columns).fill(-1); // valid in the row being merged
  let length = 0;
  for (let i = 0; i < rows; i++) {
    const start = length;
    for (let p = rowPointers[i]!; p < rowPointers[i + 1]!; p++) {
      const source = sources[columnIndices[p]!]!;
      if (source < 0 || entryOf[source]! >= start) continue;
      entryOf[source] = length;
      indices[length++] = source;
    }
    sortRow(indices, start, length);
    for (let e = start; e < length; e++) entryOf[indices[e]!] = e;
    for (let p = rowPointers[i]!; p < rowPointers[i + 1]!; p++) {
      const source = sources[columnIndices[p]!]!;
      if (source >= 0) entries[p] = entryOf[source]!;
    }
    pointers[i + 1] = length;
  }
  return {
    pattern: { rows, columns, rowPointers: pointers, columnIndices: indices.slice(0, length) },
    entries,
  };
}

/** Rows of at most this length are sorted by insertion. */
const shortRow = 24;

function sortRow(list: Int32Array, start: number, end: number): void {
  if (end - start > shortRow) return void list.subarray(start, end).sort();
  for (let i = start + 1; i < end; i++) {
    const value = list[i]!;
    let j = i;
    for (; j > start && list[j - 1]! > value; j--) list[j] = list[j - 1]!;
    list[j] = value;
  }
}

/** Pattern of the results with respect to the moved elements, and the arguments that these elements copy. */
export interface MovedPattern {
  readonly pattern: SparsityPattern;
  /** For each moved element, the index of the argument that it copies; `undefined` if nothing is moved. */
  readonly sources: Int32Array | undefined;
  readonly columns: number;
}

/**
 * Plan of passes. `isSplit` is true if the passes differentiate with respect to the moved elements, not the arguments.
 */
export interface ChosenPlan {
  readonly plan: PassPlan;
  readonly isSplit: boolean;
}

/**
 * Plans a Jacobian. It differentiates with respect to the moved elements if that is cheaper than with respect to the
 * arguments.
 */
export function planJacobian({ pattern, sources, columns }: MovedPattern): ChosenPlan {
  const transposed = transposePattern(pattern);
  const colouring = colourJacobian(pattern, transposed);
  if (sources === undefined) return { plan: placeEntries(pattern, undefined, colouring), isSplit: false };
  const merged = mergeColumns(pattern, sources, columns);
  const split = costOf(colouring) + moveCost;
  if (split > leastCost(merged.pattern)) {
    const whole = colourJacobian(merged.pattern);
    if (costOf(whole) <= split)
      return { plan: placeEntries(merged.pattern, undefined, whole), isSplit: false };
  }
  return { plan: placeEntries(pattern, merged, colouring), isSplit: true };
}

/** For each entry of the pattern, finds the index of the product that computes it. */
function placeEntries(
  pattern: SparsityPattern,
  merged: Merged | undefined,
  colouring: JacobianColouring,
): PassPlan {
  const { rows, columns, rowPointers, columnIndices } = pattern;
  const { forward, reverse } = colouring;
  const before = forward.count * rows;
  checkProducts(before + reverse.count * columns);
  const places = new Int32Array(columnIndices.length);
  for (let i = 0; i < rows; i++) {
    const own = reverse.colours[i]!;
    for (let p = rowPointers[i]!; p < rowPointers[i + 1]!; p++) {
      const j = columnIndices[p]!;
      places[p] = isReverse(colouring, i, j) ? before + own * columns + j : forward.colours[j]! * rows + i;
    }
  }
  return sumEntries(places, merged?.entries, merged?.pattern ?? pattern, colouring);
}

function checkProducts(count: number): void {
  if (count <= mostProducts) return;
  throw new DownhillError(
    "range",
    `sparseJacobian: the derivative needs ${count} products, more than ${mostProducts}. It is too dense for a sparse matrix; use jvp or vjp.`,
  );
}

/**
 * Builds the plan. Without `entries`, each entry is one product; otherwise it is the sum of the products that are
 * mapped to it.
 */
function sumEntries(
  places: Int32Array,
  entries: Int32Array | undefined,
  pattern: SparsityPattern,
  colouring: JacobianColouring,
): PassPlan {
  const none = { products: new Int32Array(0), entries: new Int32Array(0) };
  if (entries === undefined) return { pattern, colouring, products: places, added: none };
  const firsts = new Int32Array(pattern.columnIndices.length).fill(-1); // first addend of each entry
  let count = 0;
  for (let p = 0; p < places.length; p++) {
    const entry = entries[p]!;
    if (entry < 0) continue;
    if (firsts[entry] === -1) firsts[entry] = p;
    else count++;
  }
  const added = { products: new Int32Array(count), entries: new Int32Array(count) };
  let next = 0;
  for (let p = 0; p < places.length && next < count; p++) {
    const entry = entries[p]!;
    if (entry < 0 || firsts[entry] === p) continue;
    added.products[next] = places[p]!;
    added.entries[next++] = entry;
  }
  for (let e = 0; e < firsts.length; e++) firsts[e] = places[firsts[e]!]!;
  return { pattern, colouring, products: firsts, added };
}

/** Plans a Hessian. The pattern is that of the gradient with respect to the moved elements, in its rows and columns. */
export function planHessian({ pattern, sources, columns }: MovedPattern): ChosenPlan {
  const own = symmetrised(pattern);
  const colouring = starColouring(own);
  if (sources === undefined) return { plan: placeSymmetric(own, undefined, colouring), isSplit: false };
  const merged = mergeSymmetric(own, sources, columns);
  if (colouring.count > fewStars && isCheapToColour(merged.pattern, colouring.count)) {
    const whole = starColouring(merged.pattern);
    if (whole.count <= colouring.count)
      return { plan: placeSymmetric(merged.pattern, undefined, whole), isSplit: false };
  }
  return { plan: placeSymmetric(own, merged, colouring), isSplit: true };
}

/** Maximum number of steps per entry of a second star colouring, which is only tried in the hope of fewer colours. */
const stepsPerEntry = 200;

/**
 * True if a second star colouring of the pattern may have fewer than `most` colours and its rows are short enough to
 * compute it.
 */
function isCheapToColour(pattern: SparsityPattern, most: number): boolean {
  let steps = 0;
  let hubs = 0;
  const limit = hubDegree(pattern.rows);
  for (let i = 0; i < pattern.rows; i++) {
    const length = rowLength(pattern, i);
    if (length > limit) hubs++;
    else steps += length * length;
  }
  return hubs < most && steps <= stepsPerEntry * pattern.columnIndices.length;
}

/** Number of colours of a Hessian over moved elements up to which no colouring over the arguments is tried. */
const fewStars = 3;

function placeSymmetric(
  pattern: SparsityPattern,
  merged: Merged | undefined,
  colours: ReturnType<typeof starColouring>,
): PassPlan {
  checkProducts(colours.count * pattern.rows);
  const colouring: JacobianColouring = {
    first: "forward",
    forward: colours,
    reverse: { colours: new Int32Array(pattern.rows).fill(-1), count: 0 },
  };
  return sumEntries(starPlaces(pattern, colours), merged?.entries, merged?.pattern ?? pattern, colouring);
}

/** Replaces each row and column, a moved element, by the argument that it copies, and merges entries that coincide. */
function mergeSymmetric(pattern: SparsityPattern, sources: Int32Array, n: number): Merged {
  const { rows, rowPointers, columnIndices } = pattern;
  // elements by source, so that the rows of one source follow each other
  const starts = new Int32Array(n + 1);
  for (let i = 0; i < rows; i++) if (sources[i]! >= 0) starts[sources[i]! + 1]!++;
  for (let j = 0; j < n; j++) starts[j + 1]! += starts[j]!;
  const next = starts.slice(0, n);
  const elements = new Int32Array(starts[n]!);
  for (let i = 0; i < rows; i++) if (sources[i]! >= 0) elements[next[sources[i]!]!++] = i;
  const entries = new Int32Array(columnIndices.length).fill(-1);
  const pointers = new Int32Array(n + 1);
  const indices = new Int32Array(columnIndices.length);
  const entryOf = new Int32Array(n).fill(-1);
  let length = 0;
  for (let j = 0; j < n; j++) {
    const start = length;
    const visit = (found: (p: number, source: number) => void): void => {
      for (let e = starts[j]!; e < starts[j + 1]!; e++) {
        const i = elements[e]!;
        for (let p = rowPointers[i]!; p < rowPointers[i + 1]!; p++) {
          const source = sources[columnIndices[p]!]!;
          if (source >= 0) found(p, source);
        }
      }
    };
    visit((_, source) => {
      if (entryOf[source]! >= start) return;
      entryOf[source] = length;
      indices[length++] = source;
    });
    sortRow(indices, start, length);
    for (let e = start; e < length; e++) entryOf[indices[e]!] = e;
    visit((p, source) => {
      entries[p] = entryOf[source]!;
    });
    pointers[j + 1] = length;
  }
  const merged = { rows: n, columns: n, rowPointers: pointers, columnIndices: indices.slice(0, length) };
  return { pattern: merged, entries };
}
