import { element, type Markup } from "../../viz/markup.ts";
import type { Race } from "../race.ts";
import type { LinesFigure, Series, SliceFigure, TableFigure } from "../study.ts";
import type { Box } from "./axes.ts";
import { drawLines, drawValues, type ValueChart } from "./chart.ts";
import { drawRaceMap, drawSliceMap, type Hills, type RaceMap, type RaceScene } from "./map.ts";
import { swatch } from "./palette.ts";

/** The parts of a figure that have room: map and chart side by side, or curves with a legend beside them. */
export const pairWidths = { map: 600, chart: 480 };
export const linesWidth = 760;

interface Frame {
  readonly width: number;
  readonly height: number;
  /** The part inside the axes. */
  readonly box: Box;
}

function frameOf(width: number, height: number, left: number): Frame {
  return { width, height, box: { x: left, y: 24, width: width - left - 18, height: height - 68 } };
}

/** Map and chart are level where the map has 5 parts of the width and the chart 4. */
function mapFrame(width: number): Frame {
  return frameOf(width, Math.round((width * 5) / 6), 58);
}
function chartFrame(width: number): Frame {
  return frameOf(width, Math.round((width * 25) / 24), 66);
}
function linesFrame(width: number): Frame {
  return frameOf(width, Math.round(150 + 0.3 * width), 72);
}

/** A drawing of its own size, to be put somewhere. */
export interface Part {
  readonly width: number;
  readonly height: number;
  readonly markup: readonly Markup[];
}

/** The map of a race, with what a page needs to move it. */
export type RaceMapPart = Part & Pick<RaceMap, "trails" | "caption">;

/** The chart of the values of a race, with what a page needs to move it. */
export type ValuePart = Part & Pick<ValueChart, "left" | "perStep"> & { readonly box: Box };

/** The map of a race at a width. `id` sets apart what it needs to name. */
export function raceMapPart(race: Race, scene: RaceScene, width: number, id: string): RaceMapPart {
  const { box, ...size } = mapFrame(width);
  return { ...size, ...drawRaceMap(race, scene, box, id) };
}

/** The values of a race by step, at a width. */
export function valuePart(race: Race, width: number, id: string): ValuePart {
  const { box, ...size } = chartFrame(width);
  return { ...size, ...drawValues(race, box, id), box };
}

/** A chart of curves at a width. */
export function linesPart(figure: LinesFigure, width: number, id: string): Part {
  const { box, ...size } = linesFrame(width);
  return { ...size, markup: drawLines(figure, box, id) };
}

/** The map of a slice of a loss at a width. */
export function sliceMapPart(
  { slice }: SliceFigure,
  hills: Hills,
  width: number,
  id: string,
): Part & { readonly caption: string } {
  const { box, ...size } = mapFrame(width);
  return { ...size, ...drawSliceMap(slice, hills, box, id) };
}

/** The losses along the path of a slice at a width; nothing where there is no path. */
export function slicePathPart({ slice }: SliceFigure, width: number, id: string): Part | undefined {
  const losses = slice.path.map(({ loss }) => loss);
  const path: LinesFigure = {
    kind: "lines",
    title: "",
    x: { label: "state along the path" },
    y: { label: "loss along the path", log: losses.every((loss) => loss > 0) },
    series: [{ name: "loss", x: losses.map((_, i) => i), y: losses, style: "line", colour: 1 }],
  };
  if (losses.length < 2) return undefined;
  const { box, ...size } = chartFrame(width);
  return { ...size, markup: drawLines(path, box, id) };
}

/** The legend of a chart of curves: one line a name. */
export function legendOf(figure: LinesFigure): { readonly series: Series; readonly swatch: Markup }[] {
  const seen = new Set<string>();
  return figure.series.flatMap((series, i) => {
    if (seen.has(series.name)) return []; // one line for all of one name
    seen.add(series.name);
    return [{ series, swatch: swatch(series.colour ?? i, series.style, series.style === "dots") }];
  });
}

/** Cells of a table as texts. */
export function cellsOf({ rows }: TableFigure): string[][] {
  return rows.map((row) => row.map((cell) => (typeof cell === "number" ? cell.toLocaleString("en") : cell)));
}

/** A part moved to its place. */
export function placed(part: Part, x: number, y: number): Markup {
  return element("g", { transform: `translate(${x} ${y})` }, ...part.markup);
}
