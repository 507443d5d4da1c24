import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkChoice, checkFlags, checkOptions } from "../../engine/errors/options.ts";
import { isAtHand, numberOf, readElements } from "../../engine/ir/elements.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { arrayType } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { otherAxes, range, sizeOf, stridesOf } from "../../engine/util/shape.ts";
import { search } from "./halving.ts";
import { foundLength, placesOfTrue } from "./places.ts";
import { asPartOf, expandTo, normalizeAxis } from "./promote.ts";

/** Options of functions whose result length depends on values. */
export interface FoundOptions {
  /**
   * Length of the result, required in compiled functions. Longer results are truncated, shorter ones filled up with
   * `fill`.
   */
  readonly size?: number;
  /** Value that fills up the result. Default 0. */
  readonly fill?: number;
}

const int = (n: number): ReturnType<typeof arrayType> => arrayType("int32", [n]);

/** Number of true elements in a bool vector. */
function countOf(flags: Tensor): Tensor {
  return p.sum(p.convert(flags, "int32"), [0]);
}

/** The indices of the first `size` true elements of a vector, followed by `fill`. */
function firstTrue(flags: Tensor, size: number, fill: number): Tensor {
  const n = Math.min(size, flags.type.shape[0]!);
  const order = p.argsort(flags, 0, true, n); // equal elements keep their order
  const isFound = p.less(p.iota("int32", [n], 0), p.broadcast(countOf(flags), [n], []));
  const found = p.where(isFound, order, p.full(int(n), fill));
  return n === size ? found : p.concatenate([found, p.full(int(size - n), fill)], 0);
}

/**
 * The indices of the elements that are not 0, in row-major order: one int32 vector per axis, so that
 * `at(x, ...nonzero(mask))` is `at(x, mask)`. In compiled functions, `size` fixes their number.
 * @throws DownhillError `trace` for traced values without a size, `shape` for a scalar.
 * @example
 * nonzero([0, 5, 0, 7])[0].tolist(); // [ 1, 3 ]
 * nonzero([0, 5, 0, 7], { size: 3, fill: -1 })[0].tolist(); // [ 1, 3, -1 ]
 */
export function nonzero(x: TensorLike, options: FoundOptions = {}): Tensor[] {
  if (arguments.length > 2) refuseExtra("nonzero", arguments, 2);
  return nonzeroOf("nonzero", x, options);
}

function nonzeroOf(operation: string, x: TensorLike, options: FoundOptions): Tensor[] {
  checkOptions(operation, options, ["size", "fill"]);
  const t = p.asTensor(x, operation);
  const { shape } = t.type;
  if (shape.length === 0)
    throw new DownhillError(
      "shape",
      `${operation}: ${showType(t.type)} has no axes, so its elements have no indices.`,
    );
  const flags = p.reshape(p.notEqual(t, p.zeros(t.type)), [sizeOf(shape)]);
  const { size, fill = 0 } = options;
  if (size === undefined && isAtHand(flags)) {
    return placesOfTrue(readElements(flags, operation), shape).map((along) =>
      p.fromArray(int(along.length), along),
    );
  }
  const n = foundLength(operation, size, () => countOf(flags));
  const flat = firstTrue(flags, n, -1);
  const isNone = p.less(flat, p.zeros(int(n)));
  return stridesOf(shape).map((stride, axis) => {
    const along = p.rem(
      p.div(flat, p.full(int(n), Math.max(1, stride))),
      p.full(int(n), Math.max(1, shape[axis]!)),
    );
    return p.where(isNone, p.full(int(n), fill), along);
  });
}

/**
 * The indices of the elements that are not 0: one row of int32 per element, in row-major order. In compiled functions,
 * `size` fixes the number of rows.
 *
 * @throws DownhillError as `nonzero`.
 * @example
 * argwhere([[0, 5], [7, 0]]).tolist(); // [ [ 0, 1 ], [ 1, 0 ] ]
 */
export function argwhere(x: TensorLike, options: FoundOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("argwhere", arguments, 2);
  const columns = nonzeroOf("argwhere", x, options);
  return p.concatenate(
    columns.map((column) => p.reshape(column, [column.type.shape[0]!, 1])),
    1,
  );
}

/** Options of `unique`, with NumPy's names. */
export interface UniqueOptions extends FoundOptions {
  /** Axis along which whole items are compared; 0 compares the rows of a matrix. Default none: single elements. */
  readonly axis?: number;
  /**
   * True to return the index of the first occurrence of each value, in flattened x or along the axis. Default false.
   */
  readonly returnIndex?: boolean;
  /**
   * True to return, for each element of x (or each item along the axis), the index of its value in the result. Default
   * false.
   */
  readonly returnInverse?: boolean;
  /** True to return the number of occurrences of each value. Default false. */
  readonly returnCounts?: boolean;
}

type UniqueOutput<O, K extends keyof UniqueOptions> = O extends Readonly<Record<K, true>> ? [Tensor] : [];
/** Result of `unique`: the values, or a list of the values followed by the requested arrays. */
export type Unique<O extends UniqueOptions> = [
  ...UniqueOutput<O, "returnIndex">,
  ...UniqueOutput<O, "returnInverse">,
  ...UniqueOutput<O, "returnCounts">,
] extends []
  ? Tensor
  : [
      values: Tensor,
      ...UniqueOutput<O, "returnIndex">,
      ...UniqueOutput<O, "returnInverse">,
      ...UniqueOutput<O, "returnCounts">,
    ];

/**
 * The distinct values of x in ascending order; NaN counts as a single value, the largest. The derivative flows to the
 * first element with each value. In compiled functions, `size` fixes the length of the result, and `fill` (default the
 * smallest value) fills it up. With `axis`: the distinct items along it, in lexicographic order.
 *
 * With `returnIndex`, `returnInverse` or `returnCounts`, returns a list: the values and the requested int32 arrays, in
 * this order.
 *
 * @throws DownhillError `trace` for traced values without a size; `range` for the axis.
 * @example
 * unique([3, 1, 3, 2]).tolist(); // [ 1, 2, 3 ]
 * unique([[1, 2], [0, 5], [1, 2]], { axis: 0 }).tolist(); // [ [ 0, 5 ], [ 1, 2 ] ]
 * const [values, counts] = unique([3, 1, 3, 2], { returnCounts: true });
 * counts.tolist(); // [ 1, 1, 2 ]
 */
export function unique<const O extends UniqueOptions = UniqueOptions>(x: TensorLike, options?: O): Unique<O> {
  if (arguments.length > 2) refuseExtra("unique", arguments, 2);
  const { size, fill, axis, returnIndex, returnInverse, returnCounts } = checkedUnique(options);
  const t = p.asTensor(x, "unique");
  const place = axis === undefined ? undefined : normalizeAxis("unique", axis, t.type);
  const front = place === undefined ? t : toFront(t, place);
  const [n, item] = place === undefined ? [sizeOf(t.shape), []] : [front.shape[0]!, front.shape.slice(1)];
  const rows = p.reshape(front, [n, sizeOf(item)]);
  const order = orderOfRows(rows);
  const isNew = isFirst(p.take(rows, order, 0));
  const length = foundLength("unique", size, () => countOf(isNew));
  // the start of each value in the sorted rows, and the end of the last one
  const bounds = firstTrue(isNew, length + 1, n);
  const begins = p.part(bounds, 0, 0, length);
  const isFound = p.less(begins, p.full(int(length), n));
  const least = p.zeros(int(length));
  const first = n === 0 ? least : p.take(order, p.where(isFound, begins, least), 0);
  const type = arrayType(t.dtype, [length, sizeOf(item)]);
  const found = n === 0 ? p.zeros(type) : p.take(rows, first, 0);
  const filled = (value: number): Tensor =>
    p.where(p.broadcast(isFound, type.shape, [0]), found, expandTo(asPartOf("unique", t, value), type.shape));
  const items = p.reshape(fill === undefined ? found : filled(fill), [length, ...item]);
  const values = place === undefined ? items : fromFront(items, place);
  const inverse = (): Tensor => {
    const each = inverseOf(order, isNew);
    return place === undefined ? p.reshape(each, t.shape) : each;
  };
  const others = [
    ...(returnIndex === true ? [first] : []),
    ...(returnInverse === true ? [inverse()] : []),
    ...(returnCounts === true ? [p.sub(p.part(bounds, 0, 1, length + 1), begins)] : []),
  ];
  return (others.length === 0 ? values : [values, ...others]) as Unique<O>;
}

function checkedUnique(options: UniqueOptions | undefined): UniqueOptions {
  checkOptions("unique", options, ["size", "fill", "axis", "returnIndex", "returnInverse", "returnCounts"]);
  if (options !== undefined) checkFlags("unique", options, ["returnIndex", "returnInverse", "returnCounts"]);
  return options ?? {};
}

const toFront = (x: Tensor, axis: number): Tensor => p.permute(x, [axis, ...otherAxes(x.ndim, [axis])]);

const fromFront = (x: Tensor, axis: number): Tensor =>
  p.permute(x, [...range(1, axis + 1), 0, ...range(axis + 1, x.ndim)]);

/** Indices that sort the rows of a matrix lexicographically. Sorting is stable, so the last column is sorted first. */
function orderOfRows(rows: Tensor): Tensor {
  const [n, m] = rows.shape as [number, number];
  const column = (j: number): Tensor => p.reshape(p.part(rows, 1, j, j + 1), [n]);
  if (m === 0) return p.iota("int32", [n], 0);
  let order = p.argsort(column(m - 1), 0);
  for (let j = m - 2; j >= 0; j--) order = p.take(order, p.argsort(p.take(column(j), order, 0), 0), 0);
  return order;
}

/** True for each row of a sorted matrix that differs from the row before it, that is, the first of equal rows. */
function isFirst(sorted: Tensor): Tensor {
  const n = sorted.shape[0]!;
  if (n === 0) return p.zeros(arrayType("bool", [0]));
  const [before, after] = [p.part(sorted, 0, 0, n - 1), p.part(sorted, 0, 1, n)];
  const isOther = p.notEqual(before, after);
  // NaN differs from itself, but counts as one value here
  const isNumber = p.either(p.equal(before, before), p.equal(after, after));
  const different = p.sum(p.convert(p.both(isOther, isNumber), "int32"), [1]);
  const isNew = p.notEqual(different, p.zeros(different.type));
  return p.concatenate([p.full(arrayType("bool", [1]), 1), isNew], 0);
}

/** For each row before sorting, the index of its value among the distinct rows. */
function inverseOf(order: Tensor, isNew: Tensor): Tensor {
  const n = order.shape[0]!;
  const group = p.sub(p.cumsum(p.convert(isNew, "int32"), 0), p.full(int(n), 1));
  return p.scatterSet(p.zeros(int(n)), order, group, 0, true);
}

/** Options of `searchsorted`. */
export interface SearchOptions {
  /** Side of equal elements on which a value is inserted. Default left. */
  readonly side?: "left" | "right";
}

/**
 * Index at which each value would be inserted into a sorted vector to keep it sorted. int32 from 0 to the length of the
 * vector, in the shape of the values. NaN counts as the largest number. Binary search in `log₂ n` steps.
 * @throws DownhillError `shape` if `sorted` is not a vector. Its order is not checked.
 * @example
 * searchsorted([1, 3, 3, 5], [3, 0, 6]).tolist(); // [ 1, 0, 4 ]
 * searchsorted([1, 3, 3, 5], 3, { side: "right" }).item(); // 3
 */
export function searchsorted(sorted: TensorLike, values: TensorLike, options: SearchOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("searchsorted", arguments, 3);
  checkOptions("searchsorted", options, ["side"]);
  const { side = "left" } = options;
  checkChoice("searchsorted", "side", side, ["left", "right"]);
  return search("searchsorted", sorted, values, side);
}

/** Options of `digitize`. */
export interface DigitizeOptions {
  /** True if a bin includes its right bound instead of its left one. Default false. */
  readonly right?: boolean;
}

/**
 * Index of the bin of each element of x: int32 i where `bins[i − 1] ≤ x < bins[i]` (with `right`:
 * `bins[i − 1] < x ≤ bins[i]`), 0 before the first bound, and the number of bounds after the last. If the bounds
 * descend: `bins[i − 1] > x ≥ bins[i]`.
 * @throws DownhillError `shape` if the bounds are not a vector, `range` if their values are known and not monotonic.
 * @example
 * digitize([0.5, 1, 7], [1, 2, 3]).tolist(); // [ 0, 1, 3 ]
 */
export function digitize(x: TensorLike, bins: TensorLike, options: DigitizeOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("digitize", arguments, 3);
  checkOptions("digitize", options, ["right"]);
  checkFlags("digitize", options, ["right"]);
  const bounds = p.asTensor(bins, "digitize");
  const side = options.right === true ? "left" : "right";
  const rising = search("digitize", bounds, x, side);
  const n = bounds.type.shape[0]!;
  if (n < 2) return rising;
  const [before, after] = [p.part(bounds, 0, 0, n - 1), p.part(bounds, 0, 1, n)];
  const all = (flags: Tensor): Tensor => p.equal(countOf(flags), p.full(arrayType("int32", []), n - 1));
  const [rises, falls] = [all(p.lessEqual(before, after)), all(p.lessEqual(after, before))];
  if (isAtHand(rises) && numberOf(rises, "digitize") === 1) return rising;
  if (isAtHand(falls) && numberOf(falls, "digitize") !== 1)
    throw new DownhillError(
      "range",
      `digitize: the bounds ${showType(bounds.type)} neither ascend nor descend.`,
    );
  const behind = search("digitize", p.reverse(bounds, [0]), x, side);
  const falling = p.sub(p.full(behind.type, n), behind);
  return p.where(p.broadcast(rises, falling.type.shape, range(0, 0)), rising, falling);
}
