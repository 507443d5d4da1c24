// Ranges of numbers in plots and sliders.
import type { Range } from "./question.ts";

const least = 4; // half range around numbers near 0, which contains a period of the sine
const mantissas = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];

/** The smallest round number that is at least `x`. */
function roundUp(x: number): number {
  const power = 10 ** Math.floor(Math.log10(x));
  const mantissa = mantissas.find((m) => m * power >= x * (1 - 1e-9)) ?? 10;
  return Number((mantissa * power).toPrecision(3));
}

/**
 * The chosen range, or one around 0 that has space for the number's initial value. It is extended to contain the
 * current value.
 */
export function rangeAround(value: number, start: number, chosen?: Range): Range {
  const half = roundUp(Math.max(least, 2 * Math.abs(Number.isFinite(start) ? start : 0)));
  const [from, to] = chosen ?? [-half, half];
  if (!Number.isFinite(value) || (value >= from && value <= to)) return [from, to];
  const end = Math.sign(value) * roundUp(Math.abs(value));
  return value < from ? [Math.min(from, end), to] : [from, Math.max(to, end)];
}
