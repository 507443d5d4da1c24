import { tensor } from "../../../numeric/array/create.ts";
import { add, mul } from "../../../numeric/array/elementwise.ts";
import { expandDims } from "../../../numeric/array/shape.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { makeJitted as jit } from "../../../engine/runtime/jitted.ts";
import { vmap } from "../../../engine/transforms/index.ts";
import { dot, principalDirections } from "../directions.ts";
import type { Interval, Landscape, Point } from "../landscape.ts";
import { isFinitePoint } from "../numbers.ts";
import type { Race } from "../race.ts";
import type { Grid } from "./contours.ts";

/** The line or plane of a landscape that a map shows, and its extent. */
export interface MapPlane {
  /** Names of the axes; one name for a line. */
  readonly axes: readonly string[];
  readonly domain: readonly Interval[];
  /** Maps a point of the landscape to its coordinates in the plane. */
  readonly place: (point: Point) => Point;
  /** Maps coordinates in the plane to a point of the landscape. */
  readonly pointAt: (place: Tensor) => Tensor;
  /** Maps a vector, such as a gradient, to its components along the axes. */
  readonly across: (vector: Point) => Point;
}

/**
 * Returns the plane in which a race is shown. For up to two coordinates, it is that of the landscape. Otherwise it is
 * the plane of the two principal directions of the runs. That plane contains the first known minimum, or else the end
 * of the first run that did not diverge (of the first run, if all did).
 */
export function planeOf(race: Race): MapPlane {
  const { landscape } = race;
  const n = landscape.coordinates.length;
  if (n > 2) return principalPlane(race);
  const domain = landscape.domain ?? fitted(race, (point) => point, n);
  return {
    axes: landscape.coordinates,
    domain: containing(domain, race.start),
    place: (p) => p,
    pointAt: (p) => p,
    across: (v) => v,
  };
}

function principalPlane(race: Race): MapPlane {
  const ends = race.runs.find(({ outcome }) => outcome !== "diverged") ?? race.runs[0]!;
  const centre = Float64Array.from(race.landscape.minima[0] ?? ends.points.at(-1)!);
  const path = thinned(
    race.runs.flatMap((run) => sane(race, run.points, run.values)),
    120,
  );
  const { directions } = principalDirections(
    path.map((point) => Float64Array.from(point)),
    centre,
  );
  const place = (point: Point): Point => {
    const d = Float64Array.from(point, (x, i) => x - centre[i]!);
    return directions.map((u) => dot(u, d));
  };
  const [u, v] = directions.map((direction) => tensor(direction));
  const origin = tensor(centre);
  return {
    axes: ["first principal direction", "second principal direction"],
    domain: fitted(race, place, 2),
    place,
    across: (vector) => directions.map((d) => dot(d, Float64Array.from(vector))),
    pointAt: (p) => add(origin, add(mul(u!, p.at(0)), mul(v!, p.at(1)))),
  };
}

/**
 * Returns the finite points of a run before the step at which its value is far above that of its start (for an
 * unbounded landscape, also far below).
 */
function sane({ lowest }: Race, points: readonly Point[], values: readonly number[]): Point[] {
  const floor = Number.isFinite(lowest) ? lowest : Math.min(values[0]!, 0);
  const limit = floor + 4 * Math.max(values[0]! - floor, Math.abs(values[0]!) * 0.5, 1e-9);
  const end = values.findIndex((value) => Math.abs(value - floor) > limit - floor);
  return points.slice(0, end < 0 ? undefined : Math.max(1, end)).filter(isFinitePoint);
}

function thinned<T>(list: readonly T[], most: number): T[] {
  const every = Math.max(1, Math.ceil(list.length / most));
  return list.filter((_, i) => i % every === 0);
}

/**
 * Returns the bounding box, with a margin, of the start, the minima and the points of all runs, as `place` maps them to
 * the plane.
 */
function fitted(race: Race, place: (point: Point) => Point, n: number): Interval[] {
  const seen = [
    race.start,
    ...race.landscape.minima,
    ...race.runs.flatMap(({ points, values }) => sane(race, points, values)),
  ].map(place);
  const spans = Array.from({ length: n }, (_, i): Interval => {
    const all = seen.map((p) => p[i]!);
    return [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
  });
  const largest = Math.max(...spans.map(([from, to]) => to - from)) || 1;
  return spans.map(([from, to]) => {
    const half = Math.max((n === 1 ? 1 : 0.62) * (to - from), 0.3 * largest);
    const middle = (from + to) / 2;
    return [middle - half, middle + half];
  });
}

/** Extends the domain, with a margin, to contain the start. */
function containing(domain: readonly Interval[], start: Point): Interval[] {
  return domain.map(([from, to], i) => {
    const margin = 0.08 * (to - from);
    const x = start[i]!;
    return [x < from ? x - margin : from, x > to ? x + margin : to];
  });
}

/** Evaluates the landscape on a grid over a plane, with all points in one call. */
export function sampleGrid(
  { value }: Pick<Landscape, "value">,
  { domain, pointAt }: Pick<MapPlane, "domain" | "pointAt">,
  columns: number,
  rows: number,
): Grid {
  const [[x0, x1], [y0, y1]] = domain as readonly [Interval, Interval];
  const places = new Float64Array(2 * columns * rows);
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      places[2 * (j * columns + i)] = x0 + ((x1 - x0) * i) / (columns - 1);
      places[2 * (j * columns + i) + 1] = y0 + ((y1 - y0) * j) / (rows - 1);
    }
  }
  const all = jit(vmap((p: Tensor) => value(pointAt(p))));
  const heights = all(tensor(places, { shape: [columns * rows, 2] })).tolist() as number[];
  return { columns, rows, values: Float64Array.from(heights) };
}

/** Evaluates a landscape of one coordinate at equally spaced points. Returns the points and the values. */
export function sampleLine(
  { value }: Pick<Landscape, "value">,
  [from, to]: Interval,
  count: number,
): readonly [number[], number[]] {
  const xs = Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));
  const all = jit(vmap((x: Tensor) => value(expandDims(x, 0))));
  return [xs, all(tensor(xs)).tolist() as number[]];
}
