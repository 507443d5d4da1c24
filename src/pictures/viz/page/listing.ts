import type { LineFold } from "../groups.ts";

/** A row of a list: a line of it, lines that are folded into one, or the head of lines that follow unfolded. */
export type ListingRow =
  | { readonly kind: "line"; readonly at: number; readonly depth: number }
  | {
      readonly kind: "fold";
      readonly fold: LineFold;
      readonly members: readonly number[];
      readonly depth: number;
    }
  | { readonly kind: "head"; readonly fold: LineFold; readonly depth: number };

/**
 * The rows of `count` lines.
 *
 * @param around the folds around a line, outermost first; only the last one can be closed
 * @param starts whether a line begins a part of the list of its own: no fold goes over it
 */
export function listRows(
  count: number,
  around: (line: number) => readonly LineFold[],
  starts: (line: number) => boolean = () => false,
): ListingRow[] {
  const rows: ListingRow[] = [];
  let outer: readonly LineFold[] = []; // the unfolded ones around the row before
  let folded: { readonly fold: LineFold; readonly members: number[] } | undefined;
  for (let at = 0; at < count; at++) {
    if (starts(at)) [outer, folded] = [[], undefined];
    const folds = around(at);
    const open = folds.filter(({ isClosed }) => !isClosed);
    const shared = open.findIndex(({ id }, i) => outer[i]?.id !== id);
    for (let i = shared < 0 ? open.length : shared; i < open.length; i++)
      rows.push({ kind: "head", fold: open[i]!, depth: i });
    if (shared >= 0 || open.length < outer.length) folded = undefined;
    outer = open;
    const closed = folds.at(-1);
    if (closed?.isClosed !== true) {
      folded = undefined;
      rows.push({ kind: "line", at, depth: open.length });
    } else if (folded?.fold.id === closed.id) folded.members.push(at);
    else {
      folded = { fold: closed, members: [at] };
      rows.push({ kind: "fold", ...folded, depth: open.length });
    }
  }
  return rows;
}

/** The last line of a row, by its number in the list; −1 for a head. */
export function lastOf(row: ListingRow): number {
  switch (row.kind) {
    case "line":
      return row.at;
    case "fold":
      return row.members.at(-1)!;
    case "head":
      return -1;
    default:
      return row satisfies never;
  }
}
