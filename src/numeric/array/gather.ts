import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { TensorLike } from "../../engine/ir/tensor.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { arrayType } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { broadcastShapes, sameShape } from "../../engine/util/shape.ts";
import { asPartOf, asPlaces, placesAlong, checkShape, expandTo, normalizeAxis } from "./promote.ts";

interface AxisOption {
  readonly axis: number;
}

/** Indices broadcast to the shape of x along all axes except `axis`. */
function besideRows(operation: string, x: Tensor, indices: TensorLike, axis: number): Tensor {
  const places = placesAlong(operation, indices, x, axis);
  const rows = x.shape.with(axis, 1);
  const shape = places.ndim === x.ndim ? broadcastShapes(rows, places.shape) : undefined;
  if (shape === undefined || !sameShape(shape.with(axis, 1), rows)) {
    throw new DownhillError(
      "shape",
      `${operation}: indices are ${showType(places.type)}; for ${showType(x.type)} they must have ${x.ndim} axes with its sizes or 1, except for axis ${axis}.`,
    );
  }
  return expandTo(places, shape);
}

/**
 * `y[…, i, …] = x[…, indices[…, i, …], …]` along one axis: each row of x is read at indices of its own, like NumPy's
 * `take_along_axis`. Indices are treated as in `take`. The derivative accumulates over repeated indices.
 * @throws DownhillError `dtype` if the indices are not integers, `range` for an index out of bounds, `shape` if they do
 * not fit.
 * @example
 * takeAlongAxis([[1, 2, 3], [4, 5, 6]], [[2], [0]], { axis: 1 }).tolist(); // [[3], [4]]
 */
export function takeAlongAxis(x: TensorLike, places: TensorLike, options: AxisOption): Tensor {
  if (arguments.length > 3) refuseExtra("takeAlongAxis", arguments, 3);
  checkOptions("takeAlongAxis", options, ["axis"]);
  const t = p.asTensor(x, "takeAlongAxis");
  const axis = normalizeAxis("takeAlongAxis", (options as AxisOption | undefined)?.axis, t.type);
  return p.takeAlong(t, besideRows("takeAlongAxis", t, places, axis), axis);
}

/**
 * x with `updates[…, i, …]` added at `[…, indices[…, i, …], …]` along one axis; updates at repeated indices accumulate.
 * Updates have the shape of the indices or broadcast to it. Indices are treated as in `take`.
 * @throws DownhillError `dtype` if the indices are not integers, or updates are floats while x has integers, `range`
 * for an index out of bounds, `shape` if they do not fit.
 * @example
 * scatterAddAlongAxis([[0, 0, 0]], [[2, 2, 0]], [[1, 2, 4]], { axis: 1 }).tolist(); // [[4, 0, 3]]
 */
export function scatterAddAlongAxis(
  x: TensorLike,
  places: TensorLike,
  updates: TensorLike,
  options: AxisOption,
): Tensor {
  if (arguments.length > 4) refuseExtra("scatterAddAlongAxis", arguments, 4);
  checkOptions("scatterAddAlongAxis", options, ["axis"]);
  const t = p.asTensor(x, "scatterAddAlongAxis");
  const axis = normalizeAxis("scatterAddAlongAxis", (options as AxisOption | undefined)?.axis, t.type);
  const i = besideRows("scatterAddAlongAxis", t, places, axis);
  const u = asPartOf("scatterAddAlongAxis", t, updates);
  const fitted = broadcastShapes(u.shape, i.shape);
  if (fitted === undefined || !sameShape(fitted, i.shape)) {
    throw new DownhillError(
      "shape",
      `scatterAddAlongAxis: updates are ${showType(u.type)}, indices ${showType(i.type)}; they must have the same shape.`,
    );
  }
  return p.scatterAddAlong(t, i, expandTo(u, i.shape), axis);
}

/** Start of a block along each axis: integers and integer scalars, or an integer vector. */
export type Starts = readonly (number | Tensor)[] | Tensor;

function asStarts(operation: string, x: Tensor, starts: Starts): Tensor {
  if (starts instanceof Tensor) return p.convert(asPlaces(operation, starts), "int32");
  if (!Array.isArray(starts) || starts.length !== x.ndim) {
    throw new DownhillError(
      "shape",
      `${operation}: ${showType(x.type)} needs an array of ${x.ndim} starts, one per axis.`,
    );
  }
  if (x.ndim === 0) return p.zeros(arrayType("int32", [0]));
  const scalars = (starts as readonly (number | Tensor)[]).map((start) => {
    const scalar = p.convert(asPlaces(operation, start), "int32");
    if (scalar.ndim === 0) return p.reshape(scalar, [1]);
    throw new DownhillError("shape", `${operation}: a start is ${showType(scalar.type)}, not a scalar.`);
  });
  return p.concatenate(scalars, 0);
}

/**
 * The block of x with the given sizes that begins at the index `starts`, whose values may be traced. Starts are clamped
 * so that the block is inside x; negative starts do not count from the end. For plain numbers use `slice`.
 *
 * @throws DownhillError `shape` if the block is larger than x or a start is missing.
 * @example
 * const i = tensor(1, { dtype: "int32" });
 * dynamicSlice([1, 2, 3, 4, 5], [i], [3]); // f64[3] [2, 3, 4]
 */
export function dynamicSlice(x: TensorLike, starts: Starts, sizes: readonly number[]): Tensor {
  if (arguments.length > 3) refuseExtra("dynamicSlice", arguments, 3);
  const t = p.asTensor(x, "dynamicSlice");
  checkShape("dynamicSlice", sizes);
  return p.dynamicSlice(t, asStarts("dynamicSlice", t, starts), [...sizes]);
}

/**
 * x with the block that begins at the index `starts` replaced by `update`; starts are treated as in `dynamicSlice`. In
 * a loop, an array without other users is updated in place.
 *
 * @throws DownhillError `shape` if the block is larger than x or a start is missing, `dtype` for floats if x has
 * integers.
 * @example
 * dynamicUpdateSlice([1, 2, 3, 4], [9, 8], [2]); // f64[4] [1, 2, 9, 8]
 */
export function dynamicUpdateSlice(x: TensorLike, update: TensorLike, starts: Starts): Tensor {
  if (arguments.length > 3) refuseExtra("dynamicUpdateSlice", arguments, 3);
  const t = p.asTensor(x, "dynamicUpdateSlice");
  const u = asPartOf("dynamicUpdateSlice", t, update);
  return p.dynamicUpdate(t, u, asStarts("dynamicUpdateSlice", t, starts));
}
