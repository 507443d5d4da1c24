import type { ChartSpec } from "../../../pictures/plot/chart-spec.ts";
import type { PictureChart } from "../../../pictures/plot/picture.ts";
import { extent, roundScale } from "../../../pictures/plot/scale.ts";
import { thinned } from "../../../pictures/plot/thinned.ts";
import type { LinesFigure, ScatterFigure } from "./figures.ts";

/** Draws curves over the epochs, or over other x values, as a chart. */
export function linesChart({
  title,
  series,
  x,
  unit = "number",
  log,
  marks = [],
}: LinesFigure): PictureChart {
  const epochs = Math.max(1, ...series.map(({ values }) => values.length));
  const finite = series.flatMap(({ values }) => values).filter(Number.isFinite);
  const [low, high] = extent(finite);
  const isWide = unit === "number" && finite.length > 0 && low > 0 && high / low > 100;
  const spec: ChartSpec = {
    title: x === undefined ? `${title} over the epochs` : `${title} by ${x.label}`,
    x:
      x === undefined
        ? { label: "epoch", unit: "integer", domain: epochs === 1 ? [0.5, 1.5] : [1, epochs] }
        : { label: x.label, ...(x.values.every(Number.isInteger) ? { unit: "integer" } : {}) },
    y: { label: "", unit, log: log ?? isWide, isFromZero: true },
    series: series.map(({ name, values }) => ({
      name,
      ...thinnedRuns(x?.values ?? values.map((_, i) => i + 1), values),
    })),
    marks: marks.map(({ epoch, label }) => ({ x: epoch, label })),
  };
  return { spec, height: [170, 0.22] };
}

/**
 * Thins out a long curve to the points that zooming can show; the minimum and maximum of each part stay. Curves with
 * gaps are unchanged.
 */
function thinnedRuns(x: readonly number[], y: readonly number[]): ReturnType<typeof thinned> {
  return y.every((value) => Number.isFinite(value)) ? thinned(x, y) : { x, y };
}

/** Draws points in a square with equal axes, and the line on which both values are equal. */
export function scatterChart({ title, xLabel, yLabel, points }: ScatterFigure): PictureChart {
  const domain = roundScale(points.flat(), 5).ends;
  const spec: ChartSpec = {
    title: `${title}: ${yLabel} against ${xLabel}`,
    x: { label: xLabel, domain },
    y: { label: yLabel, domain },
    series: [
      { name: "predictions", x: points.map(([x]) => x), y: points.map(([, y]) => y), draw: "dots" },
      { name: "right", x: domain, y: domain, draw: "dashes", colour: "ink" },
    ],
  };
  return { spec, height: [0, 1] };
}
