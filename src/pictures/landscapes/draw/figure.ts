import type { Box } from "../../plot/axes.ts";
import type { ChartSpec } from "../../plot/chart-spec.ts";
import { drawParts, layoutChart } from "../../plot/chart.ts";
import { element, type Markup } from "../../plot/markup.ts";
import { heightAt, type PictureChart } from "../../plot/picture.ts";
import type { Race } from "../race.ts";
import type { SliceFigure, StudyTable } from "../study.ts";
import { drawRaceMap, drawSliceMap, type ContourPaths, type RaceMap, type RaceScene } from "./map.ts";
import { valueChart } from "./value-chart.ts";

/** The parts of a figure that have room: map and chart side by side. */
export const pairWidths = { map: 600, chart: 480 };

interface MapFrame {
  readonly width: number;
  readonly height: number;
  /** The part inside the axes. */
  readonly box: Box;
}

function frameOf(width: number, height: number, left: number): MapFrame {
  return { width, height, box: { x: left, y: 24, width: width - left - 18, height: height - 68 } };
}

/** Map and chart are level where the map has 5 parts of the width and the chart 4. */
function mapFrame(width: number): MapFrame {
  return frameOf(width, Math.round((width * 5) / 6), 58);
}
/** The height of a chart beside a map, and of one of curves. */
export const besideMap: PictureChart["height"] = [0, 25 / 24];
export const linesHeight: PictureChart["height"] = [150, 0.3];

/** A drawing of its own size, to be put somewhere. */
export interface FigurePart {
  readonly width: number;
  readonly height: number;
  readonly markup: readonly Markup[];
}

/** The map of a race or of a slice, with what a page needs to move it. */
export type RaceMapPart = FigurePart & Pick<RaceMap, "trails" | "caption">;

/** The chart of the values of a race. Step t is at `left + t · perStep`. */
export type ValuePart = FigurePart & { readonly box: Box; readonly left: number; readonly perStep: number };

/** The map of a race at a width. `id` sets apart what it needs to name. */
export function raceMapPart(race: Race, scene: RaceScene, width: number, id: string): RaceMapPart {
  const { box, ...size } = mapFrame(width);
  return { ...size, ...drawRaceMap(race, scene, box, id) };
}

/** The values of a race by step, at a width; the names stand elsewhere. */
export function valuePart(race: Race, width: number): ValuePart {
  const spec = valueChart(race);
  const view = { hasLegend: false };
  const size = { width, height: heightAt(besideMap, width) };
  const layout = layoutChart(spec, size, view);
  const { box } = layout;
  return {
    ...size,
    markup: drawParts(spec, layout, view),
    box,
    left: box.x,
    perStep: box.width / race.steps,
  };
}

/** A chart at a width. */
export function chartPart(spec: ChartSpec, width: number, height: PictureChart["height"]): FigurePart {
  const size = { width, height: heightAt(height, width) };
  return { ...size, markup: drawParts(spec, layoutChart(spec, size)) };
}

/** The map of a slice of a loss at a width. */
export function sliceMapPart(
  { slice }: SliceFigure,
  hills: ContourPaths,
  width: number,
  id: string,
): RaceMapPart {
  const { box, ...size } = mapFrame(width);
  return { ...size, ...drawSliceMap(slice, hills, box, id) };
}

/** Cells of a table as texts. */
export function cellsOf({ rows }: StudyTable): string[][] {
  return rows.map((row) => row.map((cell) => (typeof cell === "number" ? cell.toLocaleString("en") : cell)));
}

/** A part moved to its place. */
export function placed(part: FigurePart, x: number, y: number): Markup {
  return element("g", { transform: `translate(${x} ${y})` }, ...part.markup);
}
