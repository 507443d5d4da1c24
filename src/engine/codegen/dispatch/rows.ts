// Division of the points of several units into common rows, and the proof that rows share no elements.
import type { KnownRange, LinearIndex } from "./access.ts";
import type { WorkUnit } from "./unit.ts";

/** Axis of the points of a unit: a loop index with a known range. */
export interface PointAxis extends KnownRange {
  readonly index: string;
}

/** Products of the sizes of the first axes of a unit: 1, n₁, n₁·n₂, … */
function boundariesOf({ axes }: Pick<WorkUnit, "axes">): number[] {
  const boundaries = [1];
  for (const { size } of axes) boundaries.push(boundaries.at(-1)! * size);
  return boundaries;
}

/**
 * Sizes of the common axes of the first `rows` rows of units. Each axis of a unit is a product of some of them.
 * `undefined` if the axes do not divide this way. `others` are further products of sizes, at which axes divide.
 */
export function commonSizes(
  units: readonly WorkUnit[],
  rows: number,
  others: readonly number[] = [],
): number[] | undefined {
  const all = new Set([1, rows, ...others]);
  for (const unit of units) for (const n of boundariesOf(unit)) if (n < rows) all.add(n);
  const sorted = [...all].sort((a, b) => a - b);
  const sizes: number[] = [];
  for (let i = 1; i < sorted.length; i++) {
    const size = sorted[i]! / sorted[i - 1]!;
    if (!Number.isInteger(size)) return undefined;
    sizes.push(size);
  }
  // the axis of a unit in which the last row ends must divide there
  const isDivisible = units.every(
    (unit) => unit.points % rows === 0 && boundariesOf(unit).every((n) => n < rows || n % rows === 0),
  );
  return isDivisible ? sizes : undefined;
}

/** Index of an axis as a sum of multiples of common axes, and of the remaining points (`rest`) within a row. */
export interface SplitAxis {
  readonly axis: PointAxis;
  /** Factor of each common axis; 0 if the index does not depend on it. */
  readonly factors: readonly number[];
  /** Size of the part of the axis within a row. */
  readonly rest: number;
}

/** Expresses the axes of a unit by common axes of the given sizes. */
export function splitAxes({ axes }: WorkUnit, sizes: readonly number[]): SplitAxis[] {
  const rows = sizes.reduce((product, n) => product * n, 1);
  let before = 1;
  const starts = sizes.map((size) => {
    const start = before;
    before *= size;
    return start;
  });
  let first = 1;
  return axes.map((axis) => {
    const start = first;
    const end = first * axis.size;
    first = end;
    const factors = sizes.map((size, i) =>
      starts[i]! >= start && starts[i]! * size <= end ? end / (starts[i]! * size) : 0,
    );
    const rest = end <= rows ? 1 : start >= rows ? axis.size : end / rows;
    return { axis, factors, rest };
  });
}

/** A digit of an index: a multiple of one of `count` consecutive numbers. */
interface RowDigit {
  readonly stride: number;
  readonly count: number;
}

/** An index, divided into multiples of common axes and digits within a row. */
interface RowIndex {
  readonly factors: readonly number[];
  readonly digits: readonly RowDigit[];
  readonly constant: number;
  /** Locals from outside with their factors, as text. */
  readonly outer: string;
}

function rowIndex(
  { constant, terms }: LinearIndex,
  split: readonly SplitAxis[],
  ranges: ReadonlyMap<string, KnownRange>,
  width: number,
): RowIndex {
  const factors = new Array<number>(width).fill(0);
  const digits: RowDigit[] = [];
  const outer: string[] = [];
  let start = constant;
  for (const [name, by] of terms) {
    const axis = split.find((one) => one.axis.index === name);
    if (axis !== undefined) {
      start += by * axis.axis.from;
      axis.factors.forEach((factor, i) => (factors[i]! += by * factor));
      if (axis.rest > 1) digits.push({ stride: by, count: axis.rest });
      continue;
    }
    const range = ranges.get(name);
    if (range === undefined) outer.push(`${name}·${by}`);
    else {
      start += by * range.from;
      if (range.size > 1) digits.push({ stride: by, count: range.size });
    }
  }
  return { factors, digits, constant: start, outer: outer.sort().join() };
}

/**
 * True if different rows never access the same element of a buffer that one of them writes. Rows are the points of the
 * common axes. With a loop around the units, this holds for all iterations of both rows.
 */
export function haveSeparateRows(
  units: readonly WorkUnit[],
  sizes: readonly number[],
  loop?: { readonly counter: string } & KnownRange,
): boolean {
  if (sizes.every((n) => n === 1)) return true;
  const written = new Set(
    units.flatMap(({ accesses }) => accesses.flatMap(({ buffer, isStore }) => (isStore ? [buffer] : []))),
  );
  const byBuffer = new Map<string, { readonly indices: RowIndex[]; readonly users: Set<WorkUnit> }>();
  for (const unit of units) {
    const split = splitAxes(unit, sizes);
    const ranges = loop === undefined ? unit.ranges : new Map([...unit.ranges, [loop.counter, loop]]);
    for (const { buffer, index } of unit.accesses) {
      if (!written.has(buffer)) continue;
      let known = byBuffer.get(buffer);
      if (known === undefined) byBuffer.set(buffer, (known = { indices: [], users: new Set() }));
      known.users.add(unit);
      if (index === undefined) known.indices.push(unknownIndex);
      else known.indices.push(rowIndex(index, split, ranges, sizes.length));
    }
  }
  // without a loop, the points of one unit are independent, however their indices look
  return [...byBuffer.values()].every(
    ({ indices, users }) =>
      (loop === undefined && users.size === 1 && units.length > 1) || areSeparate(indices, sizes),
  );
}

const unknownIndex: RowIndex = { factors: [], digits: [], constant: 0, outer: "?" };

/** True if indices of different rows are different. */
function areSeparate(indices: readonly RowIndex[], sizes: readonly number[]): boolean {
  const [first] = indices;
  if (first === undefined) return true;
  if (indices.includes(unknownIndex)) return false;
  const isEqual = ({ factors, outer }: RowIndex): boolean =>
    outer === first.outer && factors.every((factor, i) => factor === first.factors[i]);
  if (!indices.every(isEqual)) return false;
  const wide = first.factors.flatMap((stride, i) =>
    sizes[i]! > 1 ? [{ stride: Math.abs(stride), count: sizes[i]! }] : [],
  );
  const smallest = Math.min(...wide.map(({ stride }) => stride));
  if (smallest === 0) return false;
  // digits below the smallest factor of a row form an interval; larger ones are digits of a mixed-radix number
  let [low, high] = [Infinity, -Infinity];
  const large = new Map<number, number>();
  for (const { constant, digits } of indices) {
    let [from, to] = [constant, constant];
    for (const { stride, count } of digits) {
      if (stride >= smallest) large.set(stride, Math.max(large.get(stride) ?? 1, count));
      else if (stride < 0) from += stride * (count - 1);
      else to += stride * (count - 1);
    }
    [low, high] = [Math.min(low, from), Math.max(high, to)];
  }
  const all = [...wide, ...[...large].map(([stride, count]) => ({ stride, count }))];
  let width = high - low + 1;
  for (const { stride, count } of all.sort((a, b) => a.stride - b.stride)) {
    if (stride < width) return false;
    width += stride * (count - 1);
  }
  return true;
}
