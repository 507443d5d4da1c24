import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkChoice, checkFlags, checkOptions } from "../../engine/errors/options.ts";
import type { TensorLike } from "../../engine/ir/tensor.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { withShape } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { assertNever } from "../../engine/util/assert-never.ts";
import { range, sizeOf, stridesOf } from "../../engine/util/shape.ts";
import { asFloating, expandTo, matchFloating } from "./promote.ts";
import { pad } from "./pad.ts";
import { spaceRank } from "./spatial.ts";
import { splineCoefficients, splineWeights, type SplineDegree } from "./spline-filter.ts";

/** Values beyond the ends of an axis of `mapCoordinates`, with the names of SciPy. */
export type CoordinateMode =
  "constant" | "gridConstant" | "nearest" | "mirror" | "reflect" | "wrap" | "gridWrap";
const coordinateModes: readonly CoordinateMode[] = [
  "constant",
  "gridConstant",
  "nearest",
  "mirror",
  "reflect",
  "wrap",
  "gridWrap",
];

/** Options of `mapCoordinates`. */
export interface MapCoordinatesOptions {
  /**
   * 0 for the nearest element, 1 for linear interpolation along each axis (default), 2 to 5 for splines of this degree.
   */
  readonly order?: 0 | 1 | SplineDegree;
  /**
   * Values beyond the ends of an axis. `"constant"` (default) takes `value`, and `"gridConstant"` interpolates towards it.
   * `"nearest"` takes the last element. `"mirror"` mirrors the elements about the last one, and `"reflect"` about its edge.
   * `"gridWrap"` repeats the n elements, and `"wrap"` does so with a period of n − 1, as in SciPy.
   */
  readonly mode?: CoordinateMode;
  /** Value beyond the ends for the modes `"constant"` and `"gridConstant"`. Default 0. */
  readonly value?: number;
}

/** An element to read along one axis: its index as a floating integer, and its weight. */
interface AxisTap {
  readonly index: Tensor;
  readonly weight: Tensor;
}

const fullLike = (x: Tensor, value: number): Tensor => p.full(x.type, value);
const minus = (x: Tensor, value: number): Tensor => p.sub(x, fullLike(x, value));
const plus = (x: Tensor, value: number): Tensor => p.add(x, fullLike(x, value));
const times = (x: Tensor, value: number): Tensor => p.scale(x, value);
const quotient = (x: Tensor, value: number): Tensor => p.div(x, fullLike(x, value));
/** Remainder of a division by a positive number, in [0, divisor). */
const modulo = (x: Tensor, divisor: number): Tensor =>
  p.sub(x, times(p.floor(quotient(x, divisor)), divisor));
const isWithin = (x: Tensor, from: number, to: number): Tensor =>
  p.both(p.lessEqual(fullLike(x, from), x), p.lessEqual(x, fullLike(x, to)));
/** x limited to a range, with derivative 0 outside. */
const limited = (x: Tensor, from: number, to: number): Tensor =>
  p.minimum(p.maximum(x, fullLike(x, from)), fullLike(x, to));

/** The elements around a coordinate, with the weights of a spline of this degree; degree 1 is linear interpolation. */
function splineTaps(coordinate: Tensor, degree: number): readonly AxisTap[] {
  // the knots of odd degrees are the elements, those of even degrees are halfway between them
  const c = degree % 2 === 0 ? plus(coordinate, 0.5) : coordinate;
  const below = p.floor(c);
  return splineWeights(p.sub(c, below), degree).map((weight, j) => ({
    index: plus(below, j - Math.floor(degree / 2)),
    weight,
  }));
}

/**
 * Σ of the elements of x at all combinations of taps, one list of taps per axis of `space`, times the product of their
 * weights. `rows` has one row for each position of the space, in row-major order; `offset` is added to the row number.
 * Taps outside of the space count `outside`. Indices and weights have the shape of the result without the axes of a row.
 */
function sumOfTaps(
  rows: Tensor,
  space: readonly number[],
  taps: readonly (readonly AxisTap[])[],
  offset: Tensor | undefined,
  outside: number,
): Tensor {
  const strides = stridesOf(space);
  const inside = taps.map((own, a) => own.map(({ index }) => isWithin(index, 0, space[a]! - 1)));
  const indices = taps.map((own, a) =>
    own.map(({ index }, i) => p.convert(p.where(inside[a]![i]!, index, p.zeros(index.type)), "int32")),
  );
  const corners = taps.reduce<readonly (readonly number[])[]>(
    (all, own) => all.flatMap((corner) => own.map((_, i) => [...corner, i])),
    [[]],
  );
  const terms = corners.map((corner) => {
    const weight = corner.map((i, a) => taps[a]![i]!.weight).reduce(p.mul);
    const isInside = corner.map((i, a) => inside[a]![i]!).reduce(p.both);
    const place = corner
      .map((i, a) => p.mul(indices[a]![i]!, p.full(indices[a]![i]!.type, strides[a]!)))
      .reduce(p.add);
    const values = p.take(rows, offset === undefined ? place : p.add(place, offset), 0);
    const spread = (t: Tensor): Tensor => p.broadcast(t, values.shape, range(0, t.ndim));
    const value = p.where(spread(isInside), values, fullLike(values, outside));
    return p.mul(value, spread(weight));
  });
  return terms.reduce(p.add);
}

/** An index moved into an axis of n elements by the mode; indices that stay outside count as the constant. */
function movedInside(index: Tensor, n: number, mode: CoordinateMode): Tensor {
  switch (mode) {
    case "gridConstant":
      return index;
    case "nearest":
      return limited(index, 0, n - 1);
    case "gridWrap":
      return modulo(index, n);
    case "constant": // coordinates outside are replaced later
    case "wrap":
    case "mirror": {
      const turn = modulo(index, Math.max(1, 2 * n - 2));
      return p.minimum(turn, p.sub(fullLike(turn, Math.max(1, 2 * n - 2)), turn));
    }
    case "reflect": {
      const turn = modulo(index, 2 * n);
      return p.minimum(turn, p.sub(fullLike(turn, 2 * n - 1), turn));
    }
    default:
      return assertNever(mode, "movedInside");
  }
}

/** A coordinate in the period of n − 1 elements of SciPy's mode `wrap`: both ends are in it. */
function wrapped(coordinate: Tensor, n: number): Tensor {
  const period = n - 1;
  if (period === 0) return p.zeros(coordinate.type);
  const turns = p.truncate(quotient(coordinate, period));
  const low = p.sub(coordinate, times(minus(turns, 1), period));
  const high = p.sub(coordinate, times(turns, period));
  const isBelow = p.less(coordinate, p.zeros(coordinate.type));
  const isAbove = p.less(fullLike(coordinate, period), coordinate);
  return p.where(isBelow, low, p.where(isAbove, high, coordinate));
}

/**
 * Elements of x at fractional positions. Element i of an axis is at coordinate i. `coordinates` has one array per axis of
 * x: a list of arrays, or one array with these along its first axis. They have one shape, that of the result. JAX's
 * `map_coordinates`, and SciPy's, whose default order is 3. Integers become float64.
 *
 * The derivative in the coordinates is the slope of the interpolating function. For order 0 it is 0.
 *
 * @throws DownhillError `shape` if there is not one array of coordinates per axis, or x has no elements.
 * @example
 * mapCoordinates([[1, 2], [3, 5]], [[0.5, 1], [0, 0.5]]).tolist();           // [2, 4]
 * mapCoordinates([1, 2, 4], [[2.5]], { mode: "nearest" }).tolist();          // [4]
 * grad((i) => mapCoordinates([1, 2, 4], [i]).sum())([0.5, 1.25]).tolist();   // [1, 2]
 */
export function mapCoordinates(
  x: TensorLike,
  coordinates: TensorLike | readonly TensorLike[],
  options: MapCoordinatesOptions = {},
): Tensor {
  if (arguments.length > 3) refuseExtra("mapCoordinates", arguments, 3);
  checkOptions("mapCoordinates", options, ["order", "mode", "value"]);
  const { order = 1, mode = "constant", value = 0 } = options;
  checkChoice("mapCoordinates", "mode", mode, coordinateModes);
  if (![0, 1, 2, 3, 4, 5].includes(order)) {
    throw new DownhillError(
      "range",
      `mapCoordinates: order must be an integer from 0 to 5, got ${String(order)}.`,
    );
  }
  const image = asFloating(x, "mapCoordinates");
  const given = coordinatesOf(coordinates, image);
  if (sizeOf(image.shape) === 0 || image.ndim === 0) {
    throw new DownhillError(
      "shape",
      `mapCoordinates: x is ${showType(image.type)}; it must have an axis and elements.`,
    );
  }
  const [t] = matchFloating("mapCoordinates", image, p.zeros(withShape(given[0]!.type, [])));
  const axes = given.map((c) => p.convert(c, t.dtype, t.type.weak));
  const { values, shift } =
    order < 2 ? { values: t, shift: 0 } : filteredImage(t, order as SplineDegree, mode, value);
  const taps = axes.map((c, a) => {
    const n = values.shape[a]!;
    const shifted = shift === 0 ? c : plus(c, shift);
    const at =
      mode === "wrap" ? wrapped(shifted, n) : mode === "nearest" ? limited(shifted, 0, n - 1) : shifted;
    const own =
      order === 0 ? [{ index: p.floor(plus(at, 0.5)), weight: fullLike(at, 1) }] : splineTaps(at, order);
    const nodes = mode === "nearest" && order > 1 ? "reflect" : mode;
    return own.map(({ index, weight }) => ({ index: movedInside(index, n, nodes), weight }));
  });
  const out = sumOfTaps(p.reshape(values, [sizeOf(values.shape)]), values.shape, taps, undefined, value);
  if (mode !== "constant") return out;
  const isInside = axes.map((c, a) => isWithin(c, 0, t.shape[a]! - 1)).reduce(p.both);
  return p.where(isInside, out, fullLike(out, value));
}

/**
 * Number of elements by which an axis is extended before its spline is computed, for the modes whose values beyond the ends
 * are constant. The spline forgets the end by a factor of 0.43 per element, or less. SciPy extends by 12 elements.
 */
const splineMargin = 24;

/** The coefficients of the spline through the elements of x, and the shift of their coordinates. */
function filteredImage(
  x: Tensor,
  degree: SplineDegree,
  mode: CoordinateMode,
  value: number,
): { readonly values: Tensor; readonly shift: number } {
  const isPadded = mode === "nearest" || mode === "gridConstant";
  const wide = isPadded ? pad(x, splineMargin, mode === "nearest" ? { mode: "edge" } : { value }) : x;
  const ends = mode === "reflect" || mode === "nearest" ? "reflect" : mode === "gridWrap" ? "wrap" : "mirror";
  const values = range(0, x.ndim).reduce((c, axis) => splineCoefficients(c, axis, degree, ends), wide);
  return { values, shift: isPadded ? splineMargin : 0 };
}

/** The coordinates as one tensor of floats per axis of x, all of one shape. */
function coordinatesOf(coordinates: TensorLike | readonly TensorLike[], x: Tensor): readonly Tensor[] {
  const isList = Array.isArray(coordinates) && coordinates.some((c) => c instanceof Tensor);
  const given = isList
    ? (coordinates as readonly TensorLike[]).map((c) => asFloating(c, "mapCoordinates"))
    : alongFirstAxis(asFloating(coordinates as TensorLike, "mapCoordinates"));
  if (given.length !== x.ndim) {
    throw new DownhillError(
      "shape",
      `mapCoordinates: got coordinates of ${given.length} axes for ${showType(x.type)}; give one array per axis.`,
    );
  }
  return given.slice(1).reduce<readonly Tensor[]>(
    (all, c) => {
      const [first, next] = matchFloating("mapCoordinates", all[0]!, c);
      return [...all.map((one) => expandTo(one, first.shape)), next];
    },
    [given[0]!],
  );
}

function alongFirstAxis(x: Tensor): readonly Tensor[] {
  if (x.ndim === 0) return [x];
  const rest = x.shape.slice(1);
  return range(0, x.shape[0]!).map((a) => p.reshape(p.part(x, 0, a, a + 1), rest));
}

/** Options of `gridSample`, with the meanings and defaults of PyTorch's `grid_sample`. */
export interface GridSampleOptions {
  /** Interpolation: linear along each axis (default), the nearest element, or cubic (for two spatial axes). */
  readonly mode?: "bilinear" | "nearest" | "bicubic";
  /** Values outside of the image: 0 (default), those of its border, or its reflection at the border. */
  readonly padding?: "zeros" | "border" | "reflection";
  /**
   * True if −1 and 1 are the centres of the first and last elements; false (default) if they are the outer edges of
   * these.
   */
  readonly alignCorners?: boolean;
}

/**
 * Images sampled at the positions of a grid: `x` has shape `[items, channels, …space]` with two or three spatial axes,
 * `grid` has shape `[items, …sizes, axes]`, and the result `[items, channels, …sizes]`. Positions are relative to the
 * image, from −1 to 1, with the position along the last spatial axis first, as `(x, y)` or `(x, y, z)`. PyTorch's
 * `grid_sample`. Integers become float64.
 *
 * Cubic interpolation uses Keys's kernel with a = −¾. The derivative in a position is 0 where the border or a reflection
 * limits it, and for `"nearest"`.
 *
 * @throws DownhillError `shape` if image and grid do not fit together, `option` for a mode or padding.
 * @see Jaderberg et al., Spatial transformer networks, NeurIPS 2015.
 * @example
 * const image = [[[[1, 2], [3, 4]]]];
 * gridSample(image, [[[[0, 0]]]]).tolist();                                // [[[[2.5]]]]
 * gridSample(image, [[[[1, -1]]]], { alignCorners: true }).tolist();       // [[[[2]]]]
 */
export function gridSample(x: TensorLike, grid: TensorLike, options: GridSampleOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("gridSample", arguments, 3);
  checkOptions("gridSample", options, ["mode", "padding", "alignCorners"]);
  checkFlags("gridSample", options, ["alignCorners"]);
  const { mode = "bilinear", padding = "zeros", alignCorners = false } = options;
  checkChoice("gridSample", "mode", mode, ["bilinear", "nearest", "bicubic"]);
  checkChoice("gridSample", "padding", padding, ["zeros", "border", "reflection"]);
  const [image, positions] = [asFloating(x, "gridSample"), asFloating(grid, "gridSample")];
  const rank = spaceRank("gridSample", image.type);
  const [items, channels, ...space] = image.shape;
  const fits =
    (rank === 2 || rank === 3) &&
    positions.ndim === rank + 2 &&
    positions.shape[0] === items &&
    positions.shape.at(-1) === rank &&
    !space.includes(0);
  if (!fits) {
    throw new DownhillError(
      "shape",
      `gridSample: x is ${showType(image.type)} and the grid ${showType(positions.type)}; they must have shapes [items, channels, height, width] and [items, …, …, 2], or with three spatial axes and 3, and x must have elements.`,
    );
  }
  if (mode === "bicubic" && rank !== 2) {
    throw new DownhillError(
      "option",
      `gridSample: mode "bicubic" is for images with two spatial axes; x is ${showType(image.type)}.`,
    );
  }
  const [t, g] = matchDtypes(image, positions);
  const sizes = g.shape.slice(1, -1);
  const taps = space.map((n, a) => {
    const position = p.reshape(p.part(g, rank + 1, rank - 1 - a, rank - a), [items!, ...sizes]);
    return gridTaps(position, n, mode, padding, alignCorners);
  });
  const rows = p.reshape(p.moveAxis(t, 1, t.ndim - 1), [items! * sizeOf(space), channels!]);
  const first = p.iota("int32", [items!, ...sizes], 0);
  const out = sumOfTaps(rows, space, taps, p.mul(first, p.full(first.type, sizeOf(space))), 0);
  return p.moveAxis(out, out.ndim - 1, 1);
}

/** Two tensors of floats converted to one dtype. */
function matchDtypes(x: Tensor, y: Tensor): readonly [Tensor, Tensor] {
  const [a] = matchFloating("gridSample", x, p.zeros(withShape(y.type, [])));
  return [a, p.convert(y, a.dtype, a.type.weak)];
}

/** The elements that contribute at a position along an axis of n elements; −1 and 1 are the ends of the axis. */
function gridTaps(
  position: Tensor,
  n: number,
  mode: "bilinear" | "nearest" | "bicubic",
  padding: "zeros" | "border" | "reflection",
  alignCorners: boolean,
): readonly AxisTap[] {
  const right = plus(position, 1);
  const coordinate = alignCorners ? times(right, (n - 1) / 2) : times(minus(times(right, n), 1), 0.5);
  const inside = (c: Tensor): Tensor => withinImage(c, n, padding, alignCorners);
  switch (mode) {
    case "bilinear":
      return splineTaps(inside(coordinate), 1);
    case "nearest":
      return [{ index: p.round(inside(coordinate)), weight: fullLike(coordinate, 1) }];
    case "bicubic": {
      const below = p.floor(coordinate);
      const part = p.sub(coordinate, below);
      return [-1, 0, 1, 2].map((k) => ({
        index: inside(plus(below, k)),
        weight: cubicWeight(k <= 0 ? minus(part, k) : p.sub(fullLike(part, k), part), k === 0 || k === 1),
      }));
    }
    default:
      return assertNever(mode, "gridTaps");
  }
}

/** Keys's cubic kernel with a = −¾ at a distance d in [0, 1] (`isNear`) or [1, 2]. */
function cubicWeight(d: Tensor, isNear: boolean): Tensor {
  const a = -0.75;
  if (isNear) return plus(p.mul(p.mul(minus(times(d, a + 2), a + 3), d), d), 1);
  return times(minus(p.mul(plus(p.mul(minus(d, 5), d), 8), d), 4), a);
}

/** A coordinate moved into the image as PyTorch does it; unchanged for zeros outside. */
function withinImage(
  c: Tensor,
  n: number,
  padding: "zeros" | "border" | "reflection",
  alignCorners: boolean,
): Tensor {
  if (padding === "zeros") return c;
  if (padding === "border") return limitedInside(c, n);
  const [low, span] = alignCorners ? [0, n - 1] : [-0.5, n];
  if (span === 0) return p.zeros(c.type);
  const off = p.abs(minus(c, low));
  const turns = p.floor(quotient(off, span));
  const rest = p.sub(off, times(turns, span));
  const isEven = p.equal(modulo(turns, 2), p.zeros(turns.type));
  return limitedInside(plus(p.where(isEven, rest, p.sub(fullLike(rest, span), rest)), low), n);
}

/** A coordinate limited to [0, n − 1], with derivative 0 at both ends and outside. */
function limitedInside(c: Tensor, n: number): Tensor {
  const [zero, last] = [p.zeros(c.type), fullLike(c, n - 1)];
  return p.where(p.lessEqual(c, zero), zero, p.where(p.lessEqual(last, c), last, c));
}
