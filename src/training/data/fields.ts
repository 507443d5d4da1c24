import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import type { DType } from "../../engine/ir/types.ts";
import { sameShape, sizeOf } from "../../engine/util/shape.ts";
import {
  arrayOf,
  asBatchLeaf,
  asColumn,
  asItem,
  type BatchLeaf,
  type Column,
  type ColumnLike,
  isColumnLike,
} from "./column.ts";

/**
 * Type of the batches of a source `S`: a tensor if each item is a single array, number or boolean, otherwise one tensor
 * per named field.
 */
export type BatchOf<S> = S extends ColumnLike | number | boolean
  ? BatchLeaf
  : { readonly [K in keyof S]: BatchLeaf };

/**
 * Columns of a data set by name. A Map, because any string may be a name. `undefined` is the name of the only column of
 * a bare source.
 */
export type ColumnsByName = ReadonlyMap<string | undefined, Column>;

/**
 * Converts a source to columns: its fields, or the source itself if it is a single column. All columns must have the
 * same number of items.
 */
export function fieldsOf(source: unknown, operation: string): ColumnsByName {
  const fields = new Map(
    entriesOf(source, operation).map(([name, value]) => [name, asColumn(value, show(operation, name))]),
  );
  let first: readonly [string | undefined, Column] | undefined;
  for (const field of fields) {
    const [name, column] = field;
    if (column.shape.length === 0)
      throw new DownhillError("shape", `${show(operation, name)}: a scalar has no items.`);
    first ??= field;
    const [n, expected] = [column.shape[0]!, first[1].shape[0]!];
    if (n !== expected) {
      const [a, b] = [show("", first[0]), show("", name)];
      throw new DownhillError(
        "shape",
        `${operation}: ${a} has ${expected} items and ${b} has ${n}: they must have the same number.`,
      );
    }
  }
  if (first === undefined || first[1].shape[0] === 0)
    throw new DownhillError("data", `${operation}: there are no items.`);
  return fields;
}

/** Returns the number of items: the length of the first axis of the fields; 0 without fields. */
export function countOf(fields: ColumnsByName): number {
  for (const column of fields.values()) return column.shape[0]!;
  return 0;
}

/**
 * Stacks the values of each field of the items into one column. Each item must have the field names and shapes of the
 * first. Messages refer to item `i` as `numberOf(i)`.
 */
export function stackItems(
  items: readonly unknown[],
  numberOf: (i: number) => number,
  operation: string,
): ColumnsByName {
  const parts = new Map<string | undefined, Column[]>();
  items.forEach((item, i) => {
    const where = `${operation}: item ${numberOf(i)}`;
    const entries = entriesOf(item, where);
    if (i > 0 && entries.length !== parts.size) throw otherNames(where, entries, parts);
    for (const [name, value] of entries) {
      const column = asItem(value, show(where, name));
      const before = parts.get(name);
      if (before === undefined) {
        if (i > 0) throw otherNames(where, entries, parts);
        parts.set(name, [column]);
        continue;
      }
      const first = before[0]!;
      if (first.dtype !== column.dtype || !sameShape(first.shape, column.shape)) {
        const types = `${showType(column)}, the items before it ${showType(first)}`;
        throw new DownhillError("shape", `${show(where, name)}: is ${types}. All items must be alike.`);
      }
      before.push(column);
    }
  });
  return new Map([...parts].map(([name, columns]) => [name, stack(columns)]));
}

/** Returns one row of the fields as an item for users: the type of a batch without the first axis. */
export function itemOf(fields: ColumnsByName, row: number, float?: DType): unknown {
  const one = gather(fields, undefined, row, row + 1, float);
  return toBatch(
    new Map([...one].map(([name, { shape, dtype, data }]) => [name, { shape: shape.slice(1), dtype, data }])),
  );
}

/** Converts the item that a user's function returned: each of its fields becomes a tensor. */
export function itemFrom(value: unknown, operation: string): unknown {
  return leavesOf(value, operation, (x, what) => (x instanceof Tensor ? x : asBatchLeaf(asItem(x, what))));
}

/**
 * Converts the batch that a user's function returned: each of its fields becomes a tensor.
 *
 * @throws DownhillError `shape` if a field is a scalar or has another number of items than the first.
 */
export function batchFrom<R>(value: unknown, operation: string): BatchOf<R> {
  let first: readonly [string, number] | undefined;
  return leavesOf(value, operation, (x, what) => {
    if (typeof x === "number" || typeof x === "boolean") throw scalarField(what);
    const leaf = x instanceof Tensor ? x : asBatchLeaf(asColumn(x, what));
    const [count] = leaf.shape;
    if (count === undefined) throw scalarField(what);
    first ??= [what, count];
    if (count !== first[1]) {
      throw new DownhillError(
        "shape",
        `${what} has ${count} items, where ${first[0]} has ${first[1]}: they must have the same number.`,
      );
    }
    return leaf;
  }) as BatchOf<R>;
}

function scalarField(what: string): DownhillError {
  return new DownhillError(
    "shape",
    `${what}: a scalar has no items. Return one value per item of the batch.`,
  );
}

/** Converts a value, or each of its fields by name, with `leaf`. */
function leavesOf(value: unknown, operation: string, leaf: (x: unknown, what: string) => BatchLeaf): unknown {
  const leaves = entriesOf(value, operation).map(
    ([name, x]) => [name, leaf(x, show(operation, name))] as const,
  );
  if (leaves[0]?.[0] === undefined) return leaves[0]?.[1];
  return Object.fromEntries(leaves);
}

/** Collects rows from several tables whose columns have the same names and types. Each row is copied once. */
export interface FieldsBuilder {
  /** Adds rows `from`, `from + step`, … before `to`. */
  readonly add: (fields: ColumnsByName, from: number, to: number, step: number) => void;
  readonly finish: () => ColumnsByName;
}

/** Creates a builder of at most `size` rows of fields with the types of `first`. */
export function fieldsBuilder(first: ColumnsByName, size: number, float: DType | undefined): FieldsBuilder {
  const columns = [...first].map(([name, { shape, dtype }]) => {
    const isFloat = dtype === "float64" || dtype === "float32";
    const [item, kind] = [shape.slice(1), isFloat && float !== undefined ? float : dtype];
    return { name, item, dtype: kind, each: sizeOf(item), data: arrayOf(kind, size * sizeOf(item)) };
  });
  let filled = 0;
  return {
    add(fields, from, to, step) {
      const rows = Math.max(0, Math.ceil((to - from) / step));
      const together = step === 1 ? rows : 1; // number of consecutive rows
      for (const { name, each, data } of columns) {
        const source = fields.get(name)!.data;
        for (let i = 0; i < rows; i += together) {
          const start = from + i * step;
          data.set(source.subarray(start * each, (start + together) * each), (filled + i) * each);
        }
      }
      filled += rows;
    },
    finish: () =>
      new Map(
        columns.map(({ name, item, dtype, each, data }) => [
          name,
          { shape: [filled, ...item], dtype, data: filled === size ? data : data.slice(0, filled * each) },
        ]),
      ),
  };
}

/** Throws if the fields of a part of a data set differ from those of the preceding parts. */
export function checkAlike(fields: ColumnsByName, first: ColumnsByName, where: string): void {
  if (fields.size !== first.size || ![...fields.keys()].every((name) => first.has(name))) {
    throw otherNames(where, [...fields], first);
  }
  for (const [name, { dtype, shape }] of fields) {
    const before = first.get(name)!;
    if (dtype === before.dtype && sameShape(shape.slice(1), before.shape.slice(1))) continue;
    const [now, then] = [
      showType({ dtype, shape: shape.slice(1) }),
      showType({ dtype: before.dtype, shape: before.shape.slice(1) }),
    ];
    const types = `has items of ${now}, the parts before it of ${then}`;
    throw new DownhillError("shape", `${show(where, name)}: ${types}. All items must be alike.`);
  }
}

function stack(items: readonly Column[]): Column {
  const { shape, dtype } = items[0]!;
  const size = sizeOf(shape);
  const data = arrayOf(dtype, items.length * size);
  items.forEach((item, i) => data.set(item.data, i * size));
  return { shape: [items.length, ...shape], dtype, data };
}

/**
 * Copies rows of each field into new arrays: `order[from] … order[to − 1]`, or rows `from … to − 1` without an order.
 */
export function gather(
  fields: ColumnsByName,
  order: ArrayLike<number> | undefined,
  from: number,
  to: number,
  float?: DType,
): ColumnsByName {
  return new Map([...fields].map(([name, column]) => [name, gatherColumn(column, order, from, to, float)]));
}

function gatherColumn(
  column: Column,
  order: ArrayLike<number> | undefined,
  from: number,
  to: number,
  float?: DType,
): Column {
  const shape = [to - from, ...column.shape.slice(1)];
  const size = sizeOf(column.shape.slice(1));
  const isFloat = column.dtype === "float64" || column.dtype === "float32";
  const dtype = isFloat && float !== undefined ? float : column.dtype;
  const data = arrayOf(dtype, (to - from) * size);
  const source = column.data;
  if (order === undefined) {
    data.set(source.subarray(from * size, to * size));
  } else if (size < 64) {
    // A view costs more than copying so few elements.
    for (let row = from, at = 0; row < to; row++) {
      for (let k = order[row]! * size, end = k + size; k < end; k++) data[at++] = source[k]!;
    }
  } else {
    for (let row = from; row < to; row++) {
      const start = order[row]! * size;
      data.set(source.subarray(start, start + size), (row - from) * size);
    }
  }
  return { shape, dtype, data };
}

/** Converts fields to a batch for users: an object of tensors by name, or a single tensor. */
export function toBatch(fields: ColumnsByName): unknown {
  const bare = fields.get(undefined);
  if (bare !== undefined) return asBatchLeaf(bare);
  // fromEntries defines own properties, so that a name such as __proto__ is an ordinary name
  return Object.fromEntries([...fields].map(([name, column]) => [name, asBatchLeaf(column)]));
}

/**
 * Selects rows of a column, or of each column of an object, by index; for example those of one part of
 * `stratifiedSplit`.
 *
 * @throws DownhillError `range` for an index out of range.
 * @example
 * const { train, test } = randomSplit({ count: 10, testFraction: 0.2, seed: 0 });
 * const source = { x: Float64Array.from({ length: 10 }, (_, i) => i), y: new Int32Array(10) };
 * takeRows(source, train).x.shape; // [ 8 ]
 */
export function takeRows(source: ColumnLike, rows: ArrayLike<number>): BatchLeaf;
export function takeRows<S extends { readonly [K in keyof S]: ColumnLike }>(
  source: S,
  rows: ArrayLike<number>,
): BatchOf<S>;
export function takeRows(source: unknown, rows: ArrayLike<number>): unknown {
  if (arguments.length > 2) refuseExtra("takeRows", arguments, 2);
  const fields = fieldsOf(source, "takeRows");
  const count = countOf(fields);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (!(Number.isInteger(row) && row >= 0 && row < count)) {
      throw new DownhillError("range", `takeRows: there is no row ${row}: the rows are 0 to ${count - 1}.`);
    }
  }
  return toBatch(gather(fields, rows, 0, rows.length));
}

function entriesOf(source: unknown, operation: string): (readonly [string | undefined, unknown])[] {
  if (isColumnLike(source) || typeof source === "number" || typeof source === "boolean")
    return [[undefined, source]];
  if (typeof source === "object" && source !== null) {
    const entries = Object.entries(source as Readonly<Record<string, unknown>>);
    if (entries.length > 0) return entries;
  }
  throw new DownhillError(
    "data",
    `${operation}: expected arrays by name, as in { x, y }, or one array; got ${describe(source)}.`,
  );
}

function otherNames(
  where: string,
  entries: readonly (readonly [string | undefined, unknown])[],
  parts: ReadonlyMap<string | undefined, unknown>,
): DownhillError {
  const list = (names: Iterable<string | undefined>): string =>
    [...names].map((name) => name ?? "a bare value").join(", ");
  return new DownhillError(
    "data",
    `${where}: holds ${list(entries.map(([name]) => name))}, the items before it ${list(parts.keys())}.`,
  );
}

function show(operation: string, name: string | undefined): string {
  const field =
    name === undefined
      ? "the column"
      : /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)
        ? name
        : JSON.stringify(name);
  return operation === "" ? field : name === undefined ? operation : `${operation}: ${field}`;
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "object" && value !== null) return "an empty object";
  return typeof value === "function" ? "a function" : String(value);
}
