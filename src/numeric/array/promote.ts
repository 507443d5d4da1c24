import { DownhillError, showType } from "../../engine/errors/index.ts";
import { isAtHand, knownNumber, readElements } from "../../engine/ir/elements.ts";
import type { BooleanLike, TensorLike } from "../../engine/ir/tensor.ts";
import { largestInt32, plainHint, showPlain } from "../../engine/ir/plain-number.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import type { ArrayType, DType } from "../../engine/ir/types.ts";
import { arrayType, isFloating } from "../../engine/ir/types.ts";
import { broadcast, reshape, wholePlace } from "../../engine/prims/index.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { castNumber, convert, full } from "../../engine/prims/linear.ts";
import type { Shape } from "../../engine/util/shape.ts";
import { broadcastShapes, sameShape, sizeOf } from "../../engine/util/shape.ts";

const promotionRank: Readonly<Record<DType, number>> = {
  bool: 0,
  uint32: 1,
  int32: 2,
  float32: 3,
  float64: 4,
};

/**
 * The dtype that two types promote to: bool < uint32 < int32 < float32 < float64. A weak type adopts the dtype of a
 * strong one, but integers stay weaker than floats.
 */
export function promoteTypes(a: ArrayType, b: ArrayType): { readonly dtype: DType; readonly weak: boolean } {
  if (a.weak !== b.weak) {
    const [strong, weak] = a.weak ? [b, a] : [a, b];
    const adapts = isFloating(strong.dtype) || !isFloating(weak.dtype);
    return { dtype: adapts ? strong.dtype : weak.dtype, weak: false };
  }
  return { dtype: promotionRank[a.dtype] >= promotionRank[b.dtype] ? a.dtype : b.dtype, weak: a.weak };
}

/**
 * A value as a tensor. A plain number takes the dtype of the other operand, unless that cannot hold it: 0.5 or 3e9 with
 * int32.
 */
function liftBeside(value: BooleanLike, other: BooleanLike, operation: string): Tensor {
  if (typeof value === "number" && other instanceof Tensor) {
    const type = numberBeside(value, other.type);
    if (type !== undefined) return full(type, value);
  }
  return asTensor(value, operation);
}

/** The type of a plain number combined with a tensor; undefined if the tensor's dtype cannot hold it. */
export function numberBeside(value: number, { dtype, weak }: ArrayType): ArrayType | undefined {
  if (isFloating(dtype)) return arrayType(dtype, [], weak);
  const kind = dtype === "bool" ? "int32" : dtype;
  return castNumber(kind, value) === value ? arrayType(kind, []) : undefined;
}

/** Two operands as tensors of one dtype and shape, by NumPy's promotion and broadcasting rules. */
export function matchOperands(operation: string, x: BooleanLike, y: BooleanLike): readonly [Tensor, Tensor] {
  if (x instanceof Tensor && y instanceof Tensor && x.type === y.type) return [x, y];
  let a = liftBeside(x, y, operation);
  let b = liftBeside(y, x, operation);
  if (a.type.dtype !== b.type.dtype) {
    const { dtype, weak } = promoteTypes(a.type, b.type);
    a = convert(a, dtype, weak);
    b = convert(b, dtype, weak);
  }
  if (sameShape(a.type.shape, b.type.shape)) return [a, b];
  const shape = broadcastShapes(a.type.shape, b.type.shape);
  if (shape === undefined) throw cannotBroadcast(operation, a.type, b.type);
  return [expandTo(a, shape), expandTo(b, shape)];
}

function cannotBroadcast(operation: string, a: ArrayType, b: ArrayType): DownhillError {
  const rank = Math.max(a.shape.length, b.shape.length);
  const sizeAt = (type: ArrayType, fromEnd: number): number => type.shape.at(-fromEnd) ?? 1;
  const places = Array.from({ length: rank }, (_, i) => i + 1);
  const odd = places.find((i) => {
    const [n, m] = [sizeAt(a, i), sizeAt(b, i)];
    return n !== m && n !== 1 && m !== 1;
  })!;
  const differ = `counted from the last axis, sizes must be equal or 1, and axis −${odd} has ${sizeAt(a, odd)} and ${sizeAt(b, odd)}`;
  const repair = sameShape(a.shape, [...b.shape].reverse())
    ? " Did you mean to transpose one of them?"
    : a.shape[0] !== undefined && a.shape[0] === b.shape[0] && a.shape.length !== b.shape.length
      ? " Reshape one of them to insert an axis of size 1 where it should be repeated."
      : "";
  return new DownhillError(
    "shape",
    `${operation}: shapes are incompatible: ${showType(a)} and ${showType(b)}: ${differ}.${repair}`,
  );
}

/** x broadcast to a shape by NumPy's rules. */
export function expandTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.type.shape, shape)) return x;
  const lead = shape.length - x.type.shape.length;
  const kept = x.type.shape.map((_, i) => i).filter((i) => x.type.shape[i] === shape[lead + i]);
  const squeezed =
    kept.length === x.type.shape.length
      ? x
      : reshape(
          x,
          kept.map((i) => x.type.shape[i]!),
        );
  return broadcast(
    squeezed,
    shape,
    kept.map((i) => lead + i),
  );
}

/**
 * Values to be written into x, as a tensor of its dtype.
 * @throws DownhillError `dtype` for floats if x has integers or booleans, unless the values are plain integers.
 */
export function asPartOf(operation: string, x: Tensor, values: BooleanLike): Tensor {
  const t = asTensor(values, operation);
  if (isFloating(x.dtype) || !isFloating(t.dtype)) return convert(t, x.dtype);
  const given: unknown[] = Array.isArray(values) ? values.flat(Infinity) : [values];
  if (given.every((v) => castsTo(x.dtype, v))) return convert(t, x.dtype);
  throw new DownhillError(
    "dtype",
    `${operation}: values of ${showType(t.type)} do not fit into ${showType(x.type)}. Convert one of them, as in x.astype("float64").`,
  );
}

function castsTo(dtype: DType, value: unknown): boolean {
  return typeof value === "number" && castNumber(dtype, value) === value;
}

/** A tensor of floats: integers and booleans become float64. */
export function asFloating(x: TensorLike, operation: string): Tensor {
  const t = asTensor(x, operation);
  return isFloating(t.type.dtype) ? t : convert(t, "float64");
}

/** Two or more operands, matched as by `matchOperands`; integers become float64. */
export function floatingOperands<N extends readonly [TensorLike, TensorLike, ...TensorLike[]]>(
  operation: string,
  ...operands: N
): { [K in keyof N]: Tensor } {
  const [x, y, ...others] = operands;
  // each operand is matched with the common type of those before it
  let [a, b] = matchOperands(operation, x, y);
  const found = [a, b];
  for (const other of others) {
    [a, b] = matchOperands(operation, a, other);
    found.push(b);
  }
  const dtype = isFloating(a.type.dtype) ? a.type.dtype : "float64";
  const weak = found.every(({ type }) => type.weak);
  return found.map((t) => expandTo(convert(t, dtype, weak), a.type.shape)) as { [K in keyof N]: Tensor };
}

/** An axis counted from the front; a negative axis counts from the last. */
export function normalizeAxis(operation: string, axis: number | undefined, x: ArrayType): number {
  const n = x.shape.length;
  if (axis === undefined)
    throw new DownhillError("option", `${operation}: give an axis, as in { axis: -1 }.`);
  if (!Number.isInteger(axis) || axis < -n || axis >= n) {
    const range = n === 0 ? "it is a scalar and has no axes" : `axes run from ${-n} to ${n - 1}`;
    throw new DownhillError(
      "range",
      `${operation}: axis ${showPlain(axis)} is out of range for ${showType(x)}: ${range}.${plainHint("Axes", [axis])}`,
    );
  }
  return axis < 0 ? axis + n : axis;
}

/** The axes of a reduction in ascending order; all axes if undefined. Repeated axes are refused. */
export function normalizeAxes(
  operation: string,
  axis: number | readonly number[] | undefined,
  x: ArrayType,
): number[] {
  if (axis === undefined) return x.shape.map((_, i) => i);
  const given: unknown = axis; // callers without types pass anything
  if (typeof given !== "number" && !Array.isArray(given)) {
    const shown = given instanceof Tensor ? showType(given.type) : JSON.stringify(given);
    throw new DownhillError(
      "range",
      `${operation}: axis is ${shown}; give a number or an array of numbers.${plainHint("Axes", [given])}`,
    );
  }
  const axes = (typeof axis === "number" ? [axis] : axis).map((a) => normalizeAxis(operation, a, x));
  const unique = [...new Set(axes)].sort((a, b) => a - b);
  if (unique.length !== axes.length)
    throw new DownhillError("range", `${operation}: repeated axis in [${axes.join()}].`);
  return unique;
}

/** Checks that a shape is an array of integer sizes ≥ 0. With `open`, −1 stands for a size to be computed. */
export function checkShape(operation: string, shape: readonly number[], open = false): void {
  if (!Array.isArray(shape)) {
    throw new DownhillError(
      "shape",
      `${operation}: the shape must be an array of sizes, as in [2, 3]; got ${String(shape)}.`,
    );
  }
  for (const n of shape) {
    const isSize = Number.isInteger(n) && n >= 0 && !Object.is(n, -0); // sizes that are too large are refused below
    if (!isSize && !(open && n === -1))
      throw new DownhillError(
        "shape",
        `${operation}: ${showPlain(n)} in shape [${shape.map((size) => showPlain(size)).join()}] is not a size.${plainHint("Sizes", shape)}`,
      );
  }
  const total = sizeOf(shape.filter((n) => n !== -1));
  if (total <= largestInt32) return;
  throw new DownhillError(
    "shape",
    `${operation}: shape [${shape.join()}] has ${total} elements; an array has at most ${largestInt32}.`,
  );
}

/** Repair hint for callers who passed sizes or axes as separate arguments instead of one array. */
export function oneArray(what: string, example: string): string {
  return ` Give the ${what} as one array, as in ${example}.`;
}

/**
 * Indices as integers; plain integers are accepted. Inside compiled functions, a number is a scalar of unknown value:
 * it is converted, and only `debug` detects a fraction.
 * @throws DownhillError `dtype` for fractions, and for booleans, which form a mask.
 */
export function asPlaces(operation: string, places: TensorLike): Tensor {
  const i = asTensor(places, operation);
  const { dtype, weak } = i.type;
  if (dtype === "bool") {
    throw new DownhillError(
      "dtype",
      `${operation}: indices are ${showType(i.type)}, a mask, but must be integers. To select by a mask write where(mask, x, 0).`,
    );
  }
  if (!isFloating(dtype)) return i;
  if (weak && i.tracer !== undefined) return wholePlace(i);
  const number = knownNumber(i);
  const given =
    weak && number !== undefined
      ? [number]
      : Array.isArray(places)
        ? (places.flat(Infinity) as number[])
        : undefined;
  if (given === undefined || !given.every(Number.isInteger)) {
    throw new DownhillError(
      "dtype",
      `${operation}: indices are ${showType(i.type)}, not integers. Convert them with astype("int32").`,
    );
  }
  return convert(i, "int32");
}

/**
 * Indices along an axis of x. Known indices must be in bounds, negative ones counting from the end; unknown ones are
 * clamped by the primitives that use them.
 * @throws DownhillError `range` for an index out of bounds; otherwise as `asPlaces`.
 */
export function placesAlong(operation: string, places: TensorLike, x: Tensor, axis: number): Tensor {
  const i = asPlaces(operation, places);
  const n = x.type.shape[axis]!;
  const number = knownNumber(i);
  if (number !== undefined) {
    if (number < -n || number >= n) throw beyondEnds(operation, number, x, axis);
    return i;
  }
  // plain numbers and lists are known even in compiled functions, unlike their conversions
  const list =
    typeof places === "number"
      ? [places]
      : Array.isArray(places)
        ? (places.flat(Infinity) as number[])
        : undefined;
  if (!isAtHand(i) && list === undefined) return i;
  const known = list ?? readElements(i, operation);
  for (let k = 0; k < known.length; k++) {
    const place = known[k]!;
    if (place < -n || place >= n) throw beyondEnds(operation, place, x, axis);
  }
  return i;
}

function beyondEnds(operation: string, place: number, x: Tensor, axis: number): DownhillError {
  const n = x.type.shape[axis]!;
  return new DownhillError(
    "range",
    `${operation}: index ${place} is out of range for ${showType(x.type)}, whose ${axis === 0 ? "first axis" : `axis ${axis}`} has size ${n}.`,
  );
}

/** Like `matchOperands`, but converts operands that are not floating (integers and booleans) to float64. */
export function matchFloating(operation: string, x: BooleanLike, y: BooleanLike): readonly [Tensor, Tensor] {
  const [a, b] = matchOperands(operation, x, y);
  return isFloating(a.type.dtype) ? [a, b] : [convert(a, "float64"), convert(b, "float64")];
}

/** The operand and the number of the axis. Without an axis, the flattened operand and axis 0. */
export function alongAxis(
  operation: string,
  x: Tensor,
  axis: number | undefined,
): readonly [x: Tensor, axis: number] {
  if (axis !== undefined) return [x, normalizeAxis(operation, axis, x.type)];
  return [x.type.shape.length === 1 ? x : reshape(x, [sizeOf(x.type.shape)]), 0];
}
