import type { ChartSpec, SeriesSpec } from "../../pictures/plot/chart-spec.ts";
import type { Markup } from "../../pictures/plot/markup.ts";
import { type PictureChart, drawPicture } from "../../pictures/plot/picture.ts";
import { showNumber } from "../../pictures/viz/index.ts";
import { endsOf } from "./numbers.ts";
import type { ConfidenceCurve, FitReport } from "./report.ts";
import { parameterRows } from "./report.ts";
import { percent } from "./text.ts";
import { counted } from "../shared/words.ts";

const mostPoints = 4000;

/** The fit as a self-contained SVG picture that follows the reader's light or dark colour scheme. */
export function fitPicture(report: FitReport): Markup {
  const { formula, source, data, fit } = report;
  const notes = [
    `${source}: ${counted(data.rows, "row")}, R² = ${showNumber(Number(fit.rSquared.toFixed(12)), 5)}`,
    parameterRows(report)
      .map(({ name, value, error }) => `${name} = ${value}${error === "–" ? "" : ` ± ${error}`}`)
      .join(",  "),
  ];
  return drawPicture({ heading: formula.text, notes, charts: fitCharts(report) });
}

/** Returns the charts of a fit: the data with the curve and its band, and the residuals. */
export function fitCharts({ drawing, settings, solved }: FitReport): PictureChart[] {
  const { kind, xName, yName, curve } = drawing;
  const every = Math.ceil(drawing.x.length / mostPoints); // limits the number of points of a page
  const data = (values: Float64Array): Pick<SeriesSpec, "x" | "y"> => ({
    x: drawing.x.filter((_, i) => i % every === 0),
    y: values.filter((_, i) => i % every === 0),
  });
  const x = { label: xName, domain: roomyEnds(drawing.x) };
  const pointsOf = (values: Float64Array): SeriesSpec => ({
    ...data(values),
    name: every === 1 ? "data" : `data, one row in ${every}`,
    draw: "dots",
    colour: 0,
  });
  const lineOf = (of: ConfidenceCurve): SeriesSpec => ({
    name: "fit",
    x: short(of.x),
    y: short(of.value),
    colour: 1,
  });
  const bandOf = (of: ConfidenceCurve): SeriesSpec[] =>
    of.low.some(Number.isFinite)
      ? [
          {
            ...lineOf(of),
            name: `${percent(settings.level)} confidence band`,
            draw: "band",
            low: short(of.low),
            high: short(of.high),
          },
        ]
      : [];
  const curveChart = (name: string, y: Float64Array, of: ConfidenceCurve): ChartSpec => ({
    title: `${name} against ${xName}`,
    x,
    y: { label: name },
    series: [...bandOf(of), pointsOf(y), lineOf(of)],
  });
  const upper: ChartSpec =
    kind === "curve"
      ? curveChart(yName, drawing.y, curve)
      : {
          title: `${yName} against ${xName}`,
          x,
          y: { label: yName },
          series: [{ ...lineOf(curve), name: "equal", draw: "dashes", colour: "ink" }, pointsOf(drawing.y)],
        };
  const own = solved?.curve === undefined ? undefined : curveChart(solved.column, solved.y, solved.curve);
  const lower: ChartSpec = {
    title: `Residuals against ${xName}`,
    x,
    y: { label: "residual" },
    series: [{ ...data(drawing.residuals), name: "residual", draw: "stems", colour: 0 }],
    marks: [{ y: 0, label: "" }],
  };
  return [
    { spec: upper, title: upper.title, height: [200, 0.29] },
    ...(own === undefined ? [] : [{ spec: own, title: own.title, height: [200, 0.29] as const }]),
    { spec: lower, title: "Residuals", height: [140, 0.12] },
  ];
}

/** Rounds to eight digits, which is more than a chart shows, because the page stores the numbers of its curves. */
function short(values: Float64Array): Float64Array {
  return values.map((value) => Number(value.toPrecision(8)));
}

/** Returns the ends of the x axis with a margin, so that no point is on the edge. */
function roomyEnds(x: Float64Array): [number, number] {
  const [low, high] = endsOf(x);
  const edge = (high - low) * 0.015;
  return [low - edge, high + edge];
}
