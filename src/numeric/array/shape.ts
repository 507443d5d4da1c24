import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showShape, showType } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { plainHint, showPlain } from "../../engine/ir/plain-number.ts";
import type { TensorLike } from "../../engine/ir/tensor.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { arrayType } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { broadcastShapes, range, sameShape, sizeOf } from "../../engine/util/shape.ts";
import {
  asPartOf,
  asPlaces,
  checkShape,
  expandTo,
  matchOperands,
  normalizeAxes,
  normalizeAxis,
  oneArray,
  placesAlong,
  promoteTypes,
} from "./promote.ts";

/**
 * x with another shape and the same elements in row-major order. One size may be −1; it is computed from the others.
 */
export function reshape(x: TensorLike, shape: readonly number[]): Tensor {
  if (arguments.length > 2) refuseExtra("reshape", arguments, 2, oneArray("sizes", "[2, 3]"));
  const t = p.asTensor(x, "reshape");
  checkShape("reshape", shape, true);
  const open = shape.indexOf(-1);
  const rest = sizeOf(shape.filter((_, i) => i !== open));
  const full = open < 0 ? [...shape] : shape.map((n, i) => (i === open ? sizeOf(t.type.shape) / rest : n));
  if (shape.filter((n) => n === -1).length > 1) {
    throw new DownhillError(
      "shape",
      `reshape: ${showShape(shape)} leaves several sizes open, and ${sizeOf(t.type.shape)} elements can be divided in more than ` +
        "one way. Only one size may be −1.",
    );
  }
  if (!full.every(Number.isInteger) || sizeOf(full) !== sizeOf(t.type.shape) || full.some((n) => n < 0)) {
    throw new DownhillError(
      "shape",
      `reshape: ${showType(t.type)} has ${sizeOf(t.type.shape)} elements, which do not fill shape ${showShape(shape)}; one size may be −1, to be computed.`,
    );
  }
  return p.reshape(t, full);
}

/** x flattened to one axis. */
export function ravel(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("ravel", arguments, 1);
  return reshape(x, [-1]);
}

/** x with its axes permuted: axis `axes[i]` becomes axis i. Default: all axes reversed. */
export function transpose(x: TensorLike, axes?: readonly number[]): Tensor {
  if (arguments.length > 2) refuseExtra("transpose", arguments, 2, oneArray("axes", "[1, 0]"));
  const t = p.asTensor(x, "transpose");
  if (axes !== undefined) requireList("transpose", "the axes", axes, "[1, 0]");
  const order = axes?.map((axis) => normalizeAxis("transpose", axis, t.type)) ?? range(0, t.ndim).reverse();
  if (order.length !== t.ndim || new Set(order).size !== t.ndim) {
    throw new DownhillError(
      "range",
      `transpose: axes [${order.join()}] do not name each axis of ${showType(t.type)} once.`,
    );
  }
  return p.permute(t, order);
}

/** x broadcast to `shape` by NumPy's rules. */
export function broadcastTo(x: TensorLike, shape: readonly number[]): Tensor {
  if (arguments.length > 2) refuseExtra("broadcastTo", arguments, 2);
  const t = p.asTensor(x, "broadcastTo");
  checkShape("broadcastTo", shape);
  const fitted = broadcastShapes(t.type.shape, shape);
  if (fitted === undefined || !sameShape(fitted, shape)) {
    throw new DownhillError(
      "shape",
      `broadcastTo: ${showType(t.type)} cannot be broadcast to ${showShape(shape)}: counted from the last axis, its sizes must be equal to these or 1.`,
    );
  }
  return expandTo(t, [...shape]);
}

/** x with a new axis of size 1 at position `axis` of the result, or with one at each position of a list. */
export function expandDims(x: TensorLike, axis: number | readonly number[]): Tensor {
  if (arguments.length > 2) refuseExtra("expandDims", arguments, 2);
  const t = p.asTensor(x, "expandDims");
  const count = Array.isArray(axis) ? axis.length : 1;
  const shape = Array.from({ length: t.ndim + count }, () => 1);
  const added = axis === undefined ? [normalizeAxis("expandDims", axis, t.type)] : normalizeAxes("expandDims", axis, arrayType(t.dtype, shape)); // prettier-ignore
  const kept = range(0, shape.length).filter((place) => !added.includes(place));
  kept.forEach((place, i) => (shape[place] = t.shape[i]!));
  return p.reshape(t, shape);
}

/** x without the given axes, which must have size 1. Default: all axes of size 1. */
export function squeeze(x: TensorLike, options: { readonly axis?: number | readonly number[] } = {}): Tensor {
  if (arguments.length > 2) refuseExtra("squeeze", arguments, 2);
  checkOptions("squeeze", options, ["axis"]);
  const t = p.asTensor(x, "squeeze");
  const axes =
    options.axis === undefined
      ? range(0, t.ndim).filter((i) => t.type.shape[i] === 1)
      : normalizeAxes("squeeze", options.axis, t.type);
  const wide = axes.find((axis) => t.type.shape[axis] !== 1);
  if (wide !== undefined)
    throw new DownhillError(
      "shape",
      `squeeze: axis ${wide} of ${showType(t.type)} has size ${t.type.shape[wide]!}, not 1.`,
    );
  return p.reshape(
    t,
    t.type.shape.filter((_, i) => !axes.includes(i)),
  );
}

function requireList(operation: string, what: string, value: unknown, example: string): void {
  if (Array.isArray(value)) return;
  const given = value instanceof Tensor ? showType(value.type) : String(value);
  throw new DownhillError("shape", `${operation}: ${what} must be an array, as in ${example}; got ${given}.`);
}

/** Converts arrays to tensors of the dtype to which all of them promote. */
function alike(operation: string, xs: readonly TensorLike[]): Tensor[] {
  requireList(operation, "the arrays", xs, "[x, y]");
  if (xs.length === 0) throw new DownhillError("shape", `${operation}: needs at least one array.`);
  const tensors = xs.map((x) => p.asTensor(x, operation));
  let joined = tensors[0]!.type;
  for (const t of tensors.slice(1)) {
    const { dtype, weak } = promoteTypes(joined, t.type);
    joined = arrayType(dtype, [], weak);
  }
  return tensors.map((t) => p.convert(t, joined.dtype, joined.weak));
}

/** Refuses arrays passed as separate arguments: then the second array is where the options belong. */
function refuseListOfArrays(operation: string, options: unknown): void {
  if (!(options instanceof Tensor) && !Array.isArray(options)) return;
  throw new DownhillError(
    "option",
    `${operation}: the arrays must be one list, as in ${operation}([x, y]), followed by the options.`,
  );
}

/** Joins arrays along an existing axis. */
export function concatenate(xs: readonly TensorLike[], options: { readonly axis?: number } = {}): Tensor {
  if (arguments.length > 2) refuseExtra("concatenate", arguments, 2);
  refuseListOfArrays("concatenate", options);
  const tensors = alike("concatenate", xs);
  checkOptions("concatenate", options, ["axis"]);
  const first = tensors[0]!;
  if (tensors.some((t) => t.ndim === 0))
    throw new DownhillError(
      "shape",
      "concatenate: a scalar has no axis to be joined along. Use stack, which makes one.",
    );
  const axis = normalizeAxis("concatenate", options.axis ?? 0, first.type);
  for (const [i, t] of tensors.entries()) checkJoint(first, t, i, axis);
  return p.concatenate(tensors, axis);
}

/** Checks that an array can be joined to the first one: all axes except `axis` must have equal sizes. */
function checkJoint(first: Tensor, other: Tensor, place: number, axis: number): void {
  const both = `the first array is ${showType(first.type)} and number ${place} (from 0) is ${showType(other.type)}`;
  if (other.ndim !== first.ndim) {
    throw new DownhillError(
      "shape",
      `concatenate: ${both}: they must have the same number of axes. Insert one with expandDims, or use stack for a new axis.`,
    );
  }
  const odd = first.type.shape.findIndex((n, i) => i !== axis && n !== other.type.shape[i]);
  if (odd < 0) return;
  const others = range(0, first.ndim).filter((i) => i !== axis);
  const fits = range(0, first.ndim).find((i) =>
    first.type.shape.every((n, j) => j === i || n === other.type.shape[j]),
  );
  throw new DownhillError(
    "shape",
    `concatenate: ${both}: along axis ${axis} they must have equal sizes in axis ${others.join(" and ")}.` +
      (fits === undefined ? "" : ` They fit along another axis: { axis: ${fits} }.`),
  );
}

/** Joins arrays of one shape along a new axis. */
export function stack(xs: readonly TensorLike[], options: { readonly axis?: number } = {}): Tensor {
  if (arguments.length > 2) refuseExtra("stack", arguments, 2);
  refuseListOfArrays("stack", options);
  const tensors = alike("stack", xs);
  checkOptions("stack", options, ["axis"]);
  const first = tensors[0]!;
  const other = tensors.findIndex((t) => !sameShape(t.type.shape, first.type.shape));
  if (other >= 0)
    throw new DownhillError(
      "shape",
      `stack: the first array is ${showType(first.type)} and number ${other} (from 0) is ${showType(tensors[other]!.type)}; ` +
        "they must have the same shape. To join arrays along an axis that they have, use concatenate.",
    );
  const axis = normalizeAxis("stack", options.axis ?? 0, arrayType(first.dtype, [...first.shape, 1]));
  const wide = tensors.map((t) => p.reshape(t, [...t.shape.slice(0, axis), 1, ...t.shape.slice(axis)]));
  return p.concatenate(wide, axis);
}

/** x reversed along axes (default all). */
export function flip(x: TensorLike, options: { readonly axis?: number | readonly number[] } = {}): Tensor {
  if (arguments.length > 2) refuseExtra("flip", arguments, 2);
  checkOptions("flip", options, ["axis"]);
  const t = p.asTensor(x, "flip");
  return p.reverse(t, normalizeAxes("flip", options.axis, t.type));
}

/**
 * A range along one axis: `[start, end]` or `[start, end, step]`; negative indices count from the end. `null` is the
 * whole axis.
 */
export type Range = readonly [start: number, end?: number | undefined, step?: number | undefined] | null;

/**
 * A part of x: one range per leading axis; `null` takes a whole axis. Like in JavaScript's `slice`, negative indices
 * count from the end and ranges are clamped to the array.
 *
 * @example
 * const x = [[1, 2, 3], [4, 5, 6], [7, 8, 9]];
 * slice(x, [1, 3]).tolist(); // [ [ 4, 5, 6 ], [ 7, 8, 9 ] ]
 * slice(x, [0, 1], [0, -1]).tolist(); // [ [ 1, 2 ] ]
 */
export function slice(x: TensorLike, ...ranges: readonly Range[]): Tensor {
  const t = p.asTensor(x, "slice");
  if (ranges.length > t.ndim)
    throw new DownhillError("range", `slice: ${ranges.length} ranges for ${showType(t.type)}.`);
  for (const given of ranges)
    if (given !== null) requireList("slice", "a range", given, "slice(x, [1, 3]), or null for a whole axis");
  const nested = ranges.find((given) => given?.some((bound) => bound === null || Array.isArray(bound)));
  if (nested !== undefined) {
    throw new DownhillError(
      "range",
      "slice: a range contains a list. Give one range per axis, as in slice(x, [0, 2], [1, 3]); the method takes the two bounds of the first axis, x.slice(0, 2).",
    );
  }
  const place = (i: number, n: number): number => Math.min(n, Math.max(0, i < 0 ? i + n : i));
  const full = t.type.shape.map((n, axis) => {
    const [start = 0, end = n, step = 1] = ranges[axis] ?? ([] as const);
    if (![start, end].every(Number.isInteger) || !(Number.isInteger(step) && step > 0)) {
      throw new DownhillError(
        "range",
        `slice: range [${[start, end, step].map(showPlain).join(", ")}] of axis ${axis} needs integers and a step of 1 or more.` +
          plainHint("Bounds", [start, end, step]),
      );
    }
    const from = place(start, n);
    return { start: from, limit: Math.max(from, place(end, n)), step };
  });
  if (full.every(({ start, limit, step }, axis) => start === 0 && limit === t.type.shape[axis] && step === 1))
    return t;
  return p.slice(t, {
    starts: full.map((r) => r.start),
    limits: full.map((r) => r.limit),
    strides: full.map((r) => r.step),
  });
}

/**
 * The items of x at the given indices along an axis (default the first); the axes of `places` replace it. NumPy and JAX
 * flatten x if no axis is given, which is `take(ravel(x), places)` here. Negative indices count from the end. Inside
 * compiled functions, unknown indices are clamped to the array (`debug` detects those out of bounds). The derivative
 * accumulates over repeated indices.
 * @throws DownhillError `dtype` if the indices are not integers (for masks use `where`), `range` for an index out of
 * bounds.
 */
export function take(x: TensorLike, places: TensorLike, options: { readonly axis?: number } = {}): Tensor {
  if (arguments.length > 3) refuseExtra("take", arguments, 3);
  checkOptions("take", options, ["axis"]);
  const t = p.asTensor(x, "take");
  const axis = normalizeAxis("take", options.axis ?? 0, t.type);
  return p.take(t, placesAlong("take", places, t, axis), axis);
}

/**
 * x with `updates` added at indices along an axis; updates at repeated indices accumulate. Indices are treated as in
 * `take`.
 * @throws DownhillError `dtype` if the indices are not integers, or updates are floats while x has integers, `range`
 * for an index out of bounds, `shape` for updates that do not fit.
 */
export function scatterAdd(
  x: TensorLike,
  places: TensorLike,
  updates: TensorLike,
  options: { readonly axis?: number } = {},
): Tensor {
  if (arguments.length > 4) refuseExtra("scatterAdd", arguments, 4);
  checkOptions("scatterAdd", options, ["axis"]);
  const t = p.asTensor(x, "scatterAdd");
  const axis = normalizeAxis("scatterAdd", options.axis ?? 0, t.type);
  const i = placesAlong("scatterAdd", places, t, axis);
  const u = asPartOf("scatterAdd", t, updates);
  const shape = [...t.shape.slice(0, axis), ...i.shape, ...t.shape.slice(axis + 1)];
  const fitted = broadcastShapes(u.type.shape, shape);
  if (fitted === undefined || !sameShape(fitted, shape)) {
    throw new DownhillError(
      "shape",
      `scatterAdd: updates are ${showType(u.type)}; for indices ${showType(i.type)} in ${showType(t.type)} they must have shape ${showShape(shape)} or broadcast to it.`,
    );
  }
  return p.scatterAdd(t, i, expandTo(u, shape), axis);
}

/**
 * One-hot encoding: for each label a vector of length `classes` with a 1 at the label and 0 elsewhere, in a new last
 * axis. A label outside 0 … classes − 1 gives zeros only.
 */
export function oneHot(
  labels: TensorLike,
  classes: number,
  options: { readonly dtype?: "float64" | "float32" } = {},
): Tensor {
  if (arguments.length > 3) refuseExtra("oneHot", arguments, 3);
  checkOptions("oneHot", options, ["dtype"]);
  const given = p.asTensor(labels, "oneHot");
  const i = asPlaces("oneHot", given.dtype === "bool" ? p.convert(given, "int32") : labels);
  if (typeof classes !== "number")
    throw new DownhillError(
      "range",
      `oneHot: the number of classes must be an integer, as in oneHot(labels, 3); got ${showPlain(classes)}.`,
    );
  checkShape("oneHot", [classes]);
  const shape = [...i.shape, classes];
  const columns = p.iota(i.dtype, shape, i.ndim);
  return p.convert(p.equal(p.broadcast(i, shape, range(0, i.ndim)), columns), options.dtype ?? "float64");
}

/**
 * Matrix product, like NumPy's `matmul`: multiplies the matrices in the last two axes; the axes before are batches and
 * broadcast. A vector counts as a row on the left and as a column on the right.
 * @throws DownhillError `shape` if the inner sizes differ.
 */
export function matmul(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("matmul", arguments, 2);
  let [a, b] = factors("matmul", x, y);
  if (b.ndim === 1) return p.dotGeneral(a, b, { contract: [[a.ndim - 1], [0]], batch: [[], []] });
  // the same matrix for all batches: multiply the rows of all batches in one product
  if (b.ndim === 2) return p.dotGeneral(a, b, { contract: [[a.ndim - 1], [0]], batch: [[], []] });
  if (a.ndim === 1) return squeeze(matmul(p.reshape(a, [1, ...a.shape]), b), { axis: -2 });
  const lead = broadcastShapes(a.type.shape.slice(0, -2), b.type.shape.slice(0, -2));
  if (lead === undefined)
    throw new DownhillError(
      "shape",
      `matmul: batches of ${showType(a.type)} and ${showType(b.type)} cannot be broadcast together.`,
    );
  a = expandTo(a, [...lead, ...a.shape.slice(-2)]);
  b = expandTo(b, [...lead, ...b.shape.slice(-2)]);
  const batch = range(0, lead.length);
  return p.dotGeneral(a, b, { contract: [[a.ndim - 1], [b.ndim - 2]], batch: [batch, batch] });
}

/** Two operands of one dtype, both with at least one axis, whose inner sizes agree. */
function factors(operation: string, x: TensorLike, y: TensorLike): readonly [Tensor, Tensor] {
  const [a, b] = [p.asTensor(x, operation), p.asTensor(y, operation)];
  if (a.ndim === 0 || b.ndim === 0) {
    throw new DownhillError(
      "shape",
      `${operation}: ${showType(a.type)} and ${showType(b.type)}: a scalar is not a matrix. Use mul.`,
    );
  }
  const { dtype, weak } = promoteTypes(a.type, b.type);
  const kind = dtype === "bool" ? "int32" : dtype;
  const pair = [p.convert(a, kind, weak), p.convert(b, kind, weak)] as const;
  checkInner(operation, ...pair);
  return pair;
}

function checkInner(operation: string, a: Tensor, b: Tensor): void {
  const k = a.type.shape.at(-1)!;
  const rows = b.type.shape.at(b.ndim === 1 ? -1 : -2)!;
  if (k === rows) return;
  const repair =
    b.ndim === 2 && b.type.shape[1] === k
      ? " Did you mean matmul(a, transpose(b))?"
      : a.ndim === 2 && a.type.shape[0] === rows
        ? " Did you mean matmul(transpose(a), b)?"
        : " The last axis of the left operand must have the size of the last but one of the right.";
  const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
  const left = count(k, a.ndim === 1 ? "element" : "column");
  const right = count(rows, b.ndim === 1 ? "element" : "row");
  throw new DownhillError(
    "shape",
    `${operation}: inner sizes differ: ${showType(a.type)} has ${left}, ${showType(b.type)} has ${right}.${repair}`,
  );
}

/**
 * Dot product of two vectors, Σ x · y; for matrices, `matmul`. For more axes, like NumPy's `dot`: sums over the last
 * axis of x and the last but one of y. The other axes of x come before the other axes of y. For batches of matrices use
 * `matmul`.
 * @throws DownhillError `shape` if the inner sizes differ.
 */
export function dot(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("dot", arguments, 2);
  const [a, b] = factors("dot", x, y);
  return p.dotGeneral(a, b, { contract: [[a.ndim - 1], [Math.max(0, b.ndim - 2)]], batch: [[], []] });
}

/** Products of each element of x with each element of y; the shape is that of x followed by that of y. */
export function outer(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("outer", arguments, 2);
  const [a, b] = [p.asTensor(x, "outer"), p.asTensor(y, "outer")];
  const shape = [...a.shape, ...b.shape];
  const [left, right] = matchOperands(
    "outer",
    p.broadcast(a, shape, range(0, a.ndim)),
    p.broadcast(b, shape, range(a.ndim, shape.length)),
  );
  return p.mul(left, right);
}

/** General contraction of two arrays over paired axes, with batch axes; see the primitive `dotGeneral`. */
export function dotGeneral(x: TensorLike, y: TensorLike, params: p.DotParams): Tensor {
  if (arguments.length > 3) refuseExtra("dotGeneral", arguments, 3);
  const [a, b] = [p.asTensor(x, "dotGeneral"), p.asTensor(y, "dotGeneral")];
  checkOptions("dotGeneral", params, ["contract", "batch"]);
  for (const name of ["contract", "batch"] as const) {
    const pairs: unknown = (params as p.DotParams | undefined)?.[name];
    requireList("dotGeneral", name, pairs, "{ contract: [[1], [0]], batch: [[], []] }");
  }
  const sides = [a, b].map((t, side) => {
    const [contract, batch] = (["contract", "batch"] as const).map((name) =>
      params[name][side as 0 | 1].map((axis) => normalizeAxis("dotGeneral", axis, t.type)),
    );
    const all = [...contract!, ...batch!];
    if (new Set(all).size !== all.length) {
      throw new DownhillError("range", `dotGeneral: an axis of ${showType(t.type)} is named twice.`);
    }
    return { contract: contract!, batch: batch! };
  });
  const [left, right] = [sides[0]!, sides[1]!];
  if (left.contract.length !== right.contract.length || left.batch.length !== right.batch.length) {
    throw new DownhillError(
      "range",
      "dotGeneral: contract and batch must name the same number of axes of x and y.",
    );
  }
  const { dtype, weak } = promoteTypes(a.type, b.type);
  return p.dotGeneral(p.convert(a, dtype, weak), p.convert(b, dtype, weak), {
    contract: [left.contract, right.contract],
    batch: [left.batch, right.batch],
  });
}
