import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { mostNodes } from "./fold.ts";

/** Options for drawing a graph. */
export interface GraphOptions {
  /**
   * Maximum number of nodes that are drawn unfolded (default 60). A larger graph is folded into groups; `Infinity`
   * draws every node.
   */
  readonly maxNodes?: number;
}

/**
 * Checks that a value is the table of a trace.
 *
 * @throws DownhillError `option` if it is not.
 */
export function checkTable(operation: string, table: unknown): void {
  if (typeof table === "object" && table !== null && "program" in table && "reverse" in table) return;
  const got = table === null ? "null" : typeof table;
  throw new DownhillError(
    "option",
    `${operation}: expects the table of a trace, got ${got}. Make it first: ${operation}(traceTable(f, { at: [2, 3] })).`,
  );
}

/**
 * Checks the options and fills in the defaults. @throws DownhillError `option` for unknown options, `range` for a
 * `maxNodes` below 1.
 */
export function graphOptions(operation: string, options: GraphOptions): Required<GraphOptions> {
  checkOptions(operation, options, ["maxNodes"]);
  const { maxNodes = mostNodes } = options;
  if (typeof maxNodes !== "number" || !(maxNodes >= 1)) {
    throw new DownhillError(
      "range",
      `${operation}: maxNodes must be a positive number, got ${String(maxNodes)}.`,
    );
  }
  return { maxNodes };
}
