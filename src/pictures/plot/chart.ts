import { marksFor } from "./at-widths.ts";
import { type Box, drawAxes, edges, marginOf } from "./axes.ts";
import {
  type AxisSpec,
  type ChartSpec,
  type ChartView,
  coloursOf,
  namesOf,
  type SeriesSpec,
  type ChartSize,
} from "./chart-spec.ts";
import { drawLegend, legendHeight } from "./legend.ts";
import { element, type Markup } from "./markup.ts";
import { drawMarks, markRows } from "./marks.ts";
import {
  linearScale,
  logScale,
  roundLogScale,
  roundScale,
  type AxisScale,
  scaleFromZero,
  showTick,
  tickWriter,
} from "./scale.ts";
import { drawSeries, overhang, type PlotArea } from "./series.ts";

/** Positions of the parts of a chart. */
export interface ChartLayout {
  readonly size: ChartSize;
  /** The area inside the axes. */
  readonly box: Box;
  readonly x: AxisScale;
  readonly y: AxisScale;
}

const largest = 1e300; // differences of larger values may overflow

/**
 * Draws a chart of a given size in CSS pixels as an `svg` element. Text is 12 pixels high, so the drawing should not be
 * scaled. Colours are the custom properties of `colourProperties`; the style sheet is `chartStyle`.
 */
export function drawChart(spec: ChartSpec, size: ChartSize, view: ChartView = {}): Markup {
  return element(
    "svg",
    {
      class: "dh-chart",
      viewBox: `0 0 ${size.width} ${size.height}`,
      role: "img",
      "aria-label": spec.title,
    },
    ...drawParts(spec, layoutChart(spec, size, view), view),
  );
}

/** Computes the plot area and the axis scales of a chart of a given size. */
export function layoutChart(spec: ChartSpec, size: ChartSize, view: ChartView = {}): ChartLayout {
  for (const series of spec.series) checkLengths(spec.title, series);
  const shown = spec.series.filter(({ name }) => view.hidden?.has(name) !== true);
  const seen = shown.length > 0 ? shown : spec.series;
  const legend = hasLegend(spec, view) ? legendHeight(namesOf(spec), size.width) : 0;
  const above = legend + (spec.y.label === "" ? 8 : 26);
  const below = spec.x.label === "" ? 24 : 42;
  const roughly = Math.max(10, size.height - above - below);
  const y = yScale(spec.y, seen, roughly, view);
  const left = marginOf(y.ticks.map(writerOf(spec.y, y.ticks)));
  const width = Math.max(10, size.width - left - endSpace);
  const x = xScale(spec.x, spec.series, width, view);
  const rows = markRows(spec.marks ?? [], x, { x: left, y: 0, width, height: 0 });
  const top = above + rows.height;
  const box = { x: left, y: top, width, height: Math.max(10, size.height - top - below) };
  return { size, box, x, y };
}

const endSpace = 18; // pixels to the right of a plot: half of a tick label

/** Draws the content of a chart: legend, axes, marks and series. */
export function drawParts(spec: ChartSpec, { size, box, x, y }: ChartLayout, view: ChartView = {}): Markup[] {
  const { left, top } = edges(box);
  const plane: PlotArea = {
    width: box.width,
    height: box.height,
    spot: (a, b) => [overhang + x.at(a) * box.width, overhang + (1 - y.at(b)) * box.height],
    yEnds: y.ends,
    isWhole: view.y === undefined,
  };
  const colours = coloursOf(spec);
  const dotted = new Set(spec.series.filter(({ draw }) => draw === "dots").map(({ name }) => name));
  const drawn = spec.series.flatMap((series, i) =>
    view.hidden?.has(series.name) === true
      ? []
      : [drawSeries(series, { index: i, colour: colours[i]!, plane, hasShapes: dotted.size > 1 })],
  );
  const legend = hasLegend(spec, view) ? drawLegend(namesOf(spec), size.width) : [];
  return [
    ...legend,
    ...drawAxes(
      box,
      x,
      y,
      {
        x: { label: spec.x.label, show: writerOf(spec.x, x.ticks) },
        y: { label: spec.y.label, show: writerOf(spec.y, y.ticks) },
      },
      true,
    ),
    ...drawMarks(spec.marks ?? [], x, y, box, spec.y.label),
    // A nested svg clips its content.
    element(
      "svg",
      {
        class: "inside",
        x: left - overhang,
        y: top - overhang,
        width: box.width + 2 * overhang,
        height: box.height + 2 * overhang,
      },
      ...drawn,
    ),
  ];
}

function hasLegend(spec: ChartSpec, view: ChartView): boolean {
  return view.hasLegend ?? namesOf(spec).length > 1;
}

/** Returns the function that formats the values of an axis for tick labels, the ones of `ticks` alike. */
export function writerOf(
  { unit = "number" }: AxisSpec,
  ticks: readonly number[] = [],
): (value: number) => string {
  return unit === "percent" ? (value) => `${showTick(value * 100)} %` : tickWriter(ticks);
}

function xScale(axis: AxisSpec, series: readonly SeriesSpec[], width: number, view: ChartView): AxisScale {
  const isLog = view.isLogX ?? axis.log ?? false;
  const values = finite(series.flatMap(({ x }) => Array.from(x))).filter((value) => !isLog || value > 0);
  const most = marksFor(width, 8);
  const given = view.x ?? axis.domain;
  if (isLog && values.length > 0) {
    const [from, to] = given ?? bounds(values);
    return logScale(from > 0 ? from : Math.min(...values), to, most);
  }
  const [from, to] = given ?? bounds(values);
  if (axis.unit !== "integer") return linearScale(from, to, most);
  const scale = linearScale(from, to, Math.max(1, Math.min(most, to - from)));
  const whole = scale.ticks.filter(Number.isInteger);
  // Mark the first value, such as epoch 1, if there is space.
  const hasRoom =
    Number.isInteger(from) && whole[0] !== from && (whole.length === 0 || scale.at(whole[0]!) > 0.06);
  return { ...scale, ticks: hasRoom ? [from, ...whole] : whole };
}

function yScale(axis: AxisSpec, series: readonly SeriesSpec[], height: number, view: ChartView): AxisScale {
  const isLog = view.isLogY ?? axis.log ?? false;
  const values = yValues(series, view.x);
  const count = Math.max(2, Math.min(6, Math.floor(height / 36)));
  const positive = values.filter((value) => value > 0);
  const given = view.y ?? axis.domain;
  if (isLog && positive.length > 0) {
    if (given === undefined) return roundLogScale(positive, count + 1);
    const [from, to] = given;
    return logScale(from > 0 ? from : Math.min(bounds(positive)[0], to / 10), to, count + 1);
  }
  if (given !== undefined) return linearScale(...given, count);
  const [low, high] = bounds(values);
  if (axis.unit === "percent" && low >= 0 && high <= 1) {
    return linearScale(Math.max(0, Math.min(0.9, Math.floor(low * 10 - 1e-9) / 10)), 1, count);
  }
  return axis.isFromZero === true ? scaleFromZero(values, count) : roundScale(values, count);
}

/**
 * Returns the values that determine the y range, restricted to the visible part along x. A band extends the range by at
 * most a quarter of the range of the other series on each side.
 */
function yValues(series: readonly SeriesSpec[], part: ChartView["x"]): number[] {
  const isSeen = part === undefined ? () => true : (at: number) => at >= part[0] && at <= part[1];
  const seen = ({ x }: SeriesSpec, values: ArrayLike<number>): number[] =>
    Array.from(values).filter((_, i) => isSeen(x[i]!));
  const values = finite(
    series.flatMap((one) =>
      one.draw === "band" ? [] : one.draw === "stems" ? [0, ...seen(one, one.y)] : seen(one, one.y),
    ),
  );
  const ends = finite(
    series.flatMap((one) =>
      one.draw === "band" ? [...seen(one, one.low ?? []), ...seen(one, one.high ?? [])] : [],
    ),
  );
  if (values.length === 0) return ends;
  const [low, high] = bounds(values);
  const room = (high - low) / 4;
  return [...values, ...ends.filter((value) => value >= low - room && value <= high + room)];
}

function finite(values: readonly number[]): number[] {
  return values.filter((value) => Math.abs(value) <= largest);
}

/** Returns the least and the greatest of some finite values; 0 and 1 if there are none. */
function bounds(values: readonly number[]): [low: number, high: number] {
  return values.length === 0
    ? [0, 1]
    : [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
}

function checkLengths(title: string, { name, x, y, low, high }: SeriesSpec): void {
  for (const part of [y, low, high]) {
    if (part === undefined || part.length === x.length) continue;
    throw new Error(
      `internal: chart ${JSON.stringify(title)}: ${JSON.stringify(name)} has ${x.length} values along x and ${part.length} along y.`,
    );
  }
}
