import { notesInWords } from "../shared/table-words.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import type { Table, TableColumn } from "../../training/io/index.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import { nameInFormula } from "./formula.ts";

/** The rows of data to which a formula is fitted. */
export interface FitRows {
  /** Values of each column in use, by its name in formulas. */
  readonly columns: ReadonlyMap<string, Float64Array>;
  readonly rows: number;
  /** Line number of each row in the file, if there is a file. */
  readonly lines: ArrayLike<number> | undefined;
  readonly notes: readonly string[];
}

/**
 * Returns the names of the columns in formulas.
 *
 * @throws DownhillError `data` if two columns have the same name there.
 */
export function namesOf(table: Table): string[] {
  const names = table.columns.map(({ name }) => nameInFormula(name));
  const at = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (at < 0) return names;
  const [first, second] = [names.indexOf(names[at]!), at].map((i) => JSON.stringify(table.columns[i]!.name));
  throw new DownhillError(
    "data",
    `${table.name}: the columns ${first!} and ${second!} are both ${names[at]!} in formulas. Rename one of them.`,
  );
}

/**
 * Reads the numbers of the columns in use. Dates such as 2001-12-31 become years, 2001.997.
 *
 * @throws DownhillError `data`, naming file, line and column: for text other than dates, and for missing values unless
 *   they are skipped. `data` also if no row is left. `option` for an absent column.
 */
export function takeColumns(table: Table, wanted: readonly string[], missing: "error" | "skip"): FitRows {
  const names = namesOf(table);
  const notes = [...notesInWords(table, { hasCategories: false })];
  const all = wanted.map((name) => {
    const column = table.columns[names.indexOf(name)];
    if (column === undefined) {
      throw new DownhillError(
        "option",
        `${table.name} has no column ${JSON.stringify(name)}.${didYouMean(name, names)} The columns are ${names.join(", ")}.`,
      );
    }
    return numbersOf(table, column, notes);
  });
  const whole = Array.from({ length: table.rows }, (_, row) => row).filter((row) => {
    const at = all.findIndex((values) => Number.isNaN(values[row]!));
    if (at < 0) return true;
    if (missing === "skip") return false;
    throw new DownhillError(
      "data",
      `${placeOf(table, row, wanted[at]!)}: the value is missing. Fill it in, or leave such rows out with --missing skip.`,
    );
  });
  const left = table.rows - whole.length;
  if (whole.length === 0) {
    throw new DownhillError("data", `${table.name}: no row has a value in each of ${wanted.join(", ")}.`);
  }
  if (left > 0) {
    const kept = new Set(whole);
    const lines = Array.from({ length: table.rows }, (_, row) => row).filter((row) => !kept.has(row));
    const shown = lines.slice(0, 8).map((row) => table.lines?.[row] ?? row + 1);
    notes.push(
      `${left} of ${table.rows} rows left out for missing values: ${table.lines === undefined ? "rows" : "lines"} ${shown.join(", ")}${left > 8 ? ", …" : ""}.`,
    );
  }
  return {
    columns: new Map(wanted.map((name, i) => [name, Float64Array.from(whole, (row) => all[i]![row]!)])),
    rows: whole.length,
    lines: table.lines === undefined ? undefined : whole.map((row) => table.lines![row]!),
    notes,
  };
}

/** Largest number whose square can be summed without overflow. Below its inverse, squares may underflow to 0. */
const largest = 1e150;

/** A value whose square overflows (or underflows, if all values are that small), and its row. */
export interface OverflowingValue {
  readonly column: string;
  readonly value: number;
  /** Position of the value for messages: `line 3`, or `row 2` without a file. */
  readonly where: string;
}

/**
 * Finds a value of a column whose square cannot be used: the first one that is too large, or the largest one if all are
 * too small. Returns `undefined` if there are neither.
 */
export function farValue({ columns, lines }: FitRows, column: string): OverflowingValue | undefined {
  const values = columns.get(column)!;
  const size = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (size === 0 || (size < largest && size > 1 / largest)) return undefined;
  const row = values.findIndex((value) =>
    size < largest ? Math.abs(value) === size : Math.abs(value) >= largest,
  );
  const line = lines?.[row];
  return { column, value: values[row]!, where: line === undefined ? `row ${row + 1}` : `line ${line}` };
}

/**
 * Checks that the numbers of columns are neither too large nor too small to be squared.
 *
 * @throws DownhillError `data` for a column whose squares cannot be summed.
 */
export function checkSizes(name: string, data: FitRows, columns: readonly string[]): void {
  for (const column of columns) {
    const far = farValue(data, column);
    if (far === undefined) continue;
    const why =
      Math.abs(far.value) > 1 ? "too large for its square to be a number" : "so small that its square is 0";
    throw new DownhillError(
      "data",
      `${name}: ${far.where}, column ${JSON.stringify(column)} is ${far.value}: ${why}, and squares are what is summed. Correct it, take the row out, or write the column in another unit.`,
    );
  }
}

function numbersOf(table: Table, column: TableColumn, notes: string[]): Float64Array {
  if (column.kind === "number") return column.values;
  const { values, name } = column;
  const years = values.map((text) => (text === "" ? Number.NaN : yearsOf(text)));
  const wrong = years.indexOf(undefined);
  if (wrong < 0) {
    notes.push(`${name} holds dates, which count as years: ${values[0]!} is ${years[0]!.toFixed(3)}.`);
    return Float64Array.from(years, (year) => year ?? Number.NaN);
  }
  throw new DownhillError(
    "data",
    `${placeOf(table, wrong, name)}: ${JSON.stringify(values[wrong])} is neither a number nor a date such as 2001-12-31.`,
  );
}

/**
 * Converts a Gregorian date to years, in whole days; `undefined` for any other text. A missing day is the first of the
 * month, and a time of day is ignored.
 */
function yearsOf(text: string): number | undefined {
  const [, year, month, day] = /^(\d{4})-(\d\d)(?:-(\d\d))?(?:T.*)?$/.exec(text) ?? [];
  if (year === undefined || month === undefined) return undefined;
  const date = new Date(`${year}-${month}-${day ?? "01"}T00:00:00Z`);
  if (Number.isNaN(date.getTime()) || date.getUTCDate() !== Number(day ?? "01")) return undefined;
  const [start, end] = [Date.UTC(Number(year), 0), Date.UTC(Number(year) + 1, 0)];
  return Number(year) + (date.getTime() - start) / (end - start);
}

function placeOf(table: Table, row: number, column: string): string {
  const line = table.lines?.[row];
  const where = line === undefined ? `row ${row + 1}` : `line ${line}`;
  return `${table.name}: ${where}, column ${JSON.stringify(column)}`;
}
