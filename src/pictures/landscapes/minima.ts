import { refuseExtra } from "../../engine/errors/arguments.ts";
import { tensor } from "../../numeric/array/create.ts";
import { hessian } from "../../engine/transforms/index.ts";
import { minimize } from "../../numeric/optim/index.ts";
import { symmetricEigen } from "./directions.ts";
import type { Interval, Landscape, Point } from "./landscape.ts";
import { distance, isFinitePoint } from "./numbers.ts";

const perAxis = 5;
const mostStarts = 125;

/**
 * The landscape with the minima that searches find from a grid of points over its domain (around its start where it has
 * none): those that are as low as the lowest. One whose minima or lowest value are known is given back as it is, and so is
 * one on which a search falls without end.
 *
 * A minimum between the points of the grid may be missed: what is found is a bound, not a proof.
 *
 * @example
 * const { minima, lowest } = findMinima(defineLandscape("x^4 - 2*x^2 + y^2"));
 * minima.map(([x]) => x.toFixed(3)); // ["-1.000", "1.000"]
 * lowest.toFixed(6); // "-1.000000"
 */
export function findMinima(landscape: Landscape): Landscape {
  if (arguments.length > 1) refuseExtra("findMinima", arguments, 1);
  if (landscape.minima.length > 0 || landscape.lowest !== undefined) return landscape;
  const { value, start } = landscape;
  const domain = landscape.domain ?? start.map((x): Interval => [x - 4, x + 4]);
  const span = Math.max(...domain.map(([from, to]) => to - from));
  const found: { readonly point: Point; readonly height: number }[] = [];
  for (const from of [start, ...gridOver(domain)]) {
    const {
      params,
      value: height,
      converged,
    } = minimize(value, [...from], {
      maxIterations: 200,
      jit: false, // a search is over before a compilation would have paid
    });
    const point = params.tolist() as number[];
    if (height < -1e12 || Number.isNaN(height) || !isFinitePoint(point)) continue;
    const isNear = domain.every(([a, b], i) => point[i]! >= a - span && point[i]! <= b + span);
    if (!converged || !isNear || !curvesUp(value, point)) continue;
    if (!found.some((other) => distance(other.point, point) < 1e-4 * span)) found.push({ point, height });
  }
  const lowest = found.reduce((least, { height }) => Math.min(least, height), Infinity);
  if (lowest === Infinity || isBelow(landscape, domain, lowest)) return landscape;
  const scale = Math.max(1e-9, 1e-7 * Math.abs(lowest));
  const minima = found.filter(({ height }) => height - lowest <= scale).map(({ point }) => point);
  return { ...landscape, minima: minima.sort((a, b) => a[0]! - b[0]!), lowest };
}

/** Points at the middles of the cells of a grid. */
function gridOver(domain: readonly Interval[]): Point[] {
  const n = perAxis ** domain.length > mostStarts ? 2 : perAxis;
  if (n ** domain.length > mostStarts) return [];
  return domain.reduce<Point[]>(
    (points, [from, to]) =>
      points.flatMap((point) =>
        Array.from({ length: n }, (_, i) => [...point, from + ((to - from) * (i + 0.5)) / n]),
      ),
    [[]],
  );
}

/** Whether no direction curves down: else the search has ended on a saddle. */
function curvesUp(value: Landscape["value"], point: Point): boolean {
  const h = hessian(value)(tensor([...point])).tolist() as number[][];
  const size = Math.max(...h.flat().map(Math.abs));
  if (!Number.isFinite(size)) return true; // pointed, as Ackley's
  return symmetricEigen(h).values.at(-1)! >= -1e-6 * size;
}

/** Whether the landscape is lower somewhere at the edge: then it may have no lowest value. */
function isBelow({ value }: Landscape, domain: readonly Interval[], lowest: number): boolean {
  const corners = domain.reduce<Point[]>(
    (points, [from, to]) => points.flatMap((point) => [from, (from + to) / 2, to].map((x) => [...point, x])),
    [[]],
  );
  return corners.length <= 729 && corners.some((corner) => value(tensor([...corner])).item() < lowest - 1e-9);
}
