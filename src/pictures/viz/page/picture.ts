import { drawGraph } from "../draw.ts";
import type { FoldGroup, FoldItem, VisibleGraph } from "../fold.ts";
import { foldGraph, visibleGraph } from "../fold.ts";
import type { Graph } from "../graph.ts";
import { mathFonts, plainFonts } from "../../plot/palette.ts";
import type { Measure } from "../layout.ts";
import { layoutGraph, noteSize, titleSize } from "../layout.ts";
import { mathPieces } from "../math-pieces.ts";
import { bringInto, make, makeSvg } from "./dom.ts";
import { markBoxes, markEdges, type PictureState } from "./marks.ts";

/** The dependency graph on the page. */
export interface Picture {
  /** Shows another graph of the same form: with adjoints, or with the differentials of a pass. */
  setGraph(graph: Graph): void;
  show(state: PictureState): void;
  zoom(factor: number): void;
  /** Shows the whole graph. */
  fit(): void;
  /** Ends what watches the size of the pane. */
  destroy(): void;
}

const leastNote = 11; // pixels: smaller text is hard to read
const largest = 1.25; // a graph that has more room is not drawn larger
const smallest = 0.02; // in a pane that is not seen

const mostOpen = 220; // boxes drawn at once; beyond, the group that was opened first is folded

/**
 * @param pane the element to draw in
 * @param chips where open groups are listed
 * @param onSelect hears which node was chosen
 */
export function makePicture(
  pane: HTMLElement,
  chips: HTMLElement,
  onSelect: (node: number | undefined) => void,
): Picture {
  let graph: Graph = { nodes: [], edges: [], locals: [], reach: [] };
  let items: readonly FoldItem[] = [];
  let open: number[] = []; // in the order in which they were opened
  let visible: VisibleGraph = { boxes: [], edges: [], boxOf: new Map() };
  let svg: SVGElement | undefined;
  let size = { width: 1, height: 1 };
  let scale = 1;
  let isChosen = false; // whether the reader chose the scale
  let state: PictureState | undefined;
  const measure = makeMeasure();

  const draw = (): void => {
    visible = visibleGraph(graph, items, new Set(open));
    while (visible.boxes.length > mostOpen && open.length > 1) {
      open = open.slice(1);
      visible = visibleGraph(graph, items, new Set(open));
    }
    const layout = layoutGraph(graph, visible, measure);
    size = layout;
    svg = makeSvg(drawGraph(graph, layout, "Dependency graph", true));
    svg.setAttribute("role", "group");
    pane.replaceChildren(svg);
    for (const box of svg.querySelectorAll<SVGElement>(".dh-box")) makeButton(box, () => actOn(box));
    chips.replaceChildren(...chipsOf(open, items, fold));
    rescale();
    if (state !== undefined) paint(state);
  };

  const actOn = ({ dataset: { group, node } }: SVGElement): void => {
    if (group === undefined) onSelect(Number(node));
    else {
      open = [...open, Number(group)];
      draw();
    }
  };
  pane.addEventListener("click", () => onSelect(undefined));

  const fold = (group: number): void => {
    open = open.filter((other) => other !== group);
    draw();
  };

  const rescale = (): void => {
    svg?.setAttribute("width", String(Math.ceil(size.width * scale)));
    svg?.setAttribute("height", String(Math.ceil(size.height * scale)));
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

  /** Has what the step is about in view. */
  const follow = (): void => {
    const current = svg?.querySelector(`[data-box="${visible.boxOf.get(state?.current ?? -1) ?? -1}"]`);
    if (current) bringInto(pane, current);
  };

  /** The whole graph, if its text can be read at that size; else its upper part, which scrolls. */
  const settle = (): void => {
    if (isChosen || svg === undefined) return;
    scale = Math.max(leastNote / noteSize, scaleToFit(pane, svg, size));
    rescale();
    pane.scrollLeft = (pane.scrollWidth - pane.clientWidth) / 2;
    follow();
  };
  const observer = new ResizeObserver(settle);
  observer.observe(pane);

  const zoom = (factor: number): void => {
    isChosen = true;
    scale = Math.min(3, Math.max(0.1, scale * factor));
    rescale();
    follow();
  };
  const fit = (): void => {
    if (svg === undefined) return;
    isChosen = true;
    scale = scaleToFit(pane, svg, size);
    rescale();
  };

  return {
    setGraph(next) {
      graph = next;
      items = foldGraph(graph);
      const groups = new Set(groupsOf(items).map(({ id }) => id));
      open = open.filter((id) => groups.has(id));
      draw();
      settle();
    },
    show: paint,
    zoom,
    fit,
    destroy: () => observer.disconnect(),
  };
}

/** A box that the mouse and the keyboard choose. */
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

/** A chip for each open group, which folds it. */
function chipsOf(
  open: readonly number[],
  items: readonly FoldItem[],
  fold: (group: number) => void,
): HTMLElement[] {
  const labels = new Map(groupsOf(items).map(({ id, label }) => [id, label]));
  return open.map((id) => {
    const chip = make("button", { type: "button", title: "Fold this group" }, `${labels.get(id) ?? ""} ×`);
    chip.addEventListener("click", () => fold(id));
    return chip;
  });
}

/** The scale at which the whole graph is in the pane, which may grow with what is in it up to some height. */
function scaleToFit(
  pane: HTMLElement,
  svg: SVGElement,
  size: { readonly width: number; readonly height: number },
): number {
  svg.setAttribute("height", "99999"); // so that the pane is as high as it may be
  const room = { width: pane.clientWidth - 24, height: pane.clientHeight - 24 };
  return Math.max(smallest, Math.min(largest, room.width / size.width, room.height / size.height));
}

function groupsOf(items: readonly FoldItem[]): FoldGroup[] {
  return items.flatMap((item) => (item.kind === "group" ? [item, ...groupsOf(item.items)] : []));
}

/** Measures texts with the fonts that the page really has. */
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
