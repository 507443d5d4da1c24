// The result of a learner as a short text for a link: one hexadecimal number per chapter, with one bit per puzzle.
import { puzzleLinks } from "../lab/titles.ts";

/** Keys of solved puzzles, `chapter/id`. */
export type Solved = ReadonlySet<string>;

/**
 * Encodes the solved puzzles as one hexadecimal number per chapter: `f-3-0-…`. Bit i stands for puzzle i of the
 * chapter.
 */
export function writeResult(solved: Solved): string {
  return Object.entries(puzzleLinks)
    .map(([chapter, links]) =>
      links.reduce((bits, { id }, i) => bits + (solved.has(`${chapter}/${id}`) ? 2 ** i : 0), 0).toString(16),
    )
    .join("-");
}

/**
 * Decodes a text of `writeResult`. Chapters that the text lacks have no solved puzzle.
 *
 * @throws Error if it is not a result
 */
export function readResult(text: string): Solved {
  if (!/^[\da-f]{1,4}(?:-[\da-f]{1,4})*$/.test(text)) throw new Error("it is not a result of this course");
  const numbers = text.split("-").map((part) => Number.parseInt(part, 16));
  return new Set(
    Object.entries(puzzleLinks).flatMap(([chapter, links], k) =>
      links.flatMap(({ id }, i) => (((numbers[k] ?? 0) >> i) % 2 === 1 ? [`${chapter}/${id}`] : [])),
    ),
  );
}
