import * as dagre from "@dagrejs/dagre";
import { must } from "../../engine/util/assert-never.ts";
import type { FoldItem, VisibleEdge, VisibleGraph } from "./fold.ts";
import type { Graph as DependencyGraph } from "./graph.ts";
import { setText } from "./math-pieces.ts";

/** A point in a drawing, in CSS pixels. */
export interface PixelPoint {
  readonly x: number;
  readonly y: number;
}

/** A placed box: its centre (`x`, `y`), its size and its texts. */
export interface PlacedBox extends PixelPoint {
  readonly item: FoldItem;
  readonly width: number;
  readonly height: number;
  /** Text set in mathematical type. */
  readonly title: string;
  /** Texts below the title: the value on the left and the adjoint on the right, or a single text about a group. */
  readonly notes: readonly string[];
  /** Text at the bottom that counts the users of a box with too many edges to draw. Empty for other boxes. */
  readonly remark: string;
}

/** An edge between two boxes, given by their indices, which is drawn along `points`. */
export interface PlacedEdge {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly points: readonly PixelPoint[];
  /** Label on the edge, set in mathematical type, and its centre. Empty if there is no label. */
  readonly label: string;
  readonly place: PixelPoint;
  /** Width of the label in pixels. */
  readonly width: number;
}

/** Positions of all boxes and edges of a drawing. */
export interface GraphLayout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly PlacedBox[];
  readonly edges: readonly PlacedEdge[];
  /** Alignment of the layers. Default: balanced. */
  readonly alignment?: Alignment;
}

/**
 * Alignment of layers in dagre: each box is placed at the leftmost (L) or rightmost (R) possible position, working from
 * the top (U) or the bottom (D).
 */
type Alignment = (typeof alignments)[number];
const alignments = ["UL", "UR", "DL", "DR"] as const;

/** Returns the width of a text in pixels, set in mathematical type (`title`) or as a note. */
export type Measure = (text: string, style: "title" | "note") => number;

export const titleSize = 16;
export const noteSize = 12;
const longestTitle = 34; // characters; the table has the whole formula
const mostReaders = 8; // maximum number of outgoing edges per box in a folded graph; more would hide the picture

/**
 * The parts of dagre used here. Its own declarations import each other without extensions, which TypeScript cannot
 * resolve.
 */
interface LayeredGraph {
  setGraph(label: Readonly<Record<string, string | number>>): void;
  setNode(name: string, label: { width: number; height: number }): void;
  setEdge(from: string, to: string, label: object): void;
  node(name: string): PixelPoint | undefined;
  edge(
    from: string,
    to: string,
  ): (Partial<PixelPoint> & { readonly points: readonly PixelPoint[] }) | undefined;
}
const layered = dagre as unknown as {
  readonly Graph: new () => LayeredGraph;
  readonly layout: (graph: LayeredGraph) => void;
};

const mostTried = 60; // boxes; trying all alignments of more takes too long
const muchNarrower = 0.85; // fraction of the balanced width below which another alignment is preferred

/**
 * Places the boxes in layers from the inputs at the top to the results at the bottom. Balanced layers of a long chain
 * with inputs at its side, such as a network, drift sideways. In that case, the narrowest of four other alignments is
 * used.
 *
 * @param before layout of the same boxes with other texts. Its alignment is kept, no box gets narrower, and boxes that
 *   grow get some spare width
 */
export function layoutGraph(
  graph: DependencyGraph,
  visible: VisibleGraph,
  measure: Measure = estimate,
  before?: GraphLayout,
): GraphLayout {
  const own = partsOf(graph, visible, measure);
  const boxes = own.boxes.map((box, i) => ({ ...box, width: grown(box, before?.boxes[i]) }));
  const edges = own.edges.map((edge, i) => ({ ...edge, width: grown(edge, before?.edges[i]) }));
  if (before !== undefined) return place(boxes, edges, before.alignment);
  const balanced = place(boxes, edges);
  if (boxes.length > mostTried) return balanced;
  return alignments
    .map((alignment) => place(boxes, edges, alignment))
    .filter(({ width }) => width < muchNarrower * balanced.width)
    .reduce((best, other) => (other.width < best.width ? other : best), balanced);
}

/**
 * Replaces the texts of a layout by those of another graph with the same boxes and edges, for example the same program
 * at other values. Nothing moves. Returns `undefined` if a text does not fit.
 */
export function withTexts(
  { boxes, edges, ...size }: GraphLayout,
  graph: DependencyGraph,
  visible: VisibleGraph,
  measure: Measure,
): GraphLayout | undefined {
  const next = partsOf(graph, visible, measure);
  const fits =
    next.boxes.every(({ width, height }, i) => width <= boxes[i]!.width && height === boxes[i]!.height) &&
    next.edges.every(({ width }, i) => width <= edges[i]!.width);
  if (!fits) return undefined;
  return {
    ...size,
    boxes: next.boxes.map(({ title, notes, remark }, i) => ({ ...boxes[i]!, title, notes, remark })),
    edges: next.edges.map(({ label }, i) => ({ ...edges[i]!, label })),
  };
}

const growth = 32; // pixels: the width of about four digits

/**
 * Returns the width of a box or label in a new layout: the former width if it suffices, otherwise the required width,
 * rounded up. Without a former layout, it is the required width.
 */
function grown(
  { width }: { readonly width: number },
  before: { readonly width: number } | undefined,
): number {
  if (before === undefined || width === 0) return width;
  return width <= before.width ? before.width : Math.ceil(width / growth) * growth;
}

/** A box before it is placed, with its size. */
type SizedBox = Omit<PlacedBox, "x" | "y">;
type LabelledEdge = VisibleEdge & Pick<PlacedEdge, "label" | "width">;

function partsOf(
  graph: DependencyGraph,
  visible: VisibleGraph,
  measure: Measure,
): { readonly boxes: readonly SizedBox[]; readonly edges: readonly LabelledEdge[] } {
  const { drawn, readers } = thinOut(visible);
  return {
    boxes: visible.boxes.map((item, i) => sizeOf(graph, item, readers.get(i), measure)),
    edges: drawn.map((edge) => {
      const label = labelOf(graph, visible, edge);
      return { ...edge, label, width: label === "" ? 0 : measure(label, "note") + 8 };
    }),
  };
}

const longestLabel = 22; // characters of a local derivative; the table has the whole formula

/** Returns the text of the local derivative on an edge between two nodes. Empty if either end is a group. */
function labelOf(graph: DependencyGraph, { boxes }: VisibleGraph, { from, to, first }: VisibleEdge): string {
  if (boxes[from]?.kind !== "node" || boxes[to]?.kind !== "node") return "";
  return shorten(setText(graph.locals[first] ?? ""), longestLabel);
}

export const labelHeight = 16; // pixels

function place(
  boxes: readonly SizedBox[],
  drawn: readonly LabelledEdge[],
  alignment?: Alignment,
): GraphLayout {
  const layers = new layered.Graph();
  const isLabelled = drawn.some(({ label }) => label !== "");
  const ranksep = isLabelled ? 30 : 44; // a label has a layer of its own
  const spaces = { nodesep: 28, ranksep, edgesep: 16, marginx: 12, marginy: 12 };
  layers.setGraph({ rankdir: "TB", ...spaces, ...(alignment === undefined ? {} : { align: alignment }) });
  boxes.forEach(({ width, height }, i) => layers.setNode(String(i), { width, height }));
  for (const { from, to, width } of drawn)
    layers.setEdge(
      String(from),
      String(to),
      width === 0 ? {} : { width, height: labelHeight, labelpos: "c" },
    );
  layered.layout(layers);

  const placed = boxes.map((box, i): PlacedBox => {
    const { x, y } = must(layers.node(String(i)), "a placed node");
    return { ...box, x, y };
  });
  const edges = drawn.map((edge) => {
    const { points, x = 0, y = 0 } = must(layers.edge(String(edge.from), String(edge.to)), "a placed edge");
    return { ...edge, points, place: { x, y } };
  });
  const right = [...placed, ...edges.map(({ place: { x }, width }) => ({ x, width }))].map(
    ({ x, width }) => x + width / 2,
  );
  const bottom = placed.map(({ y, height }) => y + height / 2);
  const [bendX, bendY] = [
    edges.flatMap(({ points }) => points.map(({ x }) => x)),
    edges.flatMap(({ points }) => points.map(({ y }) => y)),
  ];
  return {
    width: Math.ceil(most([...right, ...bendX]) + 12),
    height: Math.ceil(most([...bottom, ...bendY]) + 12),
    boxes: placed,
    edges,
    ...(alignment === undefined ? {} : { alignment }),
  };
}

/**
 * In a folded graph, keeps only the first edge of a box with more than `mostReaders` outgoing edges. `readers` maps
 * such boxes to the number of boxes that use them.
 */
function thinOut({ boxes, edges }: VisibleGraph): {
  readonly drawn: readonly VisibleEdge[];
  readonly readers: ReadonlyMap<number, number>;
} {
  if (!boxes.some(({ kind }) => kind === "group")) return { drawn: edges, readers: new Map() };
  const counts = new Map<number, number>();
  for (const { from } of edges) counts.set(from, (counts.get(from) ?? 0) + 1);
  const readers = new Map([...counts].filter(([, count]) => count > mostReaders));
  const first = new Map<number, number>();
  for (const { from, to } of edges) first.set(from, Math.min(to, first.get(from) ?? Infinity));
  return { drawn: edges.filter(({ from, to }) => !readers.has(from) || first.get(from) === to), readers };
}

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), 0);
}

/** Computes the texts and the size of a box. */
function sizeOf(
  graph: DependencyGraph,
  item: FoldItem,
  readers: number | undefined,
  measure: Measure,
): SizedBox {
  const { title, notes } = textOf(graph, item);
  const remark = readers === undefined ? "" : `read in ${readers} boxes`;
  const noteWidth = notes.reduce((sum, note) => sum + measure(note, "note"), (notes.length - 1) * 18);
  const width = Math.max(measure(title, "title"), noteWidth, measure(remark, "note")) + 32;
  const height = 36 + (notes.length === 0 ? 0 : 20) + (remark === "" ? 0 : 18);
  return { item, title, notes, remark, width: Math.max(width, 52), height };
}

function textOf(graph: DependencyGraph, item: FoldItem): Pick<PlacedBox, "title" | "notes"> {
  if (item.kind === "group")
    return { title: shorten(item.label), notes: [`${item.size} nodes: ${item.detail}`] };
  const { label, value, derivative } = must(graph.nodes[item.node], "a node");
  const notes = [value, derivative].filter((note) => note !== "");
  return { title: shorten(label), notes: notes.map((note) => shorten(setText(note))) };
}

function shorten(text: string, longest: number = longestTitle): string {
  const characters = [...text];
  return characters.length <= longest ? text : `${characters.slice(0, longest - 1).join("")}…`;
}

// Approximate widths in ems for typefaces like Times and Helvetica, slightly above the average.
const narrow = new Set("iljtfr.,:;'|()[] ");
const wide = new Set("mwMWQO∂%@");

/** Estimates the width of a text in pixels, rather too wide than too narrow. */
export function estimate(text: string, style: "title" | "note"): number {
  const size = style === "title" ? titleSize : noteSize;
  const set = style === "title" ? setText(text) : text;
  let ems = 0;
  for (const c of set) {
    ems += narrow.has(c)
      ? 0.34
      : wide.has(c)
        ? 0.86
        : /[A-Z]/.test(c)
          ? 0.7
          : c.codePointAt(0)! > 0x2e80
            ? 1.05
            : 0.55;
  }
  return ems * size * (style === "note" ? 1.08 : 1); // some of the plain typefaces run wide
}
