/**
 * Compares strings or numbers: numbers by value, strings by character codes, except that digits within strings compare
 * as numbers (`c2` before `c10`). A total order: strings that differ only in leading zeros are ordered by their codes.
 */
export function naturalOrder<T extends number | string>(a: T, b: T): number {
  if (typeof a === "string" && typeof b === "string") {
    const [left, right] = [partsOf(a), partsOf(b)];
    const count = Math.min(left.length, right.length);
    for (let i = 0; i < count; i++) {
      const order = i % 2 === 1 ? compareDigits(left[i]!, right[i]!) : compare(left[i]!, right[i]!);
      if (order !== 0) return order;
    }
    if (left.length !== right.length) return left.length - right.length;
  }
  return compare(a, b);
}

function compare<T extends number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Splits a string into alternating text and digits, beginning with text. */
function partsOf(text: string): string[] {
  return text.split(/(\d+)/);
}

/** Compares non-negative integers of any length, given as digits. */
function compareDigits(a: string, b: string): number {
  const [x, y] = [a, b].map((digits) => digits.replace(/^0+/, "")) as [string, string];
  return x.length - y.length || compare(x, y);
}
