import type { Column } from "./column.ts";
import type { Classification } from "./supervised.ts";

/** An embedded table of features and classes, in the form of the result of `supervised`. */
export interface EmbeddedTable extends Classification {
  readonly count: number;
  /** Source of the table, and its licence. */
  readonly provenance: string;
}

/** Names of the features, the target and the classes of an embedded table, and its source. */
export interface TableFacts {
  readonly features: readonly string[];
  readonly target: string;
  readonly classes: readonly string[];
  readonly provenance: string;
}

/** Parses a table from lines of features followed by the index of the class. */
export function embeddedTable(lines: string, facts: TableFacts): EmbeddedTable {
  const rows = lines.split("\n").map((line) => line.split(",").map(Number));
  const count = rows.length;
  const width = facts.features.length;
  const x: Column = {
    shape: [count, width],
    dtype: "float64",
    data: Float64Array.from(rows.flatMap((row) => row.slice(0, width))),
  };
  const y: Column = { shape: [count], dtype: "int32", data: Int32Array.from(rows, (row) => row[width]!) };
  return { task: "classification", x, y, count, ...facts };
}
