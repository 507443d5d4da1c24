import { element, type Markup } from "../../viz/markup.ts";
import type { Race } from "../race.ts";
import type { LinesFigure, Series, SliceFigure, TableFigure } from "../study.ts";
import type { Box } from "./axes.ts";
import { drawLines, drawValues, type ValueChart } from "./chart.ts";
import { drawRaceMap, drawSliceMap, type RaceMap } from "./map.ts";
import { swatch } from "./palette.ts";

/** Sizes of the parts of a figure, in units of the drawing. */
const mapSize = { width: 600, height: 500 };
const mapBox: Box = { x: 58, y: 24, width: 524, height: 432 };
const chartSize = { width: 480, height: 500 };
const chartBox: Box = { x: 66, y: 24, width: 396, height: 432 };
const linesSize = { width: 760, height: 380 };
const linesBox: Box = { x: 72, y: 26, width: 670, height: 306 };

/** A drawing of its own size, to be put somewhere. */
export interface Part {
  readonly width: number;
  readonly height: number;
  readonly markup: readonly Markup[];
}

/** The map of a race, with what a page needs to move it; `undefined` parts are not drawn. */
export interface RaceParts {
  readonly map: Part & Pick<RaceMap, "trails" | "caption">;
  readonly chart: Part & Pick<ValueChart, "left" | "perStep"> & { readonly box: Box };
}

/** Map and chart of a race. `id` sets apart what the two need to name. */
export function raceParts(race: Race, id: string): RaceParts {
  const map = drawRaceMap(race, mapBox, `${id}-map`);
  const chart = drawValues(race, chartBox, `${id}-chart`);
  return {
    map: { ...mapSize, ...map },
    chart: { ...chartSize, ...chart, box: chartBox },
  };
}

/** A chart of curves. */
export function linesPart(figure: LinesFigure, id: string): Part {
  return { ...linesSize, markup: drawLines(figure, linesBox, id) };
}

/** Map of a slice of a loss, and the losses along the path. */
export function sliceParts(
  { slice }: SliceFigure,
  id: string,
): { readonly map: Part & { readonly caption: string }; readonly chart: Part | undefined } {
  const map = drawSliceMap(slice, mapBox, `${id}-map`);
  const losses = slice.path.map(({ loss }) => loss);
  const path: LinesFigure = {
    kind: "lines",
    title: "",
    x: { label: "state along the path" },
    y: { label: "loss along the path", log: losses.every((loss) => loss > 0) },
    series: [{ name: "loss", x: losses.map((_, i) => i), y: losses, style: "line", colour: 1 }],
  };
  return {
    map: { ...mapSize, ...map },
    chart: losses.length < 2 ? undefined : { ...chartSize, markup: drawLines(path, chartBox, `${id}-chart`) },
  };
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
