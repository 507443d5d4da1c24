const missingWords: ReadonlySet<string> = new Set(["", "na", "n/a", "nan", "null", "?"]);

/**
 * Whether a cell of a column of numbers says that there is no value: empty, `NA`, `N/A`, `NaN`, `null`, `?`.
 */
export function isMissing(cell: string): boolean {
  return missingWords.has(cell.trim().toLowerCase());
}

/** The finite decimal number in a cell, or `undefined`; `Number` alone would take blanks and `0x10` too. */
export function parseNumber(cell: string): number | undefined {
  const short = shortDecimal(cell);
  if (short !== undefined) return short;
  const value = Number(cell);
  if (!Number.isFinite(value)) return undefined;
  if (value === 0 && cell.trim() === "") return undefined;
  return /^\s*0[xob]/i.test(cell) ? undefined : value;
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

/**
 * Whether a cell was meant as a number, be it in a form that is refused later: a decimal comma, an infinity.
 */
export function looksLikeNumber(cell: string): boolean {
  return parseNumber(cell) !== undefined || hasDecimalComma(cell) || isNotFinite(cell);
}

/** What is wrong with a cell that should be a number, and what to do. */
export function notANumber(cell: string, column: string): string {
  const shown = JSON.stringify(cell.length > 40 ? `${cell.slice(0, 37)}…` : cell);
  if (hasDecimalComma(cell)) return `${shown} is not a number here. Write it with a decimal point.`;
  if (isNotFinite(cell)) return `${shown} is not a finite number. Correct it or take the row out.`;
  return `${shown} is not a number. Correct it, or read the column as text with text: [${JSON.stringify(column)}].`;
}

function hasDecimalComma(cell: string): boolean {
  return /^\s*[+-]?\d*,\d+\s*$/.test(cell);
}

function isNotFinite(cell: string): boolean {
  return Number.isFinite(Number(cell))
    ? false
    : /^\s*[+-]?(inf|infinity|(?=[.\d])\d*(?:\.\d+)?e\+?\d+)\s*$/i.test(cell);
}
