import type { ArrayType } from "../ir/types.ts";
import { scalarTypeOf, withShape } from "../ir/types.ts";
import { bytesPerElement } from "../kernel/executable.ts";
import type { Buffer } from "../kernel/scalar.ts";
import { tempAlignment } from "../kernel/sizes.ts";
import { sizeOf } from "../util/shape.ts";

/** A temporary of a routine: an array of its own, in its arena. */
export interface Temporary extends Buffer<number> {
  /** Bytes from the start of the arena. */
  readonly offset: number;
}

/** A temporary without an offset: it holds something from one time to another, both included, but for what lies in `gaps`. */
export interface UnplacedTemporary extends Buffer<number> {
  readonly from: number;
  to: number;
  /** Spans in which it holds nothing; they end before the second time and begin after the first one. */
  readonly gaps: (readonly [after: number, before: number])[];
  /** Loops around whose iterations run at once, each with its own copy in this temporary. */
  readonly copiedBy?: readonly object[];
}

/** The temporaries of a routine while its memory is planned, and a clock by which their lives are told. */
export interface Timeline {
  readonly drafts: readonly UnplacedTemporary[];
  /** The next time. */
  tick(): number;
  /** A new temporary, which lives from one time on. */
  add(hint: string, type: ArrayType, from: number, copiedBy?: readonly object[]): UnplacedTemporary;
}

/** A timeline without temporaries; `fresh` makes their names. */
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

/** A timeline whose temporaries have room for so many copies of each array, one behind the other. */
export function withCopies(timeline: Timeline, copies: number): Timeline {
  if (copies === 1) return timeline;
  const loop = {};
  return {
    ...timeline,
    add: (hint, type, from, copiedBy = []) =>
      timeline.add(hint, withShape(type, [copies, ...type.shape]), from, [...copiedBy, loop]),
  };
}

/** A temporary in the arena. */
interface ArenaAllocation {
  readonly draft: UnplacedTemporary;
  readonly start: number;
  readonly end: number;
}

/**
 * Gives every temporary its place in the arena: the largest first, each at the lowest offset where nothing else lies while it
 * holds something.
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
    let start = 0;
    for (let i = 0; i < placed.length; i++) {
      const other = placed[i]!;
      if (start + bytes <= other.start) break;
      if (start >= other.end || !(isMet(draft, other.draft) || mixesCopies(draft, start, other))) continue;
      start = other.end;
      if (draft.copiedBy !== undefined && draft.copiedBy.length > 0) i = -1; // one that could share all bytes of another may not share some of them
    }
    const at = placed.findIndex((other) => other.start > start);
    placed.splice(at < 0 ? placed.length : at, 0, { draft, start, end: start + bytes });
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
 * Whether an iteration of a loop that has copies of both temporaries would write to the copy of another iteration, which may still
 * use it: iterations run at once, so that only copies at equal offsets may share memory.
 */
function mixesCopies(draft: UnplacedTemporary, start: number, other: ArenaAllocation): boolean {
  const loops = new Set(draft.copiedBy);
  if (!other.draft.copiedBy?.some((loop) => loops.has(loop))) return false;
  const exactBytes = ({ type, size }: UnplacedTemporary): number => size * bytesPerElement[type];
  return start !== other.start || exactBytes(draft) !== exactBytes(other.draft);
}

/** Whether two temporaries hold something at the same time. */
function isMet(a: UnplacedTemporary, b: UnplacedTemporary): boolean {
  if (a.to < b.from || b.to < a.from) return false;
  if (a.gaps.length === 0 && b.gaps.length === 0) return true;
  return livesOf(a).some(([from, to]) => livesOf(b).some((other) => from <= other[1] && other[0] <= to));
}

/** The spans in which a temporary holds something. */
function livesOf({ from, to, gaps }: UnplacedTemporary): readonly (readonly [from: number, to: number])[] {
  const spans: [number, number][] = [];
  let start = from;
  for (const [after, before] of gaps.toSorted(([a], [b]) => a - b)) {
    spans.push([start, after]);
    start = before;
  }
  spans.push([start, to]);
  return spans;
}
