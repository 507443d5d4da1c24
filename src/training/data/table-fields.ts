import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { columnOf, type Table, type TableColumn } from "../io/index.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import type { Column } from "./column.ts";

/** Columns of a table from which a field is built. */
export type TableField =
  | string // numbers of one column
  | readonly string[] // numbers of several columns
  | { readonly column: string; readonly classes: readonly string[] }; // index of the class of each row

/**
 * Builds fields of a data set from columns of a table. A single column has shape `[rows]`, a list `[rows, columns]`,
 * both float64. A column with classes becomes int32 of shape `[rows]`: the index of each value in the classes.
 *
 * `supervised` infers these choices from a whole table. Here they are explicit, so that all parts of a large file
 * (`streamTable`) have the same fields.
 *
 * @throws DownhillError `data`, naming table, line and column: for unknown columns, text instead of numbers, values
 *   that are missing or not finite, and values that are not among the classes.
 * @example
 * const csv = new TextEncoder().encode("height,girth,kind\n9,1,oak\n7,2,ash\n8,1,oak\n");
 * const fields = { x: ["height", "girth"], y: { column: "kind", classes: ["ash", "oak"] } };
 * const data = dataset(async function* () {
 *   for await (const table of streamTable([csv], { rows: 2 })) yield tableFields(table, fields);
 * }, { chunks: true });
 * for await (const { x, y } of data.batch(3)) {
 *   x.shape; // [3, 2]
 *   [...y.data()]; // [1, 0, 1]
 * }
 */
export function tableFields<F extends { readonly [K in keyof F]: TableField }>(
  table: Table,
  fields: F,
): { readonly [K in keyof F]: Column } {
  if (arguments.length > 2) refuseExtra("tableFields", arguments, 2);
  const entries = Object.entries<TableField>(fields);
  if (entries.length === 0) {
    throw new DownhillError(
      "option",
      `tableFields: name at least one field, as in { x: ["height"], y: "weight" }.`,
    );
  }
  const columns = entries.map(([name, field]) => [name, fieldOf(table, name, field)] as const);
  return Object.fromEntries(columns) as { readonly [K in keyof F]: Column };
}

function fieldOf(table: Table, name: string, field: TableField): Column {
  if (typeof field === "string") {
    return {
      shape: [table.rows],
      dtype: "float64",
      data: finiteNumbers(table, columnOf(table, field)).slice(),
    };
  }
  if ("column" in field) {
    checkOptions(`tableFields: ${name}`, field, ["column", "classes"]);
    return classesOf(table, columnOf(table, field.column), field.classes);
  }
  if (!Array.isArray(field) || field.length === 0) {
    throw new DownhillError(
      "option",
      `tableFields: ${name} must be the name of a column, or a list of names.`,
    );
  }
  const columns = field.map((column: string) => finiteNumbers(table, columnOf(table, column)));
  const data = new Float64Array(table.rows * columns.length);
  columns.forEach((values, i) => {
    for (let row = 0; row < table.rows; row++) data[row * columns.length + i] = values[row]!;
  });
  return { shape: [table.rows, columns.length], dtype: "float64", data };
}

function classesOf(table: Table, column: TableColumn, classes: readonly string[]): Column {
  const places = new Map(classes.map((label, i) => [label, i]));
  const data = new Int32Array(table.rows);
  for (let row = 0; row < table.rows; row++) {
    const label = String(column.values[row]);
    const place = places.get(label);
    if (place === undefined) {
      const list = classes.length > 20 ? `${classes.slice(0, 20).join(", ")}, …` : classes.join(", ");
      throw new DownhillError(
        "data",
        `${table.name}: ${placeOf(table, row)}, column ${JSON.stringify(column.name)}: ${JSON.stringify(label)} is not one ` +
          `of the classes ${list}.${didYouMean(label, classes)}`,
      );
    }
    data[row] = place;
  }
  return { shape: [table.rows], dtype: "int32", data };
}

/**
 * Returns the values of a column of finite numbers.
 *
 * @throws DownhillError `data`, naming the line, for text and for values that are not finite.
 */
export function finiteNumbers(
  table: Table,
  column: TableColumn,
  hint = "Name the columns to use as features.",
): Float64Array {
  if (column.kind === "text") {
    const first = JSON.stringify(column.values[0]);
    throw new DownhillError(
      "data",
      `${table.name}: column ${JSON.stringify(column.name)} is text (${first} in its first row), not numbers. ${hint}`,
    );
  }
  const odd = column.values.findIndex((value) => !Number.isFinite(value));
  if (odd < 0) return column.values;
  throw new DownhillError(
    "data",
    `${table.name}: ${placeOf(table, odd)}, column ${JSON.stringify(column.name)} is ${column.values[odd]}. ` +
      `Fill it in or remove the row.`,
  );
}

/** Returns the location of a row for messages: its line in the file if known. */
export function placeOf({ lines }: Table, row: number): string {
  const line = lines?.[row];
  return line === undefined ? `row ${row + 1}` : `line ${line}`;
}
