import { contours } from "d3-contour";
import { geometric, quantile } from "../numbers.ts";
import type { DrawingPoint } from "../../plot/series.ts";

/** Values of a function on a grid, row by row from the lowest y. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly values: Float64Array;
}

/** Values at which contour lines are drawn, and their description. */
export interface ContourLevels {
  readonly levels: readonly number[];
  /** Description of the levels in words. */
  readonly text: string;
}

const count = 14;

/**
 * Returns 14 contour levels whose heights above `base` form a geometric sequence, so that both the bottom of a valley
 * and the walls around it are visible. Empty if the values do not vary above `base`.
 */
export function levelsAbove(base: number, values: ArrayLike<number>, name: string): ContourLevels {
  const heights = finiteSorted(values, (value) => value - base).filter((height) => height > 0);
  const high = quantile(heights, 0.97);
  const low = Math.max(quantile(heights, 0.004), high * 1e-7);
  if (!(high > low)) return { levels: [], text: "" };
  const ratio = (high / low) ** (1 / (count - 1));
  return {
    levels: geometric(low, high, count).map((height) => base + height),
    text: `Contours of ${name}: ${count} from ${short(low)} to ${short(high)}, each ${short(ratio)} times the one before`,
  };
}

/**
 * Returns `centre` and 7 contour levels on each side of it, at geometrically growing distances. Used for saddles. Empty
 * if all values are equal to `centre`.
 */
export function levelsAround(centre: number, values: ArrayLike<number>, name: string): ContourLevels {
  const distances = finiteSorted(values, (value) => Math.abs(value - centre));
  const high = quantile(distances, 0.95);
  if (!(high > 0)) return { levels: [], text: "" };
  const steps = geometric(high / 200, high, count / 2);
  const levels = [...steps.map((d) => centre - d).reverse(), centre, ...steps.map((d) => centre + d)];
  const ratio = 200 ** (1 / (count / 2 - 1));
  return {
    levels,
    text: `Contours of ${name}: ${short(centre)}, and on both sides ${short(high / 200)} to ${short(high)} from it, each ${short(ratio)} times as far as the one before`,
  };
}

function finiteSorted(values: ArrayLike<number>, of: (value: number) => number): Float64Array {
  return Float64Array.from(Array.from(values, of).filter((x) => Number.isFinite(x))).sort();
}

function short(value: number): string {
  const text = Number(value.toPrecision(2));
  return Math.abs(text) >= 1e6 || (text !== 0 && Math.abs(text) < 1e-4)
    ? text.toExponential().replace("e+", "e")
    : text.toLocaleString("en", { maximumSignificantDigits: 2 });
}

/**
 * Refines a grid by the given factor with cubic interpolation, because contours of a coarse grid have corners. Values
 * at the original points are unchanged.
 *
 * @see Catmull, Rom, A class of local interpolating splines, 1974.
 */
export function refined({ columns, rows, values }: Grid, factor: number): Grid {
  const along = (n: number, read: (i: number) => number): number[] =>
    Array.from({ length: (n - 1) * factor + 1 }, (_, k) => {
      const i = Math.min(n - 2, Math.floor(k / factor));
      const t = k / factor - i;
      const [b, c] = [read(i), read(i + 1)];
      const a = i > 0 ? read(i - 1) : 2 * b - c;
      const d = i < n - 2 ? read(i + 2) : 2 * c - b;
      return b + (t / 2) * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
    });
  const wide = Array.from({ length: rows }, (_, j) => along(columns, (i) => values[j * columns + i]!));
  const width = (columns - 1) * factor + 1;
  const tall = Array.from({ length: width }, (_, i) => along(rows, (j) => wide[j]![i]!));
  const height = (rows - 1) * factor + 1;
  return {
    columns: width,
    rows: height,
    values: Float64Array.from({ length: width * height }, (_, k) => tall[k % width]![Math.floor(k / width)]!),
  };
}

/**
 * Returns SVG path data around the regions where the grid is at or above each level, one string per level, in a plot of
 * the given size.
 */
export function contourPaths(
  grid: Grid,
  levels: readonly number[],
  size: { readonly width: number; readonly height: number },
): string[] {
  return contourRings(grid, levels, size, 0.15).map((rings) => rings.map(ringPath).join(""));
}

/**
 * Returns closed lines around the region at or above each level, one list per level, in a plot of the given size with y
 * downwards. Values that are not finite count as the greatest finite value, except −∞.
 *
 * @param tolerance maximum distance of a line from the exact one, in units of the plot
 */
export function contourRings(
  { columns, rows, values }: Grid,
  levels: readonly number[],
  size: { readonly width: number; readonly height: number },
  tolerance: number,
): DrawingPoint[][][] {
  const finite = Array.from(values).filter((value) => Number.isFinite(value));
  const top = finite.reduce((most, value) => Math.max(most, value), -Infinity);
  const filled = Array.from(values, (value) =>
    Number.isFinite(value) ? value : value === -Infinity ? -1e308 : top,
  );
  const make = contours().size([columns, rows]);
  // A sample is at the centre of its cell.
  const x = (i: number): number => ((i - 0.5) / (columns - 1)) * size.width;
  const y = (j: number): number => size.height - ((j - 0.5) / (rows - 1)) * size.height;
  return levels.map((level) =>
    make
      .contour(filled, level)
      .coordinates.flat()
      .map((ring) =>
        simplify(
          ring.map(([i, j]) => [x(i!), y(j!)] as const),
          tolerance,
        ),
      ),
  );
}

/** Writes a closed path with relative coordinates rounded to tenths, which are shorter than absolute ones. */
export function ringPath(ring: readonly DrawingPoint[]): string {
  const tenths = ring.map(([x, y]) => [Math.round(10 * x), Math.round(10 * y)] as const);
  const steps = tenths.map(([x, y], i) => {
    const [fromX, fromY] = tenths[i - 1] ?? [0, 0];
    return `${(x - fromX) / 10},${(y - fromY) / 10}`;
  });
  return `M${steps[0]!}l${steps.slice(1).join(" ")}Z`;
}

/**
 * Simplifies a line: removes points such that each removed point is within `tolerance` of the line that remains.
 *
 * @see Douglas, Peucker, Algorithms for the reduction of the number of points required to represent a digitized line, 1973.
 */
export function simplify(line: readonly DrawingPoint[], tolerance: number): DrawingPoint[] {
  if (line.length < 3) return [...line];
  const keep = new Uint8Array(line.length);
  keep[0] = keep[line.length - 1] = 1;
  const open: (readonly [number, number])[] = [[0, line.length - 1]];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    const [from, to] = part;
    const farthest = farthestFrom(line, from, to, tolerance);
    if (farthest < 0) continue;
    keep[farthest] = 1;
    open.push([from, farthest], [farthest, to]);
  }
  return line.filter((_, i) => keep[i] === 1);
}

/**
 * Returns the index of the point between the points `from` and `to` that is farthest from the segment between these
 * two; −1 if all are within `tolerance`.
 */
function farthestFrom(line: readonly DrawingPoint[], from: number, to: number, tolerance: number): number {
  const [x0, y0] = line[from]!;
  const [dx, dy] = [line[to]![0] - x0, line[to]![1] - y0];
  const squared = dx * dx + dy * dy;
  let farthest = -1;
  let most = tolerance * tolerance;
  for (let i = from + 1; i < to; i++) {
    const [x, y] = [line[i]![0] - x0, line[i]![1] - y0];
    const t = squared === 0 ? 0 : Math.min(1, Math.max(0, (x * dx + y * dy) / squared));
    const distance = (x - t * dx) ** 2 + (y - t * dy) ** 2;
    if (distance > most) [farthest, most] = [i, distance];
  }
  return farthest;
}
