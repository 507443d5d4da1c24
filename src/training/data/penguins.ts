import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import type { Table, TableColumn } from "../io/index.ts";
import { penguinsLines } from "./penguins.generated.ts";

/** Options of `penguins`. */
export interface PenguinsOptions {
  /**
   * Treatment of values that are missing in 11 of the 344 penguins. `"keep"` returns NaN, and `""` for the sex;
   * `"drop"` removes penguins that lack a value in one of the `columns`, and lists them.
   */
  readonly missing: "keep" | "drop";
  /** Names of the columns to return. Default: all. */
  readonly columns?: readonly string[];
}

/** Penguins data set. */
export interface Penguins {
  /** Columns, for `supervised` and `columnOf`. */
  readonly table: Table;
  /** Removed penguins: their row in the whole set, counted from 0, and the columns that lack a value. */
  readonly dropped: readonly { readonly row: number; readonly missing: readonly string[] }[];
  /** Source of the table, and its licence. */
  readonly provenance: string;
}

const columns: readonly (readonly [name: string, words?: Readonly<Record<string, string>>])[] = [
  ["species", { A: "Adelie", C: "Chinstrap", G: "Gentoo" }],
  ["island", { B: "Biscoe", D: "Dream", T: "Torgersen" }],
  ["beakLength"],
  ["beakDepth"],
  ["flipperLength"],
  ["bodyMass"],
  ["sex", { F: "FEMALE", M: "MALE" }],
];

/**
 * Returns 344 penguins of the Palmer Archipelago: `species`, `island`, `beakLength`, `beakDepth` and `flipperLength` in
 * mm, `bodyMass` in g, `sex`.
 *
 * Two penguins were not measured at all, and of nine more the sex is unknown (one has `"."` for it in the source, which
 * counts as missing). The option `missing` sets how they are treated.
 *
 * @throws DownhillError `option` if `missing` is absent, and for unknown columns.
 * @example
 * const { table, dropped } = penguins({ missing: "drop", columns: ["species", "beakLength", "bodyMass"] });
 * [table.rows, dropped.map(({ row }) => row)]; // [342, [3, 339]]
 * supervised(table, { target: "species" }).x.shape; // [342, 2]
 */
export function penguins(options: PenguinsOptions): Penguins {
  if (arguments.length > 1) refuseExtra("penguins", arguments, 1);
  checkOptions("penguins", options, ["missing", "columns"]);
  if ((options as Partial<PenguinsOptions> | undefined)?.missing === undefined) {
    throw new DownhillError(
      "option",
      `penguins: 11 of the 344 lack values: pass { missing: "keep" } for NaN and empty text, or { missing: "drop" }.`,
    );
  }
  checkChoice("penguins", "missing", options.missing, ["keep", "drop"]);
  const known = columns.map(([name]) => name);
  const names = options.columns ?? known;
  for (const name of names) checkChoice("penguins", "a column", name, known);
  if (names.length === 0) throw new DownhillError("option", "penguins: columns names no column.");

  const chosen = names.map((name) => known.indexOf(name));
  const dropped: { readonly row: number; readonly missing: string[] }[] = [];
  const rows: (readonly string[])[] = [];
  penguinsLines.split("\n").forEach((line, row) => {
    const cells = line.split(",");
    const missing = names.filter((_, i) => isMissing(cells[chosen[i]!]!));
    if (missing.length > 0 && options.missing === "drop") dropped.push({ row, missing });
    else rows.push(cells);
  });
  const table: Table = { name: "penguins", rows: rows.length, columns: chosen.map((i) => columnAt(rows, i)) };
  return {
    table,
    dropped,
    provenance:
      "Palmer Archipelago penguins by K. B. Gorman, T. D. Williams and W. R. Fraser, Ecological sexual dimorphism and " +
      "environmental variability within a community of Antarctic penguins, PLoS ONE 9(3), 2014, CC0.",
  };
}

function isMissing(cell: string): boolean {
  return cell === "" || cell === ".";
}

function columnAt(rows: readonly (readonly string[])[], index: number): TableColumn {
  const [name, words] = columns[index]!;
  const cells = rows.map((row) => row[index]!);
  if (words === undefined) {
    const values = Float64Array.from(cells, (cell) => (isMissing(cell) ? Number.NaN : Number(cell)));
    return { kind: "number", name, values };
  }
  return { kind: "text", name, values: cells.map((cell) => (isMissing(cell) ? "" : words[cell]!)) };
}
