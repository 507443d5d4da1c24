import type { Box } from "../../plot/axes.ts";
import type { ChartSpec } from "../../plot/chart-spec.ts";
import { drawParts, layoutChart } from "../../plot/chart.ts";
import { element, type Markup } from "../../plot/markup.ts";
import { heightAt, type PictureChart } from "../../plot/picture.ts";
import type { Race } from "../race.ts";
import type { SliceFigure, StudyTable } from "../study.ts";
import { drawRaceMap, drawSliceMap, type ContourPaths, type RaceMap, type RaceScene } from "./map.ts";
import { valueChart } from "./value-chart.ts";

/** Widths in pixels of a map and the chart next to it, in a figure with space for both. */
export const pairWidths = { map: 600, chart: 480 };

interface MapFrame {
  readonly width: number;
  readonly height: number;
  /** The area inside the axes. */
  readonly box: Box;
}

function frameOf(width: number, height: number, left: number): MapFrame {
  return { width, height, box: { x: left, y: 24, width: width - left - 18, height: height - 68 } };
}

/** Returns the frame of a map. A map and a chart have equal heights if their widths have the ratio 5 : 4. */
function mapFrame(width: number): MapFrame {
  return frameOf(width, Math.round((width * 5) / 6), 58);
}
/** Height of a chart next to a map, and height of a chart of curves; each as pixels plus a fraction of the width. */
export const besideMap: PictureChart["height"] = [0, 25 / 24];
export const linesHeight: PictureChart["height"] = [150, 0.3];

/** A drawing with its size, to be positioned in a figure. */
export interface FigurePart {
  readonly width: number;
  readonly height: number;
  readonly markup: readonly Markup[];
}

/** Drawing of the map of a race or of a slice, with the data that a page needs to animate it. */
export type RaceMapPart = FigurePart & Pick<RaceMap, "trails" | "caption">;

/** Drawing of the chart of the values of a race. Step t is at x = `left + t · perStep`. */
export type ValuePart = FigurePart & { readonly box: Box; readonly left: number; readonly perStep: number };

/** Draws the map of a race at a given width. `id` is a unique prefix for element ids. */
export function raceMapPart(race: Race, scene: RaceScene, width: number, id: string): RaceMapPart {
  const { box, ...size } = mapFrame(width);
  return { ...size, ...drawRaceMap(race, scene, box, id) };
}

/** Draws the values of a race by step at a given width, without a legend. */
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

/** Draws a chart at a given width. */
export function chartPart(spec: ChartSpec, width: number, height: PictureChart["height"]): FigurePart {
  const size = { width, height: heightAt(height, width) };
  return { ...size, markup: drawParts(spec, layoutChart(spec, size)) };
}

/** Draws the map of a loss slice at the given width. */
export function sliceMapPart(
  { slice }: SliceFigure,
  hills: ContourPaths,
  width: number,
  id: string,
): RaceMapPart {
  const { box, ...size } = mapFrame(width);
  return { ...size, ...drawSliceMap(slice, hills, box, id) };
}

/** Returns the cells of a table as text. Numbers have English notation, such as `1,234.5`. */
export function cellsOf({ rows }: StudyTable): string[][] {
  return rows.map((row) => row.map((cell) => (typeof cell === "number" ? cell.toLocaleString("en") : cell)));
}

/** Moves a drawing to a position. */
export function placed(part: FigurePart, x: number, y: number): Markup {
  return element("g", { transform: `translate(${x} ${y})` }, ...part.markup);
}
