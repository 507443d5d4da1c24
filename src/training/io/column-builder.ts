import { DownhillError } from "../../engine/errors/index.ts";
import { isMissing, looksLikeNumber, notANumber } from "./cells.ts";
import type { NumberReader } from "./decimal-mark.ts";

/** A column of a table: numbers, or text as in the file. */
export type TableColumn =
  | { readonly kind: "number"; readonly name: string; readonly values: Float64Array }
  | { readonly kind: "text"; readonly name: string; readonly values: readonly string[] };

/** Collects the cells of one column. Unless the column is kept as text, its first value determines its kind. */
export interface ColumnBuilder {
  readonly name: string;
  readonly keepText: () => void;
  readonly add: (cell: string, line: number) => void;
  /**
   * Returns the values added since the last `take`. The kind, once known, stays; a column with only missing values is
   * numeric.
   */
  readonly take: () => TableColumn;
  /** Returns remarks about cells added since the last `takeNotes`, as sentences. */
  readonly takeNotes: () => readonly string[];
}

/**
 * Creates an empty column of a file. `missing` determines if missing values are errors, or become NaN and empty text.
 * `mostRows` is an upper bound of the number of rows, 0 if unknown: numbers then need no more memory than they take.
 */
export function columnBuilder(
  name: string,
  file: string,
  missing: "error" | "keep",
  reader: NumberReader,
  mostRows: number,
): ColumnBuilder {
  let kind: TableColumn["kind"] | undefined;
  let waiting: { readonly cell: string; readonly line: number }[] = []; // missing values before the first value
  let numbers = numberList(mostRows);
  let texts: string[] = [];
  let places: number[] = []; // indices of numbers that are ambiguous in their decimal mark, and their values with a decimal comma
  let byComma: number[] = [];

  let rounded: { readonly cell: string; readonly line: number; readonly value: number } | undefined;
  let roundedCount = 0;

  const fail = (line: number, what: string): DownhillError =>
    new DownhillError("data", `${file}: line ${line}, column ${JSON.stringify(name)}: ${what}`);

  const failMissing = (cell: string, line: number): DownhillError => {
    const what =
      cell.trim() === "" ? "the cell is empty" : `the value is missing (${JSON.stringify(cell.trim())})`;
    return fail(
      line,
      `${what}. Fill it in, take the row out, or keep such cells as they are with missing: "keep".`,
    );
  };

  const number = (cell: string, line: number): number => {
    const value = numberOf(cell, line);
    if (cell.length >= unsafeDigits && isRounded(cell, value)) {
      rounded ??= { cell, line, value };
      roundedCount++;
    }
    return value;
  };

  const numberOf = (cell: string, line: number): number => {
    const plain = reader.plain(cell);
    if (plain !== undefined) return plain;
    const found = reader.read({ cell, line, column: name });
    if (found?.byComma !== undefined) {
      places.push(numbers.size());
      byComma.push(found.byComma);
    }
    if (found !== undefined) return found.value;
    if (!isMissing(cell)) throw fail(line, notANumber(cell, name));
    if (missing === "error") throw failMissing(cell, line);
    return Number.NaN;
  };

  const text = (cell: string, line: number): string => {
    const value = cell.trim();
    if (value === "" && missing === "error") throw failMissing(cell, line);
    return value;
  };

  const decide = (as: TableColumn["kind"]): void => {
    kind = as;
    for (const { cell, line } of waiting) add(cell, line);
    waiting = [];
  };

  const add = (cell: string, line: number): void => {
    if (kind === "number") numbers.add(number(cell, line));
    else if (kind === "text") texts.push(text(cell, line));
    else {
      waiting.push({ cell, line });
      if (!isMissing(cell)) decide(looksLikeNumber(cell) ? "number" : "text");
    }
  };

  return {
    name,
    keepText: () => decide("text"),
    add,
    takeNotes: () => {
      if (rounded === undefined) return [];
      const { cell, line, value } = rounded;
      const more = roundedCount === 1 ? "" : `, and ${roundedCount - 1} more like it`;
      [rounded, roundedCount] = [undefined, 0];
      return [
        `${file}: line ${line}, column ${JSON.stringify(name)}: the integer ${cell.trim()} is above 2^53 and was read as ${BigInt(value)}${more}. ` +
          `To keep all digits, read the column as text with text: [${JSON.stringify(name)}].`,
      ];
    },
    take: () => {
      if (kind === undefined) decide("number");
      const words = texts;
      const values = numbers.join();
      if (places.length > 0 && reader.settle() === ",") places.forEach((at, i) => (values[at] = byComma[i]!));
      [numbers, texts, places, byComma] = [numberList(mostRows), [], [], []];
      return kind === "text" ? { kind, name, values: words } : { kind: "number", name, values };
    },
  };
}

/**
 * A list of numbers that grows by chunks. If an upper bound of its length is known, it is one array from the beginning,
 * whose unused end takes no memory until it is written.
 */
function numberList(mostRows: number): {
  readonly add: (value: number) => void;
  readonly size: () => number;
  readonly join: () => Float64Array;
} {
  const full: Float64Array[] = [];
  let chunk = new Float64Array(0);
  let used = 0;
  let before = 0; // number of values in the full chunks
  return {
    add(value) {
      if (used === chunk.length) {
        if (used > 0) full.push(chunk);
        before += used;
        chunk = new Float64Array(before === 0 && mostRows > 0 ? mostRows : Math.min(1024 + 2 * used, 65_536));
        used = 0;
      }
      chunk[used++] = value;
    },
    size: () => before + used,
    join() {
      if (mostRows > 0 && full.length === 0) return chunk.subarray(0, used);
      const values = new Float64Array(before + used);
      let at = 0;
      for (const part of full) {
        values.set(part, at);
        at += part.length;
      }
      values.set(chunk.subarray(0, used), at);
      return values;
    },
  };
}

/** Number of digits of 2^53 + 1, the smallest integer that float64 may round. */
const unsafeDigits = 16;

/** True if a cell is an integer that was rounded when it was read. Separators of thousands are ignored. */
function isRounded(cell: string, value: number): boolean {
  if (Number.isSafeInteger(value) || !Number.isInteger(value) || /e/i.test(cell)) return false;
  const digits = cell.replaceAll(/\D/g, "").replace(/^0+/, "");
  const read = BigInt(Math.abs(value));
  // A number with decimals has more digits than its integer part.
  return digits.length === String(read).length && BigInt(digits) !== read;
}
