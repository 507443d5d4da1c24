import { extent, type Scale } from "../../../training/train/report/scale.ts";
import { marksFor, spacedMarks } from "../../viz/at-widths.ts";
import { element, type Markup } from "../../viz/markup.ts";
import type { Race } from "../race.ts";
import type { LinesFigure } from "../study.ts";
import { type Box, drawAxes, edges, logScaleBetween, scaleBetween, scaleFor } from "./axes.ts";
import { lineOf, type Spot } from "./map.ts";
import { markerPath, round, runClass } from "./palette.ts";

/** What a curve of a chart is. */
interface Curve {
  readonly colour: number;
  readonly style: "line" | "dots" | "dashes";
  readonly spots: readonly Spot[];
}

/** The values of all runs of a race by step. */
export interface ValueChart {
  readonly markup: readonly Markup[];
  /** Where step t is along the horizontal axis: `left + t · perStep`. */
  readonly left: number;
  readonly perStep: number;
}

/** What the values of a race are counted from, and how. */
export function valuesOf({ landscape, lowest, runs }: Race): {
  readonly label: string;
  readonly log: boolean;
  readonly of: (value: number) => number;
} {
  if (!Number.isFinite(lowest)) return { label: "f, by step", log: false, of: (value) => value };
  const isKnown = landscape.lowest !== undefined;
  const above = runs.flatMap(({ values }) => values.map((value) => value - lowest)).filter((v) => v > 0);
  const [low, high] = [Math.min(...above.slice(0, 1e5)), Math.max(...above.slice(0, 1e5))];
  return {
    label: isKnown ? "f − f*, by step" : "f − the lowest value seen, by step",
    log: above.length > 0 && high / low > 20,
    of: (value) => value - lowest,
  };
}

const deepest = 1e-16; // of the first value: lower is rounding

/** The values of the runs by step, those of diverged runs until they leave the chart. */
export function drawValues(race: Race, box: Box, id: string): ValueChart {
  const { runs, steps } = race;
  const { label, log, of } = valuesOf(race);
  const first = of(runs[0]!.values[0]!);
  const heights = runs.map(({ values }) => values.map(of));
  const sane = heights
    .flat()
    .filter((h) => Number.isFinite(h) && Math.abs(h) <= 1e3 * Math.max(Math.abs(first), 1e-6));
  const [low, high] = log
    ? [Math.abs(first) * deepest, Infinity]
    : [-6 * Math.max(Math.abs(first), 0.1), 6 * Math.max(Math.abs(first), 0.1)];
  const unbounded = !Number.isFinite(race.lowest);
  const shown = sane.filter((h) => (log ? h > low : !unbounded || (h >= low && h <= high)));
  const y = scaleFor(shown.length > 0 ? shown : [0, 1], log, 5);
  const x = scaleBetween(0, steps, marksFor(box.width, 5));
  const { bottom, left } = edges(box);
  const spot = (t: number, h: number): Spot => [
    left + x.at(t) * box.width,
    bottom - clampUnit(y.at(h)) * box.height,
  ];
  const curves = heights.map((all, i): Curve => {
    const spots = all.flatMap((h, t) => (Number.isFinite(h) ? [spot(t, h)] : []));
    return { colour: i, style: "line", spots: thin(spots) };
  });
  return {
    markup: [
      clip(box, id),
      ...drawAxes(box, x, y, { x: "step", y: label }, true),
      element("g", { "clip-path": `url(#${id}-clip)` }, ...curves.map((curve, i) => drawCurve(curve, i))),
    ],
    left,
    perStep: box.width / steps,
  };
}

/** A little beyond the axis at most, so that a steep curve is seen to go on. */
function clampUnit(at: number): number {
  return Math.min(1.5, Math.max(-0.5, at));
}

/** Curves and dots over two axes. */
export function drawLines(figure: LinesFigure, box: Box, id: string): Markup[] {
  const all = (axis: "x" | "y"): number[] => figure.series.flatMap((series) => [...series[axis]]);
  const spannedX = spanned(all("x"), figure.x.log ?? false, marksFor(box.width, 8));
  const x = { ...spannedX, ticks: spacedMarks(spannedX.ticks, box.width) };
  const y = scaleFor(all("y"), figure.y.log ?? false, 6);
  const { bottom, left, top } = edges(box);
  const curves = figure.series.map(({ x: xs, y: ys, style, colour }, i): Curve => {
    const spots = xs.flatMap((at, k): Spot[] => {
      const value = ys[k]!;
      if (!Number.isFinite(value) || (figure.y.log && !(value > 0))) return [];
      return [[left + x.at(at) * box.width, bottom - y.at(value) * box.height]];
    });
    return { colour: colour ?? i, style, spots: style === "dots" ? spots : thin(spots) };
  });
  return [
    clip(box, id),
    ...drawAxes(box, x, y, { x: figure.x.label, y: figure.y.label }, true),
    ...(figure.marks ?? []).flatMap((mark) => {
      const at = round(left + x.at(mark.x) * box.width);
      return [
        element("line", { class: "mark", x1: at, x2: at, y1: top, y2: bottom }),
        element("text", { class: "note", x: at - 6, y: top + 14, "text-anchor": "end" }, mark.text),
      ];
    }),
    ...curves.map((curve, i) => drawCurve(curve, i)),
  ];
}

/** An axis from the least of the values to the greatest. */
export function spanned(values: readonly number[], log: boolean, count: number): Scale {
  const finite = values.filter((value) => Number.isFinite(value) && (!log || value > 0));
  const [from, to] = extent(finite);
  if (log) return logScaleBetween(from, to);
  return scaleBetween(from, to > from ? to : from + 1, count);
}

function drawCurve({ colour, style, spots }: Curve, i: number): Markup {
  const attributes = { class: runClass(colour), "data-run": i };
  if (style !== "dots")
    return element(
      "g",
      attributes,
      element("path", { class: style === "line" ? "curve" : "dashes", d: lineOf(spots) }),
    );
  return element(
    "g",
    attributes,
    ...spots.map(([x, y]) =>
      element("path", {
        class: "marker",
        d: markerPath(colour, 4.5),
        transform: `translate(${round(x)} ${round(y)})`,
      }),
    ),
  );
}

function clip({ x, y, width, height }: Box, id: string): Markup {
  return element(
    "clipPath",
    { id: `${id}-clip` },
    element("rect", { x, y: y - 2, width, height: height + 4 }),
  );
}

/** Of very many points the least and the greatest of each column that can be told apart. */
function thin(spots: readonly Spot[]): Spot[] {
  if (spots.length <= 1200) return [...spots];
  const columns = new Map<number, { low: Spot; high: Spot }>();
  for (const spot of spots) {
    const column = Math.round(spot[0] * 2);
    const seen = columns.get(column);
    if (seen === undefined) columns.set(column, { low: spot, high: spot });
    else {
      if (spot[1] < seen.low[1]) seen.low = spot;
      if (spot[1] > seen.high[1]) seen.high = spot;
    }
  }
  const ends = [...columns.values()].flatMap(({ low, high }) =>
    low === high ? [low] : low[0] <= high[0] ? [low, high] : [high, low],
  );
  return [spots[0]!, ...ends.slice(1), spots.at(-1)!];
}
