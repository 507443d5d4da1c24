// Arrays as tables of texts: conversion between cells and data.
import { readData } from "../../src/cli/shared/data-text.ts";

/** The cells of a table. */
export interface Grid {
  /** Column names: the fields of records, else empty. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Kind of a row: a number, a list of numbers, or a record. */
  readonly kind: "numbers" | "rows" | "records";
}

const mostCells = 600; // maximum size of a table; larger data are shown as text

/**
 * The table of data given as text; `undefined` if the data are too large or have another
 * form. Accepted are arrays of numbers, of rows of equal length, and of records with the same keys.
 */
export function gridOf(text: string): Grid | undefined {
  const data = readData(text);
  if (!Array.isArray(data)) return undefined;
  const items = data as readonly unknown[];
  if (items.every(isNumber))
    return within({ kind: "numbers", columns: [""], rows: items.map((x) => [String(x)]) });
  if (items.every((row) => Array.isArray(row) && row.every(isNumber) && row.length > 0)) {
    const rows = items as readonly (readonly number[])[];
    const width = rows[0]!.length;
    if (rows.some((row) => row.length !== width)) return undefined;
    const columns = Array.from({ length: width }, (_, i) => String(i));
    return within({ kind: "rows", columns, rows: rows.map((row) => row.map(String)) });
  }
  if (!items.every(isRecord)) return undefined;
  const columns = Object.keys(items[0]!);
  const rows = items.map((item) => columns.map((name) => item[name]));
  const isEven = items.every((item) => Object.keys(item).length === columns.length);
  if (!isEven || !rows.every((row) => row.every(isNumber))) return undefined;
  return within({ kind: "records", columns, rows: rows.map((row) => row.map(String)) });
}

function within(grid: Grid): Grid | undefined {
  return grid.rows.length * grid.columns.length > mostCells ? undefined : grid;
}

function isNumber(x: unknown): x is number {
  return typeof x === "number";
}

function isRecord(x: unknown): x is Readonly<Record<string, unknown>> {
  return typeof x === "object" && x !== null && !Array.isArray(x);
}

/** Data of a table as text. A cell that is not a number is copied, so that parsing reports it. */
export function textOf({ columns, rows, kind }: Grid): string {
  const cell = (text: string): string =>
    text
      .trim()
      .replace("−", "-")
      .replace(/^([^.,]*),([^.,]*)$/, "$1.$2");
  const items = rows.map((row) => {
    const cells = row.map(cell);
    switch (kind) {
      case "numbers":
        return cells[0]!;
      case "rows":
        return `[${cells.join(", ")}]`;
      case "records":
        return `{ ${columns.map((name, i) => `${name}: ${cells[i]!}`).join(", ")} }`;
      default:
        return kind satisfies never;
    }
  });
  return `[${items.join(", ")}]`;
}

/** The cells that are not numbers. */
export function faultsOf({
  rows,
}: Grid): readonly { readonly row: number; readonly column: number; readonly text: string }[] {
  return rows.flatMap((row, i) =>
    row.flatMap((text, k) => {
      const plain = text
        .trim()
        .replace("−", "-")
        .replace(/^([^.,]*),([^.,]*)$/, "$1.$2");
      return plain !== "" && Number.isFinite(Number(plain)) ? [] : [{ row: i, column: k, text: text.trim() }];
    }),
  );
}

/** Pastes text into a table, starting at a cell. Missing rows are added; excess columns are ignored. */
export function pasteInto(grid: Grid, row: number, column: number, pasted: string): Grid {
  const lines = pasted
    .replace(/\r\n?/g, "\n")
    .replace(/\n+$/, "")
    .split("\n")
    .map((line) => line.split(/\t|;\s*|,\s+|\s+|,(?=\S)/).filter((cell) => cell !== ""));
  const rows = grid.rows.map((cells) => [...cells]);
  for (const [i, cells] of lines.entries()) {
    const at = row + i;
    rows[at] ??= grid.columns.map(() => "0");
    for (const [k, cell] of cells.entries())
      if (column + k < grid.columns.length) rows[at][column + k] = cell;
  }
  return { ...grid, rows };
}
