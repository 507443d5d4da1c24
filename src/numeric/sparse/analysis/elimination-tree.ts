// Structure of a sparse Cholesky or LDLᵀ factor: elimination tree, postorder and column counts.
import type { SymmetricGraph } from "./minimum-degree.ts";

const none = -1;

/** Entries of one triangle of a symmetric matrix whose rows and columns are numbered in elimination order. */
export interface EliminatedTriangle {
  /** Index in `rows` at which each column begins, and the number of entries at the end. */
  readonly pointers: Int32Array;
  /** Renumbered row of each entry. */
  readonly rows: Int32Array;
}

/**
 * Renumbers a graph, so that vertex `order[k]` becomes k. For each vertex, only the neighbours with smaller numbers are
 * listed: the upper triangle, by columns.
 */
export function upperPart({ pointers, neighbours }: SymmetricGraph, order: Int32Array): SymmetricGraph {
  const n = order.length;
  const position = inverseOf(order);
  const upper = new Int32Array(n + 1);
  for (let k = 0; k < n; k++) {
    const i = order[k]!;
    let count = 0;
    for (let p = pointers[i]!; p < pointers[i + 1]!; p++) if (position[neighbours[p]!]! < k) count++;
    upper[k + 1] = upper[k]! + count;
  }
  const before = new Int32Array(upper[n]!);
  for (let k = 0, q = 0; k < n; k++) {
    const i = order[k]!;
    for (let p = pointers[i]!; p < pointers[i + 1]!; p++) {
      const j = position[neighbours[p]!]!;
      if (j < k) before[q++] = j;
    }
  }
  return { pointers: upper, neighbours: before };
}

/** Inverse of a permutation. */
export function inverseOf(order: Int32Array): Int32Array {
  const inverse = new Int32Array(order.length);
  for (let k = 0; k < order.length; k++) inverse[order[k]!] = k;
  return inverse;
}

/**
 * Parent of each column in the elimination tree (Liu 1990); −1 for a root. The argument is the upper triangle by
 * columns.
 */
export function eliminationTree({ pointers, neighbours }: SymmetricGraph): Int32Array {
  const n = pointers.length - 1;
  const parent = new Int32Array(n).fill(none);
  const ancestor = new Int32Array(n).fill(none);
  for (let k = 0; k < n; k++)
    for (let p = pointers[k]!; p < pointers[k + 1]!; p++)
      for (let i = neighbours[p]!; i !== none && i < k;) {
        const next = ancestor[i]!;
        ancestor[i] = k;
        if (next === none) parent[i] = k;
        i = next;
      }
  return parent;
}

/**
 * Order of the nodes of a forest in which each node follows its descendants. Children are visited in ascending order.
 */
export function postorder(parent: Int32Array): Int32Array {
  const n = parent.length;
  const firstChild = new Int32Array(n).fill(none);
  const sibling = new Int32Array(n).fill(none);
  for (let i = n - 1; i >= 0; i--) {
    const p = parent[i]!;
    if (p === none) continue;
    sibling[i] = firstChild[p]!;
    firstChild[p] = i;
  }
  const order = new Int32Array(n);
  const stack = new Int32Array(n);
  let count = 0;
  for (let root = 0; root < n; root++) {
    if (parent[root] !== none) continue;
    let top = 0;
    stack[0] = root;
    while (top >= 0) {
      const i = stack[top]!;
      const child = firstChild[i]!;
      if (child === none) {
        order[count++] = i;
        top--;
      } else {
        firstChild[i] = sibling[child]!;
        stack[++top] = child;
      }
    }
  }
  return order;
}

/** Parents of the nodes after renumbering, so that node `order[k]` becomes k. */
export function renumberParents(parent: Int32Array, order: Int32Array): Int32Array {
  const position = inverseOf(order);
  return order.map((i) => (parent[i] === none ? none : position[parent[i]!]!));
}

/**
 * Number of entries below the diagonal in each column of the factor, by Gilbert, Ng and Peyton (1994): from the leaves
 * of the row subtrees and their least common ancestors. `upper` is the upper triangle by columns, with the columns in
 * postorder.
 */
export function columnCounts(upper: SymmetricGraph, parent: Int32Array): Int32Array {
  const n = parent.length;
  const first = new Int32Array(n).fill(none); // first descendant
  const delta = new Int32Array(n);
  for (let k = 0; k < n; k++) {
    delta[k] = first[k] === none ? 1 : 0; // leaves
    for (let j = k; j !== none && first[j] === none; j = parent[j]!) first[j] = k;
  }
  const { pointers, neighbours } = transposeGraph(upper);
  const latestLeaf = new Int32Array(n).fill(none);
  const latestFirst = new Int32Array(n).fill(none);
  const ancestor = Int32Array.from({ length: n }, (_, i) => i);
  for (let j = 0; j < n; j++) {
    if (parent[j] !== none) delta[parent[j]!]!--;
    for (let p = pointers[j]!; p < pointers[j + 1]!; p++) {
      const i = neighbours[p]!;
      if (first[j]! <= latestFirst[i]!) continue; // not a leaf of the subtree of row i
      latestFirst[i] = first[j]!;
      delta[j]!++;
      const last = latestLeaf[i]!;
      latestLeaf[i] = j;
      if (last !== none) delta[rootOf(ancestor, last)]!--;
    }
    if (parent[j] !== none) ancestor[j] = parent[j]!;
  }
  for (let j = 0; j < n; j++) if (parent[j] !== none) delta[parent[j]!]! += delta[j]!;
  return delta.map((count) => count - 1);
}

/** Root of the set that contains i. Shortens the paths to it. */
function rootOf(ancestor: Int32Array, i: number): number {
  let root = i;
  while (ancestor[root] !== root) root = ancestor[root]!;
  for (let j = i; j !== root;) {
    const next = ancestor[j]!;
    ancestor[j] = root;
    j = next;
  }
  return root;
}

/** Converts the upper triangle by columns to the lower triangle by columns. The neighbours of each vertex ascend. */
export function transposeGraph({ pointers, neighbours }: SymmetricGraph): SymmetricGraph {
  const n = pointers.length - 1;
  const starts = new Int32Array(n + 1);
  for (let p = 0; p < neighbours.length; p++) starts[neighbours[p]! + 1]!++;
  for (let i = 0; i < n; i++) starts[i + 1]! += starts[i]!;
  const next = starts.slice(0, n);
  const after = new Int32Array(neighbours.length);
  for (let k = 0; k < n; k++)
    for (let p = pointers[k]!; p < pointers[k + 1]!; p++) after[next[neighbours[p]!]!++] = k;
  return { pointers: starts, neighbours: after };
}
