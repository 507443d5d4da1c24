import type { ChartSpec, MarkSpec } from "../chart-spec.ts";
import type { PictureChart } from "../picture.ts";
import { mountChart } from "./mount.ts";

/**
 * Makes the charts of a page ones that can be touched. Other scripts of the page put marks across one by the event `dh-marks` at its
 * place, with the marks as `detail`: those of the event before go away.
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
