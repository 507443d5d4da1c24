import { refuseExtra } from "../../engine/errors/arguments.ts";
import type { FoldItem } from "./fold.ts";
import { foldGraph, visibleGraph } from "./fold.ts";
import type { Graph } from "./graph.ts";
import { graphOf, reachText } from "./graph.ts";
import type { GraphOptions } from "./options.ts";
import { checkTable, graphOptions } from "./options.ts";
import type { TraceTable } from "./table.ts";
import { must } from "../../engine/util/assert-never.ts";

/**
 * Writes the dependency graph of a traced program in the DOT language of Graphviz.
 *
 * @example
 * toDot(traceTable((x, y) => x.mul(y), { at: [2, 3] }));
 * // digraph "f" { … … }
 */
export function toDot(table: TraceTable, options: GraphOptions = {}): string {
  if (arguments.length > 2) refuseExtra("toDot", arguments, 2);
  checkTable("toDot", table);
  const { maxNodes } = graphOptions("toDot", options);
  const graph = graphOf(table);
  const { boxes, edges } = visibleGraph(graph, foldGraph(graph, maxNodes), new Set());
  return [
    `digraph ${quote(table.name)} {`,
    `  label=${quote(reachText(graph).join("\n"))};`,
    "  node [shape=box, style=rounded];",
    ...boxes.map((item, i) => `  n${i} [${attributes(graph, item)}];`),
    ...edges.map(
      ({ from, to, count }) => `  n${from} -> n${to}${count > 1 ? ` [label=${quote(String(count))}]` : ""};`,
    ),
    "}",
    "",
  ].join("\n");
}

function attributes(graph: Graph, item: FoldItem): string {
  if (item.kind === "group")
    return `label=${quote(`${item.label}\n${item.size} nodes: ${item.detail}`)}, style="rounded,dashed"`;
  const node = must(graph.nodes[item.node], "a node");
  const shape = node.kind === "input" ? ", shape=ellipse" : node.isOutput ? ", peripheries=2" : "";
  return `label=${quote(boxLabel(graph, item.node).join("\n"))}${shape}`;
}

/** Returns the lines of a node's box: its label, then its value and adjoint if known. */
export function boxLabel(graph: Graph, id: number): string[] {
  const { label, value, derivative } = must(graph.nodes[id], "a node");
  const note = [value, derivative].filter((part) => part !== "").join("   ");
  return note === "" ? [label] : [label, note];
}

/** Writes a text as a quoted string of DOT. Only quotes, backslashes and line ends need escaping. */
function quote(text: string): string {
  return `"${text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n")
    .replaceAll(/[\u0000-\u001f]/g, " ")}"`;
}
