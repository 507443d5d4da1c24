/** A group of lines: a layer of a network, the elements of an argument, a loop, or one iteration of a loop. */
export type LineGroup = {
  readonly label: string;
  /** Index of the enclosing group, less than the group's own index; −1 if none. */
  readonly parent: number;
} & (
  | {
      readonly kind: "part";
      /** True if a page initially shows the group folded into one line. */
      readonly isClosed: boolean;
    }
  | LoopGroup
  | {
      /** One iteration inside a group of kind `loop`. Its label is the name of the loop index, such as `i`. */
      readonly kind: "iteration";
      readonly value: number;
    }
);

/** Group of one execution of a loop. */
interface LoopGroup {
  readonly kind: "loop";
  /** Identifies the loop in the source text. An inner loop runs once per iteration of the enclosing loop. */
  readonly loop: string;
}

/** Folding that the user of a page has chosen: the indices of the closed groups, and the iterations shown. */
export interface FoldState {
  readonly closed: ReadonlySet<number>;
  /** For each loop of the source text, the index value of the iteration shown. The other iterations are folded. */
  readonly shown: ReadonlyMap<string, number>;
}

/** A fold: a group, or the hidden iterations of a loop on one side of the shown one. */
export interface LineFold {
  /** Index of the group. Negative for hidden iterations. */
  readonly id: number;
  readonly label: string;
  readonly isClosed: boolean;
}

/** Finds the folds around lines or nodes, by the group that contains them. */
export interface Folds {
  /**
   * Returns the folds around the members of a group, outermost first, up to the first closed one. For −1, which stands
   * for no group, the result is empty.
   */
  around(group: number): readonly LineFold[];
  /**
   * For the negative id of hidden iterations, returns the loop and the index value of the hidden iteration that is
   * nearest to the shown one, to be shown next.
   */
  beside(id: number): { readonly loop: string; readonly value: number };
}

/** Returns the initial folding of a page: groups that are initially closed, and the first iteration of each loop. */
export function firstFolding(groups: readonly LineGroup[]): FoldState {
  return {
    closed: new Set(groups.flatMap((group, i) => (group.kind === "part" && group.isClosed ? [i] : []))),
    shown: new Map(loopsOf(groups).map(({ loop, values }) => [loop, values[0] ?? 0])),
  };
}

/**
 * Carries the folding of a page over to a new trace. Closed groups are kept if all groups have the same kinds and
 * labels; shown iterations are kept if the new loop has them. Otherwise the initial folding of the new trace applies.
 */
export function keepFolding(
  before: readonly LineGroup[],
  folding: FoldState,
  groups: readonly LineGroup[],
): FoldState {
  const first = firstFolding(groups);
  const isAlike =
    before.length === groups.length &&
    groups.every(({ kind, label }, i) => before[i]!.kind === kind && before[i]!.label === label);
  const values = new Map(loopsOf(groups).map((loop) => [loop.loop, loop.values]));
  const kept = [...folding.shown].filter(([loop, value]) => values.get(loop)?.includes(value) === true);
  return { closed: isAlike ? folding.closed : first.closed, shown: new Map([...first.shown, ...kept]) };
}

/** A loop of the source text, the name of its index, and all values of the index in increasing order. */
export interface SourceLoop {
  readonly loop: string;
  readonly label: string;
  readonly values: readonly number[];
}

/** Returns the loops of the source text, in the order in which they first ran. */
export function loopsOf(groups: readonly LineGroup[]): SourceLoop[] {
  const loops = new Map<string, { label: string; values: Set<number> }>();
  for (const group of groups) {
    if (group.kind !== "iteration") continue;
    const run = groups[group.parent];
    if (run?.kind !== "loop") continue;
    const found = loops.get(run.loop);
    if (found === undefined) loops.set(run.loop, { label: group.label, values: new Set([group.value]) });
    else found.values.add(group.value);
  }
  return [...loops].map(([loop, { label, values }]) => ({
    loop,
    label,
    values: [...values].sort((a, b) => a - b),
  }));
}

/** Computes the folds of groups for the given folding. */
export function foldsOf(groups: readonly LineGroup[], { closed, shown }: FoldState): Folds {
  const iterations = new Map<number, number[]>(); // iterations of each run of a loop, in execution order
  groups.forEach(({ kind, parent }, i) => {
    if (kind !== "iteration") return;
    const list = iterations.get(parent);
    if (list === undefined) iterations.set(parent, [i]);
    else list.push(i);
  });
  const valueOf = (i: number): number => {
    const group = groups[i];
    return group?.kind === "iteration" ? group.value : 0;
  };
  /**
   * Returns the position of the shown iteration among the iterations of a run; that of the last iteration if the run
   * lacks the shown value.
   */
  const placeShown = (run: number): number => {
    const group = groups[run];
    const wanted = group?.kind === "loop" ? shown.get(group.loop) : undefined;
    const list = iterations.get(run) ?? [];
    const place = list.findIndex((i) => valueOf(i) === wanted);
    return place < 0 ? list.length - 1 : place;
  };
  const sides = (run: number): readonly [before: readonly number[], after: readonly number[]] => {
    const list = iterations.get(run) ?? [];
    const place = placeShown(run);
    return [list.slice(0, place), list.slice(place + 1)];
  };
  const known = new Map<number, readonly LineFold[]>();
  const around = (at: number): readonly LineFold[] => {
    const group = groups[at];
    if (group === undefined) return [];
    let folds = known.get(at);
    if (folds !== undefined) return folds;
    const outer = around(group.parent);
    if (outer.at(-1)?.isClosed === true) folds = outer;
    else if (group.kind !== "iteration")
      folds = [...outer, { id: at, label: group.label, isClosed: closed.has(at) }];
    else {
      const side = sides(group.parent).findIndex((list) => list.includes(at));
      folds = side < 0 ? outer : [...outer, restOf(group.parent, side)];
    }
    known.set(at, folds);
    return folds;
  };
  const rests = new Map<number, LineFold>();
  function restOf(run: number, side: number): LineFold {
    const id = -(2 * run + side + 1);
    let rest = rests.get(id);
    if (rest === undefined) {
      const list = sides(run)[side] ?? [];
      const [first, last] = [list[0] ?? -1, list.at(-1) ?? -1];
      const range = first === last ? String(valueOf(first)) : `${valueOf(first)} … ${valueOf(last)}`;
      rests.set(id, (rest = { id, label: `${groups[first]?.label ?? ""} = ${range}`, isClosed: true }));
    }
    return rest;
  }
  return {
    around,
    beside(id) {
      const run = Math.floor((-id - 1) / 2);
      const list = sides(run)[(-id - 1) % 2] ?? [];
      const nearest = (-id - 1) % 2 === 0 ? list.at(-1) : list[0];
      const group = groups[run];
      return { loop: group?.kind === "loop" ? group.loop : "", value: valueOf(nearest ?? -1) };
    },
  };
}
