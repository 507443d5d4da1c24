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
 */
export function columnBuilder(
  name: string,
  file: string,
  missing: "error" | "keep",
  reader: NumberReader,
): ColumnBuilder {
  let kind: TableColumn["kind"] | undefined;
  let waiting: { readonly cell: string; readonly line: number }[] = []; // missing values before the first value
  let numbers: number[] = [];
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
      places.push(numbers.length);
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
    if (kind === "number") numbers.push(number(cell, line));
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
      const [values, words] = [numbers, texts];
      if (places.length > 0 && reader.settle() === ",") places.forEach((at, i) => (values[at] = byComma[i]!));
      [numbers, texts, places, byComma] = [[], [], [], []];
      return kind === "text"
        ? { kind, name, values: words }
        : { kind: "number", name, values: Float64Array.from(values) };
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
