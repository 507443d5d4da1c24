import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { checkOptions } from "../../../engine/errors/options.ts";
import { extent, linearScale, logScale, roundLogScale, roundScale } from "../../plot/scale.ts";
import type { LossSlice } from "../loss-slice.ts";
import type { Race } from "../race.ts";
import { excessOf, type RaceConstraint, type RaceRegion } from "../region.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import type { PlotFigure, Study, StudyFigure } from "../study.ts";
import { alignRows, type Canvas, makeCanvas, type TextPaint, withAxes, wrapText } from "./canvas.ts";
import { type Grid, levelsAbove, levelsAround } from "./contours.ts";
import { cellsOf } from "./figure.ts";
import { centreOf, least, lostFrom, sliceGrids } from "./map.ts";
import { type MapPlane, planeOf, sampleGrid, sampleLine } from "./plane.ts";
import { valuesOf } from "./value-chart.ts";
import {
  asStudy,
  constraintHead,
  constraintRows,
  raceSubtitle,
  regionWords,
  tableHead,
  tableRow,
} from "./words.ts";

/** Options of `landscapeText`. */
export interface LandscapeTextOptions {
  /** Width of a line in terminal cells. Values below 40 or above 100 are replaced by these. Default 80. */
  readonly columns?: number;
  /**
   * Function that styles pieces of text: headings, background text (`soft`), and runs by their index. Default: no
   * styling.
   */
  readonly paint?: (role: "head" | "soft" | number, text: string) => string;
}

const mapRows = 22;
const chartRows = 12;
const widest = 100; // cells
const shades = " .:-=+*%#"; // from low to high
const letters = "abcdefghijklmnopqrstuvwxyz";

/**
 * Writes a study, a race or a loss slice for a terminal: maps, then charts of values by step, and tables. In maps, `.`
 * to `#` are terraces from low to high. Lower-case letters are the paths of the runs, capitals their ends, and × the
 * end of a diverged run. S is the start, ★ a minimum, and E the end of training on a slice. `/` marks what constraints
 * exclude, `=` an equality.
 *
 * @throws DownhillError `option` for unknown options.
 * @example
 * const text = landscapeText(race(findLandscape("bowl"), { adam: adam({ learningRate: 0.1 }) }));
 * text.includes("a adam"); // true
 */
export function landscapeText(shown: Study | Race | LossSlice, options: LandscapeTextOptions = {}): string {
  if (arguments.length > 2) refuseExtra("landscapeText", arguments, 2);
  checkOptions("landscapeText", options, ["columns", "paint"]);
  const { paint = (_, text) => text } = options;
  const columns = Math.min(widest, Math.max(40, options.columns ?? 80));
  const study = asStudy(shown);
  const lines = [
    paint("head", study.title),
    ...wrapText(study.claim, columns),
    ...study.findings.flatMap((finding) =>
      wrapText(finding, columns - 2).map((line, i) => `${i === 0 ? "•" : " "} ${line}`),
    ),
    ...study.figures.flatMap((figure) => ["", ...figureLines(figure, columns, paint)]),
  ];
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

function figureLines(figure: StudyFigure, columns: number, paint: TextPaint): string[] {
  const title = figure.title === "" ? [] : [paint("head", figure.title)];
  const note =
    figure.note === undefined ? [] : wrapText(figure.note, columns).map((line) => paint("soft", line));
  switch (figure.kind) {
    case "race":
      return [...title, ...raceLines(figure.race, columns, paint), ...note];
    case "lines":
      return [...title, ...chartLines(figure, columns, paint), ...note];
    case "slice":
      return [...title, ...sliceLines(figure.slice, columns, paint), ...note];
    case "table":
      return [...title, ...alignRows([figure.head, ...cellsOf(figure)]), ...note];
    default:
      return figure satisfies never;
  }
}

function raceLines(race: Race, columns: number, paint: TextPaint): string[] {
  const rows = race.runs.map((run, i) => {
    const [name, ...others] = tableRow(race, run);
    return [`${letterOf(i)} ${name!}`, ...others];
  });
  const [head, ...body] = alignRows([tableHead(race).map(shortened), ...rows]);
  return [
    ...wrapText(raceSubtitle(race), columns).map((line) => paint("soft", line)),
    ...mapLines(race, columns, paint),
    "",
    ...valueLines(race, columns, paint),
    "",
    paint("soft", head!),
    ...body.map((line, i) => paint(i, line)),
    ...(race.region === undefined ? [] : regionLines(race.region, columns, paint)),
  ];
}

/** Describes the solution under constraints, and lists their multipliers. */
function regionLines(region: RaceRegion, columns: number, paint: TextPaint): string[] {
  const [head, ...body] = alignRows([constraintHead, ...constraintRows(region)]);
  return ["", ...wrapText(regionWords(region), columns), "", paint("soft", head!), ...body];
}

/** Shortens the headings of a table to fit a terminal. */
function shortened(cell: string, i: number): string {
  return i === 0 ? `  ${cell}` : cell.replace("steps to ", "to ").replace("lowest seen", "lowest");
}

function letterOf(i: number): string {
  return letters[i % letters.length]!;
}

/** Draws a map: first terraces, then paths, then markers that must stay visible. */
function mapLines(race: Race, columns: number, paint: TextPaint): string[] {
  const plane = planeOf(race);
  const { landscape, runs } = race;
  const canvas = makeCanvas(columns - 8, mapRows);
  const [horizontal, vertical] = plane.domain;
  const x = linearScale(horizontal![0], horizontal![1], 5);
  const isLine = plane.axes.length === 1;
  const curve = isLine ? sampleLine(landscape, horizontal!, canvas.columns)[1] : [];
  const finite = curve.filter((value) => Number.isFinite(value));
  const y = isLine
    ? linearScale(Math.min(...finite), Math.max(...finite), 5)
    : linearScale(vertical![0], vertical![1], 5);
  const spot = (a: number, b: number): readonly [number, number] => [
    x.at(a) * (canvas.columns - 1),
    (1 - y.at(b)) * (canvas.rows - 1),
  ];
  const at = (point: readonly number[], value: number): readonly [number, number] => {
    const [a, b] = plane.place(point);
    return spot(a!, isLine ? value : b!);
  };
  if (isLine)
    curve.forEach((value, i) =>
      canvas.put(i, Math.round((1 - y.at(value)) * (canvas.rows - 1)), "·", "soft"),
    );
  else {
    const grid = sampleGrid(landscape, plane, canvas.columns, canvas.rows);
    shadeTerraces(
      canvas,
      grid,
      landscape.lowest === -Infinity
        ? levelsAround(centreOf(race, grid), grid.values, "").levels
        : levelsAbove(Math.min(race.lowest, least(grid)), grid.values, "").levels,
    );
    for (const constraint of race.region?.constraints ?? []) markOutside(canvas, constraint, plane);
  }
  const isIn = ([a, b]: readonly [number, number]): boolean =>
    a >= 0 && b >= 0 && a <= canvas.columns - 1 && b <= canvas.rows - 1;
  runs.forEach((run, i) => {
    const all = run.points.map((point, t) => at(point, run.values[t]!));
    const lost = lostFrom(run);
    const end = all.findIndex((to, t) => t > lost && !isIn(to));
    const spots = end < 0 ? all : all.slice(0, end + 1);
    spots.slice(1).forEach((to, t) => canvas.line(spots[t]!, to, letterOf(i), i));
  });
  if (!isLine) {
    for (const minimum of landscape.minima) putAt(canvas, at(minimum, 0), "★", "head");
  }
  runs.forEach(({ points, values, outcome }, i) => {
    const end = outcome === "diverged" ? "×" : letterOf(i).toUpperCase();
    putAt(canvas, at(points.at(-1)!, values.at(-1)!), end, i);
  });
  putAt(canvas, at(race.start, runs[0]!.values[0]!), "S", "head");
  return withAxes(canvas, paint, x, y, { x: plane.axes[0]!, y: plane.axes[1] ?? `f(${plane.axes[0]!})` });
}

function putAt(canvas: Canvas, [x, y]: readonly [number, number], text: string, role: "head" | number): void {
  if (Number.isFinite(x) && Number.isFinite(y)) canvas.put(Math.round(x), Math.round(y), text, role);
}

/** Fills the canvas with one character per terrace. The first row of the grid is the lowest. */
function shadeTerraces(canvas: Canvas, { columns, rows, values }: Grid, levels: readonly number[]): void {
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      const value = values[j * columns + i]!;
      const terrace = levels.filter((level) => value >= level).length;
      const shade = levels.length === 0 ? 0 : Math.round((terrace / levels.length) * (shades.length - 1));
      canvas.put(i, rows - 1 - j, shades[shade]!, "soft");
    }
  }
}

/** Marks the cells that violate an inequality, and those on both sides of an equality. */
function markOutside(canvas: Canvas, constraint: RaceConstraint, plane: MapPlane): void {
  const isEquality = constraint.low === constraint.high;
  const value = (point: Tensor): Tensor =>
    isEquality ? constraint.value(point).sub(constraint.low) : excessOf(constraint, point);
  markExcess(canvas, sampleGrid({ value }, plane, canvas.columns, canvas.rows), isEquality);
}

/** Marks the cells with a violation above 0; for an equality those where the distance from its target changes its sign. */
function markExcess(canvas: Canvas, { columns, rows, values }: Grid, isEquality: boolean): void {
  const at = (i: number, j: number): number => values[j * columns + i]!;
  for (let j = 0; j < rows; j++)
    for (let i = 0; i < columns; i++) {
      const isMarked = isEquality
        ? (i > 0 && at(i, j) * at(i - 1, j) <= 0) || (j > 0 && at(i, j) * at(i, j - 1) <= 0)
        : at(i, j) > 0;
      if (isMarked) canvas.put(i, rows - 1 - j, isEquality ? "=" : "/", "soft");
    }
}

/** Draws the chart of the values by step. */
function valueLines(race: Race, columns: number, paint: TextPaint): string[] {
  const { label, log, of } = valuesOf(race);
  const first = Math.max(Math.abs(of(race.runs[0]!.values[0]!)), 1e-6);
  const isShown = (h: number): boolean =>
    Number.isFinite(h) && Math.abs(h) <= 1e3 * first && (!log || h > first * 1e-16);
  const series = race.runs.map(({ name, values }) => {
    const shown = values.map((value, t) => [t, of(value)] as const).filter(([, h]) => isShown(h));
    return { name, x: shown.map(([t]) => t), y: shown.map(([, h]) => h), style: "line" as const };
  });
  return plotLines(
    { kind: "lines", title: "", x: { label: "step" }, y: { label, log }, series },
    columns,
    paint,
  );
}

/** Draws the chart of curves of a figure, its legend and its marks. */
function chartLines(figure: PlotFigure, columns: number, paint: TextPaint): string[] {
  const legend = figure.series.map(({ name, colour }, i) => paint(colour ?? i, `${letterOf(i)} ${name}`));
  const marks = (figure.marks ?? []).map(({ x, text }) => `${text}: ${figure.x.label} ${x}`);
  return [...plotLines(figure, columns, paint), legend.join("   "), ...marks];
}

function plotLines(figure: PlotFigure, columns: number, paint: TextPaint): string[] {
  const canvas = makeCanvas(columns - 10, chartRows);
  const all = (axis: "x" | "y"): number[] => figure.series.flatMap((series) => [...series[axis]]);
  const isPositive = (value: number): boolean => value > 0;
  const [xs, ys] = [all("x"), all("y")];
  const x =
    figure.x.log === true ? logScale(...extent(xs.filter(isPositive))) : linearScale(...extent(xs), 5);
  const y = figure.y.log === true && ys.some(isPositive) ? roundLogScale(ys) : roundScale(ys, 4);
  figure.series.forEach((series, i) => {
    const role = series.colour ?? i;
    const spots = series.x.flatMap((at, k): (readonly [number, number])[] => {
      const value = series.y[k]!;
      if (!Number.isFinite(value) || (y.isLog && !(value > 0))) return [];
      return [[x.at(at) * (canvas.columns - 1), (1 - y.at(value)) * (canvas.rows - 1)]];
    });
    if (series.style === "line")
      spots.slice(1).forEach((to, k) => canvas.line(spots[k]!, to, letterOf(i), role));
    else spots.forEach((to) => putAt(canvas, to, letterOf(i), role));
  });
  return withAxes(canvas, paint, x, y, { x: figure.x.label, y: figure.y.label });
}

function sliceLines(slice: LossSlice, columns: number, paint: TextPaint): string[] {
  const { alphas, betas, values, path } = slice;
  const canvas = makeCanvas(columns - 8, mapRows);
  const x = linearScale(alphas[0]!, alphas.at(-1)!, 5);
  const y = linearScale(betas[0]!, betas.at(-1)!, 5);
  const resampledBy = (of: (i: number, j: number) => number): Float64Array =>
    Float64Array.from({ length: canvas.columns * canvas.rows }, (_, k) => {
      const i = ((k % canvas.columns) / (canvas.columns - 1)) * (alphas.length - 1);
      const j = (Math.floor(k / canvas.columns) / (canvas.rows - 1)) * (betas.length - 1);
      return of(Math.round(i), Math.round(j));
    });
  const resampled = resampledBy((i, j) => values[j]![i]!);
  const grid: Grid = { columns: canvas.columns, rows: canvas.rows, values: resampled };
  const low = least(grid);
  shadeTerraces(canvas, grid, levelsAbove(low > 0 ? 0 : low, resampled, "").levels);
  sliceGrids(slice).forEach((excess, k) => {
    const { low: from, high: to } = slice.constraints![k]!;
    markExcess(
      canvas,
      { ...grid, values: resampledBy((i, j) => excess.values[j * alphas.length + i]!) },
      from === to,
    );
  });
  const spots = path.map(
    ({ alpha, beta }) => [x.at(alpha) * (canvas.columns - 1), (1 - y.at(beta)) * (canvas.rows - 1)] as const,
  );
  spots.slice(1).forEach((to, k) => canvas.line(spots[k]!, to, "a", 1));
  if (spots.length > 0) putAt(canvas, spots[0]!, "S", "head");
  putAt(canvas, [x.at(0) * (canvas.columns - 1), (1 - y.at(0)) * (canvas.rows - 1)], "E", "head");
  const kind = slice.directions === "pca" ? "principal direction" : "direction";
  return withAxes(canvas, paint, x, y, { x: `along the first ${kind}`, y: `along the second` });
}
