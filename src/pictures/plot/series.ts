import type { SeriesSpec } from "./chart-spec.ts";
import { colourClass } from "./legend.ts";
import { markerPath, round } from "./markers.ts";
import { element, type Markup } from "./markup.ts";

/** Pixels around the plot area that are drawn too, so that points at its ends are complete. */
export const overhang = 5;
const mostMarked = 60; // maximum number of marked points of a line
const mostShapes = 400; // maximum number of individually shaped markers
const mostStems = 300;

/** A point in a drawing. */
export type DrawingPoint = readonly [x: number, y: number];

/** Area of a chart on which series are drawn. `spot` maps x and y values to a point in the drawing. */
export interface PlotArea {
  readonly width: number;
  readonly height: number;
  readonly spot: (x: number, y: number) => DrawingPoint;
  readonly yEnds: readonly [from: number, to: number];
  /** True if the view is not zoomed along y. Values outside the y range are then marked at the edge. */
  readonly isWhole: boolean;
}

/** Drawing parameters of one series. */
export interface SeriesStyle {
  readonly index: number;
  readonly colour: number | "ink";
  readonly plane: PlotArea;
  /** Whether dots have the marker shape of their colour. */
  readonly hasShapes: boolean;
}

/** Draws a series as a group with its index as `data-series`. */
export function drawSeries(series: SeriesSpec, style: SeriesStyle): Markup {
  const { index, colour } = style;
  return element(
    "g",
    { class: colourClass(colour), "data-series": index },
    ...shapesOf(series, style),
    ...beyond(series, style.plane),
  );
}

function shapesOf(series: SeriesSpec, { colour, plane, hasShapes }: SeriesStyle): Markup[] {
  const { draw = "line", x, y } = series;
  const runs = runsOf(x, y, plane);
  switch (draw) {
    case "line":
      return [
        element("path", { class: "curve", d: runs.map((run) => lineOf(thin(run, plane.width))).join("") }),
        ...points(runs, x.length, plane),
      ];
    case "steps":
      return [
        element("path", { class: "curve", d: runs.map(stepsOf).join("") }),
        ...points(runs, x.length, plane),
      ];
    case "dashes":
      return [
        element("path", { class: "dashes", d: runs.map((run) => lineOf(thin(run, plane.width))).join("") }),
      ];
    case "stems": {
      const [, zero] = plane.spot(0, 0);
      const all = runs.flat();
      const stems = all.map(([px, py]) => `M${round(px)},${round(zero)}V${round(py)}`).join("");
      return [...(all.length > mostStems ? [] : [element("path", { class: "stem", d: stems })]), dots(all)];
    }
    case "dots": {
      const all = runs.flat();
      if (!hasShapes || all.length > mostShapes) return [dots(all)];
      const d = markerPath(colour === "ink" ? 0 : colour, 4.5);
      return all.map(([px, py]) =>
        element("path", { class: "marker", d, transform: `translate(${round(px)} ${round(py)})` }),
      );
    }
    case "band":
      return [element("path", { class: "band", d: bandOf(series, plane) })];
    default:
      return draw satisfies never;
  }
}

/** Splits the points of a curve into runs without gaps. */
function runsOf(x: ArrayLike<number>, y: ArrayLike<number>, { spot }: PlotArea): DrawingPoint[][] {
  const runs: DrawingPoint[][] = [];
  let isOpen = false;
  for (let i = 0; i < x.length; i++) {
    const here = spot(x[i]!, y[i]!);
    const isFinite = Number.isFinite(here[0]) && Number.isFinite(here[1]);
    if (isFinite && isOpen) runs.at(-1)!.push(here);
    else if (isFinite) runs.push([here]);
    isOpen = isFinite;
  }
  return runs;
}

/**
 * Draws the points that a line marks: all points if there are few, else only isolated ones, which would be invisible.
 */
function points(runs: readonly DrawingPoint[][], count: number, { width }: PlotArea): Markup[] {
  const isMarked = count <= mostMarked && width >= 6 * count;
  const marked = isMarked ? runs.flat() : runs.filter((run) => run.length === 1).flat();
  return marked.length === 0 ? [] : [element("path", { class: "points", d: dotsOf(marked) })];
}

/** Draws points as dots, which are smaller and fainter if there are many. */
function dots(all: readonly DrawingPoint[]): Markup {
  const n = all.length;
  return element("path", {
    class: n > 150 ? "dots many" : "dots",
    "stroke-width": n <= 100 ? 6 : n <= 1000 ? 4.4 : 3.2,
    d: dotsOf(all),
  });
}

/**
 * Returns an SVG path of zero-length lines, whose round caps are dots; it needs a fifth of the text of circles.
 * Duplicate positions are drawn once.
 */
function dotsOf(all: readonly DrawingPoint[]): string {
  return [...new Set(all.map(([px, py]) => `M${round(px)},${round(py)}h0`))].join("");
}

/** Returns the SVG path data of a polyline. */
export function lineOf(spots: readonly DrawingPoint[]): string {
  return spots.map(([x, y], i) => `${i === 0 ? "M" : "L"}${round(x)},${round(y)}`).join("");
}

/** Returns the SVG path data of a step function: each value holds until the next one. */
function stepsOf(run: readonly DrawingPoint[]): string {
  return run.map(([x, y], i) => (i === 0 ? `M${round(x)},${round(y)}` : `H${round(x)}V${round(y)}`)).join("");
}

function bandOf({ x, low = [], high = [] }: SeriesSpec, plane: PlotArea): string {
  const [top, bottom] = [0, plane.height + 2 * overhang];
  const inside = ([px, py]: DrawingPoint): string =>
    `${round(px)},${round(Math.min(bottom, Math.max(top, py)))}`;
  let d = "";
  let [up, down]: [string[], string[]] = [[], []];
  const close = (): void => {
    if (up.length > 0) d += `M${[...up, ...down.toReversed()].join("L")}Z`;
    [up, down] = [[], []];
  };
  for (let i = 0; i < x.length; i++) {
    const [above, below] = [plane.spot(x[i]!, high[i]!), plane.spot(x[i]!, low[i]!)];
    if ([...above, ...below].every(Number.isFinite)) {
      up.push(inside(above));
      down.push(inside(below));
    } else close();
  }
  close();
  return d;
}

/** Draws small triangles at the edge for values outside the y range. */
function beyond(
  { draw = "line", x, y }: SeriesSpec,
  { spot, yEnds: [from, to], isWhole, height, width }: PlotArea,
): Markup[] {
  if (!isWhole || draw === "band" || draw === "dashes") return [];
  let last = -Infinity;
  let d = "";
  for (let i = 0; i < x.length; i++) {
    const isAbove = y[i]! > to + 1e-9 * (to - from);
    const isBelow = y[i]! < from - 1e-9 * (to - from);
    const [px] = spot(x[i]!, to);
    // At most one per ten pixels, because more would overlap.
    if (!(isAbove || isBelow) || !(px >= overhang && px <= overhang + width) || px - last < 10) continue;
    last = px;
    d += isAbove
      ? `M${round(px - 4)},${overhang + 6}l4,-7l4,7Z`
      : `M${round(px - 4)},${round(overhang + height - 6)}l4,7l4,-7Z`;
  }
  return d === "" ? [] : [element("path", { class: "beyond", d })];
}

/** Reduces a curve with more points than pixels to the first, last, lowest and highest point of each pixel column. */
function thin(run: readonly DrawingPoint[], width: number): readonly DrawingPoint[] {
  if (run.length <= width) return run;
  const columns = new Map<
    number,
    { first: DrawingPoint; last: DrawingPoint; low: DrawingPoint; high: DrawingPoint }
  >();
  for (const spot of run) {
    const column = Math.round(spot[0]);
    const seen = columns.get(column);
    if (seen === undefined) columns.set(column, { first: spot, last: spot, low: spot, high: spot });
    else {
      seen.last = spot;
      if (spot[1] > seen.low[1]) seen.low = spot;
      if (spot[1] < seen.high[1]) seen.high = spot;
    }
  }
  return [...columns.values()].flatMap(({ first, last, low, high }) =>
    [...new Set([first, low, high, last])].sort((a, b) => a[0] - b[0]),
  );
}
