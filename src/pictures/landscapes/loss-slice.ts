import { tensor } from "../../numeric/array/create.ts";
import { add, mul } from "../../numeric/array/elementwise.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { isFloating } from "../../engine/ir/types.ts";
import type { Constraint } from "../../numeric/optim/index.ts";
import { key, split } from "../../numeric/random/index.ts";
import { makeJitted as jit } from "../../engine/runtime/jitted.ts";
import { flatten, unflatten } from "../../engine/tree/index.ts";
import {
  dot,
  filterNormalised,
  type ParameterVector,
  flattenParams,
  principalDirections,
  randomDirection,
} from "./directions.ts";
import { displayed } from "./display.ts";
import type { Interval } from "./landscape.ts";

/** Choice of the two directions that span the plane of a slice, as described at `SliceOptions`. */
export type SliceDirections = "random" | "filter-normalised" | "pca";

/** Options of `landscape`. */
export interface SliceOptions<P = unknown> {
  /**
   * Plane through the parameters. `random`: two random unit vectors. `filter-normalised` (default): random directions
   * in which each filter has the length of the corresponding filter of the parameters, so that slices of different
   * networks are comparable. `pca`: the two directions in which `path` varies most.
   */
  readonly directions?: SliceDirections;
  /**
   * States of the parameters during training, in order. They are projected onto the plane and drawn. Required for
   * `pca`, with at least 3 states. Default: none.
   */
  readonly path?: readonly P[];
  /** Number of grid points along each axis, at least 2. Default 31. */
  readonly resolution?: number;
  /**
   * Ranges of α and β, the coordinates along the first and the second direction. Default: −1 to 1, or for `pca` the
   * extent of the path plus a margin.
   */
  readonly range?: readonly [alpha: Interval, beta: Interval];
  /** Seed of the random directions. Default 0. */
  readonly seed?: number;
  /**
   * Constraints of the parameters, each a scalar function with scalar limits: those of `equality`, `atMost`, `atLeast` and
   * `between`. The drawings shade what they exclude. Default: none.
   */
  readonly constraints?: readonly Constraint<P, []>[];
  /** Multipliers of the constraints, as in `multipliers.constraints` of a result of `minimize`. Default: none are shown. */
  readonly multipliers?: readonly (Tensor | number | Float64Array)[];
}

/** Values of a constrained function over the plane of a slice. */
export interface SliceConstraint {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  /** Values of the function on the grid, like the losses. */
  readonly values: readonly (readonly number[])[];
  /** Multiplier at the parameters; `undefined` if unknown. */
  readonly multiplier: number | undefined;
}

/** Values of a loss over a plane through the parameters. */
export interface LossSlice {
  readonly directions: SliceDirections;
  /** Grid coordinates along the first direction, in multiples of the direction vector; 0 is at the parameters. */
  readonly alphas: readonly number[];
  /** Grid coordinates along the second direction, likewise. */
  readonly betas: readonly number[];
  /** Losses on the grid: `values[j][i]` is at `alphas[i]`, `betas[j]`. */
  readonly values: readonly (readonly number[])[];
  /** Loss at the parameters. */
  readonly centre: number;
  /** States of the option `path`, projected onto the plane. The losses are those of the unprojected states. */
  readonly path: readonly { readonly alpha: number; readonly beta: number; readonly loss: number }[];
  /** For `pca`, the fraction of the path's variance along each direction. Undefined for other directions. */
  readonly explained: readonly [number, number] | undefined;
  /** Total number of parameter elements. */
  readonly parameters: number;
  /** The constraints on the grid; only with constraints. */
  readonly constraints?: readonly SliceConstraint[];
}

/**
 * Evaluates the loss on a plane through `params`: `L(θ + α·d₁ + β·d₂)` on a grid of α and β. The path of a training run
 * is projected onto the plane by least squares. The losses along the path are those at its states, not at their
 * projections.
 *
 * @param loss a function of the parameters alone; it captures the data
 * @throws DownhillError `option` or `range` for invalid options, `tree` for a path with another structure, `shape` for a
 * non-scalar loss, `dtype` for parameters that are not floating-point.
 * @see Li, Xu, Taylor, Studer, Goldstein, Visualizing the loss landscape of neural nets, NeurIPS 2018.
 * @example
 * const loss = (p) => p.x.square().add(p.y.square().mul(4));
 * const slice = landscape(loss, { x: tensor(0), y: tensor(0) }, { directions: "random", resolution: 3 });
 * slice.centre;       // 0
 * slice.values[1][1]; // 0
 */
export function landscape<P>(
  loss: (params: P) => Tensor,
  params: P,
  options: SliceOptions<NoInfer<P>> = {},
): LossSlice {
  if (arguments.length > 3) refuseExtra("landscape", arguments, 3);
  const { directions, path, resolution, seed } = checked(loss, options);
  const { constraints = [], multipliers = [] } = options;
  const centre = flattenParams("landscape", params);
  requireFloating(params);
  const points = path.map((point, i) => samePlace(centre, point, i));
  const plane = planeOf(directions, centre, points, seed);
  const places = points.map((point) => project(point, centre.values, plane.axes));
  const [alphaRange, betaRange] = options.range ?? rangeFor(directions, places);
  const alphas = spaced(alphaRange, resolution);
  const betas = spaced(betaRange, resolution);
  const { def } = flatten(params, "landscape");
  const leavesOf = (values: ArrayLike<number>): Tensor[] =>
    flatten(centre.rebuild(values), "landscape").leaves as Tensor[];
  const moved = (theta: Tensor[], d1: Tensor[], d2: Tensor[], alpha: Tensor, beta: Tensor): P => {
    const leaves = theta.map((x, i) => {
      const [a, b] = [alpha, beta].map((t) => t.astype(x.dtype));
      return add(x, add(mul(d1[i]!, a!), mul(d2[i]!, b!)));
    });
    return unflatten(def, leaves) as P;
  };
  const compiled = jit((...place: Parameters<typeof moved>) => requireLoss(loss(moved(...place))));
  const [theta, d1, d2] = [centre.values, ...plane.axes].map(leavesOf);
  const at = (alpha: number, beta: number, from = theta!): number =>
    compiled(from, d1!, d2!, tensor(alpha), tensor(beta)).item();
  return displayed<LossSlice>({
    directions,
    alphas,
    betas,
    values: betas.map((beta) => alphas.map((alpha) => at(alpha, beta))),
    centre: at(0, 0),
    path: places.map(([alpha, beta], i) => ({ alpha, beta, loss: at(0, 0, leavesOf(points[i]!)) })),
    explained: plane.explained,
    parameters: centre.values.length,
    ...(constraints.length === 0
      ? {}
      : {
          constraints: constraints.map((constraint, k) => {
            const { name, low, high, value } = limitOf(constraint, k);
            const of = jit((...place: Parameters<typeof moved>) =>
              requireScalar(value(moved(...place)), name),
            );
            const valueAt = (alpha: number, beta: number): number =>
              of(theta!, d1!, d2!, tensor(alpha), tensor(beta)).item();
            return {
              name,
              low,
              high,
              values: betas.map((beta) => alphas.map((alpha) => valueAt(alpha, beta))),
              multiplier: multiplierOf(multipliers[k]),
            };
          }),
        }),
  });
}

/** Name, limits and function of a constraint. */
function limitOf<P>(
  { name, low, high, f }: Constraint<P, []>,
  k: number,
): Pick<SliceConstraint, "name" | "low" | "high"> & { readonly value: (params: P) => unknown } {
  const title = name ?? `constraint ${k + 1}`;
  const [from, to] = [low, high].map((limit) => requireScalar(tensor(limit), title).item());
  return { name: title, low: from!, high: to!, value: (params) => f(params) };
}

function requireScalar(value: unknown, name: string): Tensor {
  if (value instanceof Tensor && value.ndim === 0) return value;
  throw new DownhillError(
    "shape",
    `landscape: ${name} must be a scalar with scalar limits, to be drawn as one curve. Pass one constraint per value.`,
  );
}

function multiplierOf(given: Tensor | number | Float64Array | undefined): number | undefined {
  if (given === undefined || typeof given === "number") return given;
  return given instanceof Tensor ? given.item() : given[0];
}

interface SlicePlane {
  readonly axes: readonly [Float64Array, Float64Array];
  readonly explained: readonly [number, number] | undefined;
}

function planeOf(
  kind: SliceDirections,
  centre: ParameterVector,
  path: readonly Float64Array[],
  seed: number,
): SlicePlane {
  const [first, second] = split(key(seed));
  switch (kind) {
    case "random": {
      const unit = (x: Float64Array): Float64Array => x.map((xi) => xi / Math.sqrt(dot(x, x)));
      const n = centre.values.length;
      return {
        axes: [unit(randomDirection(first, n)), unit(randomDirection(second, n))],
        explained: undefined,
      };
    }
    case "filter-normalised":
      return {
        axes: [filterNormalised(first, centre), filterNormalised(second, centre)],
        explained: undefined,
      };
    case "pca": {
      const { directions, explained } = principalDirections(path, centre.values);
      return { axes: directions, explained };
    }
    default:
      return kind satisfies never;
  }
}

/**
 * Returns the coordinates of the least-squares projection of a point onto the plane. If the directions are parallel,
 * the second coordinate is 0.
 */
function project(
  point: Float64Array,
  centre: Float64Array,
  [u, v]: readonly [Float64Array, Float64Array],
): readonly [alpha: number, beta: number] {
  const d = point.map((x, i) => x - centre[i]!);
  const [uu, uv, vv, du, dv] = [dot(u, u), dot(u, v), dot(v, v), dot(d, u), dot(d, v)];
  const determinant = uu * vv - uv * uv;
  if (determinant <= 1e-12 * uu * vv) return [uu === 0 ? 0 : du / uu, 0]; // the directions are parallel
  return [(du * vv - dv * uv) / determinant, (dv * uu - du * uv) / determinant];
}

/**
 * Returns the default ranges: −1 to 1. For principal directions they are the extent of the path and the centre, plus a
 * margin of at least a quarter of it on each side.
 */
function rangeFor(
  kind: SliceDirections,
  places: readonly (readonly [number, number])[],
): readonly [Interval, Interval] {
  if (kind !== "pca") {
    return [
      [-1, 1],
      [-1, 1],
    ];
  }
  const along = (axis: 0 | 1): Interval => {
    const all = [0, ...places.map((place) => place[axis])];
    return [Math.min(...all), Math.max(...all)];
  };
  const [a, b] = [along(0), along(1)];
  const largest = Math.max(a[1] - a[0], b[1] - b[0]) || 1;
  const widen = ([from, to]: Interval): Interval => {
    const margin = Math.max(0.25 * (to - from), 0.2 * largest);
    return [from - margin, to + margin];
  };
  return [widen(a), widen(b)];
}

function spaced([from, to]: Interval, n: number): number[] {
  return Array.from({ length: n }, (_, i) => from + ((to - from) * i) / (n - 1));
}

function samePlace(centre: ParameterVector, point: unknown, i: number): Float64Array {
  const { values, shapes } = flattenParams("landscape", point);
  if (JSON.stringify(shapes) === JSON.stringify(centre.shapes)) return values;
  throw new DownhillError(
    "tree",
    `landscape: path[${i}] must have the structure of the parameters: pass states of the same model.`,
  );
}

function requireLoss(value: unknown): Tensor {
  if (value instanceof Tensor && value.ndim === 0) return value;
  throw new DownhillError(
    "shape",
    "landscape: the loss must return a scalar tensor for the parameters alone.",
  );
}

function requireFloating(params: unknown): void {
  for (const leaf of flatten(params, "landscape").leaves) {
    if (!(leaf instanceof Tensor) || isFloating(leaf.dtype)) continue;
    throw new DownhillError("dtype", `landscape: parameters must be floating-point, got ${leaf.dtype}.`);
  }
}

function checked<P>(
  loss: unknown,
  options: SliceOptions<P>,
): Required<Pick<SliceOptions<P>, "directions" | "path" | "resolution" | "seed">> {
  const own = ["directions", "path", "resolution", "range", "seed", "constraints", "multipliers"] as const;
  checkOptions("landscape", options, own);
  const { constraints } = options;
  const isConstraint = (item: unknown): boolean =>
    typeof item === "object" && item !== null && typeof (item as { f?: unknown }).f === "function";
  if (constraints !== undefined && !(Array.isArray(constraints) && constraints.every(isConstraint)))
    throw new DownhillError(
      "option",
      "landscape: constraints must be a list of equality(f, target), atMost(f, high), atLeast(f, low) and between(f, low, high).",
    );
  if (typeof loss !== "function") {
    throw new DownhillError("option", "landscape: the loss must be a function of the parameters.");
  }
  const { directions = "filter-normalised", path = [], resolution = 31, seed = 0, range } = options;
  checkChoice("landscape", "directions", directions, ["random", "filter-normalised", "pca"]);
  if (!Array.isArray(path))
    throw new DownhillError("option", "landscape: path must be an array of parameters.");
  if (directions === "pca" && path.length < 3) {
    throw new DownhillError(
      "option",
      `landscape: directions "pca" need a path of 3 or more states, got ${path.length}. Keep the parameters of each epoch.`,
    );
  }
  if (!Number.isInteger(resolution) || resolution < 2) {
    throw new DownhillError(
      "range",
      `landscape: resolution must be an integer of 2 or more, got ${String(resolution)}.`,
    );
  }
  const isRange = (interval: unknown): boolean =>
    Array.isArray(interval) && interval.length === 2 && Number(interval[0]) < Number(interval[1]);
  if (range !== undefined && !(Array.isArray(range) && range.length === 2 && range.every(isRange))) {
    throw new DownhillError("range", "landscape: range must be two intervals, as in [[-1, 1], [-1, 1]].");
  }
  return { directions, path, resolution, seed };
}
