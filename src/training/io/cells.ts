const missingWords: ReadonlySet<string> = new Set(["", "na", "n/a", "nan", "null", "?"]);

/**
 * Whether a cell of a column of numbers says that there is no value: empty, `NA`, `N/A`, `NaN`, `null`, `?`.
 */
export function isMissing(cell: string): boolean {
  return missingWords.has(cell.trim().toLowerCase());
}

/** What stands before the decimals of a number; the other one, a blank or an apostrophe may stand between thousands. */
export type DecimalMark = "." | ",";

/** Three digits a group, the first without a leading zero; groups all by one mark. */
const grouped: Readonly<Record<DecimalMark, RegExp>> = {
  ".": /^([+-]?[1-9]\d{0,2})((?:([,\s'’])\d{3})(?:\3\d{3})*)(?:\.(\d*))?(e[+-]?\d+)?$/i,
  ",": /^([+-]?[1-9]\d{0,2})((?:([.\s'’])\d{3})(?:\3\d{3})*)(?:,(\d*))?(e[+-]?\d+)?$/i,
};

/**
 * The finite decimal number in a cell, or `undefined`: `1234.5`, `1,234.5` and `1 234.5` by the decimal mark `.`;
 * `1234,5`, `1.234,5` and `1 234,5` by `,`. `Number` alone would take blanks and `0x10` too.
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
 * The number in a cell such as `-12.345`, or `undefined` if it is longer or of another form; several times faster than
 * `Number`, and the same to the bit: digits and power of ten are exact, so that only their quotient is rounded.
 *
 * @see Clinger, How to read floating point numbers accurately, PLDI 1990.
 */
function shortDecimal(cell: string): number | undefined {
  const start = cell.charCodeAt(0) === 45 ? 1 : 0; // -
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

/** Whether a cell was meant as a number, be it in a form that is refused later: an infinity. */
export function looksLikeNumber(cell: string): boolean {
  return parseNumber(cell) !== undefined || parseNumber(cell, ",") !== undefined || isNotFinite(cell);
}

/** What is wrong with a cell that should be a number, and what to do. */
export function notANumber(cell: string, column: string): string {
  const shown = showCell(cell);
  if (isNotFinite(cell)) return `${shown} is not a finite number. Correct it or take the row out.`;
  return `${shown} is not a number. Correct it, or read the column as text with text: [${JSON.stringify(column)}].`;
}

/** A cell as messages show it. */
export function showCell(cell: string): string {
  return JSON.stringify(cell.length > 40 ? `${cell.slice(0, 37)}…` : cell);
}

function isNotFinite(cell: string): boolean {
  return Number.isFinite(Number(cell))
    ? false
    : /^\s*[+-]?(inf|infinity|(?=[.\d])\d*(?:\.\d+)?e\+?\d+)\s*$/i.test(cell);
}
