import type { ChartSpec, MarkSpec } from "../chart-spec.ts";
import type { PictureChart } from "../picture.ts";
import { mountChart } from "./mount.ts";
import {
  copyAs,
  fileName,
  makeShare,
  pageSvg,
  pictureActions,
  programActions,
  standaloneSvg,
} from "./share.ts";

/**
 * Makes the charts of a page interactive, and adds a Share button to each figure. Other scripts of the page add marks to a chart by dispatching the event
 * `dh-marks` on its element, with the marks as `detail`. They replace the marks of the previous event.
 */
export function start(): void {
  for (const place of document.querySelectorAll<HTMLElement>(".chart-place")) {
    const { spec, height } = JSON.parse(place.dataset["chart"]!) as Pick<PictureChart, "spec" | "height">;
    const whole = { ...spec, series: spec.series.map(withGaps) };
    const chart = mountChart(place, whole, {
      height,
      share: (svg, csv) =>
        makeShare(spec.title, () => [
          ...programActions(),
          ...pictureActions({ name: fileName(spec.title), svg }),
          { name: "Copy CSV", run: () => copyAs("CSV", csv()) },
        ]),
    });
    place.addEventListener("dh-marks", (event) => {
      const { detail } = event as CustomEvent<readonly MarkSpec[]>;
      chart.update({ ...whole, marks: [...(spec.marks ?? []), ...detail] });
    });
  }
  for (const figure of document.querySelectorAll<HTMLElement>("[data-share]")) shareFigure(figure);
}

/** Adds a Share button to a figure that is not a chart: a drawing, a table or images. */
function shareFigure(figure: HTMLElement): void {
  const title = figure.dataset["share"]!;
  const svg = (): string => {
    const drawing = figure.querySelector("svg");
    return drawing === null ? pageSvg(figure) : standaloneSvg(drawing);
  };
  figure.after(
    makeShare(title, () => [...programActions(), ...pictureActions({ name: fileName(title), svg })]),
  );
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
