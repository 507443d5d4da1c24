import { refuseDetached } from "../../../engine/errors/arguments.ts";
import { DownhillError, internalError } from "../../../engine/errors/index.ts";
import { Tensor } from "../../../engine/ir/tensor.ts";
import { isFloating } from "../../../engine/region/form/build.ts";
import type { RegionType } from "../../../engine/region/form/region.ts";
import { assertNever } from "../../../engine/util/assert-never.ts";
import { sizeOf } from "../../../engine/util/shape.ts";
import type { PlainType, TextCase } from "../form/form.ts";
import { isIntegerArray } from "../form/form.ts";
import { axesOfBooleans, takeNumbers } from "./lists.ts";
import {
  asField,
  countLeaves,
  holdsAbsent,
  isAbsent,
  leafRanks,
  mayLack,
  plainTypeOf,
  rankOf,
  templateOf,
  typesIn,
} from "./structure.ts";
import { type LeafElements, type ValueLeaf, makers, type RowKind, type Template } from "./templates.ts";

export { plainLeaf, putTogether } from "./results.ts";
export {
  countLeaves,
  derivativeOf,
  holdsList,
  isAbsent,
  leafRanks,
  leavesOf,
  mayLack,
  templateOf,
  typesIn,
} from "./structure.ts";
export { type ValueLeaf, makers, type Template } from "./templates.ts";

/** A description of a valid argument, for messages. */
function nounOf(type: PlainType): string {
  switch (type.kind) {
    case "number":
      if (type.cases !== undefined) return type.cases.map(({ text }) => JSON.stringify(text)).join(" or ");
      return type.integer === true ? "an integer" : "a number";
    case "boolean":
      return "true or false";
    case "array":
      return type.of === "any" || type.of === "number[]" ? "an array of numbers" : `a ${type.of}`;
    case "matrix":
      return "an array of rows of numbers";
    case "list":
      return "an array";
    case "record":
      return `an object with ${type.fields.map(({ name }) => name).join(", ")}`;
    case "tuple":
      return `an array of ${type.items.length}`;
    case "optional":
      return `${nounOf(type.type)}, or ${type.absence === "either" ? "null or undefined" : (type.absence ?? "undefined")}`;
    default:
      return assertNever(type, "nounOf");
  }
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "number" || typeof value === "boolean") return `${value}`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value instanceof Tensor) return "a tensor";
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name}`;
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Path of a value for messages, and how its numbers are converted. */
interface ValueContext {
  /** Path in the form that messages show, such as `grad(loss): p.w`. */
  readonly path: string;
  readonly lead: LeadingAxes;
  /** True if the value is a direction, in which 0 may be given for a boolean. */
  readonly isTangent?: boolean;
}

/**
 * Number of additional leading axes of each leaf, for batches: one number for all leaves of a value, or one for each
 * member.
 */
export type LeadingAxes = number | { readonly [member: string]: LeadingAxes };

/** Context of a leaf: its path, its number of additional leading axes, and whether it belongs to a direction. */
interface LeafContext extends ValueContext {
  readonly lead: number;
}

function member(place: ValueContext, key: string | number, shown: string): ValueContext {
  const lead = typeof place.lead === "number" ? place.lead : (place.lead[key] ?? 0);
  return { ...place, path: place.path + shown, lead };
}

function atLeaf(place: ValueContext): LeafContext {
  if (typeof place.lead === "number") return { ...place, lead: place.lead };
  throw new DownhillError("tree", `${place.path}: is one value, and has one axis of a batch, or null.`);
}

function wrong(place: ValueContext, type: PlainType, value: unknown): DownhillError {
  const many = place.lead === 0 ? "" : `, one for each item of the batch`;
  const isText = type.kind === "number" && type.cases !== undefined && typeof value === "string";
  const got = isText ? JSON.stringify(value) : describe(value);
  return new DownhillError("tree", `${place.path} must be ${nounOf(type)}${many}, got ${got}.`);
}

/**
 * Splits a plain value into leaves and appends them, one for each parameter of the region. `types` provides their types
 * in order. Typed arrays of the right kind are not copied.
 * @throws DownhillError `tree` for a value with another structure, `shape` for rows of unequal length, `range` for a
 * number that must be an integer and is not.
 */
export function takeApart(
  type: PlainType,
  given: unknown,
  types: Iterator<RegionType>,
  place: ValueContext,
  leaves: ValueLeaf[],
): Template {
  const value = place.isTangent === true ? directionIn(type, given) : given;
  switch (type.kind) {
    case "number":
    case "boolean":
    case "array":
    case "matrix":
      return takeLeaf(type, value, types.next().value as RegionType, atLeaf(place), leaves);
    case "list":
      return takeList(type, value, types, atLeaf(place), leaves);
    case "record": {
      if (typeof value !== "object" || value === null || value instanceof Tensor)
        throw wrong(place, type, value);
      const fields = type.fields.map((field) => {
        const item = (value as Readonly<Record<string, unknown>>)[field.name];
        const at = member(place, field.name, `.${field.name}`);
        return { name: field.name, type: asField(takeApart(field.type, item, types, at, leaves)) };
      });
      return { kind: "record", fields };
    }
    case "tuple": {
      if (!Array.isArray(value) || value.length !== type.items.length) throw wrong(place, type, value);
      const items = type.items.map((item, i) =>
        takeApart(item, value[i], types, member(place, i, `[${i}]`), leaves),
      );
      return { kind: "tuple", items };
    }
    case "optional": {
      if (value === undefined && type.absence === "null") throw wrong(place, type, value);
      const isThere = !isAbsent(type, value);
      types.next();
      leaves.push({ data: isThere && place.isTangent !== true ? 1 : 0, dims: [] });
      const own = Array.from({ length: countLeaves(type.type) }, () => types.next().value as RegionType);
      if (isThere) {
        const item = takeApart(type.type, value, own.values(), place, leaves);
        return { kind: "optional", item, types: own };
      }
      const ranks = leafRanks(type.type);
      own.forEach((element, k) => leaves.push(absentLeaf(element, ranks[k]!, place.isTangent === true)));
      return { kind: "optional", item: undefined, types: own, ...(value === null && { isNull: true }) };
    }
    default:
      return assertNever(type, "takeApart");
  }
}

/** The direction of a value, which may lack booleans and strings. Any of the strings is a direction of 0. */
function directionIn(type: PlainType, given: unknown): unknown {
  if (type.kind === "optional") return isAbsent(type, given) ? given : directionIn(type.type, given);
  if (type.kind === "boolean") return given === undefined ? 0 : given;
  if (type.kind !== "number" || type.cases === undefined) return given;
  return given === undefined || codeOf(type.cases, given) !== undefined ? 0 : given;
}

/** True for strings, booleans and arrays of them, which have no derivative. */
function isConstant(type: PlainType): boolean {
  if (type.kind === "list") return isConstant(type.item);
  return type.kind === "boolean" || (type.kind === "number" && type.cases !== undefined);
}

/** Creates a leaf that stands for an absent value. Values computed from it are ignored. */
function absentLeaf(type: RegionType, rank: number, isTangent: boolean): ValueLeaf {
  if (rank > 0) return { data: new makers[type](0), dims: new Array<number>(rank).fill(0), isAbsent: true };
  return { data: isTangent || !isFloating(type) ? 0 : NaN, dims: [], isAbsent: true };
}

function takeLeaf(
  type: PlainType & { readonly kind: keyof typeof rankOf },
  value: unknown,
  element: RegionType,
  place: LeafContext,
  leaves: ValueLeaf[],
): Template {
  const rank = rankOf[type.kind];
  if (rank + place.lead === 0) {
    const isStill = place.isTangent === true && value === 0;
    if (type.kind === "number" && type.cases !== undefined) {
      const code = isStill ? 0 : codeOf(type.cases, value);
      if (code === undefined) throw wrong(place, type, value);
      leaves.push({ data: code, dims: [] });
      return { kind: "leaf", rank, type: element, of: "number[]", isText: true };
    }
    if (!isStill && typeof value !== (type.kind === "boolean" ? "boolean" : "number"))
      throw wrong(place, type, value);
    const data = Number(value);
    if (element === "i32") requireWhole(place, data);
    leaves.push({ data, dims: [] });
    return { kind: "leaf", rank, type: element, of: "number[]" };
  }
  const make = makers[element];
  if (rank + place.lead === 1 && value instanceof make && type.kind !== "boolean") {
    refuseDetached(place.path, value);
    leaves.push({ data: value, dims: [value.length] });
    return {
      kind: "leaf",
      rank,
      type: element,
      of: rank === 0 ? "number[]" : (value.constructor.name as RowKind),
    };
  }
  const dims = sizesOf(type, value, rank + place.lead, place);
  const data = new make(sizeOf(dims));
  const of = fill(data, type, value, dims, place);
  leaves.push({ data, dims });
  // several scalars, as in a batch, become an array of numbers, in whatever kind they were given
  const isText = type.kind === "number" && type.cases !== undefined;
  return { kind: "leaf", rank, type: element, of: rank === 0 ? "number[]" : of, ...(isText && { isText }) };
}

/** Number that stands for a string in the region; `undefined` for other values. */
function codeOf(cases: readonly TextCase[], value: unknown): number | undefined {
  return cases.find(({ text }) => text === value)?.code;
}

function requireWhole(place: LeafContext, x: number): void {
  if (x === Math.trunc(x) && Math.abs(x) < 2 ** 31) return;
  throw new DownhillError(
    "range",
    `${place.path} sets a size, a bound or an index, so it must be an integer below 2^31, got ${x}.`,
  );
}

type ArrayRow = ArrayLike<unknown>;

/** True for arrays with any elements and for the four kinds of typed arrays that tensors can hold. */
function isRow(value: unknown): value is ArrayRow {
  return (
    Array.isArray(value) ||
    value instanceof Float64Array ||
    value instanceof Float32Array ||
    value instanceof Int32Array ||
    value instanceof Uint8Array
  );
}

/** Lengths of nested arrays along each axis, measured along the first item of each level; 0 below an empty array. */
function sizesOf(type: PlainType, value: unknown, rank: number, place: LeafContext): number[] {
  const dims: number[] = [];
  let level: unknown = value;
  while (dims.length < rank) {
    if (!isRow(level)) {
      if (dims.length > 0 && level === undefined) break; // no rows: the remaining sizes are 0 too
      throw wrong(place, type, value);
    }
    if (ArrayBuffer.isView(level)) refuseDetached(place.path, level);
    dims.push(level.length);
    level = level[0];
  }
  while (dims.length < rank) dims.push(0);
  return dims;
}

/** Copies nested rows, and returns the kind of its innermost rows. */
function fill(
  data: LeafElements,
  type: PlainType,
  value: unknown,
  dims: readonly number[],
  place: LeafContext,
): RowKind {
  let next = 0;
  let of: RowKind = "number[]";
  const expected = type.kind === "boolean" ? "boolean" : "number";
  const visit = (level: unknown, depth: number): void => {
    if (!isRow(level) || level.length !== dims[depth]) throw uneven(place, type, level, dims, depth);
    if (depth < dims.length - 1) {
      for (let i = 0; i < level.length; i++) visit(level[i], depth + 1);
      return;
    }
    if (!Array.isArray(level)) of = kindOfRow(level, data);
    for (let i = 0; i < level.length; i++) {
      const given: unknown = level[i];
      const x = type.kind === "number" && type.cases !== undefined ? codeOf(type.cases, given) : given;
      if (typeof x !== expected) throw wrongElement(place, given, i);
      if (data instanceof Int32Array && expected === "number") requireWhole(place, x as number);
      data[next++] = Number(x);
    }
  };
  visit(value, 0);
  return of;
}

/** Kind of the results for a typed array. Integers that count as numbers have derivatives, which are no integers. */
function kindOfRow(row: ArrayRow, data: LeafElements): RowKind {
  const of = row.constructor.name as RowKind;
  return isIntegerArray(of) && !(data instanceof Int32Array) ? "Float64Array" : of;
}

function wrongElement(place: ValueContext, x: unknown, i: number): DownhillError {
  const hint = x instanceof Tensor ? " Give one tensor for the whole array: stack([x, y])." : "";
  return new DownhillError("tree", `${place.path}: element ${i} is ${describe(x)}, not a number.${hint}`);
}

function uneven(
  place: LeafContext,
  type: PlainType,
  level: unknown,
  dims: readonly number[],
  depth: number,
): DownhillError {
  if (!isRow(level)) return wrong(place, type, level);
  return new DownhillError(
    "shape",
    `${place.path}: rows must be of equal length; there is one of ${level.length} beside one of ${dims[depth]!}.`,
  );
}

function takeList(
  type: PlainType & { readonly kind: "list" },
  value: unknown,
  types: Iterator<RegionType>,
  place: LeafContext,
  leaves: ValueLeaf[],
): Template {
  const elements = Array.from({ length: countLeaves(type.item) }, () => types.next().value as RegionType);
  if (value === undefined && place.isTangent === true && isConstant(type)) {
    leaves.push(absentLeaf(elements[0]!, leafRanks(type)[0]!, true));
    return { kind: "list", item: templateOf(type.item, elements.values()) };
  }
  if (!Array.isArray(value)) throw wrong(place, type, value);
  const booleans = place.lead === 0 ? undefined : axesOfBooleans(type);
  if (booleans !== undefined) {
    takeLeaf({ kind: "boolean" }, value, elements[0]!, { ...place, lead: place.lead + booleans }, leaves);
    return { kind: "list", item: templateOf(type.item, elements.values()) };
  }
  const numbers = place.lead === 0 ? takeNumbers(type.item, value, elements) : undefined;
  if (numbers !== undefined) {
    for (const data of numbers) leaves.push({ data, dims: [value.length] });
    return { kind: "list", item: templateOf(type.item, elements.values()) };
  }
  const items: ValueLeaf[][] = [];
  const templates: Template[] = [];
  for (let i = 0; i < value.length; i++) {
    const own: ValueLeaf[] = [];
    const path = `${place.path}[${i}]`;
    const template = takeApart(type.item, value[i], elements.values(), { ...place, path }, own);
    templates.push(template);
    items.push(own);
  }
  const ranks = leafRanks(type.item);
  elements.forEach((element, k) => {
    const first = items.find((own) => own[k]!.isAbsent !== true) ?? items[0];
    const dims = first?.[k]?.dims ?? new Array<number>(ranks[k]! + place.lead).fill(0);
    leaves.push(
      stack(
        items.map((own) => own[k]!),
        dims,
        element,
        place,
      ),
    );
  });
  const item = templates[0] ?? templateOf(type.item, elements.values());
  return { kind: "list", item, ...(mayLack(type.item) && { items: templates }) };
}

/** Joins leaves of equal sizes along a new leading axis. */
function stack(
  items: readonly ValueLeaf[],
  dims: readonly number[],
  element: RegionType,
  place: LeafContext,
): ValueLeaf {
  const size = sizeOf(dims);
  const data = new makers[element](items.length * size);
  // a tangent of an absent number is 0, and the number itself is NaN
  const [missing] = items.flatMap((leaf) => (leaf.isAbsent === true ? [leaf.data] : []));
  if (typeof missing === "number") data.fill(missing);
  items.forEach((leaf, i) => {
    if (leaf.isAbsent === true) return;
    if (leaf.dims.some((n, axis) => n !== dims[axis])) {
      throw new DownhillError(
        "shape",
        `${place.path}: the arrays of all items must be of equal length; in item ${i} there is one of ${leaf.dims.join(" × ")} beside one of ${dims.join(" × ")}. Items of different sizes can be fields of an object, or the items of a tuple, as in [Layer, Layer].`,
      );
    }
    if (typeof leaf.data === "number") data[i] = leaf.data;
    else data.set(leaf.data, i * size);
  });
  const joined = { data, dims: [items.length, ...dims] };
  // arrays that all items lack take the lengths of arrays in other lists
  const isLacking = dims.length > 0 && items.length > 0 && items.every((leaf) => leaf.isAbsent === true);
  return isLacking ? { ...joined, isAbsent: true } : joined;
}

/**
 * Splits a value with the structure of a result into its leaves.
 *
 * @throws DownhillError as `takeApart`, and `tree` if the result consists of Jacobians.
 */
export function takeLike(template: Template, value: unknown, path: string): ValueLeaf[] {
  const leaves: ValueLeaf[] = [];
  const takeParts = (
    part: Template & { readonly kind: "record" | "tuple" },
    given: unknown,
    place: ValueContext,
  ): void => {
    if (typeof given !== "object" || given === null) {
      const noun = part.kind === "record" ? "an object" : "an array";
      throw new DownhillError("tree", `${place.path} must be ${noun}, got ${describe(given)}.`);
    }
    const parts = given as Readonly<Record<string | number, unknown>>;
    if (part.kind === "record")
      for (const { name, type } of part.fields) take(type, parts[name], member(place, name, `.${name}`));
    else part.items.forEach((item, i) => take(item, parts[i], member(place, i, `[${i}]`)));
  };
  const take = (part: Template, given: unknown, place: ValueContext): void => {
    switch (part.kind) {
      case "batch":
        take(part.item, given, { ...place, lead: Number(place.lead) + 1 });
        return;
      case "jacobian":
        throw new DownhillError(
          "tree",
          `${path}: of a Jacobian it must be given in tensors, and so the arguments too.`,
        );
      case "absent":
        leaves.push(...part.types.map((): ValueLeaf => ({ data: 0, dims: [], isAbsent: true })));
        return;
      case "optional":
        throw internalError("a result that may be absent");
      case "record":
      case "tuple":
        if (holdsAbsent(part)) {
          takeParts(part, given, place);
          return;
        }
        takeApart(plainTypeOf(part), given, typesIn(part).values(), place, leaves);
        return;
      case "leaf":
      case "list":
        takeApart(plainTypeOf(part), given, typesIn(part).values(), place, leaves);
        return;
      default:
        assertNever(part, "takeLike");
    }
  };
  take(template, value, { path, lead: 0 });
  return leaves;
}
