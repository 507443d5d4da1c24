/** Allocator of word ranges in a buffer that can grow; first fit. */
export interface WordRanges {
  /** Returns the start of `words` free words, or `undefined` if no range is long enough. */
  readonly take: (words: number) => number | undefined;
  readonly giveBack: (start: number, words: number) => void;
  /** Extends the buffer to this total number of words. */
  readonly extendTo: (words: number) => void;
  /** Number of words in use (`used`), and in total. */
  readonly used: () => number;
  readonly total: () => number;
}

/** Alignment of ranges, in words. */
const alignment = 4;

/** Rounds a number of words up to a multiple of the alignment, at least one unit. */
function roundedWords(words: number): number {
  return Math.max(1, Math.ceil(words / alignment)) * alignment;
}

/** Creates an allocator without words. */
export function makeRanges(): WordRanges {
  const free: { start: number; end: number }[] = []; // in order of position, never adjacent
  let total = 0;
  let used = 0;
  const insert = (start: number, end: number): void => {
    let low = 0;
    let high = free.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (free[middle]!.start < start) low = middle + 1;
      else high = middle;
    }
    const [before, after] = [free[low - 1], free[low]];
    const joinsBefore = before?.end === start;
    const joinsAfter = after?.start === end;
    if (joinsBefore && joinsAfter) {
      before.end = after.end;
      free.splice(low, 1);
    } else if (joinsBefore) before.end = end;
    else if (joinsAfter) after.start = start;
    else free.splice(low, 0, { start, end });
  };
  return {
    take(words) {
      const size = roundedWords(words);
      const i = free.findIndex(({ start, end }) => end - start >= size);
      const range = free[i];
      if (range === undefined) return undefined;
      const { start } = range;
      range.start += size;
      if (range.start === range.end) free.splice(i, 1);
      used += size;
      return start;
    },
    giveBack(start, words) {
      const size = roundedWords(words);
      used -= size;
      insert(start, start + size);
    },
    extendTo(words) {
      if (words <= total) return;
      insert(total, words);
      total = words;
    },
    used: () => used,
    total: () => total,
  };
}
