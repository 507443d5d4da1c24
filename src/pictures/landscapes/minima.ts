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
 * Searches for minima from a grid of points over the domain (or around the start if there is no domain) and returns the
 * landscape with the lowest minima found. Returns the landscape unchanged if its minima or lowest value are known, if
 * no minimum is found, or if the function is lower somewhere at the edge of the domain.
 *
 * A minimum between grid points may be missed, so the result is a bound, not a proof.
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
      jit: false, // the search is too short for compilation to pay off
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

/**
 * Returns the centres of the cells of a grid over the domain: 5 per axis, or 2 if these would be more than 125 points.
 * Empty if even 2 per axis would be more.
 */
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

/**
 * True if the Hessian at a point is positive semidefinite, up to rounding, or not finite. Otherwise the search ended on
 * a saddle.
 */
function curvesUp(value: Landscape["value"], point: Point): boolean {
  const h = hessian(value)(tensor([...point])).tolist() as number[][];
  const size = Math.max(...h.flat().map(Math.abs));
  if (!Number.isFinite(size)) return true; // not differentiable at the minimum, as in Ackley's function
  return symmetricEigen(h).values.at(-1)! >= -1e-6 * size;
}

/**
 * True if the landscape is below `lowest` at a corner of the domain or midway between corners. It may then be
 * unbounded. False, unchecked, for more than 6 coordinates.
 */
function isBelow({ value }: Landscape, domain: readonly Interval[], lowest: number): boolean {
  const corners = domain.reduce<Point[]>(
    (points, [from, to]) => points.flatMap((point) => [from, (from + to) / 2, to].map((x) => [...point, x])),
    [[]],
  );
  return corners.length <= 729 && corners.some((corner) => value(tensor([...corner])).item() < lowest - 1e-9);
}
