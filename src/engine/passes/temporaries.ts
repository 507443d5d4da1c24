import type { ArrayType } from "../ir/types.ts";
import { scalarTypeOf, withShape } from "../ir/types.ts";
import { bytesPerElement } from "../kernel/executable.ts";
import type { Buffer } from "../kernel/scalar.ts";
import { tempAlignment } from "../kernel/sizes.ts";
import { sizeOf } from "../util/shape.ts";

/** Temporary array of a routine, with its position in the arena. */
export interface Temporary extends Buffer<number> {
  /** Byte offset from the start of the arena. */
  readonly offset: number;
}

/** Temporary without an offset. It holds data from time `from` to time `to`, both included, except during `gaps`. */
export interface UnplacedTemporary extends Buffer<number> {
  readonly from: number;
  to: number;
  /**
   * Intervals within the lifetime in which the temporary holds no data. The steps at both ends do not belong to the
   * interval.
   */
  readonly gaps: (readonly [after: number, before: number])[];
  /** Enclosing parallel loops for which the temporary has a copy of the array per iteration. */
  readonly copiedBy?: readonly object[];
}

/** The temporaries of a routine while its memory is planned, and a clock that counts steps for their lifetimes. */
export interface Timeline {
  readonly drafts: readonly UnplacedTemporary[];
  /** Returns the current time and advances the clock. */
  tick(): number;
  /** Adds a temporary that lives from a given time on. */
  add(hint: string, type: ArrayType, from: number, copiedBy?: readonly object[]): UnplacedTemporary;
}

/** Creates an empty timeline; `fresh` returns unique names. */
export function makeTimeline(fresh: (hint: string) => string): Timeline {
  const drafts: UnplacedTemporary[] = [];
  let time = 0;
  return {
    drafts,
    tick: () => time++,
    add(hint, { dtype, shape }, from, copiedBy = []) {
      const draft: UnplacedTemporary = {
        name: fresh(hint),
        type: scalarTypeOf(dtype),
        size: sizeOf(shape),
        from,
        to: from,
        gaps: [],
        copiedBy,
      };
      drafts.push(draft);
      return draft;
    },
  };
}

/** Returns a timeline whose temporaries each hold several copies of an array, one after the other. */
export function withCopies(timeline: Timeline, copies: number): Timeline {
  if (copies === 1) return timeline;
  const loop = {};
  return {
    ...timeline,
    add: (hint, type, from, copiedBy = []) =>
      timeline.add(hint, withShape(type, [copies, ...type.shape]), from, [...copiedBy, loop]),
  };
}

/** A temporary with the range of bytes in the arena that it occupies. */
interface ArenaAllocation {
  readonly draft: UnplacedTemporary;
  readonly start: number;
  readonly end: number;
}

/**
 * Assigns each temporary an offset in the arena, largest first: the lowest offset at which no other temporary is stored
 * at the same time.
 */
export function packArena(drafts: readonly UnplacedTemporary[]): {
  readonly temps: readonly Temporary[];
  readonly arenaBytes: number;
} {
  const bytesOf = ({ type, size }: UnplacedTemporary): number =>
    Math.ceil((size * bytesPerElement[type]) / tempAlignment) * tempAlignment;
  const placed: ArenaAllocation[] = []; // by their starts
  const offsets = new Map<UnplacedTemporary, number>();
  let arenaBytes = 0;
  for (const draft of drafts.toSorted((a, b) => bytesOf(b) - bytesOf(a))) {
    const bytes = bytesOf(draft);
    const { from, to, gaps, copiedBy = [] } = draft;
    const hasCopies = copiedBy.length > 0;
    let start = 0;
    for (let i = 0; i < placed.length; i++) {
      const other = placed[i]!;
      if (start + bytes <= other.start) break;
      if (start >= other.end) continue;
      // the usual pairs are decided without a call, because a call per pair would take most of the time
      const isApart = to < other.draft.from || other.draft.to < from;
      if (isApart && !hasCopies) continue;
      const isWhole = gaps.length === 0 && other.draft.gaps.length === 0;
      const overlaps = !isApart && (isWhole || sharesTime(draft, other.draft));
      if (!overlaps && !mixesCopies(draft, start, other)) continue;
      start = other.end;
      if (hasCopies) i = -1; // it may share all bytes of another temporary but not only some, so earlier ones are checked again
    }
    let at = 0; // index of the first placed temporary that starts later
    while (at < placed.length && placed[at]!.start <= start) at++;
    placed.splice(at, 0, { draft, start, end: start + bytes });
    offsets.set(draft, start);
    arenaBytes = Math.max(arenaBytes, start + bytes);
  }
  const temps = drafts.map((draft): Temporary => {
    const { name, type, size } = draft;
    return { name, type, size, offset: offsets.get(draft)! };
  });
  return { temps, arenaBytes };
}

/**
 * True if two temporaries have copies per iteration of the same parallel loop and overlap such that an iteration would
 * overwrite a copy of another iteration. They may share memory only at equal offsets with equal sizes.
 */
function mixesCopies(draft: UnplacedTemporary, start: number, other: ArenaAllocation): boolean {
  const loops = new Set(draft.copiedBy);
  if (!other.draft.copiedBy?.some((loop) => loops.has(loop))) return false;
  const exactBytes = ({ type, size }: UnplacedTemporary): number => size * bytesPerElement[type];
  return start !== other.start || exactBytes(draft) !== exactBytes(other.draft);
}

/** True if two temporaries hold data at the same time; at least one has gaps. */
function sharesTime(a: UnplacedTemporary, b: UnplacedTemporary): boolean {
  return lifetimesOf(a).some(([from, to]) =>
    lifetimesOf(b).some((other) => from <= other[1] && other[0] <= to),
  );
}

/** Intervals during which a temporary holds data. */
function lifetimesOf({
  from,
  to,
  gaps,
}: UnplacedTemporary): readonly (readonly [from: number, to: number])[] {
  const spans: [number, number][] = [];
  let start = from;
  for (const [after, before] of gaps.toSorted(([a], [b]) => a - b)) {
    spans.push([start, after]);
    start = before;
  }
  spans.push([start, to]);
  return spans;
}
