import { marksFor } from "../../plot/at-widths.ts";
import { type Box, drawAxes, edges } from "../../plot/axes.ts";
import { cross, markerPath, round, star } from "../../plot/markers.ts";
import { element, type Markup } from "../../plot/markup.ts";
import { runClass } from "../../plot/palette.ts";
import { linearScale, type AxisScale } from "../../plot/scale.ts";
import { lineOf, type DrawingPoint } from "../../plot/series.ts";
import type { LossSlice } from "../loss-slice.ts";
import type { Race, RaceRun } from "../race.ts";
import {
  contourPaths,
  type Grid,
  levelsAbove,
  levelsAround,
  type ContourLevels,
  refined,
} from "./contours.ts";
import { leastDistance } from "./thin-trail.ts";
import {
  drawForces,
  drawNames,
  drawRegion,
  type NamedLimit,
  outlineOf,
  type RegionPaths,
  regionPaths,
} from "./region.ts";
import { type MapPlane, planeOf, sampleGrid, sampleLine } from "./plane.ts";

/** Vertices (`spots`) of the drawn path of a run, with the step of each vertex. */
export interface Trail {
  readonly steps: readonly number[];
  readonly spots: readonly DrawingPoint[];
  /**
   * Point where the path leaves the drawing for the last time. Undefined if the path ends inside, or is never inside.
   */
  readonly exit: DrawingPoint | undefined;
  /** Index of the last vertex inside the drawing; -1 if there is no such vertex. */
  readonly lastInside: number;
}

/** A map with the trails of its runs. */
export interface RaceMap {
  readonly markup: readonly Markup[];
  readonly trails: readonly Trail[];
  readonly caption: string;
}

/** Colour index of a training path in a slice. This colour contrasts with the terraces. */
export const pathRun = 1;

const gridSize = 400; // grid points across; on fewer, narrow valleys break into beads
const sliceSize = 150;
const mostDots = 80; // steps; longer runs have no dot per step

/** Contours of a map, computed once for all drawn sizes. */
export interface ContourPaths {
  /** SVG path data of the contours, one entry per level, in a plot of size `hillSize`. */
  readonly paths: readonly string[];
  /** Description of the levels in words. */
  readonly text: string;
}

const hillSize = { width: 524, height: 432 };

/** View of a race: the plane shown, and the contours below the runs. */
export interface RaceScene {
  readonly plane: MapPlane;
  /** Undefined for a landscape with one coordinate. */
  readonly hills: ContourPaths | undefined;
  /** Outlines of the constraints, if the race has some. */
  readonly region?: RegionPaths;
}

export function sceneOf(race: Race): RaceScene {
  const plane = planeOf(race);
  if (plane.axes.length === 1) return { plane, hills: undefined };
  const { landscape } = race;
  const rows = Math.max(2, Math.round((gridSize * hillSize.height) / hillSize.width));
  const grid = sampleGrid(landscape, plane, gridSize, rows);
  const levels =
    landscape.lowest === -Infinity
      ? levelsAround(centreOf(race, grid), grid.values, "f")
      : levelsAbove(Math.min(race.lowest, least(grid)), grid.values, "f − f*");
  const { region } = race;
  return {
    plane,
    hills: hillsOf(grid, levels),
    ...(region === undefined ? {} : { region: regionPaths(region, plane, hillSize) }),
  };
}

function hillsOf(grid: Grid, { levels, text }: ContourLevels): ContourPaths {
  return { paths: contourPaths(grid, levels, hillSize).filter((d) => d !== ""), text };
}

/** Draws the runs of a race over the contours of its landscape, or over its graph if it has one coordinate. */
export function drawRaceMap(race: Race, { plane, hills, region }: RaceScene, box: Box, id: string): RaceMap {
  return hills === undefined
    ? drawLineMap(race, plane, box, id)
    : drawPlaneMap(race, plane, hills, region, box, id);
}

function drawPlaneMap(
  race: Race,
  plane: MapPlane,
  contours: ContourPaths,
  paths: RegionPaths | undefined,
  box: Box,
  id: string,
): RaceMap {
  const { landscape } = race;
  const [horizontal, vertical] = plane.domain;
  const x = linearScale(horizontal![0], horizontal![1], marksFor(box.width, 6));
  const y = linearScale(vertical![0], vertical![1], 6);
  const spot = placer(box, x, y);
  const at = (point: readonly number[]): DrawingPoint => {
    const [px, py] = plane.place(point);
    return spot(px!, py!);
  };
  const trails = race.runs.map((run) => trailOf(run.points.map(at), box, lostFrom(run)));
  const { region } = race;
  const isShown = paths !== undefined && region !== undefined;
  const { clip, hills } = drawHills(contours, box, id, isShown ? drawRegion(paths, region.constraints) : []);
  // forces are derivatives by the coordinates of the plane, and so by pixels
  const toPixels = (force: readonly number[]): DrawingPoint => {
    const [a, b] = plane.across(force);
    const [fx, fy] = [horizontal![1] - horizontal![0], vertical![1] - vertical![0]];
    return [(a! * fx) / box.width, (-b! * fy) / box.height];
  };
  return {
    markup: [
      clip,
      ...drawAxes(box, x, y, { x: { label: plane.axes[0]! }, y: { label: plane.axes[1]! } }, false),
      hills,
      frame(box),
      ...(plane.axes.length === landscape.coordinates.length
        ? landscape.saddles.map((point) => drawSaddle(at(point), box))
        : []),
      ...landscape.minima.map((point) => drawMinimum(at(point), box)),
      element(
        "g",
        { "clip-path": `url(#${id}-clip)` },
        ...trails.map((trail, i) => drawTrail(trail, i, race.runs[i]!)),
      ),
      drawStart(at(race.start), trails),
      ...trails.map((trail, i) => drawHead(trail, i, race.runs[i]!)),
      ...(isShown
        ? [
            ...drawForces(region, at(region.result), toPixels),
            ...drawNames(paths, region.constraints, at(region.result), box),
          ]
        : []),
    ],
    trails,
    caption: contours.text,
  };
}

/** Draws a landscape with one coordinate as a curve, with the runs on it. */
function drawLineMap(race: Race, { axes, domain, place }: MapPlane, box: Box, id: string): RaceMap {
  const { landscape } = race;
  const [xs, ys] = sampleLine(landscape, domain[0]!, 400);
  const finite = ys.filter((value) => Number.isFinite(value));
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const margin = 0.06 * (high - low || 1);
  const x = linearScale(domain[0]![0], domain[0]![1], marksFor(box.width, 6));
  const y = linearScale(low - margin, high + margin, 6);
  const spot = placer(box, x, y);
  const trails = race.runs.map(({ points, values, outcome }) =>
    trailOf(
      points.map((point, t) => spot(place(point)[0]!, values[t]!)),
      box,
      lostFrom({ values, outcome }),
    ),
  );
  const curve = xs.map((at, i) => spot(at, ys[i]!)).filter((s) => s.every((n) => Number.isFinite(n)));
  const height = (point: readonly number[]): number => ys[nearest(xs, point[0]!)]!;
  return {
    markup: [
      clipOf(box, id),
      ...drawAxes(box, x, y, { x: { label: axes[0]! }, y: { label: `f(${axes[0]!})` } }, true),
      frame(box),
      element("path", { class: "level bold", "clip-path": `url(#${id}-clip)`, d: lineOf(curve) }),
      ...landscape.minima.map((point) => drawMinimum(spot(point[0]!, height(point)), box)),
      element(
        "g",
        { "clip-path": `url(#${id}-clip)` },
        ...trails.map((trail, i) => drawTrail(trail, i, race.runs[i]!)),
      ),
      drawStart(spot(race.start[0]!, race.runs[0]!.values[0]!), trails),
      ...trails.map((trail, i) => drawHead(trail, i, race.runs[i]!)),
    ],
    trails,
    caption: "",
  };
}

/** Computes the contours of a loss slice. */
export function sliceHills(slice: LossSlice): ContourPaths {
  const { alphas, betas, values } = slice;
  const grid: Grid = {
    columns: alphas.length,
    rows: betas.length,
    values: Float64Array.from(values.flat()),
  };
  const low = least(grid);
  const levels = levelsAbove(
    low > 0 ? 0 : low,
    grid.values,
    low > 0 ? "the loss" : "the loss above its least",
  );
  return hillsOf(refined(grid, sliceFactor(slice)), levels);
}

/** Factor by which the grid of a slice is refined. */
function sliceFactor({ alphas }: LossSlice): number {
  return Math.max(1, Math.ceil(sliceSize / alphas.length));
}

/** Multipliers below this one are those of constraints that are not active. */
const leastMultiplier = 1e-6;

/** The constraints of a slice: their names, and multipliers if these are known and not 0. */
function sliceLimits({ constraints = [] }: LossSlice): (NamedLimit & { readonly isEquality: boolean })[] {
  return constraints.map(({ name, low, high, multiplier = 0 }) => ({
    name,
    multiplier,
    isEquality: low === high,
    isActive: Math.abs(multiplier) > leastMultiplier,
  }));
}

/** Violations of the constraints of a slice on its grid; for an equality the distances from its target. */
export function sliceGrids({ alphas, betas, constraints = [] }: LossSlice): Grid[] {
  return constraints.map(({ low, high, values }) => ({
    columns: alphas.length,
    rows: betas.length,
    values: Float64Array.from(values.flat(), (value) =>
      low === high ? value - low : Math.max(value - high, low - value),
    ),
  }));
}

/** Draws a loss slice with the path of its training run. */
export function drawSliceMap(slice: LossSlice, contours: ContourPaths, box: Box, id: string): RaceMap {
  const { alphas, betas, path, explained } = slice;
  const x = linearScale(alphas[0]!, alphas.at(-1)!, marksFor(box.width, 6));
  const y = linearScale(betas[0]!, betas.at(-1)!, 6);
  const spot = placer(box, x, y);
  const part = (k: 0 | 1): string =>
    explained === undefined ? "" : ` (${(explained[k] * 100).toFixed(1)} % of the variance of the path)`;
  const trail = trailOf(
    path.map(({ alpha, beta }) => spot(alpha, beta)),
    box,
    Infinity,
  );
  const limits = sliceLimits(slice);
  const paths: RegionPaths = {
    outlines: sliceGrids(slice).map((grid, k) =>
      outlineOf(refined(grid, sliceFactor(slice)), limits[k]!.isEquality, hillSize),
    ),
  };
  const { clip, hills } = drawHills(contours, box, id, drawRegion(paths, limits));
  const kind = slice.directions === "pca" ? "principal direction" : "direction";
  const run = { name: "training", outcome: "under-way", points: path } as const;
  return {
    markup: [
      clip,
      ...drawAxes(
        box,
        x,
        y,
        { x: { label: `along the first ${kind}${part(0)}` }, y: { label: `along the second${part(1)}` } },
        false,
      ),
      hills,
      frame(box),
      ...(path.length === 0
        ? []
        : [
            element("g", { "clip-path": `url(#${id}-clip)` }, drawTrail(trail, pathRun, run)),
            drawStart(spot(path[0]!.alpha, path[0]!.beta), [trail]),
            drawHead(trail, pathRun, run),
          ]),
      drawEnd(spot(0, 0), trail),
      ...drawNames(paths, limits, spot(0, 0), box),
    ],
    trails: path.length === 0 ? [] : [trail],
    caption: sliceCaption(contours, slice),
  };
}

/** Returns the caption of the map of a loss slice; empty if it has neither contours nor constraints. */
export function sliceCaption({ text }: ContourPaths, { constraints = [] }: LossSlice): string {
  const parts = [text, constraints.length === 0 ? "" : "Shaded: infeasible"];
  return parts
    .filter((part) => part !== "")
    .map((part) => `${part}.`)
    .join(" ");
}

function placer(
  { x: left, y: top, width, height }: Box,
  x: AxisScale,
  y: AxisScale,
): (x: number, y: number) => DrawingPoint {
  return (a, b) => [left + x.at(a) * width, top + height - y.at(b) * height];
}

/**
 * Returns the central level for the contours of an unbounded landscape: the value at its first saddle, or the median of
 * the finite values of the grid.
 */
export function centreOf({ landscape }: Race, grid: Grid): number {
  const sorted = Float64Array.from(grid.values.filter((value) => Number.isFinite(value))).sort();
  return landscape.saddles.length > 0
    ? valueAt(landscape, landscape.saddles[0]!)
    : sorted[sorted.length >> 1]!;
}

function valueAt({ value }: Race["landscape"], point: readonly number[]): number {
  return sampleGrid({ value }, { domain: point.map((x) => [x, x] as const), pointAt: (p) => p }, 2, 2)
    .values[0]!;
}

/** Returns the lowest value of a grid. */
export function least({ values }: Grid): number {
  return values.reduce((low, value) => (value < low ? value : low), Infinity);
}

function nearest(xs: readonly number[], x: number): number {
  return xs.reduce((best, value, i) => (Math.abs(value - x) < Math.abs(xs[best]! - x) ? i : best), 0);
}

function clipOf({ x, y, width, height }: Box, id: string): Markup {
  return element("clipPath", { id: `${id}-clip` }, element("rect", { x, y, width, height }));
}

function frame({ x, y, width, height }: Box): Markup {
  return element("rect", { class: "frame", x, y, width, height });
}

/**
 * Draws the regions between contour levels, with contour lines, and then the elements `over` in the same coordinates.
 * Higher regions are darker in light mode and lighter in dark mode.
 */
function drawHills(
  { paths }: ContourPaths,
  box: Box,
  id: string,
  over: readonly Markup[] = [],
): { readonly clip: Markup; readonly hills: Markup } {
  const scale = `${box.width / hillSize.width} ${box.height / hillSize.height}`;
  return {
    clip: clipOf(box, id),
    hills: element(
      "g",
      { "clip-path": `url(#${id}-clip)` },
      element(
        "g",
        { transform: `translate(${box.x} ${box.y}) scale(${scale})` },
        ...paths.flatMap((d) => [
          element("path", { class: "hill", "fill-rule": "evenodd", d }),
          element("path", { class: "level", d }),
        ]),
        ...over,
      ),
    ),
  };
}

/**
 * Returns the last step at which a diverged run is not above its start; `Infinity` for other runs. The steps after it
 * are drawn only until the path leaves the drawing.
 */
export function lostFrom({ values, outcome }: Pick<RaceRun, "values" | "outcome">): number {
  return outcome === "diverged" ? values.findLastIndex((value) => value <= values[0]!) : Infinity;
}

/**
 * Computes the vertices of a path. Vertices too close to the previous one are omitted. The path is cut far outside the
 * drawing, and after step `lost` as soon as it is outside.
 */
function trailOf(all: readonly DrawingPoint[], box: Box, lost: number): Trail {
  const { left, right, top, bottom } = edges(box);
  const isIn = ([x, y]: DrawingPoint): boolean => x >= left && x <= right && y >= top && y <= bottom;
  const far = 3 * (box.width + box.height);
  const steps: number[] = [];
  const spots: DrawingPoint[] = [];
  for (const [t, spot] of all.entries()) {
    const before = spots.at(-1);
    const isLast = t === all.length - 1;
    const isNear =
      before !== undefined &&
      Math.hypot(spot[0] - before[0], spot[1] - before[1]) < leastDistance(spots.length);
    if (isNear && !isLast) continue;
    const d = Math.hypot(spot[0] - left, spot[1] - top);
    const isFar = !(d <= far);
    steps.push(t);
    spots.push(isFar ? towards(before ?? [left, top], spot, far) : spot);
    if (isFar || (t >= lost && !isIn(spot))) break;
  }
  const last = spots.findLastIndex(isIn);
  const exit =
    last >= 0 && last < spots.length - 1 ? crossing(spots[last]!, spots[last + 1]!, box) : undefined;
  return { steps, spots, exit, lastInside: last };
}

/**
 * Returns the point at distance `length` from the first point in the direction of `to`. If `to` is not finite, the
 * signs of its coordinates determine the direction.
 */
function towards([x, y]: DrawingPoint, to: DrawingPoint, length: number): DrawingPoint {
  const [dx, dy] = [to[0] - x, to[1] - y];
  const d = Math.hypot(dx, dy);
  if (!Number.isFinite(d) || d === 0) {
    const [sx, sy] = [Math.sign(dx) || 0, Math.sign(dy) || 0];
    return [x + sx * length, y + sy * length];
  }
  return [x + (dx / d) * length, y + (dy / d) * length];
}

/** Returns the point where a segment from inside a box to outside crosses its edge. */
function crossing([x0, y0]: DrawingPoint, [x1, y1]: DrawingPoint, box: Box): DrawingPoint {
  const { left, right, top, bottom } = edges(box);
  const parts = [
    ...(x1 < left ? [(left - x0) / (x1 - x0)] : []),
    ...(x1 > right ? [(right - x0) / (x1 - x0)] : []),
    ...(y1 < top ? [(top - y0) / (y1 - y0)] : []),
    ...(y1 > bottom ? [(bottom - y0) / (y1 - y0)] : []),
  ];
  const t = Math.min(1, ...parts);
  return [x0 + t * (x1 - x0), y0 + t * (y1 - y0)];
}

function drawTrail(
  { spots, steps }: Trail,
  i: number,
  { points }: { readonly points: readonly unknown[] },
): Markup {
  const d = lineOf(spots);
  const hasDots = points.length <= mostDots && steps.length > 1;
  return element(
    "g",
    { class: runClass(i), "data-run": i },
    element("path", { class: "halo", d }),
    element("path", { class: "trail", d }),
    ...(hasDots
      ? [
          element("path", {
            class: "dot",
            d: spots.map(([x, y]) => `M${round(x - 2)},${round(y)}a2,2 0 1,0 4,0a2,2 0 1,0 -4,0`).join(""),
          }),
        ]
      : []),
  );
}

/**
 * Draws the end of a run: its marker, or a cross for a diverged run, at its last point or where it left the drawing.
 */
function drawHead(trail: Trail, i: number, { name, outcome }: Pick<RaceRun, "name" | "outcome">): Markup {
  const [x, y] = trail.exit ?? trail.spots.at(-1)!;
  const isLost = outcome === "diverged";
  return element(
    "g",
    {
      class: `head ${isLost ? "is-lost " : ""}${runClass(i)}`,
      "data-run": i,
      transform: `translate(${round(x)} ${round(y)})`,
    },
    element("title", {}, isLost ? `${name}: diverged` : name),
    element("path", { class: "marker", d: markerPath(i, 5.5) }),
    ...(isLost
      ? [
          element("path", { class: "lost-halo", d: cross(6) }),
          element("path", { class: "lost", d: cross(6) }),
        ]
      : []),
  );
}

/** Draws the start. Its label is on the side away from the runs. */
function drawStart([x, y]: DrawingPoint, trails: readonly Trail[]): Markup {
  const rise = trails.reduce(
    (sum, { spots }) => sum + y - (spots[Math.min(3, spots.length - 1)]?.[1] ?? y),
    0,
  );
  return element(
    "g",
    { class: "begin", transform: `translate(${round(x)} ${round(y)})` },
    element("circle", { class: "start", r: 5 }),
    element("text", { class: "note", x: 0, y: rise > 0 ? 19 : -11, "text-anchor": "middle" }, "start"),
  );
}

/** Draws the end of a training path. Its label is on the side away from the path. */
function drawEnd([x, y]: DrawingPoint, { spots }: Trail): Markup {
  const before = spots.at(-2) ?? [x, y];
  return element(
    "g",
    { class: "begin", transform: `translate(${round(x)} ${round(y)})` },
    element("circle", { class: "end", r: 5 }),
    element("text", { class: "note", x: 0, y: before[1] < y ? 19 : -11, "text-anchor": "middle" }, "end"),
  );
}

function drawMinimum([x, y]: DrawingPoint, box: Box): Markup {
  if (!isInBox([x, y], box)) return element("g", {});
  return element(
    "g",
    { transform: `translate(${round(x)} ${round(y)})` },
    element("title", {}, "minimum"),
    element("path", { class: "goal", d: star(5, 12, 0.42) }),
  );
}

function drawSaddle([x, y]: DrawingPoint, box: Box): Markup {
  if (!isInBox([x, y], box)) return element("g", {});
  return element(
    "g",
    { transform: `translate(${round(x)} ${round(y)})` },
    element("title", {}, "saddle"),
    element("path", { class: "saddle", d: "M-7,-4Q0,6 7,-4" }),
  );
}

function isInBox([x, y]: DrawingPoint, box: Box): boolean {
  const { left, right, top, bottom } = edges(box);
  return x >= left && x <= right && y >= top && y <= bottom;
}
