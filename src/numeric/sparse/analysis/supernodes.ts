// Supernodes: groups of adjacent columns of a factor with nested structures, which are factorised as dense matrices.
import { inverseOf, postorder } from "./elimination-tree.ts";

const none = -1;

/** Supernodes of a factor. The columns are renumbered, so that each supernode is a range of columns. */
export interface Supernodes {
  /** Former number of each column: column `order[k]` is now column k. */
  readonly order: Int32Array;
  /** First column of each supernode, and the number of columns at the end. */
  readonly first: Int32Array;
  /** Parent of each supernode in the assembly tree; −1 for a root. Children precede their parents. */
  readonly parent: Int32Array;
}

/** Sizes of the supernodes while they are being merged. */
interface SupernodeSizes {
  readonly columns: Float64Array;
  /** Number of rows below the supernode. */
  readonly below: Int32Array;
  /** Number of stored zeros, which exist because supernodes were merged. */
  readonly zeros: Float64Array;
}

/**
 * Finds maximal supernodes, and merges a supernode with its parent if both are small or the merger stores few zeros.
 * `parent` is the elimination tree in postorder, `counts` the number of entries below the diagonal of each column.
 */
export function findSupernodes(parent: Int32Array, counts: Int32Array): Supernodes {
  const n = parent.length;
  const nodeOf = new Int32Array(n);
  let count = 0;
  for (let j = 0; j < n; j++) {
    const isExtended = j > 0 && parent[j - 1] === j && counts[j - 1] === counts[j]! + 1;
    nodeOf[j] = isExtended ? count - 1 : count++;
  }
  const columns = new Float64Array(count);
  const below = new Int32Array(count);
  const up = new Int32Array(count).fill(none);
  for (let j = 0; j < n; j++) {
    const s = nodeOf[j]!;
    columns[s]!++;
    below[s] = counts[j]!;
    up[s] = parent[j] === none ? none : nodeOf[parent[j]!]!;
  }
  const into = mergeSmall({ columns, below, zeros: new Float64Array(count) }, up);
  return renumber(nodeOf, up, into);
}

/**
 * Merges supernodes with their parents where this adds few zeros to the stored factor. For each supernode, returns the
 * parent that it was merged into, or itself. Updates the sizes.
 */
function mergeSmall({ columns, below, zeros }: SupernodeSizes, parent: Int32Array): Int32Array {
  const into = Int32Array.from(parent, (_, s) => s);
  for (let s = 0; s < parent.length; s++) {
    const p = parent[s]!;
    if (p === none) continue;
    const width = columns[s]! + columns[p]!;
    const added = columns[s]! * (columns[p]! + below[p]! - below[s]!);
    const allZeros = zeros[s]! + zeros[p]! + added;
    const entries = (width * (width + 1)) / 2 + width * below[p]!;
    if (!isWorthMerging(width, allZeros / entries)) continue;
    into[s] = p;
    columns[p] = width;
    zeros[p] = allZeros;
  }
  return into;
}

/** True if one supernode with this number of columns and this fraction of zeros is faster than two separate ones. */
function isWorthMerging(columns: number, zeroShare: number): boolean {
  if (columns <= 4) return true;
  if (columns <= 16) return zeroShare < 0.6;
  return zeroShare < (columns <= 48 ? 0.15 : 0.05);
}

/** Renumbers the columns so that each merged supernode is a range, in a postorder of the tree of supernodes. */
function renumber(nodeOf: Int32Array, parent: Int32Array, into: Int32Array): Supernodes {
  const count = parent.length;
  const top = into.slice(); // parents have larger numbers, so that one descending pass finds the last one
  for (let s = count - 1; s >= 0; s--) if (top[s] !== s) top[s] = top[top[s]!]!;
  const tops: number[] = [];
  for (let s = 0; s < count; s++) if (top[s] === s) tops.push(s);
  const numberOf = new Int32Array(count).fill(none);
  for (const [k, s] of tops.entries()) numberOf[s] = k;
  const parents = Int32Array.from(tops, (s) => (parent[s] === none ? none : numberOf[top[parent[s]!]!]!));
  const visit = postorder(parents);
  const position = inverseOf(visit);
  const first = new Int32Array(tops.length + 1);
  for (const s of nodeOf) first[position[numberOf[top[s]!]!]! + 1]!++;
  for (let k = 0; k < tops.length; k++) first[k + 1]! += first[k]!;
  const next = first.slice();
  const order = new Int32Array(nodeOf.length);
  for (let j = 0; j < nodeOf.length; j++) order[next[position[numberOf[top[nodeOf[j]!]!]!]!]!++] = j;
  return {
    order,
    first,
    parent: visit.map((k) => (parents[k] === none ? none : position[parents[k]!]!)),
  };
}
