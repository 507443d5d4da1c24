import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { checkTable } from "./options.ts";
import { pageData } from "./page-data.ts";
import { tracePage } from "./trace-page.ts";
import type { TraceTable } from "./table.ts";

/** Options of `toHtml`. */
export interface HtmlOptions {
  /** The heading, such as the formula. Default: the name of the program. */
  readonly title?: string;
}

/**
 * Creates a page to step through a trace: the program, forward passes and the reverse trace next to the dependency
 * graph. The page is one file that works offline; its content security policy forbids loading anything else.
 *
 * The page lets the user choose an iteration of each loop over tensors if the table has it unrolled: `traceTable(f, {
 * at, unroll: true })`.
 *
 * Keys: ← and → step (with Shift by ten), Home and End jump, the space bar plays, + and − zoom, Esc clears the
 * selection.
 */
export function toHtml(table: TraceTable, options: HtmlOptions = {}): string {
  if (arguments.length > 2) refuseExtra("toHtml", arguments, 2);
  checkTable("toHtml", table);
  checkOptions("toHtml", options, ["title"]);
  const { title = table.name } = options;
  if (typeof title !== "string") throw new DownhillError("option", "toHtml: the title must be a string.");
  return tracePage(pageData(table, title));
}
