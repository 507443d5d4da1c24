import { linearScale, logScale, type AxisScale, tickWriter } from "../../pictures/plot/scale.ts";
import type { LrRange } from "../../training/train/index.ts";
import type { AxisMark } from "../shared/chart.ts";

/**
 * Creates the horizontal axis of rates, from 0 at the first rate to 1 at the last, with round rates as its ticks. It is
 * logarithmic unless `isLinear` or there is only one rate.
 */
export function rateScale({ rates }: LrRange, isLinear: boolean): AxisScale {
  const [first, last] = [rates[0]!, rates.at(-1)!];
  return isLinear || rates.length < 2 ? linearScale(first, last, 6) : logScale(first, last, 12);
}

/** Returns the marks of the axis of rates, one for each of its ticks. */
export function rateMarks(scale: AxisScale): AxisMark[] {
  const show = tickWriter(scale.ticks);
  return scale.ticks.map((tick) => ({ at: scale.at(tick), label: show(tick) }));
}

/**
 * Returns the highest loss to draw: the first averaged loss plus half of its largest fall. Higher losses would compress
 * the rest of the curve.
 */
export function highestDrawn({ smoothed }: LrRange): number {
  const [first = 0] = smoothed;
  return first + 0.5 * (first - Math.min(...smoothed)) || first;
}
