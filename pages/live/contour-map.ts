// The contours of a function of two numbers over a box, made once for a formula and a box.
import {
  contourRings,
  type Grid,
  levelsAbove,
  levelsAround,
} from "../../src/pictures/landscapes/draw/contours.ts";
import type { DrawingPoint } from "../../src/pictures/plot/series.ts";
import { sampleGrid } from "../../src/pictures/landscapes/draw/plane.ts";
import type { Interval, Landscape } from "../../src/pictures/landscapes/landscape.ts";

/** From where to where a map goes, along x and along y. */
export type MapBox = readonly [x: Interval, y: Interval];

/** The contours of a function over a box. */
export interface ContourMap {
  /** The names of the two coordinates. */
  readonly axes: readonly [string, string];
  readonly box: MapBox;
  /** A path a level, from low to high, around all that is as high or higher; in a plot of `contourSize`. */
  readonly paths: readonly string[];
  /** The levels as a bar of colours shows them. */
  readonly labels: readonly string[];
  /** What the labels are: the function, or its height above its lowest value. */
  readonly quantity: string;
}

/** The size of the plot that paths are made for, in units that a drawing scales. */
export const contourSize = { width: 600, height: 450 } as const;

/** What a map is made of; a `Landscape` is one. */
export type Mapped = Pick<Landscape, "value" | "coordinates" | "saddles" | "lowest">;

const kept = new Map<string, ContourMap>();
const mostKept = 24; // maps; one has some 30 KB of paths

/**
 * The contours of a function of two numbers.
 *
 * @param key names the function: maps are kept by it and the box
 * @param across points of the grid from side to side; fewer are made faster, and lose narrow valleys
 */
export function contourMap(key: string, mapped: Mapped, box: MapBox, across = 200): ContourMap {
  const name = JSON.stringify([key, box, across]);
  const found = kept.get(name) ?? makeMap(mapped, box, across);
  kept.delete(name);
  kept.set(name, found); // the last used is the last to go
  for (const oldest of kept.keys()) {
    if (kept.size <= mostKept) break;
    kept.delete(oldest);
  }
  return found;
}

function makeMap(mapped: Mapped, box: MapBox, across: number): ContourMap {
  const { coordinates, lowest } = mapped;
  const rows = Math.round((across * contourSize.height) / contourSize.width);
  const plane = { axes: coordinates, domain: box, place: identity, pointAt: identity };
  const grid = sampleGrid(mapped, plane, across, rows);
  const axes = [coordinates[0]!, coordinates[1]!] as const;
  if (lowest === -Infinity) return drawnMap(axes, box, grid, centreOf(mapped, grid), false);
  return drawnMap(axes, box, grid, Math.min(lowest ?? floorOf(grid), least(grid)), true);
}

/**
 * The contours of values on a grid over a box, whose rows go upwards from the lowest y: of a function that is not computed here.
 *
 * @param base what levels are counted from
 */
export function gridMap(
  axes: readonly [string, string],
  box: MapBox,
  grid: Grid,
  base = least(grid),
): ContourMap {
  return drawnMap(axes, box, grid, base, true);
}

function drawnMap(
  axes: readonly [string, string],
  box: MapBox,
  grid: Grid,
  base: number,
  isBounded: boolean,
): ContourMap {
  const quantity = !isBounded || base === 0 ? "f" : "f above its lowest";
  const { levels } = isBounded
    ? levelsAbove(base, grid.values, quantity)
    : levelsAround(base, grid.values, quantity);
  return {
    axes,
    box,
    paths: contourRings(grid, levels, contourSize, tolerance).map((rings) => rings.map(ringPath).join("")),
    labels: levels.map((level) => labelOf(isBounded ? level - base : level)),
    quantity,
  };
}

const tolerance = 0.4; // units of the plot: what is nearer is not seen, and pages hold these paths

/** A closed line by its steps: shorter than by its places. */
function ringPath(ring: readonly DrawingPoint[]): string {
  const tenths = ring.map(([x, y]) => [Math.round(10 * x), Math.round(10 * y)] as const);
  const [x0, y0] = tenths[0]!;
  const steps = tenths.slice(1).map(([x, y], i) => `${(x - tenths[i]![0]) / 10},${(y - tenths[i]![1]) / 10}`);
  return `M${x0 / 10},${y0 / 10}l${steps.join(" ")}Z`;
}

function identity<T>(point: T): T {
  return point;
}

function least({ values }: Grid): number {
  return values.reduce((low, value) => (value < low ? value : low), Infinity);
}

const nearZero = 1e-3; // of the highest: a function that is nowhere below 0 and comes so near it likely reaches it between the points

/** What is taken for the lowest height of a function of which none is known. */
function floorOf(grid: Grid): number {
  const lowest = least(grid);
  const highest = grid.values.reduce((high, value) => (value > high ? value : high), -Infinity);
  return lowest >= 0 && lowest <= nearZero * highest ? 0 : lowest;
}

/** The height that contours lie on both sides of: that of a saddle, else the middle one. */
function centreOf({ value, coordinates, saddles }: Mapped, grid: Grid): number {
  const [saddle] = saddles;
  if (saddle === undefined) {
    const sorted = grid.values.filter((height) => Number.isFinite(height)).sort();
    return sorted[sorted.length >> 1] ?? 0;
  }
  const here = {
    axes: coordinates,
    domain: saddle.map((x) => [x, x] as const),
    place: identity,
    pointAt: identity,
  };
  return sampleGrid({ value }, here, 2, 2).values[0]!;
}

function labelOf(height: number): string {
  const text =
    Math.abs(height) >= 1e5 || (height !== 0 && Math.abs(height) < 1e-3)
      ? height.toExponential(0).replace("e+", "e")
      : String(Number(height.toPrecision(2)));
  return text.replaceAll("-", "−");
}
