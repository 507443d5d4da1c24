import { refuseExtra } from "../../engine/errors/arguments.ts";
import { drawGraph } from "./draw.ts";
import { foldGraph, mostNodes, visibleGraph } from "./fold.ts";
import { graphOf, reachText } from "./graph.ts";
import { graphStyle } from "./graph-style.ts";
import { estimate, layoutGraph } from "./layout.ts";
import { element, type Markup, writeMarkup } from "../plot/markup.ts";
import type { GraphOptions } from "./options.ts";
import { checkTable, graphOptions } from "./options.ts";
import type { TraceTable } from "./table.ts";

const lineHeight = 17; // pixels, of the text below the picture

/**
 * Draws the dependency graph of a traced program as an SVG picture: inputs at the top, results at the bottom, and
 * values and adjoints in the nodes. Text below states which inputs reach which results. The picture has its own
 * background and follows the viewer's light or dark mode.
 */
export function toSvg(table: TraceTable, options: GraphOptions = {}): string {
  if (arguments.length > 2) refuseExtra("toSvg", arguments, 2);
  checkTable("toSvg", table);
  return writeMarkup(drawTrace(table, graphOptions("toSvg", options).maxNodes));
}

/** Draws the picture of {@link toSvg}. */
export function drawTrace(table: TraceTable, maxNodes: number = mostNodes): Markup {
  const graph = graphOf(table);
  const visible = visibleGraph(graph, foldGraph(graph, maxNodes), new Set());
  const layout = layoutGraph(graph, visible);
  const drawing = drawGraph(graph, layout, `Dependency graph of ${table.name}`, false);
  const { width, height } = layout;
  const reach = reachText(graph);
  const lines = reach.map((line, i) =>
    element("text", { class: "dh-note", x: 14, y: height + 14 + i * lineHeight }, line),
  );
  const whole = {
    width: Math.max(width, ...reach.map((line) => estimate(line, "note") + 28)),
    height: height + reach.length * lineHeight + 4,
  };
  return {
    ...drawing,
    attributes: { ...drawing.attributes, ...whole, viewBox: `0 0 ${whole.width} ${whole.height}` },
    children: [
      element("style", {}, graphStyle),
      element("desc", {}, reach.join("; ")),
      element("rect", { class: "dh-paper", width: "100%", height: "100%" }),
      ...drawing.children,
      ...lines,
    ],
  };
}
