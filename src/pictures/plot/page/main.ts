import type { ChartSpec } from "../chart-spec.ts";
import type { PictureChart } from "../picture.ts";
import { mountChart } from "./mount.ts";

/** Makes the charts of a page ones that can be touched. */
export function start(): void {
  for (const place of document.querySelectorAll<HTMLElement>(".chart-place")) {
    const { spec, height } = JSON.parse(place.dataset["chart"]!) as Pick<PictureChart, "spec" | "height">;
    mountChart(place, { ...spec, series: spec.series.map(withGaps) }, { height });
  }
}

/** JSON has no number that is none: it was written as `null`. */
function withGaps(series: ChartSpec["series"][number]): ChartSpec["series"][number] {
  const numbers = (values: ArrayLike<number | null>): number[] =>
    Array.from(values, (value) => value ?? Number.NaN);
  const { x, y, low, high } = series;
  return {
    ...series,
    x: numbers(x),
    y: numbers(y),
    ...(low === undefined ? {} : { low: numbers(low) }),
    ...(high === undefined ? {} : { high: numbers(high) }),
  };
}
