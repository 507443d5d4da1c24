import type { LineFold } from "../groups.ts";

/**
 * A row of a list: a line (`at` is its index), lines folded into one row, or the heading of unfolded lines. `depth`
 * counts the open folds around it.
 */
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
 * Arranges `count` lines and their folds in rows. Consecutive lines in the same closed fold share one row.
 *
 * @param around the folds around a line, outermost first; only the last one can be closed
 * @param starts true if a line starts a separate section, which no fold may cross
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

/** Returns the index of the last line of a row; −1 for a heading. */
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
