import type { ChartSpec, MarkSpec } from "../chart-spec.ts";
import type { PictureChart } from "../picture.ts";
import { mountChart } from "./mount.ts";

/**
 * Makes the charts of a page interactive. Other scripts of the page add marks to a chart by dispatching the event
 * `dh-marks` on its element, with the marks as `detail`. They replace the marks of the previous event.
 */
export function start(): void {
  for (const place of document.querySelectorAll<HTMLElement>(".chart-place")) {
    const { spec, height } = JSON.parse(place.dataset["chart"]!) as Pick<PictureChart, "spec" | "height">;
    const whole = { ...spec, series: spec.series.map(withGaps) };
    const chart = mountChart(place, whole, { height });
    place.addEventListener("dh-marks", (event) => {
      const { detail } = event as CustomEvent<readonly MarkSpec[]>;
      chart.update({ ...whole, marks: [...(spec.marks ?? []), ...detail] });
    });
  }
}

/** Restores values that are not finite, which JSON stores as `null`, as NaN. */
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
