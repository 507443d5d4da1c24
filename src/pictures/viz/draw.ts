import type { Graph } from "./graph.ts";
import type { GraphLayout, PlacedBox, PlacedEdge, PixelPoint } from "./layout.ts";
import { labelHeight } from "./layout.ts";
import type { Markup } from "../plot/markup.ts";
import { element } from "../plot/markup.ts";
import { mathPieces } from "./math-pieces.ts";
import { must } from "../../engine/util/assert-never.ts";

/**
 * Draws a layout as one SVG element. Its colours are defined by `graphStyle`.
 *
 * @param turns whether edges also get an arrowhead `dh-back` at their start, for a page that shows one of the two heads
 */
export function drawGraph(graph: Graph, layout: GraphLayout, label: string, turns: boolean): Markup {
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
    element("g", { class: "dh-edges" }, ...edges.map((edge) => drawEdge(edge, turns))),
    element("g", { class: "dh-boxes" }, ...boxes.map((box, i) => drawBox(graph, box, i))),
  );
}

function drawEdge(edge: PlacedEdge, turns: boolean): Markup {
  const { from, to, count, points } = edge;
  const width = Math.min(3, 1.25 + Math.log10(count));
  return element(
    "g",
    { class: "dh-link", "data-from": from, "data-to": to },
    element("path", { class: "dh-edge", d: curve(points), "stroke-width": width }),
    element("path", { class: "dh-arrow dh-forth", d: headOf(points.at(-1), points.at(-2)) }),
    ...drawLocal(edge),
    ...(turns ? [element("path", { class: "dh-arrow dh-back", d: headOf(points[0], points[1]) })] : []),
  );
}

/**
 * Draws the label of an edge, its local derivative, on a background that hides the line. Empty if there is no label.
 */
function drawLocal({ label, place: { x, y }, width }: PlacedEdge): Markup[] {
  if (label === "") return [];
  const ground = {
    x: round(x - width / 2),
    y: round(y - labelHeight / 2),
    width: round(width),
    height: labelHeight,
  };
  const text = { class: "dh-note dh-local", x: round(x), y: round(y) + 4, "text-anchor": "middle" };
  return [element("rect", { class: "dh-paper", ...ground }), element("text", text, label)];
}

const headLength = 7; // pixels
const headWidth = 7;

/** Returns the SVG path of an arrowhead with its tip at `tip`, pointing away from `before`. */
function headOf(tip: PixelPoint | undefined, before: PixelPoint | undefined): string {
  if (tip === undefined || before === undefined) return "";
  const length = Math.hypot(tip.x - before.x, tip.y - before.y) || 1;
  const along = { x: (tip.x - before.x) / length, y: (tip.y - before.y) / length };
  const corner = (side: number): string =>
    `${round(tip.x - headLength * along.x - side * along.y)},${round(tip.y - headLength * along.y + side * along.x)}`;
  return `M${corner(headWidth / 2)} L${round(tip.x)},${round(tip.y)} L${corner(-headWidth / 2)} Z`;
}

/**
 * Returns the SVG path of a smooth curve from the first point to the last. Each point between is a bend, drawn as a
 * quadratic arc between the midpoints of its two segments.
 */
function curve(points: readonly PixelPoint[]): string {
  const at = ({ x, y }: PixelPoint): string => `${round(x)},${round(y)}`;
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
  const { item, x, y, width, height, title, notes, remark } = box;
  const left = round(x - width / 2);
  const top = round(y - height / 2);
  const shape = { x: left, y: top, width: round(width), height };
  const titleText = element("text", { class: "dh-title", x: round(x), y: top + 24 }, ...setMath(title));
  const remarkText = remark === "" ? [] : [drawNote(remark, "", x, top + height - 12, "middle")];

  if (item.kind === "group") {
    return element(
      "g",
      { class: "dh-box dh-group", "data-box": index, "data-group": item.id },
      element("title", {}, `${item.label}: ${notes.join(" ")}`),
      element("rect", { ...shape, x: left + 4, y: top + 4, rx: 8 }),
      element("rect", { ...shape, rx: 8 }),
      titleText,
      ...notes.map((note) => drawNote(note, "", x, top + 45, "middle")),
      ...remarkText,
    );
  }
  const node = must(graph.nodes[item.node], "a node");
  const classes = [
    "dh-box",
    ...(node.kind === "input" ? ["dh-input"] : []),
    ...(node.isOutput ? ["dh-output"] : []),
  ];
  const known = [node.value, node.derivative].filter((text) => text !== "");
  const outline = {
    class: "dh-outer",
    x: left - 3.5,
    y: top - 3.5,
    width: round(width) + 7,
    height: height + 7,
    rx: 11,
  };
  return element(
    "g",
    { class: classes.join(" "), "data-box": index, "data-node": item.node },
    element("title", {}, [node.label, ...known].join("\n")),
    ...(node.isOutput ? [element("rect", outline)] : []),
    element("rect", { ...shape, rx: node.kind === "input" ? Math.min(28, height / 2) : 8 }),
    titleText,
    " ", // separates the texts for screen readers and copying
    ...drawNotes(box, node.value === "" ? ["dh-adjoint"] : ["dh-value", "dh-adjoint"]),
    ...remarkText,
  );
}

/** Draws the notes of a box: one in the centre, or two at the left and right ends. */
function drawNotes(
  { x, y, width, height, notes }: PlacedBox,
  classes: readonly string[],
): (Markup | string)[] {
  const line = y - height / 2 + 45;
  const [first = "", second] = notes;
  const [one = "", other = ""] = classes;
  if (notes.length === 0) return [];
  if (second === undefined) return [drawNote(first, one, x, line, "middle")];
  return [
    drawNote(first, one, x - width / 2 + 15, line, "start"),
    " ",
    drawNote(second, other, x + width / 2 - 15, line, "end"),
  ];
}

function drawNote(
  text: string,
  kind: string,
  x: number,
  y: number,
  anchor: "start" | "middle" | "end",
): Markup {
  const classes = kind === "" ? "dh-note" : `dh-note ${kind}`;
  return element("text", { class: classes, x: round(x), y: round(y), "text-anchor": anchor }, text);
}

/** Returns a formula as SVG text spans, with names in italics. */
function setMath(formula: string): Markup[] {
  return mathPieces(formula).map(({ kind, text }) =>
    element("tspan", kind === "name" ? { class: "dh-name" } : {}, text),
  );
}
