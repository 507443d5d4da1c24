import { showNumber } from "../../pictures/viz/index.ts";

/** A value and its error with digits down to the second one of the error: `4.019` and `0.052`. */
export function withError(value: number, error: number): readonly [value: string, error: string] {
  if (!(error > 0 && error < Infinity) || !Number.isFinite(value)) {
    return [showNumber(value, 6), Number.isNaN(error) ? "–" : showNumber(error, 2)];
  }
  const last = Math.floor(Math.log10(error)) - 1; // the power of ten of the last digit
  const first = value === 0 ? last : Math.floor(Math.log10(Math.abs(value)));
  const digits = Math.max(2, first - last + 1);
  // an exact fit: the rest is rounding
  if (digits > mostDigits) return [showNumber(value, mostDigits), fixedDigits(error, 2)];
  return [fixedDigits(value, digits), fixedDigits(error, 2)];
}

const mostDigits = 10;

/** So many significant digits, trailing zeros kept; powers of ten apart where the number is very large or small. */
function fixedDigits(value: number, digits: number): string {
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-4 || size >= 1e7)) {
    return value.toExponential(Math.max(0, digits - 1)).replace("e+", "e");
  }
  const text = value.toPrecision(digits);
  return text.includes("e") ? String(Number(text)) : text;
}

/** The least and the greatest of some numbers, a little apart where they are the same. */
export function endsOf(values: ArrayLike<number>): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    low = Math.min(low, values[i]!);
    high = Math.max(high, values[i]!);
  }
  return low === high ? [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2] : [low, high];
}
