import { showNumber } from "../../pictures/viz/index.ts";

/**
 * Shows a value and its error, both with digits down to the second digit of the error: `4.019` and `0.052`. If the
 * error is 0, infinite or NaN, the value has up to six digits; an error of NaN is shown as `–`.
 */
export function withError(value: number, error: number): readonly [value: string, error: string] {
  if (!(error > 0 && error < Infinity) || !Number.isFinite(value)) {
    return [showNumber(value, 6), Number.isNaN(error) ? "–" : showNumber(error, 2)];
  }
  const last = Math.floor(Math.log10(error)) - 1; // decimal exponent of the last digit
  const first = value === 0 ? last : Math.floor(Math.log10(Math.abs(value)));
  const digits = Math.max(2, first - last + 1);
  // an exact fit, whose error is rounding
  if (digits > mostDigits) return [showNumber(value, mostDigits), fixedDigits(error, 2)];
  return [fixedDigits(value, digits), fixedDigits(error, 2)];
}

const mostDigits = 10;

/**
 * Shows the number with the given count of significant digits and trailing zeros; very large and small numbers get an
 * exponent.
 */
function fixedDigits(value: number, digits: number): string {
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-4 || size >= 1e7)) {
    return value.toExponential(Math.max(0, digits - 1)).replace("e+", "e");
  }
  const text = value.toPrecision(digits);
  return text.includes("e") ? String(Number(text)) : text;
}

/** Returns the smallest and the largest of some numbers. If they are equal, moves them apart slightly. */
export function endsOf(values: ArrayLike<number>): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    low = Math.min(low, values[i]!);
    high = Math.max(high, values[i]!);
  }
  return low === high ? [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2] : [low, high];
}
