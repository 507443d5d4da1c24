/** Lines that belong together: a layer of a network, the elements of an argument, a loop, or an iteration of one. */
export type LineGroup = {
  readonly label: string;
  /** The number of the group that it is in, less than its own; −1 for none. */
  readonly parent: number;
} & (
  | {
      readonly kind: "part";
      /** Whether a page begins with it folded into one line. */
      readonly isClosed: boolean;
    }
  | LoopGroup
  | {
      /** One iteration, in a group of the kind `loop`; the label is that of its index, `i`. */
      readonly kind: "iteration";
      readonly value: number;
    }
);

/** A run of a loop. */
interface LoopGroup {
  readonly kind: "loop";
  /** The loop of the text; an inner loop runs once in each iteration of the one around it. */
  readonly loop: string;
}

/** What a reader has folded. */
export interface FoldState {
  readonly closed: ReadonlySet<number>;
  /** For each loop of the text, the value of the index of the iteration that is shown; the others are folded. */
  readonly shown: ReadonlyMap<string, number>;
}

/** A group as it stands, or the iterations of a loop that are not shown. */
export interface LineFold {
  /** The number of the group; negative for iterations that are not shown. */
  readonly id: number;
  readonly label: string;
  readonly isClosed: boolean;
}

/** Groups, and for each line or node the folds around it. */
export interface Folds {
  /** The folds around a member of a group, outermost first, up to the first closed one; −1 is the member of none. */
  around(group: number): readonly LineFold[];
  /** The iteration to show where the iterations of a fold with a negative number are wanted: the nearest of them. */
  beside(id: number): { readonly loop: string; readonly value: number };
}

/** What a page begins with. */
export function firstFolding(groups: readonly LineGroup[]): FoldState {
  return {
    closed: new Set(groups.flatMap((group, i) => (group.kind === "part" && group.isClosed ? [i] : []))),
    shown: new Map(loopsOf(groups).map(({ loop, values }) => [loop, values[0] ?? 0])),
  };
}

/** What a page has folded after a trace with other groups took the place of the one before: where they are alike, the same. */
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

/** A loop of the text, the name of its index, and the values that it has in any run, in their order. */
export interface SourceLoop {
  readonly loop: string;
  readonly label: string;
  readonly values: readonly number[];
}

/** The loops of the text, in the order in which they first ran. */
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

/** The folds of these groups. */
export function foldsOf(groups: readonly LineGroup[], { closed, shown }: FoldState): Folds {
  const iterations = new Map<number, number[]>(); // for each run of a loop, in the order in which they ran
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
  /** The place of the iteration shown among those of a run; where the run has it not, that of its last. */
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
