import { describe, expect, test } from "vitest";
import { add, matmul, mean, mul, sub, tanh } from "downhill";
import type { Tensor } from "downhill";
import { foldGraph, visibleGraph } from "./fold.ts";
import type { Graph, GraphNode } from "./graph.ts";
import type { LineGroup } from "./groups.ts";
import { firstFolding, foldsOf, keepFolding, loopsOf } from "./groups.ts";
import { traceTable } from "./index.ts";
import { layersOf } from "./layers.ts";
import { listRows } from "./page/listing.ts";

/** A loop of three iterations with one line each. The second iteration contains a loop of two. */
const groups: readonly LineGroup[] = [
  { kind: "loop", label: "for i", parent: -1, loop: "i" },
  { kind: "iteration", label: "i", parent: 0, value: 0 },
  { kind: "iteration", label: "i", parent: 0, value: 1 },
  { kind: "loop", label: "for j", parent: 2, loop: "j" },
  { kind: "iteration", label: "j", parent: 3, value: 0 },
  { kind: "iteration", label: "j", parent: 3, value: 1 },
  { kind: "iteration", label: "i", parent: 0, value: 2 },
];
/** Group of each line: one line before the loop, one per iteration, one after. */
const groupOf = [-1, 1, 2, 4, 5, 6, -1];

describe("loops show one iteration, and fold all others", () => {
  const rowsFor = (shown: readonly (readonly [string, number])[]): string[] => {
    const { around } = foldsOf(groups, { closed: new Set(), shown: new Map(shown) });
    return listRows(groupOf.length, (at) => around(groupOf[at]!)).map((row) => {
      switch (row.kind) {
        case "line":
          return `${"  ".repeat(row.depth)}${row.at}`;
        case "head":
          return `${"  ".repeat(row.depth)}${row.fold.label}:`;
        case "fold":
          return `${"  ".repeat(row.depth)}(${row.fold.label}: ${row.members.join(" ")})`;
        default:
          return row satisfies never;
      }
    });
  };

  test("initially the first, then the chosen one, and one per inner loop", () => {
    expect(rowsFor([...firstFolding(groups).shown])).toEqual(["0", "for i:", "  1", "  (i = 1 … 2: 2 3 4 5)", "6"]); // prettier-ignore
    expect(rowsFor([["i", 1]])).toEqual([
      "0",
      "for i:",
      "  (i = 0: 1)",
      "  2",
      "  for j:",
      "    (j = 0: 3)",
      "    4",
      "  (i = 2: 5)",
      "6",
    ]);
    expect(loopsOf(groups)).toEqual([
      { loop: "i", label: "i", values: [0, 1, 2] },
      { loop: "j", label: "j", values: [0, 1] },
    ]);
  });

  test("hidden iterations lead to the nearest one", () => {
    const folds = foldsOf(groups, { closed: new Set(), shown: new Map([["i", 1]]) });
    const [, before] = folds.around(1);
    const [, after] = folds.around(6);
    expect(folds.beside(before!.id)).toEqual({ loop: "i", value: 0 });
    expect(folds.beside(after!.id)).toEqual({ loop: "i", value: 2 });
  });

  test("a closed loop is one line, and the graph has one box for it", () => {
    const { around } = foldsOf(groups, { closed: new Set([0]), shown: new Map([["i", 1]]) });
    expect(listRows(groupOf.length, (at) => around(groupOf[at]!)).map(({ kind }) => kind)).toEqual([
      "line",
      "fold",
      "line",
    ]);
    const node = {
      kind: "line",
      isOutput: false,
      operation: "o",
      value: "",
      derivative: "",
      depth: 0,
      path: [],
    };
    const graph: Graph = {
      nodes: groupOf.map((_, id) => ({ ...node, id, name: `v${id}`, label: `v${id}` }) as GraphNode),
      edges: groupOf.slice(1).map((_, i) => [i, i + 1] as const),
      locals: groupOf.slice(1).map(() => "1"),
      reach: [],
    };
    const items = foldGraph(graph, 60, (id) => around(groupOf[id]!));
    expect(visibleGraph(graph, items, new Set()).edges.map(({ from, to }) => [from, to])).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  test("a similar trace keeps the folding, and the shown iteration if it exists", () => {
    const folding = { closed: new Set([3]), shown: new Map([["i", 2]]) };
    expect(keepFolding(groups, folding, groups)).toEqual({
      closed: new Set([3]),
      shown: new Map([
        ["i", 2],
        ["j", 0],
      ]),
    });
    const shorter = groups.slice(0, 6);
    expect(keepFolding(groups, folding, shorter).shown.get("i")).toBe(0);
  });
});

describe("layers of a network", () => {
  const tree = (n: number, m: number): number[][] =>
    Array.from({ length: n }, () => new Array<number>(m).fill(0.1));
  const layer = (x: Tensor, w: Tensor, b: Tensor): Tensor => tanh(add(matmul(x, w), b));
  interface Dense {
    readonly weight: Tensor;
    readonly bias: Tensor;
  }
  const groupsOf = (table: Parameters<typeof layersOf>[0]): string[] => {
    const { groups: found, groupOf: of } = layersOf(table);
    const names = [...table.inputs, ...table.program].map(({ name }) => name);
    return found.map(({ label }, i) => `${label}: ${names.filter((_, k) => of[k] === i).join(" ")}`);
  };

  test("lines belong to the part of the tree whose parameters they read, until the program reads other data", () => {
    const loss = (
      params: { readonly hidden: readonly Dense[]; readonly out: Dense },
      x: Tensor,
      y: Tensor,
    ): Tensor => {
      let h = x;
      for (const { weight, bias } of params.hidden) h = layer(h, weight, bias);
      const error = sub(add(matmul(h, params.out.weight), params.out.bias), y);
      return mean(mul(error, error));
    };
    const dense = (n: number, m: number): object => ({
      weight: tree(n, m),
      bias: new Array<number>(m).fill(0),
    });
    const params = { hidden: [dense(2, 3), dense(3, 3)], out: dense(3, 1) };
    const table = traceTable(loss, { at: [params, tree(4, 2), tree(4, 1)] });
    expect(groupsOf(table)).toEqual([
      "params.hidden[0]: params.hidden[0].weight params.hidden[0].bias a b c f",
      "params.hidden[1]: params.hidden[1].weight params.hidden[1].bias g h i j",
      "params.out: params.out.weight params.out.bias k l m",
    ]);
  });

  test("flat parameters are grouped by number; without numbers there are no groups", () => {
    type Flat = Readonly<Record<"w1" | "b1" | "w2" | "b2" | "w3" | "b3", Tensor>>;
    const flat = (p: Flat, x: Tensor): Tensor =>
      mean(layer(layer(layer(x, p.w1, p.b1), p.w2, p.b2), p.w3, p.b3));
    const p = { w1: tree(2, 2), b1: [0, 0], w2: tree(2, 2), b2: [0, 0], w3: tree(2, 2), b3: [0, 0] };
    const table = traceTable(flat, { at: [p, tree(3, 2)] });
    expect(layersOf(table).groups.map(({ label }) => label)).toEqual(["w1, b1", "w2, b2", "w3, b3"]);
    const chain = (x: Tensor): Tensor => Array.from({ length: 30 }).reduce<Tensor>((y) => tanh(y), x);
    expect(layersOf(traceTable(chain, { at: [1] })).groups).toEqual([]);
  });
});
