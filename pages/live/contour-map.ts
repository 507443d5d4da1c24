// Contours of a function of two numbers over a box, cached by formula and box.
import {
  contourRings,
  type Grid,
  levelsAbove,
  levelsAround,
} from "../../src/pictures/landscapes/draw/contours.ts";
import type { DrawingPoint } from "../../src/pictures/plot/series.ts";
import { sampleGrid } from "../../src/pictures/landscapes/draw/plane.ts";
import type { Interval, Landscape } from "../../src/pictures/landscapes/landscape.ts";

/** Extent of a map along x and y. */
export type MapBox = readonly [x: Interval, y: Interval];

/** Contours of a function over a box. */
export interface ContourMap {
  /** Names of the two coordinates. */
  readonly axes: readonly [string, string];
  readonly box: MapBox;
  /** SVG paths, one per level from low to high, around the region at or above the level, in a plot of `contourSize`. */
  readonly paths: readonly string[];
  /** Labels of the levels in the colour bar. */
  readonly labels: readonly string[];
  /** Quantity of the labels: the function, or its height above its lowest value. */
  readonly quantity: string;
}

/** Size of the plot of the paths, in units that a drawing scales. */
export const contourSize = { width: 600, height: 450 } as const;

/** The function of a map. A `Landscape` satisfies this type. */
export type Mapped = Pick<Landscape, "value" | "coordinates" | "saddles" | "lowest">;

const kept = new Map<string, ContourMap>();
const mostKept = 24; // number of cached maps; each has about 30 KB of paths

/**
 * Computes the contours of a function of two numbers.
 *
 * @param key identifies the function; maps are cached by key and box
 * @param across number of grid points along x; fewer are faster to compute but miss narrow valleys
 */
export function contourMap(key: string, mapped: Mapped, box: MapBox, across = 200): ContourMap {
  const name = JSON.stringify([key, box, across]);
  const found = kept.get(name) ?? makeMap(mapped, box, across);
  kept.delete(name);
  kept.set(name, found); // moves the map to the end, so that the least recently used one is removed first
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
 * Contours of given values on a grid over a box, with rows upwards from the lowest y.
 *
 * @param base reference height of the levels
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

const tolerance = 0.4; // units of the plot; smaller details are invisible, and would enlarge the pages

/** Path data of a closed line with relative coordinates, which are shorter than absolute ones. */
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

const nearZero = 1e-3; // fraction of the maximum; a nonnegative function this close to 0 probably reaches 0 between grid points

/** Reference height of a function without known lowest value: 0 if its minimum is close to 0, else its minimum. */
function floorOf(grid: Grid): number {
  const lowest = least(grid);
  const highest = grid.values.reduce((high, value) => (value > high ? value : high), -Infinity);
  return lowest >= 0 && lowest <= nearZero * highest ? 0 : lowest;
}

/** Central height of contours on both sides: the height of the first saddle, or else the median. */
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
