import type { ArrayType } from "../ir/types.ts";
import { scalarTypeOf } from "../ir/types.ts";
import { bytesPerElement } from "../kernel/executable.ts";
import type { ScalarType } from "../kernel/scalar.ts";
import { tempAlignment } from "../kernel/sizes.ts";
import { sizeOf } from "../util/shape.ts";

/** An array of a routine's own, in its arena. */
export interface Temporary {
  readonly name: string;
  readonly type: ScalarType;
  /** Elements. */
  readonly size: number;
  /** Bytes from the start of the arena. */
  readonly offset: number;
}

/** A temporary without an offset: it holds something from one time to another, both included, but for what lies in `gaps`. */
export interface Draft extends Omit<Temporary, "offset"> {
  readonly from: number;
  to: number;
  /** Spans in which it holds nothing; they end before the second time and begin after the first one. */
  readonly gaps: (readonly [after: number, before: number])[];
}

/** The temporaries of a routine while its memory is planned, and a clock by which their lives are told. */
export interface Timeline {
  readonly drafts: readonly Draft[];
  /** The next time. */
  tick(): number;
  /** A new temporary, which lives from one time on. */
  add(hint: string, type: ArrayType, from: number): Draft;
}

/** A timeline without temporaries; `fresh` makes their names. */
export function makeTimeline(fresh: (hint: string) => string): Timeline {
  const drafts: Draft[] = [];
  let time = 0;
  return {
    drafts,
    tick: () => time++,
    add(hint, { dtype, shape }, from) {
      const draft: Draft = {
        name: fresh(hint),
        type: scalarTypeOf(dtype),
        size: sizeOf(shape),
        from,
        to: from,
        gaps: [],
      };
      drafts.push(draft);
      return draft;
    },
  };
}

/**
 * Gives every temporary its place in the arena: the largest first, each at the lowest offset where nothing else lies while it
 * holds something.
 */
export function packArena(drafts: readonly Draft[]): {
  readonly temporaries: readonly Temporary[];
  readonly arenaBytes: number;
} {
  const bytesOf = ({ type, size }: Draft): number =>
    Math.ceil((size * bytesPerElement[type]) / tempAlignment) * tempAlignment;
  const offsets = new Map<Draft, number>();
  let arenaBytes = 0;
  for (const draft of drafts.toSorted((a, b) => bytesOf(b) - bytesOf(a))) {
    const others = [...offsets].filter(([other]) => isMet(draft, other)).sort(([, a], [, b]) => a - b);
    let offset = 0;
    for (const [other, start] of others) {
      if (offset + bytesOf(draft) <= start) break;
      offset = Math.max(offset, start + bytesOf(other));
    }
    offsets.set(draft, offset);
    arenaBytes = Math.max(arenaBytes, offset + bytesOf(draft));
  }
  const temporaries = drafts.map((draft): Temporary => ({
    name: draft.name,
    type: draft.type,
    size: draft.size,
    offset: offsets.get(draft)!,
  }));
  return { temporaries, arenaBytes };
}

/** Whether two temporaries hold something at the same time. */
function isMet(a: Draft, b: Draft): boolean {
  if (a.to < b.from || b.to < a.from) return false;
  if (a.gaps.length === 0 && b.gaps.length === 0) return true;
  return livesOf(a).some(([from, to]) => livesOf(b).some((other) => from <= other[1] && other[0] <= to));
}

/** The spans in which a temporary holds something. */
function livesOf({ from, to, gaps }: Draft): readonly (readonly [from: number, to: number])[] {
  const spans: [number, number][] = [];
  let start = from;
  for (const [after, before] of gaps.toSorted(([a], [b]) => a - b)) {
    spans.push([start, after]);
    start = before;
  }
  spans.push([start, to]);
  return spans;
}
