import { DownhillError } from "../../engine/errors/index.ts";
import { type DecimalMark, parseNumber, showCell } from "./cells.ts";

/** A cell and its position. */
export interface CellPosition {
  readonly cell: string;
  readonly line: number;
  readonly column: string;
}

/** A number that was read, and the value that it has with a decimal comma, if that differs. */
export interface ReadNumber {
  readonly value: number;
  readonly byComma?: number;
}

/**
 * Reads the numbers of a table. The decimal mark is `.` or `,`. It is given, or the first cell that is a number with
 * only one of these marks determines it, such as `0,5`, `1.25` or `1,234.5`.
 */
export interface NumberReader {
  /** Parses an unambiguous number; `undefined` if `read` must be called. */
  readonly plain: (cell: string) => number | undefined;
  /**
   * Parses a number; `undefined` if the cell is not a number with either decimal mark.
   *
   * @throws DownhillError `data` for a number whose decimal mark differs from the known one.
   */
  readonly read: (place: CellPosition) => ReadNumber | undefined;
  /**
   * Returns the mark for ambiguous numbers: the mark that was found in the file, otherwise a point.
   *
   * @throws DownhillError `data` if there are cells such as `1,234`, and no other cell determines the mark.
   */
  readonly settle: () => DecimalMark;
}

const nameOf = { ".": "point", ",": "comma" } as const;

/** Creates a reader of the numbers of one file. */
export function numberReader(file: string, decimal: DecimalMark | "auto"): NumberReader {
  let mark = decimal === "auto" ? undefined : decimal;
  let witness: CellPosition | undefined; // the cell that determined the mark
  let doubt: CellPosition | undefined; // the first cell such as 1,234
  let isAssumed = false; // whether cells such as 1.234 were read before the mark was known

  const at = ({ line, column }: CellPosition): string => `line ${line}, column ${JSON.stringify(column)}`;

  /** Creates the error for a number whose decimal mark differs from the known mark. */
  const mixed = (place: CellPosition, known: DecimalMark): DownhillError => {
    const other = known === "." ? "," : ".";
    const what = `${file}: ${at(place)}: ${showCell(place.cell)} has a decimal ${nameOf[other]}`;
    const told =
      decimal === "auto"
        ? "the numbers before it were read with a decimal point"
        : `the decimal mark was set to a ${nameOf[known]}`;
    const against =
      witness === undefined
        ? told
        : `${showCell(witness.cell)} in ${at(witness)} has a decimal ${nameOf[known]}`;
    return new DownhillError("data", `${what}, but ${against}. Write all numbers with one decimal mark.`);
  };

  return {
    plain(cell) {
      if (mark !== undefined) return parseNumber(cell, mark);
      return cell.includes(".") || cell.includes(",") ? undefined : parseNumber(cell);
    },
    read(place) {
      const { cell } = place;
      if (mark !== undefined) {
        const value = parseNumber(cell, mark);
        if (value !== undefined) return { value };
        if (parseNumber(cell, mark === "." ? "," : ".") !== undefined) throw mixed(place, mark);
        return undefined;
      }
      const byPoint = parseNumber(cell);
      const byComma = parseNumber(cell, ",");
      const value = byPoint ?? byComma;
      if (value === undefined) return undefined;
      if (byPoint === undefined || byComma === undefined) {
        mark = byComma === undefined ? "." : ",";
        witness = place;
        return { value };
      }
      if (cell.includes(",")) doubt ??= place;
      else isAssumed = true;
      return { value, byComma };
    },
    settle() {
      if (mark === undefined && doubt !== undefined) {
        const [byPoint, byComma] = [parseNumber(doubt.cell)!, parseNumber(doubt.cell, ",")!];
        throw new DownhillError(
          "data",
          `${file}: ${at(doubt)}: ${showCell(doubt.cell)} may be ${byPoint} or ${byComma}, and no other number resolves this. ` +
            `Set the decimal mark with decimal: "." or decimal: ",".`,
        );
      }
      if (isAssumed) mark ??= "."; // numbers returned now must agree with later ones
      return mark ?? ".";
    },
  };
}
