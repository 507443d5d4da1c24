import type { LrRange } from "../../training/train/index.ts";
import { linearScale, type Scale, showTick } from "../../training/train/report/scale.ts";
import type { AxisMark } from "../shared/chart.ts";

/** The rates along the axis below, from 0 at the first to 1 at the last, and the round ones among them. */
export function rateScale({ rates }: LrRange, isLinear: boolean): Scale {
  const [first, last] = [rates[0]!, rates.at(-1)!];
  if (isLinear || rates.length < 2) return linearScale([], 6, [first, last]);
  const low = Math.log10(first);
  const span = Math.log10(last) - low;
  const powers = Array.from({ length: 400 }, (_, i) => i - 300).filter(
    (power) => power >= low - 1e-9 && power <= low + span + 1e-9,
  );
  const ticks = powers.length >= 2 ? powers : [low, low + span];
  return {
    at: (rate) => (Math.log10(rate) - low) / span,
    ticks: ticks.map((power) => Number((10 ** power).toPrecision(3))),
  };
}

/** The round rates as marks of an axis. */
export function rateMarks(scale: Scale): AxisMark[] {
  return scale.ticks.map((tick) => ({ at: scale.at(tick), label: showTick(tick) }));
}

/** Losses as they are drawn: what is far above the first would leave no room for the rest. */
export function clipLosses({ smoothed }: LrRange, losses: readonly number[]): number[] {
  const [first = 0] = smoothed;
  const top = first + 0.5 * (first - Math.min(...smoothed)) || first;
  return losses.map((loss) => Math.min(loss, top));
}
