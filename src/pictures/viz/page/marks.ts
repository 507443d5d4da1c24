import { nodesOf, type VisibleGraph } from "../fold.ts";
import { type Graph, reachable } from "../graph.ts";
import type { PageData } from "../page-data.ts";
import type { TraceMode, TraceStep } from "./steps.ts";

/** What the picture shows of a step. */
export interface PictureState {
  /** Whether a node's value, and its adjoint or differential, are known by now. */
  readonly hasValue: (node: number) => boolean;
  readonly hasDerivative: (node: number) => boolean;
  readonly current: number;
  readonly sources: readonly number[];
  /** The edges, by the nodes that they lead from and to, along which an adjoint has gone back. */
  readonly wentBack: (from: number, to: number) => boolean;
  readonly selected: number | undefined;
}

/** What the picture shows of a step, while `selected` is. */
export function pictureState(
  data: PageData,
  mode: TraceMode,
  step: TraceStep | undefined,
  selected: number | undefined,
): PictureState {
  const isBack = step?.phase === "adjoints";
  const reached = data.lines.slice(0, isBack ? undefined : (step?.last ?? 0) + 1);
  const valued = new Set(reached.map(({ node }) => node));
  const adjoints = isBack ? data.reverse.slice(0, step.last + 1) : [];
  const known = new Set(
    adjoints.flatMap(({ kind, sign, node }) => (kind === "contribution" && sign === "+=" ? [] : [node])),
  );
  const back = new Set(adjoints.map(({ from, node }) => `${node} ${from}`));
  const inner = (node: number): boolean => (data.graph.nodes[node]?.depth ?? 0) > 0;
  return {
    hasValue: (node) => valued.has(node) || inner(node),
    hasDerivative: (node) => (mode.kind === "forward" ? valued.has(node) : known.has(node)),
    current: step?.node ?? -1,
    sources: step?.sources ?? [],
    wentBack: (from, to) => back.has(`${from} ${to}`),
    selected,
  };
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

/** Gives each edge the classes that say whether an adjoint went back along it, whether the step goes along it, and whether it leads to or from the selected node. */
export function markEdges(
  edges: readonly SVGElement[],
  graph: Graph,
  visible: VisibleGraph,
  { hasValue, current, sources, wentBack, selected }: PictureState,
): void {
  const turned = new Set(
    graph.edges.flatMap(([from, to]) =>
      wentBack(from, to) ? [`${visible.boxOf.get(from)} ${visible.boxOf.get(to)}`] : [],
    ),
  );
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
    mark("no-value", !nodesOf(visible.boxes[to]!).some(hasValue));
    mark("is-back", turned.has(`${from} ${to}`));
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
