import { drawGraph } from "../draw.ts";
import type { FoldGroup, FoldItem, VisibleGraph } from "../fold.ts";
import { firstMade, foldGraph, mostNodes, visibleGraph } from "../fold.ts";
import type { Graph } from "../graph.ts";
import type { LineFold } from "../groups.ts";
import { mathFonts, plainFonts } from "../../plot/palette.ts";
import type { GraphLayout, Measure } from "../layout.ts";
import { layoutGraph, noteSize, titleSize, withTexts } from "../layout.ts";
import { mathPieces } from "../math-pieces.ts";
import { become, bringInto, make, makeSvg } from "./dom.ts";
import { markBoxes, markEdges, type PictureState } from "./marks.ts";

/** The dependency graph on the page. */
export interface GraphPicture {
  /** Shows another graph, grouped by the folds from `around`. */
  setGraph(graph: Graph, around: (node: number) => readonly LineFold[]): void;
  /** Shows a graph with the same nodes and edges but other values. Boxes stay in position if the new texts fit. */
  renew(graph: Graph): void;
  show(state: PictureState): void;
  zoom(factor: number): void;
  /** Scales the graph to fit the pane. */
  fit(): void;
  /** Stops observing the size of the pane. */
  destroy(): void;
}

const leastNote = 11; // pixels: smaller text is hard to read
const largest = 1.25; // maximum scale of a graph fitted to its pane
const smallest = 0.02; // minimum scale, for a pane without visible size

const mostOpen = 220; // maximum number of boxes drawn; above it, the group opened first is folded

/** Functions that are called when the user selects a node, or opens or closes a group. */
export interface PictureActions {
  readonly select: (node: number | undefined) => void;
  /** Opens or closes a group of `around`, given by its number. */
  readonly toggle: (id: number, isClosed: boolean) => void;
}

/**
 * Creates the picture of a dependency graph, initially empty.
 *
 * @param pane the element to draw in
 * @param chips the element that lists the open groups
 */
export function makePicture(
  pane: HTMLElement,
  chips: HTMLElement,
  { select, toggle }: PictureActions,
): GraphPicture {
  let graph: Graph = { nodes: [], edges: [], locals: [], reach: [] };
  let items: readonly FoldItem[] = [];
  let unfolded: readonly LineFold[] = []; // open groups from `around`
  let open: number[] = []; // open groups created by `foldGraph`, in the order of opening
  let visible: VisibleGraph = { boxes: [], edges: [], boxOf: new Map() };
  let layout: GraphLayout | undefined;
  let svg: SVGElement | undefined;
  let state: PictureState | undefined;
  const measure = makeMeasure();
  const size = makeScale(pane, () => follow());

  const drawing = (of: GraphLayout): SVGElement => makeSvg(drawGraph(graph, of, "Dependency graph", true));

  /** Lays out and draws the visible graph. @param before a previous layout of the same boxes */
  const draw = (before?: GraphLayout): void => {
    ({ open, visible } = withoutOldest(graph, items, open, unfolded));
    layout = layoutGraph(graph, visible, measure, before);
    svg = drawing(layout);
    svg.setAttribute("role", "group");
    const hadFocus = pane.contains(document.activeElement);
    pane.replaceChildren(svg);
    if (hadFocus) pane.focus({ preventScroll: true });
    for (const box of svg.querySelectorAll<SVGElement>(".dh-box")) makeButton(box, () => actOn(box));
    const closed = unfolded.map((group) => makeChip(group.label, () => toggle(group.id, false)));
    chips.replaceChildren(...closed, ...chipsOf(open, items, fold));
    size.draw(svg, layout);
    if (state !== undefined) paint(state);
  };

  const actOn = ({ dataset: { group, node } }: SVGElement): void => {
    if (group === undefined) select(Number(node));
    else if (Number(group) < firstMade) toggle(Number(group), true);
    else {
      open = [...open, Number(group)];
      draw();
    }
  };
  pane.addEventListener("click", () => select(undefined));

  const fold = (group: number): void => {
    open = open.filter((other) => other !== group);
    draw();
  };

  const paint = (next: PictureState): void => {
    state = next;
    if (svg === undefined) return;
    const boxes = [...svg.querySelectorAll<SVGElement>(".dh-box")];
    const edges = [...svg.querySelectorAll<SVGElement>(".dh-link")];
    markBoxes(boxes, graph, visible, next);
    markEdges(edges, graph, visible, next);
    follow();
  };

  /** Scrolls the node of the current step into view. */
  const follow = (): void => {
    const current = svg?.querySelector(`[data-box="${visible.boxOf.get(state?.current ?? -1) ?? -1}"]`);
    if (current) bringInto(pane, current);
  };

  const observer = new ResizeObserver(() => size.settle());
  observer.observe(pane);

  return {
    setGraph(next, around) {
      graph = next;
      items = foldGraph(graph, mostNodes, around);
      unfolded = openFolds(graph, around);
      const groups = new Set(groupsOf(items).map(({ id }) => id));
      open = open.filter((id) => groups.has(id));
      draw();
      size.settle();
    },
    renew(next) {
      graph = next;
      const same = layout && withTexts(layout, graph, visible, measure);
      if (same === undefined || svg === undefined) {
        draw(layout);
        size.settle();
        return;
      }
      layout = same;
      const groups = drawing(layout).children;
      [...svg.children].forEach((group, i) => become(group, groups[i]!));
    },
    show: paint,
    zoom: size.zoom,
    fit: size.fit,
    destroy: () => observer.disconnect(),
  };
}

/**
 * Returns the visible graph with the given groups open. If it is too large, the groups that were opened first are
 * closed.
 */
function withoutOldest(
  graph: Graph,
  items: readonly FoldItem[],
  opened: readonly number[],
  unfolded: readonly LineFold[],
): { readonly open: number[]; readonly visible: VisibleGraph } {
  for (let open = [...opened]; ; open = open.slice(1)) {
    const visible = visibleGraph(graph, items, new Set([...open, ...unfolded.map(({ id }) => id)]));
    if (visible.boxes.length <= mostOpen || open.length <= 1) return { open, visible };
  }
}

/** Returns the open groups around the nodes of a graph, each once. */
function openFolds({ nodes }: Graph, around: (node: number) => readonly LineFold[]): LineFold[] {
  const folds = new Map(nodes.flatMap(({ id }) => around(id)).map((of) => [of.id, of] as const));
  return [...folds.values()].filter(({ isClosed }) => !isClosed);
}

/** Makes a box selectable by mouse and keyboard. */
function makeButton(box: SVGElement, act: () => void): void {
  box.setAttribute("tabindex", "0");
  box.setAttribute("role", "button");
  box.addEventListener("click", (event) => {
    event.stopPropagation();
    act();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    act();
  });
}

/** Creates one chip per open group, which closes the group. */
function chipsOf(
  open: readonly number[],
  items: readonly FoldItem[],
  fold: (group: number) => void,
): HTMLElement[] {
  const labels = new Map(groupsOf(items).map(({ id, label }) => [id, label]));
  return open.map((id) => makeChip(labels.get(id) ?? "", () => fold(id)));
}

function makeChip(label: string, act: () => void): HTMLElement {
  const chip = make("button", { type: "button", title: "Fold this group" }, `${label} ×`);
  chip.addEventListener("click", act);
  return chip;
}

/** Controls the scale of a drawing in its pane. */
interface PaneZoom {
  /** Shows another drawing at the current scale. */
  draw(svg: SVGElement, size: GraphSize): void;
  /**
   * Unless the user chose a scale, fits the whole graph if its text stays legible; else shows the upper part, which
   * scrolls.
   */
  settle(): void;
  zoom(factor: number): void;
  /** Scales the graph to fit the pane. */
  fit(): void;
}

/** Size of a drawing in its own pixels. */
interface GraphSize {
  readonly width: number;
  readonly height: number;
}

/**
 * Creates the control of the scale of a pane.
 *
 * @param onChange called after each change of the scale
 */
function makeScale(pane: HTMLElement, onChange: () => void): PaneZoom {
  let svg: SVGElement | undefined;
  let size: GraphSize = { width: 1, height: 1 };
  let scale = 1;
  let isChosen = false; // true if the user chose the scale

  const apply = (next: number): void => {
    scale = next;
    svg?.setAttribute("width", String(Math.ceil(size.width * scale)));
    svg?.setAttribute("height", String(Math.ceil(size.height * scale)));
  };
  /**
   * Returns the scale at which the whole graph fits the pane. The pane may grow with its content up to a maximum
   * height.
   */
  const scaleToFit = (): number => {
    svg?.setAttribute("height", "99999"); // stretches the pane to its maximum height
    const room = { width: pane.clientWidth - 24, height: pane.clientHeight - 24 };
    return Math.max(smallest, Math.min(largest, room.width / size.width, room.height / size.height));
  };
  return {
    draw(next, nextSize) {
      svg = next;
      size = nextSize;
      apply(scale);
    },
    settle() {
      if (isChosen) return;
      apply(Math.max(leastNote / noteSize, scaleToFit()));
      pane.scrollLeft = (pane.scrollWidth - pane.clientWidth) / 2;
      onChange();
    },
    zoom(factor) {
      isChosen = true;
      apply(Math.min(3, Math.max(0.1, scale * factor)));
      onChange();
    },
    fit() {
      isChosen = true;
      apply(scaleToFit());
    },
  };
}

function groupsOf(items: readonly FoldItem[]): FoldGroup[] {
  return items.flatMap((item) => (item.kind === "group" ? [item, ...groupsOf(item.items)] : []));
}

/** Returns a function that measures texts in the fonts that the page actually uses. */
function makeMeasure(): Measure {
  const context = document.createElement("canvas").getContext("2d");
  return (text, style) => {
    if (context === null) return text.length * 8;
    if (style === "note") {
      context.font = `${noteSize}px ${plainFonts}`;
      return context.measureText(text).width;
    }
    let width = 0;
    for (const piece of mathPieces(text)) {
      context.font = `${piece.kind === "name" ? "italic " : ""}${titleSize}px ${mathFonts}`;
      width += context.measureText(piece.text).width;
    }
    return width;
  };
}
