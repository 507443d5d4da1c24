import type { Graph } from "./graph.ts";
import type { Layout, PlacedBox, PlacedEdge, Point } from "./layout.ts";
import type { Markup } from "./markup.ts";
import { element } from "./markup.ts";
import { mathPieces } from "./math-pieces.ts";
import { must } from "../util/assert-never.ts";

/** Draws a layout as one SVG element; the colours come from `graphStyle`. */
export function drawGraph(graph: Graph, layout: Layout, label: string): Markup {
  const { width, height, boxes, edges } = layout;
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      class: "dh-graph",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-label": label,
    },
    element(
      "defs",
      {},
      element(
        "marker",
        {
          id: "dh-arrow",
          viewBox: "0 0 8 8",
          refX: 7,
          refY: 4,
          markerWidth: 7,
          markerHeight: 7,
          orient: "auto-start-reverse",
        },
        element("path", { class: "dh-arrow", d: "M0.5,1 L7,4 L0.5,7 Z" }),
      ),
    ),
    element("g", { class: "dh-edges" }, ...edges.map(drawEdge)),
    element("g", { class: "dh-boxes" }, ...boxes.map((box, i) => drawBox(graph, box, i))),
  );
}

function drawEdge({ from, to, count, points }: PlacedEdge): Markup {
  return element("path", {
    class: "dh-edge",
    "data-from": from,
    "data-to": to,
    d: curve(points),
    "marker-end": "url(#dh-arrow)",
    "stroke-width": Math.min(3, 1.25 + Math.log10(count)),
  });
}

/** A smooth curve: straight ends, and at each bend a quadratic arc between the middles of the legs. */
function curve(points: readonly Point[]): string {
  const at = ({ x, y }: Point): string => `${round(x)},${round(y)}`;
  const [first, ...rest] = points;
  const last = rest.pop();
  if (first === undefined || last === undefined) return "";
  let path = `M${at(first)}`;
  rest.forEach((bend, i) => {
    const next = rest[i + 1] ?? last;
    const middle = i === rest.length - 1 ? last : { x: (bend.x + next.x) / 2, y: (bend.y + next.y) / 2 };
    path += ` Q${at(bend)} ${at(middle)}`;
  });
  return rest.length === 0 ? `${path} L${at(last)}` : path;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function drawBox(graph: Graph, box: PlacedBox, index: number): Markup {
  const { item, x, y, width, height, title, note } = box;
  const left = round(x - width / 2);
  const top = round(y - height / 2);
  const middle = round(x);
  const hasNote = note !== "";
  const titleY = round(y + (hasNote ? -3 : 5));
  const text = element("text", { class: "dh-title", x: middle, y: titleY }, ...setMath(title));
  const shape = { x: left, y: top, width: round(width), height };

  if (item.kind === "group") {
    return element(
      "g",
      { class: "dh-box dh-group", "data-box": index, "data-group": item.id },
      element("title", {}, `${item.label}: ${note}`),
      element("rect", { ...shape, x: left + 4, y: top + 4, rx: 8 }),
      element("rect", { ...shape, rx: 8 }),
      text,
      element("text", { class: "dh-note", x: middle, y: round(y + 17) }, note),
    );
  }
  const node = must(graph.nodes[item.node], "a node");
  const kind = node.kind === "input" ? " dh-input" : "";
  const values = [
    ...(node.value === "" ? [] : [element("tspan", { class: "dh-value" }, node.value)]),
    ...(node.value === "" || node.adjoint === "" ? [] : ["\u2003"]),
    ...(node.adjoint === ""
      ? []
      : [element("tspan", { class: "dh-adjoint" }, `${node.adjointName} = ${node.adjoint}`)]),
  ];
  return element(
    "g",
    { class: `dh-box${kind}${node.isOutput ? " dh-output" : ""}`, "data-box": index, "data-node": item.node },
    element(
      "title",
      {},
      [node.label, node.value, node.adjoint === "" ? "" : `${node.adjointName} = ${node.adjoint}`]
        .filter((t) => t !== "")
        .join("\n"),
    ),
    ...(node.isOutput
      ? [
          element("rect", {
            class: "dh-outer",
            x: left - 3.5,
            y: top - 3.5,
            width: round(width) + 7,
            height: height + 7,
            rx: 11,
          }),
        ]
      : []),
    element("rect", { ...shape, rx: node.kind === "input" ? height / 2 : 8 }),
    text,
    ...(hasNote ? [element("text", { class: "dh-note", x: middle, y: round(y + 17) }, ...values)] : []),
  );
}

/** A formula as pieces of text: names slanted. */
export function setMath(formula: string): Markup[] {
  return mathPieces(formula).map(({ kind, text }) =>
    element("tspan", kind === "name" ? { class: "dh-name" } : {}, text),
  );
}
