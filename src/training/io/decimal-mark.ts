import { DownhillError } from "../../engine/errors/index.ts";
import { type DecimalMark, parseNumber, showCell } from "./cells.ts";

/** A cell and where it stands. */
export interface CellPosition {
  readonly cell: string;
  readonly line: number;
  readonly column: string;
}

/** A number, and what it is if the decimal mark turns out to be a comma, where that is not the same. */
export interface ReadNumber {
  readonly value: number;
  readonly byComma?: number;
}

/**
 * Reads the numbers of a table, whose decimal mark is said or found out: by the first cell that is a number by one mark
 * only, such as `0,5`, `1.25` and `1,234.5`.
 */
export interface NumberReader {
  /** The number in a cell that has one reading now; `undefined` where `read` is to be asked. */
  readonly plain: (cell: string) => number | undefined;
  /** The number in a cell; `undefined` if it is none by either mark. */
  readonly read: (place: CellPosition) => ReadNumber | undefined;
  /**
   * The mark by which numbers that were read in two ways are meant: that which was found, else a point.
   *
   * @throws DownhillError `data` if there are cells such as `1,234`, and nothing tells which number they are.
   */
  readonly settle: () => DecimalMark;
}

const nameOf = { ".": "point", ",": "comma" } as const;

/** A reader of the numbers of one file. */
export function numberReader(file: string, decimal: DecimalMark | "auto"): NumberReader {
  let mark = decimal === "auto" ? undefined : decimal;
  let witness: CellPosition | undefined; // the cell that told the mark
  let doubt: CellPosition | undefined; // the first cell such as 1,234
  let isAssumed = false; // whether cells such as 1.234 wait for the mark

  const at = ({ line, column }: CellPosition): string => `line ${line}, column ${JSON.stringify(column)}`;

  /** A number by the other mark. */
  const mixed = (place: CellPosition, known: DecimalMark): DownhillError => {
    const other = known === "." ? "," : ".";
    const what = `${file}: ${at(place)}: ${showCell(place.cell)} has a decimal ${nameOf[other]}`;
    const told =
      decimal === "auto"
        ? "the numbers before it were read with a decimal point"
        : `decimals were said to come after a ${nameOf[known]}`;
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
          `${file}: ${at(doubt)}: ${showCell(doubt.cell)} may be ${byPoint} or ${byComma}, and no other number tells which. ` +
            `Say what comes before decimals with decimal: "." or decimal: ",".`,
        );
      }
      if (isAssumed) mark ??= "."; // what is given out now must agree with what comes later
      return mark ?? ".";
    },
  };
}
