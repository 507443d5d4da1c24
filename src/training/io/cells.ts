const missingWords: ReadonlySet<string> = new Set(["", "na", "n/a", "nan", "null", "?"]);

/** True if a cell of a numeric column marks a missing value: empty, `NA`, `N/A`, `NaN`, `null`, `?`, in any case. */
export function isMissing(cell: string): boolean {
  return missingWords.has(cell.trim().toLowerCase());
}

/**
 * Decimal mark of a number. Thousands may be separated by a space, an apostrophe, or the one of `.` and `,` that is not
 * the decimal mark.
 */
export type DecimalMark = "." | ",";

/**
 * Regular expressions, by decimal mark, of numbers with groups of three digits. The first group has no leading zero,
 * and all groups use one separator.
 */
const grouped: Readonly<Record<DecimalMark, RegExp>> = {
  ".": /^([+-]?[1-9]\d{0,2})((?:([,\s'’])\d{3})(?:\3\d{3})*)(?:\.(\d*))?(e[+-]?\d+)?$/i,
  ",": /^([+-]?[1-9]\d{0,2})((?:([.\s'’])\d{3})(?:\3\d{3})*)(?:,(\d*))?(e[+-]?\d+)?$/i,
};

/**
 * Parses the finite decimal number in a cell; `undefined` if there is none. With the decimal mark `.` it accepts
 * `1234.5`, `1,234.5` and `1 234.5`; with `,` it accepts `1234,5`, `1.234,5` and `1 234,5`. Unlike `Number`, it rejects
 * blanks and `0x10`.
 */
export function parseNumber(cell: string, decimal: DecimalMark = "."): number | undefined {
  if (decimal === "," && cell.includes(".")) return parseGrouped(cell, decimal);
  const plain = decimal === "," ? cell.replace(",", ".") : cell;
  const short = shortDecimal(plain);
  if (short !== undefined) return short;
  const value = Number(plain);
  if (!Number.isFinite(value)) return parseGrouped(cell, decimal);
  if (value === 0 && cell.trim() === "") return undefined;
  return /^\s*0[xob]/i.test(cell) ? undefined : value;
}

function parseGrouped(cell: string, decimal: DecimalMark): number | undefined {
  const [, first, rest, , decimals = "", exponent = ""] = grouped[decimal].exec(cell.trim()) ?? [];
  if (first === undefined || rest === undefined) return undefined;
  const value = Number(`${first}${rest.replaceAll(/\D/g, "")}.${decimals}${exponent}`);
  return Number.isFinite(value) ? value : undefined;
}

/** Powers of ten; all up to 10²² are exact. */
const powers: readonly number[] = [
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];

/**
 * Parses a number such as `-12.345`; `undefined` if it is longer or of another form. Several times faster than
 * `Number`, with equal bits: digits and power of ten are exact, so that only their quotient is rounded.
 *
 * @see Clinger, How to read floating point numbers accurately, PLDI 1990.
 */
function shortDecimal(cell: string): number | undefined {
  const start = cell.charCodeAt(0) === 45 ? 1 : 0; // minus sign
  const { length } = cell;
  if (length - start > 16) return undefined; // 15 digits and a point: below 2^53
  let digits = 0;
  let point = -1;
  for (let i = start; i < length; i++) {
    const code = cell.charCodeAt(i);
    if (code >= 48 && code <= 57) digits = digits * 10 + (code - 48);
    else if (code === 46 && point < 0) point = i;
    else return undefined;
  }
  const count = length - start - (point < 0 ? 0 : 1);
  if (count === 0 || count > 15) return undefined;
  const size = point < 0 ? digits : digits / powers[length - 1 - point]!;
  return start === 1 ? -size : size;
}

/** True if a cell looks like a number, even one that is refused later, such as an infinity. */
export function looksLikeNumber(cell: string): boolean {
  return parseNumber(cell) !== undefined || parseNumber(cell, ",") !== undefined || isNotFinite(cell);
}

/** Describes why a cell is not a valid number, and the remedy. */
export function notANumber(cell: string, column: string): string {
  const shown = showCell(cell);
  if (isNotFinite(cell)) return `${shown} is not a finite number. Correct it or take the row out.`;
  return `${shown} is not a number. Correct it, or read the column as text with text: [${JSON.stringify(column)}].`;
}

/** Formats a cell for messages, truncated to 40 characters. */
export function showCell(cell: string): string {
  return JSON.stringify(cell.length > 40 ? `${cell.slice(0, 37)}…` : cell);
}

function isNotFinite(cell: string): boolean {
  return Number.isFinite(Number(cell))
    ? false
    : /^\s*[+-]?(inf|infinity|(?=[.\d])\d*(?:\.\d+)?e\+?\d+)\s*$/i.test(cell);
}
