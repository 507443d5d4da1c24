import { describe, expect, test } from "vitest";
import { extent } from "../../../../test/support/extent.ts";
import { gridMatrix, randomSymmetric } from "../../../../test/support/sparse-matrices.ts";
import { columnCounts, eliminationTree, postorder, renumberParents, upperPart } from "./elimination-tree.ts";
import { analyse } from "../factor/factorise.ts";
import { minimumDegree, type SymmetricGraph } from "./minimum-degree.ts";
import { SparsePattern } from "../matrix/sparse-pattern.ts";

const graphOf = ({ rowPointers, columns }: SparsePattern): SymmetricGraph => ({
  pointers: rowPointers,
  neighbours: columns,
});

/** Entries below the diagonal of each column of the factor, by elimination one after the other. */
function eliminated(graph: SymmetricGraph, order: Int32Array): Set<number>[] {
  const { pointers, neighbours } = upperPart(graph, order);
  const below = Array.from(order, () => new Set<number>());
  for (let k = 0; k < order.length; k++)
    for (let p = pointers[k]!; p < pointers[k + 1]!; p++) below[neighbours[p]!]!.add(k);
  for (const rows of below) for (const i of rows) for (const j of rows) if (j > i) below[i]!.add(j);
  return below;
}

const entriesOf = (below: readonly ReadonlySet<number>[]): number =>
  below.reduce((sum, rows) => sum + rows.size + 1, 0);

describe("approximate minimum degree", () => {
  test("orders all vertices once, close to exact minimum degree", () => {
    for (let seed = 1; seed <= extent(40, 400); seed++) {
      const n = 2 + (seed % 60);
      const graph = graphOf(randomSymmetric(n, [0.03, 0.1, 0.3][seed % 3]!, seed, () => 1).pattern);
      const order = minimumDegree(graph);
      expect(order.toSorted()).toEqual(Int32Array.from({ length: n }, (_, i) => i));
      const exact = entriesOf(eliminated(graph, exactMinimumDegree(graph)));
      expect(entriesOf(eliminated(graph, order))).toBeLessThanOrEqual(1.15 * exact + 4);
    }
  });

  test("causes no fill where an order without fill exists", () => {
    const n = 300;
    const parents = Array.from({ length: n }, (_, i) =>
      i === 0 ? 0 : Math.floor(((i * 7919) % 1000) * 0.001 * i),
    );
    const edges = parents.flatMap((p, i) => (i === 0 ? [] : [[i, p], [p, i]])); // prettier-ignore
    const tree = edges.toSorted(([a, b], [c, d]) => a! - c! || b! - d!);
    const pattern = SparsePattern.from({
      shape: [n, n],
      rowPointers: Array.from({ length: n + 1 }, (_, i) => tree.filter(([row]) => row! < i).length),
      columns: tree.map(([, column]) => column!),
    });
    expect(analyse(pattern).entries).toBe(2 * n - 1);
  });

  test("orders vertices with many neighbours last", () => {
    const n = 4000;
    const hub = 17;
    const others = Array.from({ length: n }, (_, i) => i).filter((i) => i !== hub);
    const columns = Array.from({ length: n }, (_, i) => (i === hub ? others : [hub])).flat();
    const pointers = new Int32Array(n + 1);
    for (let i = 0; i < n; i++) pointers[i + 1] = pointers[i]! + (i === hub ? n - 1 : 1);
    expect(minimumDegree({ pointers, neighbours: Int32Array.from(columns) }).at(-1)).toBe(hub);
    expect([...minimumDegree({ pointers: new Int32Array(1), neighbours: new Int32Array(0) })]).toEqual([]);
  });

  // 206,332 and 2,928,059 entries if pivots of equal degree descend
  test("keeps the factors of grids sparse", () => {
    const bounds = new Map([[20, 4500], [60, 62_000], [extent(100, 300), extent(200_000, 2_800_000)]]); // prettier-ignore
    for (const [width, most] of bounds) expect(analyse(gridMatrix(width).pattern).entries).toBeLessThan(most);
  });
});

/** Order of exact minimum degree with the smallest index among equals. */
function exactMinimumDegree({ pointers, neighbours }: SymmetricGraph): Int32Array {
  const n = pointers.length - 1;
  const near = Array.from(
    { length: n },
    (_, i) => new Set(neighbours.subarray(pointers[i], pointers[i + 1])),
  );
  for (let i = 0; i < n; i++) near[i]!.delete(i);
  const left = new Set(Array.from({ length: n }, (_, i) => i));
  return Int32Array.from({ length: n }, () => {
    const pivot = [...left].reduce((best, i) => (near[i]!.size < near[best]!.size ? i : best));
    left.delete(pivot);
    for (const i of near[pivot]!) {
      near[i]!.delete(pivot);
      for (const j of near[pivot]!) if (i !== j) near[i]!.add(j);
    }
    return pivot;
  });
}

test("elimination trees and column counts agree with elimination", () => {
  for (let seed = 1; seed <= extent(30, 300); seed++) {
    const n = 1 + (seed % 50);
    const graph = graphOf(randomSymmetric(n, [0.03, 0.1, 0.3][seed % 3]!, seed, () => 1).pattern);
    const tree = eliminationTree(
      upperPart(
        graph,
        Int32Array.from({ length: n }, (_, i) => i),
      ),
    );
    const order = postorder(tree);
    const parent = renumberParents(tree, order);
    const below = eliminated(graph, order);
    expect([...parent]).toEqual(below.map((rows) => (rows.size === 0 ? -1 : Math.min(...rows))));
    expect([...columnCounts(upperPart(graph, order), parent)]).toEqual(below.map((rows) => rows.size));
  }
});
