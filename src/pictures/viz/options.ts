import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { mostNodes } from "./fold.ts";

/** How a graph is drawn. */
export interface GraphOptions {
  /** A graph of more nodes is folded into groups (default 60); `Infinity` draws every node. */
  readonly maxNodes?: number;
}

/** @throws DownhillError `option` for what is no table of a trace. */
export function checkTable(operation: string, table: unknown): void {
  if (typeof table === "object" && table !== null && "program" in table && "reverse" in table) return;
  const got = table === null ? "null" : typeof table;
  throw new DownhillError(
    "option",
    `${operation}: expects the table of a trace, got ${got}. Make it first: ${operation}(traceTable(f, { at: [2, 3] })).`,
  );
}

/** The options with their defaults. @throws DownhillError `option`, `range` */
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
