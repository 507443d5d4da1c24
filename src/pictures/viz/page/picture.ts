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
  /** Shows another graph, grouped as `around` says. */
  setGraph(graph: Graph, around: (node: number) => readonly LineFold[]): void;
  /** Shows a graph with the same nodes and edges and other numbers: what is drawn stays where it is, if the numbers fit. */
  renew(graph: Graph): void;
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

/** What hears of the reader's choices. */
export interface PictureActions {
  readonly select: (node: number | undefined) => void;
  /** Unfolds or closes a group of `around`, by its number. */
  readonly toggle: (id: number, isClosed: boolean) => void;
}

/**
 * @param pane the element to draw in
 * @param chips where open groups are listed
 */
export function makePicture(
  pane: HTMLElement,
  chips: HTMLElement,
  { select, toggle }: PictureActions,
): GraphPicture {
  let graph: Graph = { nodes: [], edges: [], locals: [], reach: [] };
  let items: readonly FoldItem[] = [];
  let unfolded: readonly LineFold[] = []; // groups of `around`
  let open: number[] = []; // groups that were made by folding, in the order in which they were opened
  let visible: VisibleGraph = { boxes: [], edges: [], boxOf: new Map() };
  let layout: GraphLayout | undefined;
  let svg: SVGElement | undefined;
  let state: PictureState | undefined;
  const measure = makeMeasure();
  const size = makeScale(pane, () => follow());

  const drawing = (of: GraphLayout): SVGElement => makeSvg(drawGraph(graph, of, "Dependency graph", true));

  /** @param before a layout of the same boxes */
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

  /** Has what the step is about in view. */
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

/** What is seen with those groups unfolded; where that is too much, without those that were opened first. */
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

/** The groups around nodes that are not closed, each once. */
function openFolds({ nodes }: Graph, around: (node: number) => readonly LineFold[]): LineFold[] {
  const folds = new Map(nodes.flatMap(({ id }) => around(id)).map((of) => [of.id, of] as const));
  return [...folds.values()].filter(({ isClosed }) => !isClosed);
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
  return open.map((id) => makeChip(labels.get(id) ?? "", () => fold(id)));
}

function makeChip(label: string, act: () => void): HTMLElement {
  const chip = make("button", { type: "button", title: "Fold this group" }, `${label} ×`);
  chip.addEventListener("click", act);
  return chip;
}

/** How large a drawing is in its pane. */
interface PaneZoom {
  /** Shows another drawing, at the scale of the one before. */
  draw(svg: SVGElement, size: GraphSize): void;
  /** Shows the whole graph, if its text can be read at that size; else its upper part, which scrolls; unless the reader chose a scale. */
  settle(): void;
  zoom(factor: number): void;
  /** Shows the whole graph. */
  fit(): void;
}

/** Of a drawing, in its own pixels. */
interface GraphSize {
  readonly width: number;
  readonly height: number;
}

/** @param onChange hears of each change of the scale */
function makeScale(pane: HTMLElement, onChange: () => void): PaneZoom {
  let svg: SVGElement | undefined;
  let size: GraphSize = { width: 1, height: 1 };
  let scale = 1;
  let isChosen = false; // whether the reader chose the scale

  const apply = (next: number): void => {
    scale = next;
    svg?.setAttribute("width", String(Math.ceil(size.width * scale)));
    svg?.setAttribute("height", String(Math.ceil(size.height * scale)));
  };
  /** The scale at which the whole graph is in the pane, which may grow with what is in it up to some height. */
  const scaleToFit = (): number => {
    svg?.setAttribute("height", "99999"); // so that the pane is as high as it may be
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
