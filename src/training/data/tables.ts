import type { Column } from "./column.ts";
import type { Classification } from "./supervised.ts";

/** A table of features and classes that is part of the library, in the form in which `supervised` gives one. */
export interface EmbeddedTable extends Classification {
  readonly count: number;
  /** Where the table is from, and its licence. */
  readonly provenance: string;
}

/** What is known of a table besides its numbers. */
export interface TableFacts {
  readonly features: readonly string[];
  readonly target: string;
  readonly classes: readonly string[];
  readonly provenance: string;
}

/** A table from lines of features with the number of the class last. */
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
