import type { Graph, GraphNode } from "./graph.ts";
import type { LineFold } from "./groups.ts";
import { isMadeName } from "./names.ts";

/** An item of a folded graph: a node, or a group of nodes that can be opened. */
export type FoldItem =
  | { readonly kind: "node"; readonly node: number }
  | {
      readonly kind: "group";
      readonly id: number;
      readonly label: string;
      /** Summary of the operations inside: `mul ×12, add ×8, sin`. */
      readonly detail: string;
      readonly items: readonly FoldItem[];
      /** Number of nodes inside, at any depth. */
      readonly size: number;
    };
export type FoldGroup = FoldItem & { readonly kind: "group" };

/** The drawn part of a folded graph: boxes and the dependencies between them. */
export interface VisibleGraph {
  readonly boxes: readonly FoldItem[];
  readonly edges: readonly VisibleEdge[];
  /** Index of the box that contains each node, by node id. */
  readonly boxOf: ReadonlyMap<number, number>;
}

/** An edge between two boxes, given by their indices. */
export interface VisibleEdge {
  readonly from: number;
  readonly to: number;
  /** Number of graph edges that this edge stands for. `first` is the index of the first of these edges. */
  readonly count: number;
  readonly first: number;
}

/** Default limit on nodes: a larger graph is folded, so that its picture stays readable. */
export const mostNodes = 60;
const mostItems = 36; // in one group of a folded graph
const fewestHere = 12; // lower bound of the group size that `most` can set
const fewestItems = 6; // minimum number of items after folding between names
const shortestRun = 4; // minimum number of consecutive unnamed lines that form a group

export const firstMade = 1_000_000; // number of the first group created here

/** Membership of a node in a group. Memberships with equal `key` belong to the same group. */
interface GroupMembership {
  readonly key: string | number;
  readonly label: string;
  /** Number of the group, if the caller has numbered it. */
  readonly id?: number;
}

/**
 * Folds a graph into a tree of groups. With `around` (for a page that can unfold groups), nodes are grouped by the
 * given folds and by sub-programs. Without it, a small graph stays flat and a large one is folded by sub-programs and
 * name prefixes. Lists that are still too long are folded into runs of unnamed lines, or else into runs of consecutive
 * lines, cut where few values cross.
 */
export function foldGraph(
  graph: Graph,
  most: number = mostNodes,
  around?: (node: number) => readonly LineFold[],
): readonly FoldItem[] {
  const isSmall = graph.nodes.length <= most;
  if (isSmall && around === undefined) return graph.nodes.map(({ id }) => ({ kind: "node", node: id }));
  const folding: GraphFolding = {
    graph,
    crossing: crossingsOf(graph),
    most: isSmall ? Infinity : Math.max(fewestHere, Math.min(most, mostItems)),
    next: firstMade,
  };
  return byPart(
    folding,
    graph.nodes.map((node) => [node, partsOf(node, around, isSmall)] as const),
    0,
  );
}

/** State while a graph is folded. */
interface GraphFolding {
  readonly graph: Graph;
  /** For each node, the number of edges that cross the gap after it. */
  readonly crossing: readonly number[];
  /** Maximum number of items in one list: at the top level, or inside a group. */
  readonly most: number;
  /** Number of the next group created here. */
  next: number;
}

function group(
  folding: GraphFolding,
  label: string,
  items: readonly FoldItem[],
  id = folding.next++,
): FoldGroup {
  const nodes = items.flatMap((item) => nodesOf(item));
  const detail = describe(nodes.map((node) => folding.graph.nodes[node]!));
  return { kind: "group", id, label, detail, items, size: nodes.length };
}

/**
 * Groups nodes that belong to the same group (`GroupMembership`). The group is inserted at the position of its first
 * node.
 */
function byPart(
  folding: GraphFolding,
  nodes: readonly (readonly [GraphNode, readonly GroupMembership[]])[],
  depth: number,
): FoldItem[] {
  const members = new Map<string | number, (readonly [GraphNode, readonly GroupMembership[]])[]>();
  for (const entry of nodes) {
    const part = entry[1][depth];
    if (part === undefined) continue;
    const list = members.get(part.key);
    if (list === undefined) members.set(part.key, [entry]);
    else list.push(entry);
  }
  const placed = new Set<string | number>();
  const items = nodes.flatMap(([node, parts]): FoldItem[] => {
    const part = parts[depth];
    const together = part === undefined ? undefined : members.get(part.key);
    if (part === undefined || together === undefined || (together.length < 2 && part.id === undefined))
      return [{ kind: "node", node: node.id }];
    if (placed.has(part.key)) return [];
    placed.add(part.key);
    return [group(folding, part.label, byPart(folding, together, depth + 1), part.id)];
  });
  return byRuns(folding, items);
}

/**
 * Splits a list that is too long into groups: at lines with names, otherwise into runs of consecutive lines. Inputs and
 * computed lines stay in separate groups.
 */
function byRuns(folding: GraphFolding, list: FoldItem[]): FoldItem[] {
  const { graph, most } = folding;
  if (list.length <= most) return list;
  const named = betweenNames(folding, list);
  if (named !== undefined) return named;
  const isInput = (item: FoldItem): boolean => nodesOf(item).every((id) => graph.nodes[id]!.kind === "input");
  const inputs = list.filter(isInput);
  const lines = list.filter((item) => !isInput(item));
  if (inputs.length > 0 && lines.length > 0) {
    const share = Math.min(inputs.length, Math.floor(most / 3));
    return [...runs(folding, inputs, share), ...runs(folding, lines, most - share)];
  }
  return runs(folding, list, most);
}

/**
 * Makes groups of the unnamed lines between named lines, which stay. Returns undefined if the result would have too few
 * or too many items.
 */
function betweenNames(folding: GraphFolding, list: readonly FoldItem[]): FoldItem[] | undefined {
  const { graph, most } = folding;
  const isMade = (item: FoldItem | undefined): boolean =>
    item?.kind === "node" && isMadeName(graph.nodes[item.node]!.name);
  const parts: FoldItem[][] = []; // runs of unnamed lines; every other item separately
  list.forEach((item, i) => {
    if (isMade(item) && isMade(list[i - 1])) parts.at(-1)!.push(item);
    else parts.push([item]);
  });
  const count = parts.reduce((n, { length }) => n + (length < shortestRun ? length : 1), 0);
  if (count < fewestItems || count > most) return undefined;
  return parts.flatMap((part) => (part.length < shortestRun ? part : [run(folding, part)]));
}

/** Folds a list into about `parts` groups of consecutive items, of similar size. A short list stays as it is. */
function runs(folding: GraphFolding, list: FoldItem[], parts: number): FoldItem[] {
  if (list.length <= parts) return list;
  const { crossing } = folding;
  const size = Math.ceil(list.length / parts);
  const slack = Math.floor(size / 4);
  const made: FoldItem[] = [];
  for (let from = 0; from < list.length;) {
    const ideal = from + size;
    let to = Math.min(ideal, list.length);
    // Cut nearby, where the fewest values cross.
    for (let k = Math.max(from + 1, ideal - slack); k <= ideal && ideal < list.length; k++) {
      if (crossing[lastOf(list[k - 1]!)]! < crossing[lastOf(list[to - 1]!)]!) to = k;
    }
    const members = list.slice(from, to);
    made.push(members.length === 1 ? members[0]! : run(folding, members));
    from = to;
  }
  // Early cuts may leave too many runs: fold once more.
  return made.length > 2 * parts ? runs(folding, made, parts) : made;
}

/** Turns consecutive items into one group, which may contain further groups. */
function run(folding: GraphFolding, members: FoldItem[]): FoldGroup {
  return group(folding, spanOf(folding.graph, members), byRuns(folding, members));
}

/**
 * Returns the groups that contain a node, outermost first: those that `around` returns, or else sub-programs and, in a
 * large graph, name prefixes.
 */
function partsOf(
  { id, path, depth }: GraphNode,
  around: ((node: number) => readonly LineFold[]) | undefined,
  isSmall: boolean,
): readonly GroupMembership[] {
  const folds =
    around?.(id).map((fold): GroupMembership => ({ key: fold.id, label: fold.label, id: fold.id })) ?? [];
  const scopes = isSmall ? path.slice(0, depth) : path;
  return folds.length > 0 ? folds : scopes.map((label): GroupMembership => ({ key: label, label }));
}

/** Returns the label of consecutive items, from the first node to the last: `v3 … v40`. */
function spanOf({ nodes }: Graph, members: readonly FoldItem[]): string {
  return `${nodes[nodesOf(members[0]!)[0]!]!.name} … ${nodes[lastOf(members.at(-1)!)]!.name}`;
}

/** Returns the node ids inside an item, in order. */
export function nodesOf(item: FoldItem): number[] {
  return item.kind === "node" ? [item.node] : item.items.flatMap(nodesOf);
}

function lastOf(item: FoldItem): number {
  return item.kind === "node" ? item.node : lastOf(item.items.at(-1)!);
}

/** Counts for each node the edges that cross the gap after it. */
function crossingsOf(graph: Graph): number[] {
  const change = new Array<number>(graph.nodes.length + 1).fill(0);
  for (const [from, to] of graph.edges) {
    change[from]! += 1;
    change[to]! -= 1;
  }
  let open = 0;
  return graph.nodes.map((_, i) => (open += change[i]!));
}

function describe(nodes: readonly GraphNode[]): string {
  const counts = new Map<string, number>();
  for (const { operation } of nodes) counts.set(operation, (counts.get(operation) ?? 0) + 1);
  const common = [...counts].sort((a, b) => b[1] - a[1]);
  const shown = common.slice(0, 3).map(([operation, n]) => (n === 1 ? operation : `${operation} ×${n}`));
  return shown.join(", ") + (common.length > 3 ? ", …" : "");
}

/**
 * Returns the visible boxes and edges of a folded graph in which the groups with ids in `open` are expanded. Edges
 * inside a box are omitted, and those between the same two boxes are merged.
 */
export function visibleGraph(
  graph: Graph,
  items: readonly FoldItem[],
  open: ReadonlySet<number>,
): VisibleGraph {
  const boxes: FoldItem[] = [];
  const boxOf = new Map<number, number>();
  const visit = (item: FoldItem): void => {
    if (item.kind === "group" && open.has(item.id)) {
      item.items.forEach(visit);
      return;
    }
    for (const node of nodesOf(item)) boxOf.set(node, boxes.length);
    boxes.push(item);
  };
  items.forEach(visit);

  const edges = new Map<number, { from: number; to: number; count: number; first: number }>();
  for (const [first, [a, b]] of graph.edges.entries()) {
    const from = boxOf.get(a);
    const to = boxOf.get(b);
    if (from === undefined || to === undefined || from === to) continue;
    const key = from * boxes.length + to;
    const edge = edges.get(key);
    if (edge === undefined) edges.set(key, { from, to, count: 1, first });
    else edge.count++;
  }
  return { boxes, edges: [...edges.values()], boxOf };
}

/** Returns the groups that must be open to make a node visible, outermost first. */
export function groupsAround(items: readonly FoldItem[], node: number): FoldGroup[] {
  for (const item of items) {
    if (item.kind === "node") {
      if (item.node === node) return [];
    } else if (nodesOf(item).includes(node)) return [item, ...groupsAround(item.items, node)];
  }
  return [];
}
