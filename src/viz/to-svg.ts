import { drawGraph } from "./draw.ts";
import { foldGraph, visibleGraph } from "./fold.ts";
import { graphOf } from "./graph.ts";
import { graphStyle } from "./graph-style.ts";
import { layoutGraph } from "./layout.ts";
import { element, writeMarkup } from "./markup.ts";
import type { GraphOptions } from "./options.ts";
import { graphOptions } from "./options.ts";
import type { TraceTable } from "./table.ts";

/**
 * The dependency graph of a traced program as an SVG picture: inputs at the top, results at the bottom, values and
 * adjoints in the nodes. It follows the reader's choice of light or dark.
 */
export function toSvg(table: TraceTable, options: GraphOptions = {}): string {
  const { maxNodes } = graphOptions("toSvg", options);
  const graph = graphOf(table);
  const visible = visibleGraph(graph, foldGraph(graph, maxNodes), new Set());
  const drawing = drawGraph(graph, layoutGraph(graph, visible), `Dependency graph of ${table.name}`);
  const reach = graph.reach.map(
    ({ input, outputs }) => `${input} reaches ${outputs.length === 0 ? "no result" : outputs.join(", ")}`,
  );
  return writeMarkup({
    ...drawing,
    children: [element("style", {}, graphStyle), element("desc", {}, reach.join("; ")), ...drawing.children],
  });
}
