import { nodesOf, type VisibleGraph } from "../fold.ts";
import { type Graph, reachable } from "../graph.ts";
import type { PageData } from "../page-data.ts";
import type { TraceMode, TraceStep } from "./steps.ts";

/** State of the drawn graph at a step, by node index. */
export interface PictureState {
  /**
   * `hasValue` and `hasDerivative` report whether a node's value, and its adjoint or differential, are known at this
   * step.
   */
  readonly hasValue: (node: number) => boolean;
  readonly hasDerivative: (node: number) => boolean;
  readonly current: number;
  readonly sources: readonly number[];
  /** True if an adjoint has been propagated backward along an edge, given by its two nodes. */
  readonly wentBack: (from: number, to: number) => boolean;
  readonly selected: number | undefined;
}

/** Computes the state of the picture at a step, with `selected` as the selected node. */
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

/**
 * Sets the classes of each box, in the order of `visible`. They show which values of its nodes are known, and whether
 * the box depends on the selected node or vice versa.
 */
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

/**
 * Sets the classes of each edge: whether an adjoint was propagated along it, whether the current step uses it, and
 * whether it leads to or from the selected node.
 */
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

/**
 * Returns the nodes on which the selected node depends, and the nodes that depend on it. Empty if no node is selected.
 */
function around(
  graph: Graph,
  selected: number | undefined,
): { readonly before: ReadonlySet<number>; readonly after: ReadonlySet<number> } {
  if (selected === undefined) return { before: new Set(), after: new Set() };
  return { before: reachable(graph, selected, "backward"), after: reachable(graph, selected, "forward") };
}
