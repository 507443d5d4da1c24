import { type Box, edges } from "../../plot/axes.ts";
import { round } from "../../plot/markers.ts";
import { element, type Markup } from "../../plot/markup.ts";
import type { DrawingPoint } from "../../plot/series.ts";
import { typesetNumber } from "../../plot/number-text.ts";
import { excessOf, type RaceRegion } from "../region.ts";
import { contourRings, type Grid, ringPath } from "./contours.ts";
import { type MapPlane, sampleGrid } from "./plane.ts";

/** A constraint with its name, and its multiplier if it is active. */
export interface NamedLimit {
  readonly name: string;
  readonly isActive: boolean;
  readonly multiplier: number;
}

/** Outline of one constraint. */
interface LimitOutline {
  /** SVG path data of the curve, in a plot of the size of the hills. */
  readonly curve: string;
  /** SVG path data of the infeasible side; undefined for an equality. */
  readonly outside: string | undefined;
  /** Points of the curve, as shares of the width and height. */
  readonly points: readonly DrawingPoint[];
}

/** Outlines of constraints, computed once for all drawn sizes. */
export interface RegionPaths {
  readonly outlines: readonly LimitOutline[];
}

const gridSize = 240;
const tolerance = 0.15;

/** Computes the outlines of constraints in a plane. */
export function regionPaths(
  { constraints }: RaceRegion,
  plane: MapPlane,
  size: { readonly width: number; readonly height: number },
): RegionPaths {
  const rows = Math.max(2, Math.round((gridSize * size.height) / size.width));
  return {
    outlines: constraints.map((constraint) => {
      const isEquality = constraint.low === constraint.high;
      const value = isEquality
        ? (point: Parameters<typeof constraint.value>[0]) => constraint.value(point).sub(constraint.low)
        : (point: Parameters<typeof constraint.value>[0]) => excessOf(constraint, point);
      return outlineOf(sampleGrid({ value }, plane, gridSize, rows), isEquality, size);
    }),
  };
}

/** The outline of a constraint, by values of its violation on a grid; for an equality by its distance from the target. */
export function outlineOf(
  grid: Grid,
  isEquality: boolean,
  size: { readonly width: number; readonly height: number },
): LimitOutline {
  const rings = contourRings(grid, [0], size, tolerance)[0]!;
  const path = rings.map(ringPath).join("");
  return {
    curve: path,
    outside: isEquality ? undefined : path,
    points: rings.flatMap(pointsAlong).map(([x, y]) => [x / size.width, y / size.height] as const),
  };
}

const labelStep = 10; // distance of candidates for the position of a name

/** Points at about equal distances along a closed line. */
function pointsAlong(ring: readonly DrawingPoint[]): DrawingPoint[] {
  return ring.slice(1).flatMap((to, i) => {
    const from = ring[i]!;
    const count = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / labelStep));
    return Array.from({ length: count }, (_, k): DrawingPoint => {
      const t = (k + 1) / count;
      return [from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])];
    });
  });
}

/** Draws the infeasible sides, and the curves of the constraints, in the coordinates of the hills. */
export function drawRegion(
  { outlines }: RegionPaths,
  limits: readonly Pick<NamedLimit, "isActive">[],
): Markup[] {
  return [
    ...outlines.flatMap(({ outside }) =>
      outside === undefined || outside === ""
        ? []
        : [element("path", { class: "outside", "fill-rule": "evenodd", d: outside })],
    ),
    ...outlines.flatMap(({ curve }, k) =>
      curve === ""
        ? []
        : [
            element("path", {
              class: limits[k]!.isActive ? "limit is-active" : "limit",
              d: curve,
            }),
          ],
    ),
  ];
}

const longestArrow = 64; // pixels
const shortestArrow = 10;

/** Draws the forces at the result: the pull of the landscape, and the push of each active constraint. */
export function drawForces(
  region: RaceRegion,
  result: DrawingPoint,
  toPixels: (force: readonly number[]) => DrawingPoint,
): Markup[] {
  if (region.reason !== "solved") return [];
  const forces = [
    { force: toPixels(region.pull), kind: "pull", text: "−∇f" },
    ...region.constraints
      .filter(({ isActive }) => isActive)
      .map(({ force, name }) => ({ force: toPixels(force), kind: "push", text: `force of ${name}` })),
  ];
  const largest = Math.max(...forces.map(({ force }) => Math.hypot(...force)));
  if (!(largest > 0)) return [];
  return forces.flatMap(({ force, kind, text }) =>
    drawArrow(result, force, longestArrow / largest, kind, text),
  );
}

/** Draws the names of constraints on their curves, with the multipliers of active ones, away from a point. */
export function drawNames(
  paths: RegionPaths,
  limits: readonly NamedLimit[],
  from: DrawingPoint,
  box: Box,
): Markup[] {
  return placeLabels(paths, limits, from, box).map(({ at: [x, y], text }) =>
    element("text", { class: "note limit-name", x: round(x), y: round(y), "text-anchor": "middle" }, text),
  );
}

function drawArrow(
  [x, y]: DrawingPoint,
  force: DrawingPoint,
  scale: number,
  kind: string,
  title: string,
): Markup[] {
  const [dx, dy] = [force[0] * scale, force[1] * scale];
  const size = Math.hypot(dx, dy);
  if (!(size >= shortestArrow)) return [];
  const [ux, uy] = [dx / size, dy / size];
  const [ex, ey] = [x + dx, y + dy];
  const side = (s: number): string =>
    `${round(ex - 9 * ux - s * 4.5 * uy)},${round(ey - 9 * uy + s * 4.5 * ux)}`;
  const shaft = `M${round(x)},${round(y)}L${round(ex - 6 * ux)},${round(ey - 6 * uy)}`;
  return [
    element(
      "g",
      { class: `force is-${kind}` },
      element("title", {}, title),
      element("path", { class: "shaft-halo", d: shaft }),
      element("path", { class: "shaft", d: shaft }),
      element("path", { class: "tip", d: `M${round(ex)},${round(ey)}L${side(1)}L${side(-1)}Z` }),
    ),
  ];
}

/** Name of a constraint on its curve, with the multiplier if it is active. */
function labelOf({ name, isActive, multiplier }: NamedLimit): string {
  return isActive ? `${name}  (λ = ${typesetNumber(multiplier, 3)})` : name;
}

const letterWidth = 6.8; // pixels, of the font of the notes
const lineHeight = 18;

/** Positions of the names: on the curves, inside the drawing, away from the result and from each other. */
function placeLabels(
  { outlines }: RegionPaths,
  limits: readonly NamedLimit[],
  result: DrawingPoint,
  box: Box,
): { readonly at: DrawingPoint; readonly text: string }[] {
  const { left, right, top, bottom } = edges(box);
  const placed: { readonly at: DrawingPoint; readonly text: string; readonly half: number }[] = [];
  outlines.forEach(({ points }, k) => {
    const text = labelOf(limits[k]!);
    const half = (text.length * letterWidth) / 2;
    const candidates = points
      .map(([x, y]) => [box.x + x * box.width, box.y + y * box.height - 6] as const)
      .filter(([x, y]) => x - half > left && x + half < right && y - lineHeight > top && y + 12 < bottom)
      .filter(([x, y]) =>
        placed.every(
          (other) =>
            Math.abs(y - other.at[1]) > lineHeight || Math.abs(x - other.at[0]) > half + other.half + 8,
        ),
      );
    const distance = ([x, y]: DrawingPoint): number => Math.hypot(x - result[0], y - result[1]);
    const best = candidates.reduce<DrawingPoint | undefined>(
      (far, at) => (far === undefined || distance(at) > distance(far) ? at : far),
      undefined,
    );
    if (best !== undefined) placed.push({ at: best, text, half });
  });
  return placed;
}
