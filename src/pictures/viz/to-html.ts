import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { checkTable } from "./options.ts";
import { pageData } from "./page-data.ts";
import { tracePage } from "./trace-page.ts";
import type { TraceTable } from "./table.ts";

/** How a page is made. */
export interface HtmlOptions {
  /** The heading: the formula, or what the function is. Default: the name of the program. */
  readonly title?: string;
}

/**
 * A page to step through a trace: the program, forward passes and the reverse trace beside the dependency graph. One
 * file that loads nothing and works offline; it forbids itself anything else by its content security policy.
 *
 * Loops over tensors have an iteration to choose where the table has them written out: `traceTable(f, { at, unroll: true })`.
 *
 * Keys: ← and → step (with Shift by ten), Home and End jump, the space bar plays, + and − zoom, Esc drops the selection.
 */
export function toHtml(table: TraceTable, options: HtmlOptions = {}): string {
  if (arguments.length > 2) refuseExtra("toHtml", arguments, 2);
  checkTable("toHtml", table);
  checkOptions("toHtml", options, ["title"]);
  const { title = table.name } = options;
  if (typeof title !== "string") throw new DownhillError("option", "toHtml: the title must be a string.");
  return tracePage(pageData(table, title));
}
