import { nodesOf, type VisibleGraph } from "../fold.ts";
import { type Graph, reachable } from "../graph.ts";

/** What the picture shows of a step. */
export interface PictureState {
  /** Whether a node's value, and its adjoint or differential, are known by now. */
  readonly hasValue: (node: number) => boolean;
  readonly hasDerivative: (node: number) => boolean;
  readonly current: number;
  readonly sources: readonly number[];
  readonly selected: number | undefined;
}

/** Gives each box, in the order of `visible`, the classes that say what is known of its nodes, and how they stand to the selected one. */
export function markBoxes(
  boxes: readonly SVGElement[],
  graph: Graph,
  visible: VisibleGraph,
  { hasValue, hasDerivative, current, sources, selected }: PictureState,
): void {
  const { before, after } = around(graph, selected);
  boxes.forEach((box, i) => {
    const nodes = nodesOf(visible.boxes[i]!);
    const has = (f: (node: number) => boolean): boolean => nodes.some(f);
    const mark = (name: string, on: boolean): void => void box.classList.toggle(name, on);
    const isSelected = selected !== undefined && nodes.includes(selected);
    mark("no-value", !has(hasValue));
    mark("no-derivative", !has(hasDerivative));
    mark("is-current", nodes.includes(current));
    mark("is-source", sources.some((source) => nodes.includes(source))); // prettier-ignore
    mark("is-selected", isSelected);
    mark(
      "is-before",
      has((node) => before.has(node)),
    );
    mark(
      "is-after",
      has((node) => after.has(node)),
    );
    mark(
      "is-dim",
      selected !== undefined && !has((node) => node === selected || before.has(node) || after.has(node)),
    );
    box.setAttribute("aria-pressed", String(isSelected));
  });
}

/** Gives each edge the classes that say whether the step goes along it, and whether it leads to or from the selected node. */
export function markEdges(
  edges: readonly SVGElement[],
  graph: Graph,
  visible: VisibleGraph,
  { current, sources, selected }: PictureState,
): void {
  const { before, after } = around(graph, selected);
  const boxOf = (node: number): number => visible.boxOf.get(node) ?? -1;
  const isLit = (set: ReadonlySet<number>, box: number): boolean =>
    nodesOf(visible.boxes[box]!).some((node) => set.has(node) || node === selected);
  for (const edge of edges) {
    const [from, to] = [Number(edge.dataset["from"]), Number(edge.dataset["to"])];
    const joins = (a: number, b: number): boolean => boxOf(a) === from && boxOf(b) === to;
    const mark = (name: string, on: boolean): void => void edge.classList.toggle(name, on);
    const isBefore = selected !== undefined && isLit(before, from) && isLit(before, to);
    const isAfter = selected !== undefined && isLit(after, from) && isLit(after, to);
    mark("is-current", sources.some((source) => joins(source, current) || joins(current, source))); // prettier-ignore
    mark("is-before", isBefore);
    mark("is-after", isAfter);
    mark("is-dim", selected !== undefined && !isBefore && !isAfter);
  }
}

/** The nodes that the selected one depends on, and those that depend on it: none where none is selected. */
function around(
  graph: Graph,
  selected: number | undefined,
): { readonly before: ReadonlySet<number>; readonly after: ReadonlySet<number> } {
  if (selected === undefined) return { before: new Set(), after: new Set() };
  return { before: reachable(graph, selected, "backward"), after: reachable(graph, selected, "forward") };
}
