// Parses a table pasted by the reader as data of the chapter.
import { numberFrom } from "../../live/address.ts";

export const rowsOfTable = { min: 8, max: 500 } as const;

/** Target ranges of the columns: those of the chapter's default data, so that rates remain comparable. */
const ranges = { x: { from: 0, to: 3 }, y: { mean: 1.2, deviation: 1.5 } } as const;

/**
 * Parses two columns of numbers, x and y, separated by commas, semicolons, tabs or spaces, with or without names in the
 * first line. The columns are shifted and scaled to the ranges of the chapter's default data.
 *
 * @throws Error that names the line and its fault
 */
export function readItems(text: string): { readonly x: readonly number[]; readonly y: readonly number[] } {
  const lines = text
    .split(/\r?\n/)
    .map((line, i) => ({ number: i + 1, cells: cellsOf(line) }))
    .filter(({ cells }) => cells.length > 0);
  const hasNames = lines[0]?.cells.every((cell) => /^[\p{L}_"']/u.test(cell)) === true;
  const rows = (hasNames ? lines.slice(1) : lines).map(({ number, cells }) => {
    if (cells.length !== 2)
      throw new Error(`line ${number} has ${cells.length} numbers: a row is x and y, as in 1.5, 2`);
    return cells.map((cell) => {
      try {
        return numberFrom(cell);
      } catch (error) {
        throw new Error(`line ${number} has “${cell}”: it is no number`, { cause: error });
      }
    });
  });
  const { min, max } = rowsOfTable;
  if (rows.length < min || rows.length > max)
    throw new Error(`the table has ${rows.length} rows: it takes ${min} to ${max}`);
  const [x, y] = [0, 1].map((column) => rows.map((row) => row[column]!)) as [number[], number[]];
  const [least, most] = [Math.min(...x), Math.max(...x)];
  if (least === most) throw new Error(`x is ${least} in every row: a line needs two places`);
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  const deviation = Math.sqrt(y.reduce((sum, value) => sum + (value - mean) ** 2, 0) / y.length);
  const { x: across, y: up } = ranges;
  return {
    x: x.map((value) => across.from + ((across.to - across.from) * (value - least)) / (most - least)),
    y: y.map((value) => up.mean + (up.deviation * (value - mean)) / (deviation || 1)),
  };
}

/** Splits a line into cells. If it contains a semicolon or a tab, commas are decimal commas. */
function cellsOf(line: string): string[] {
  const separator = /[;\t]/.test(line) ? /[;\t]/ : line.includes(",") ? "," : /\s+/;
  return line
    .trim()
    .split(separator)
    .map((cell) => cell.trim())
    .filter((cell) => cell !== "");
}
