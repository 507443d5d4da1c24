const missingWords: ReadonlySet<string> = new Set(["", "na", "n/a", "nan", "null", "?"]);

/**
 * Whether a cell of a column of numbers says that there is no value: empty, `NA`, `N/A`, `NaN`, `null`, `?`.
 */
export function isMissing(cell: string): boolean {
  return missingWords.has(cell.trim().toLowerCase());
}

/** The finite decimal number in a cell, or `undefined`; `Number` alone would take blanks and `0x10` too. */
export function parseNumber(cell: string): number | undefined {
  const value = Number(cell);
  if (!Number.isFinite(value)) return undefined;
  if (value === 0 && cell.trim() === "") return undefined;
  return /^\s*0[xob]/i.test(cell) ? undefined : value;
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
  return Number.isFinite(Number(cell)) ? false : /^\s*[+-]?(inf|infinity|\d*\.?\d+e\+?\d+)\s*$/i.test(cell);
}
