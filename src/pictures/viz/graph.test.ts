import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { testInCi } from "../../../test/support/extent.ts";
import { add, mul, scan, sin, tanh } from "downhill";
import type { Tensor } from "downhill";
import { must } from "../../engine/util/assert-never.ts";
import { compileText } from "../../numeric/syntax/index.ts";
import { foldGraph, groupsAround, nodesOf, visibleGraph } from "./fold.ts";
import type { FoldItem } from "./fold.ts";
import type { Graph, GraphNode } from "./graph.ts";
import { graphOf, reachable } from "./graph.ts";
import { estimate, type GraphLayout, layoutGraph, withTexts } from "./layout.ts";
import { toDot, toMermaid, toSvg, traceTable, traceText } from "./index.ts";

const notes = traceText(compileText("x*y + sin(x)"), { at: [2, 3] });

test("the graph of the notes' example: values and adjoints, edges, and reachability", () => {
  const { nodes, edges, locals, reach } = graphOf(notes);
  expect(
    nodes.map(({ label, value, derivative, kind, isOutput }) => [label, value, derivative, kind, isOutput]),
  ).toEqual([
    ["x", "2", "∂s/∂x = 2.58385", "input", false],
    ["y", "3", "∂s/∂y = 2", "input", false],
    ["a = x * y", "6", "∂s/∂a = 1", "line", false],
    ["b = sin(x)", "0.909297", "∂s/∂b = 1", "line", false],
    ["z = a + b", "6.9093", "∂s/∂z = 1", "line", true],
  ]);
  expect(edges).toEqual([
    [0, 2],
    [1, 2],
    [0, 3],
    [2, 4],
    [3, 4],
  ]);
  expect(locals).toEqual(["y = 3", "x = 2", "cos(x) = -0.416147", "1", "1"]);
  expect(reach).toEqual([
    { input: "x", outputs: ["z"] },
    { input: "y", outputs: ["z"] },
  ]);
});

test("inputs that do not reach the result are listed separately", () => {
  const { reach } = graphOf(traceText(compileText("a = y*y; z = 2*x"), { at: [1, 2] }));
  expect(reach).toEqual([
    { input: "y", outputs: [] },
    { input: "x", outputs: ["z"] },
  ]);
});

test("the body of a loop is in a group, connected to the operands", () => {
  const f = (w: Tensor, xs: Tensor): Tensor =>
    scan((c: Tensor, x: Tensor) => [tanh(add(mul(w, c), x)), c], 0.1, xs)[0];
  const { nodes, edges } = graphOf(traceTable(f, { at: [0.7, [1, 2]] }));
  expect(nodes.map(({ operation, depth }) => [operation, depth])).toEqual([
    ["input", 0],
    ["input", 0],
    ["mul", 1],
    ["add", 1],
    ["tanh", 1],
    ["scan", 0],
  ]);
  expect(edges).toContainEqual([0, 2]); // w into the product
  expect(edges).toContainEqual([1, 3]); // xs into the sum
  expect(edges).toContainEqual([4, 5]); // the body's result into the loop's
});

test("on a page the body of a loop is folded, and can be unfolded", () => {
  const f = (w: Tensor, xs: Tensor): Tensor =>
    scan((c: Tensor, x: Tensor) => [tanh(add(mul(w, c), x)), c], 0.1, xs)[0];
  const graph = graphOf(traceTable(f, { at: [0.7, [1, 2]] }));
  const items = foldGraph(graph, 60, () => []);
  expect(
    items.map((item) => (item.kind === "group" ? item.detail : graph.nodes[item.node]!.operation)),
  ).toEqual(["input", "input", "mul, add, tanh", "scan"]);
});

/** A graph of `n` nodes, each with up to three earlier operands. */
function randomGraph(
  n: number,
  picks: readonly number[],
  names: (i: number) => string = (i) => `v${i}`,
): Graph {
  const nodes = Array.from({ length: n }, (_, id): GraphNode => ({
    id,
    kind: id < 3 ? "input" : "line",
    isOutput: id === n - 1,
    name: names(id),
    label: names(id),
    operation: "mul",
    value: "",
    derivative: "",
    depth: 0,
    path: names(id).split(".").slice(0, -1),
  }));
  const edges = nodes
    .slice(3)
    .flatMap(({ id }) => [0, 1, 2].map((k) => [picks[(id * 3 + k) % picks.length]! % id, id] as const));
  return { nodes, edges, locals: edges.map(() => ""), reach: [] };
}

function everyGroup(items: readonly FoldItem[]): FoldItem[] {
  return items.flatMap((item) => (item.kind === "group" ? [item, ...everyGroup(item.items)] : []));
}

test("folding keeps every node once, limits list lengths, and connects the boxes that contain the ends of edges", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3000 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 50 }),
      fc.integer({ min: 0, max: 40 }),
      (n, picks, groups) => {
        const graph = randomGraph(n, picks, (i) => (groups > 0 ? `g${i % groups}.v${i}` : `v${i}`));
        const items = foldGraph(graph);
        expect(items.flatMap(nodesOf).sort((a, b) => a - b)).toEqual(graph.nodes.map(({ id }) => id));
        const lists = [items, ...everyGroup(items).map((item) => (item.kind === "group" ? item.items : []))];
        for (const list of lists) expect(list.length).toBeLessThanOrEqual(80);
        const node = n - 1;
        const open = new Set(groupsAround(items, node).map(({ id }) => id));
        const visible = visibleGraph(graph, items, open);
        expect(visible.boxes).toContainEqual({ kind: "node", node });
        expect(
          visible.edges.every(
            ({ from, to }) => from !== to && from < visible.boxes.length && to < visible.boxes.length,
          ),
        ).toBe(true);
        const count = graph.edges.filter(([a, b]) => visible.boxOf.get(a) !== visible.boxOf.get(b)).length;
        expect(visible.edges.reduce((sum, edge) => sum + edge.count, 0)).toBe(count);
      },
    ),
    { numRuns: 30, seed: 4 },
  );
});

test("small graphs are not folded", () => {
  expect(foldGraph(randomGraph(60, [1, 5])).every(({ kind }) => kind === "node")).toBe(true);
  expect(foldGraph(randomGraph(5000, [1, 5]), Infinity)).toHaveLength(5000);
});

test("unnamed lines are folded between named ones if that suffices", () => {
  const named = new Map([
    [0, "x"],
    [1, "z1"],
    [3, "h1"],
    [5, "z2"],
    [7, "h2"],
    [40, "z"],
  ]);
  const graph = randomGraph(41, [0], (i) => named.get(i) ?? `v${i}`);
  const labels = foldGraph(graph, 20).map((item) =>
    item.kind === "group" ? item.label : graph.nodes[item.node]!.name,
  );
  expect(labels).toEqual(["x", "z1", "v2", "h1", "v4", "z2", "v6", "h2", "v8 … v39", "z"]);
  expect(foldGraph(graph, 1).flatMap(nodesOf)).toHaveLength(41);
});

test("the nodes that a node affects, and those that affect it", () => {
  const graph = graphOf(notes);
  expect([...reachable(graph, 0, "forward")].sort((a, b) => a - b)).toEqual([2, 3, 4]);
  expect([...reachable(graph, 3, "backward")]).toEqual([0]);
});

test("a network is drawn straight downwards, without drifting sideways", () => {
  const layers = 6;
  // Each layer has a weight that only it reads, and reads the layer above.
  const names = ["x", ...Array.from({ length: layers }, (_, i) => [`W${i}`, `h${i}`]).flat()];
  const nodes = names.map((name, id): GraphNode => {
    const isInput = !name.startsWith("h");
    const plain = { isOutput: false, value: "", derivative: "", depth: 0, path: [] };
    const label = isInput ? name : `${name} = a line that is long`;
    return { ...plain, id, kind: isInput ? "input" : "line", name, label, operation: "o" };
  });
  const edges = Array.from({ length: layers }, (_, i): (readonly [number, number])[] => [
    [2 * i, 2 * i + 2],
    [2 * i + 1, 2 * i + 2],
  ]).flat();
  const graph: Graph = { nodes, edges, locals: edges.map(() => ""), reach: [] };
  const { width, boxes } = layoutGraph(graph, visibleGraph(graph, foldGraph(graph), new Set()));
  const widest = boxes.reduce((most, box) => Math.max(most, box.width), 0);
  expect(width).toBeLessThan(2.5 * widest);
});

test("edge labels are inside the drawing and overlap neither boxes nor other labels", () => {
  const { boxes, edges, width } = layoutGraph(
    graphOf(notes),
    visibleGraph(graphOf(notes), foldGraph(graphOf(notes)), new Set()),
  );
  const labels = edges.map((edge) => ({ ...edge.place, width: edge.width, height: 16 }));
  expect(edges.map(({ label }) => label)).toEqual(["y = 3", "x = 2", "cos(x) = −0.416147", "1", "1"]);
  labels.forEach((a, i) => {
    expect(a.x - a.width / 2).toBeGreaterThanOrEqual(0);
    expect(a.x + a.width / 2).toBeLessThanOrEqual(width);
    for (const b of [...boxes, ...labels.slice(i + 1)]) {
      const apart =
        Math.abs(a.x - b.x) >= (a.width + b.width) / 2 || Math.abs(a.y - b.y) >= (a.height + b.height) / 2;
      expect(apart).toBe(true);
    }
  });
});

test("other values keep the layout if they fit; otherwise no box gets narrower", () => {
  const at = (x: number): Graph => graphOf(traceText(compileText("x*y + sin(x)"), { at: [x, 3] }));
  const layOut = (x: number, before?: GraphLayout): GraphLayout => {
    const graph = at(x);
    return layoutGraph(graph, visibleGraph(graph, foldGraph(graph), new Set()), undefined, before);
  };
  const texts = (x: number, layout: GraphLayout): GraphLayout | undefined => {
    const graph = at(x);
    return withTexts(layout, graph, visibleGraph(graph, foldGraph(graph), new Set()), estimate);
  };
  const places = ({ boxes, edges }: GraphLayout): unknown => [
    boxes.map(({ x, y, width }) => [x, y, width]),
    edges.map(({ points, place }) => [points, place]),
  ];
  const long = layOut(-2.12345);
  const short = must(texts(2, long), "a layout");
  expect(places(short)).toEqual(places(long));
  expect(short.boxes.map(({ title, notes }) => [title, notes])).toEqual(
    layOut(2).boxes.map(({ title, notes }) => [title, notes]),
  );
  expect(short.edges.map(({ label }) => label)).toEqual(layOut(2).edges.map(({ label }) => label));
  expect(texts(-2.12345, layOut(2))).toBeUndefined();
  layOut(2, long).boxes.forEach(({ width }, i) => expect(width).toBe(long.boxes[i]!.width));
  const grown = layOut(-2.12345, layOut(2));
  grown.boxes.forEach(({ width }, i) => expect(width).toBeGreaterThanOrEqual(long.boxes[i]!.width));
});

test("boxes do not overlap, and are inside the drawing", () => {
  const graph = graphOf(notes);
  const { boxes, width, height } = layoutGraph(graph, visibleGraph(graph, foldGraph(graph), new Set()));
  boxes.forEach((a, i) => {
    expect(a.x - a.width / 2).toBeGreaterThanOrEqual(0);
    expect(a.x + a.width / 2).toBeLessThanOrEqual(width);
    expect(a.y + a.height / 2).toBeLessThanOrEqual(height);
    for (const b of boxes.slice(i + 1)) {
      const apart =
        Math.abs(a.x - b.x) >= (a.width + b.width) / 2 || Math.abs(a.y - b.y) >= (a.height + b.height) / 2;
      expect(apart).toBe(true);
    }
  });
});

describe("formats", () => {
  test("DOT", () => {
    expect(toDot(notes)).toMatchInlineSnapshot(`
      "digraph "z" {
        label="x, y reach z";
        node [shape=box, style=rounded];
        n0 [label="x\\n2   ∂s/∂x = 2.58385", shape=ellipse];
        n1 [label="y\\n3   ∂s/∂y = 2", shape=ellipse];
        n2 [label="a = x * y\\n6   ∂s/∂a = 1"];
        n3 [label="b = sin(x)\\n0.909297   ∂s/∂b = 1"];
        n4 [label="z = a + b\\n6.9093   ∂s/∂z = 1", peripheries=2];
        n0 -> n2;
        n1 -> n2;
        n0 -> n3;
        n2 -> n4;
        n3 -> n4;
      }
      "
    `);
  });

  test("Mermaid", () => {
    expect(toMermaid(notes)).toMatchInlineSnapshot(`
      "flowchart TD
        %% x, y reach z
        n0(["x<br/>2   ∂s/∂x = 2.58385"])
        n1(["y<br/>3   ∂s/∂y = 2"])
        n2["a = x #42; y<br/>6   ∂s/∂a = 1"]
        n3["b = sin#40;x#41;<br/>0.909297   ∂s/∂b = 1"]
        n4[/"z = a + b<br/>6.9093   ∂s/∂z = 1"/]
        n0 --> n2
        n1 --> n2
        n0 --> n3
        n2 --> n4
        n3 --> n4
      "
    `);
  });

  test("SVG is one element with its own style, light and dark, and describes reachability", () => {
    const svg = toSvg(notes);
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^]*<\/svg>$/);
    expect(svg).toContain("color-scheme:light dark");
    expect(svg).toContain('<rect class="dh-paper" width="100%" height="100%"/>'); // else a dark scheme has a white canvas
    expect(svg).toContain("<desc>x, y reach z</desc>");
    expect(svg).toContain(">∂s/∂x = 2.58385<");
    expect(svg).not.toMatch(/href|url\((?!#)|@import|<script/);
  });

  const evil = `</script><script>alert("1")</script>\\" ] ; } & ' \u0000`;
  const table = traceTable((x: Tensor) => sin(x), { at: [2], names: [evil] });

  test("users' texts are escaped everywhere", () => {
    const svg = toSvg(table);
    expect(svg).not.toContain("<script");
    expect(svg).not.toContain("\u0000");
    expect(svg.replaceAll(/<[^<>]*>/g, "")).not.toMatch(/[<>]/);
    const mermaid = toMermaid(table);
    expect(mermaid).not.toMatch(/<(?!br\/>)/);
    for (const line of mermaid.split("\n").filter((line) => line.includes('"')))
      expect(line.match(/"/g)).toHaveLength(2);
    const dot = toDot(table);
    for (const line of dot.split("\n"))
      expect(line.replaceAll(/\\./g, "").match(/"/g)?.length ?? 0).toSatisfy((n: number) => n % 2 === 0);
  });

  testInCi("large graphs are folded in every format, beyond maxNodes", () => {
    const chain = (x: Tensor): Tensor => Array.from({ length: 500 }).reduce<Tensor>((y) => sin(y), x);
    const long = traceTable(chain, { at: [1], check: false });
    expect(toDot(long).split("\n").length).toBeLessThan(120);
    expect(toMermaid(long).split("\n").length).toBeLessThan(120);
    expect(toSvg(long).match(/class="dh-box/g)!.length).toBeLessThan(60);
    expect(toDot(long, { maxNodes: Infinity }).split("\n").length).toBeGreaterThan(1000);
    expect(() => toDot(long, { maxNodes: 0 })).toThrow(/maxNodes must be a positive number, got 0/);
    expect(() => toSvg(long, { maxnodes: 9 } as object)).toThrow(/Did you mean "maxNodes"/);
  });
});
