import { refuseExtra } from "../../engine/errors/arguments.ts";
import { foldGraph, visibleGraph } from "./fold.ts";
import { graphOf, reachText } from "./graph.ts";
import type { GraphOptions } from "./options.ts";
import { checkTable, graphOptions } from "./options.ts";
import type { TraceTable } from "./table.ts";
import { boxLabel } from "./to-dot.ts";
import { must } from "../../engine/util/assert-never.ts";

/** Writes the dependency graph of a traced program as a Mermaid flowchart, which many Markdown renderers draw. */
export function toMermaid(table: TraceTable, options: GraphOptions = {}): string {
  if (arguments.length > 2) refuseExtra("toMermaid", arguments, 2);
  checkTable("toMermaid", table);
  const { maxNodes } = graphOptions("toMermaid", options);
  const graph = graphOf(table);
  const { boxes, edges } = visibleGraph(graph, foldGraph(graph, maxNodes), new Set());
  const lines = boxes.map((item, i) => {
    if (item.kind === "group")
      return `  n${i}[["${quote([item.label, `${item.size} nodes: ${item.detail}`])}"]]`;
    const node = must(graph.nodes[item.node], "a node");
    const label = quote(boxLabel(graph, item.node));
    if (node.kind === "input") return `  n${i}(["${label}"])`;
    return node.isOutput ? `  n${i}[/"${label}"/]` : `  n${i}["${label}"]`;
  });
  return [
    "flowchart TD",
    ...reachText(graph).map((line) => `  %% ${quote([line])}`),
    ...lines,
    ...edges.map(({ from, to, count }) => `  n${from} -->${count > 1 ? `|${count}|` : ""} n${to}`),
    "",
  ].join("\n");
}

/**
 * Writes lines of text as a Mermaid label. Letters, digits, blanks and a few symbols stay; all other characters become
 * numeric entities, which Mermaid never reads as markup.
 */
function quote(lines: readonly string[]): string {
  return lines
    .map((line) =>
      [...line].map((c) => (/[\p{L}\p{N} .,=+/∂]/u.test(c) ? c : `#${c.codePointAt(0)!};`)).join(""),
    )
    .join("<br/>");
}
