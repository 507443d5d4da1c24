import { type ChartSpec, type ChartView, coloursOf, type SeriesSpec } from "../chart-spec.ts";
import { type ChartLayout, writerOf } from "../chart.ts";
import { typesetNumber } from "../number-text.ts";

const near = 6; // maximum distance in pixels from the cursor to a point that is read

/**
 * A position at which the cursor can stop: an x value, or a point in charts that show only points. `point` is then the
 * index of its series, its index `i` in the series, and its y in pixels.
 */
export interface CursorStop {
  readonly x: number;
  /** x in pixels of the drawing. */
  readonly px: number;
  readonly point?: { readonly index: number; readonly i: number; readonly py: number };
}

/** Value of a series at the cursor, as text, with its position and colour. */
export interface Reading {
  readonly name: string;
  readonly colour: number | "ink";
  readonly value: string;
  readonly px: number;
  /** y in pixels: one value, or the two ends of a band. */
  readonly py: readonly number[];
}

/** Returns the visible positions at which the cursor can stop, from left to right. */
export function stopsOf(spec: ChartSpec, { box, x, y }: ChartLayout, { hidden }: ChartView): CursorStop[] {
  const shown = spec.series
    .map((series, index) => ({ series, index }))
    .filter(({ series }) => hidden?.has(series.name) !== true);
  const across = (at: number): number => box.x + x.at(at) * box.width;
  const down = (value: number): number => box.y + (1 - y.at(value)) * box.height;
  const isIn = (px: number): boolean => px >= box.x - 0.5 && px <= box.x + box.width + 0.5;
  const dotted = shown.filter(({ series }) => series.draw === "dots");
  if (dotted.length > 0 && shown.every(({ series: { draw } }) => draw === "dots" || draw === "dashes")) {
    return dotted
      .flatMap(({ series, index }) =>
        Array.from(series.x, (at, i): CursorStop => {
          return { x: at, px: across(at), point: { index, i, py: down(series.y[i]!) } };
        }),
      )
      .filter(
        ({ px, point }) => isIn(px) && point!.py >= box.y - 0.5 && point!.py <= box.y + box.height + 0.5,
      )
      .sort((a, b) => a.px - b.px || b.point!.py - a.point!.py);
  }
  const places = new Set(shown.flatMap(({ series }) => Array.from(series.x)));
  return [...places]
    .map((at) => ({ x: at, px: across(at) }))
    .filter(({ px }) => isIn(px))
    .sort((a, b) => a.px - b.px);
}

/** Returns the index of the stop nearest to a position in the drawing; −1 if there are no stops. */
export function nearestStop(stops: readonly CursorStop[], px: number, py: number): number {
  let [best, least] = [-1, Infinity];
  for (const [i, { px: at, point }] of stops.entries()) {
    const distance = Math.hypot(at - px, point === undefined ? 0 : point.py - py);
    if (distance < least) [best, least] = [i, distance];
  }
  return best;
}

/**
 * Returns the values of the visible series at a stop. A series without a point there contributes its nearest point
 * within 6 pixels, labelled with its x, or nothing.
 */
export function readingsAt(
  spec: ChartSpec,
  { box, x, y }: ChartLayout,
  { hidden }: ChartView,
  stop: CursorStop,
): Reading[] {
  const colours = coloursOf(spec);
  const down = (value: number): number => box.y + (1 - y.at(value)) * box.height;
  return spec.series.flatMap((series, index): Reading[] => {
    if (hidden?.has(series.name) === true) return [];
    if (stop.point !== undefined && stop.point.index !== index) return [];
    const i = stop.point?.i ?? pointNear(series, stop, (at) => box.x + x.at(at) * box.width);
    if (i === undefined) return [];
    const isBand = series.draw === "band";
    const values = isBand ? [series.low![i]!, series.high![i]!] : [series.y[i]!];
    if (!values.every(Number.isFinite)) return [];
    const at = series.x[i]!;
    const there = showValue(spec.x, at);
    const where = there === showValue(spec.x, stop.x) ? "" : ` at ${there}`;
    const value = values.map((one) => showValue(spec.y, one)).join(" … ") + where;
    return [
      {
        name: series.name,
        colour: colours[index]!,
        value,
        px: box.x + x.at(at) * box.width,
        py: values.map(down).filter((py) => py >= box.y - 1 && py <= box.y + box.height + 1),
      },
    ];
  });
}

/** Formats a value for readings, with more digits than tick marks have. */
export function showValue(axis: ChartSpec["x"], value: number): string {
  if (axis.unit === "percent") return writerOf(axis)(Number(value.toPrecision(6)));
  return typesetNumber(value);
}

function pointNear(
  { x, y, draw }: SeriesSpec,
  stop: CursorStop,
  across: (at: number) => number,
): number | undefined {
  let best: number | undefined;
  let least = near;
  for (let i = 0; i < x.length; i++) {
    if (draw !== "band" && !Number.isFinite(y[i]!)) continue;
    if (x[i] === stop.x) return i;
    const distance = Math.abs(across(x[i]!) - stop.px);
    if (distance < least) [best, least] = [i, distance];
  }
  return best;
}
