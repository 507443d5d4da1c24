import { DownhillError, internalError } from "../../../engine/errors/index.ts";
import { Tensor } from "../../../engine/ir/tensor.ts";
import { isFloating } from "../../../engine/region/build.ts";
import type { RegionType } from "../../../engine/region/region.ts";
import { assertNever } from "../../../engine/util/assert-never.ts";
import { sizeOf } from "../../../engine/util/shape.ts";
import type { PlainType } from "../form/form.ts";
import { axesOfBooleans, itemsOf, shapeOfTemplate, takeNumbers } from "./lists.ts";
import { type Elements, type Leaf, makers, type RowKind, type Template } from "./templates.ts";

export { type Leaf, makers, type Template } from "./templates.ts";

/** What an argument must be, for messages. */
function nounOf(type: PlainType): string {
  switch (type.kind) {
    case "number":
      return type.integer === true ? "a whole number" : "a number";
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
      return `${nounOf(type.type)}, or undefined`;
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

/** Where a value stands, and what its numbers become. */
interface Place {
  /** As messages name it: `grad(loss): p.w`. */
  readonly path: string;
  readonly lead: Lead;
  /** A direction, in which what is true or false may have a 0. */
  readonly isTangent?: boolean;
}

/** Further axes that each leaf has in front: those of batches. One number for all leaves below, or one for each member. */
export type Lead = number | { readonly [member: string]: Lead };

/** Where a leaf stands. */
interface LeafPlace extends Place {
  readonly lead: number;
}

function member(place: Place, key: string | number, shown: string): Place {
  const lead = typeof place.lead === "number" ? place.lead : (place.lead[key] ?? 0);
  return { ...place, path: place.path + shown, lead };
}

function atLeaf(place: Place): LeafPlace {
  if (typeof place.lead === "number") return { ...place, lead: place.lead };
  throw new DownhillError("tree", `${place.path}: is one value, and has one axis of a batch, or null.`);
}

function wrong(place: Place, type: PlainType, value: unknown): DownhillError {
  const many = place.lead === 0 ? "" : `, one for each item of the batch`;
  return new DownhillError("tree", `${place.path} must be ${nounOf(type)}${many}, got ${describe(value)}.`);
}

/**
 * Takes a plain value apart: appends its leaves, one for each parameter of the region that it stands for, whose types `types`
 * gives in turn. Typed arrays of the right kind are not copied.
 *
 * @throws DownhillError `tree` for what has another structure, `shape` for rows of unequal length, `range` for a number that
 * must be whole and is not.
 */
export function takeApart(
  type: PlainType,
  value: unknown,
  types: Iterator<RegionType>,
  place: Place,
  leaves: Leaf[],
): Template {
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
        return { name: field.name, type: takeApart(field.type, item, types, at, leaves) };
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
      const isThere = value !== undefined;
      types.next();
      leaves.push({ data: isThere && place.isTangent !== true ? 1 : 0, dims: [] });
      const own = Array.from({ length: countLeaves(type.type) }, () => types.next().value as RegionType);
      if (isThere) {
        const item = takeApart(type.type, value, own.values(), place, leaves);
        return { kind: "optional", item, types: own };
      }
      const ranks = leafRanks(type.type);
      own.forEach((element, k) => leaves.push(absentLeaf(element, ranks[k]!, place.isTangent === true)));
      return { kind: "optional", item: undefined, types: own };
    }
    default:
      return assertNever(type, "takeApart");
  }
}

/** A leaf of a value that is absent: what is computed with it does not count. */
function absentLeaf(type: RegionType, rank: number, isTangent: boolean): Leaf {
  if (rank > 0) return { data: new makers[type](0), dims: new Array<number>(rank).fill(0), isAbsent: true };
  return { data: isTangent || !isFloating(type) ? 0 : NaN, dims: [], isAbsent: true };
}

const rankOf = { number: 0, boolean: 0, array: 1, matrix: 2 } as const;

function takeLeaf(
  type: PlainType & { readonly kind: keyof typeof rankOf },
  value: unknown,
  element: RegionType,
  place: LeafPlace,
  leaves: Leaf[],
): Template {
  const rank = rankOf[type.kind];
  if (rank + place.lead === 0) {
    const isStill = place.isTangent === true && value === 0;
    if (!isStill && typeof value !== (type.kind === "boolean" ? "boolean" : "number"))
      throw wrong(place, type, value);
    const data = Number(value);
    if (element === "i32") requireWhole(place, data);
    leaves.push({ data, dims: [] });
    return { kind: "leaf", rank, type: element, of: "number[]" };
  }
  const make = makers[element];
  if (rank + place.lead === 1 && value instanceof make && type.kind !== "boolean") {
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
  // of numbers, a row of several is an array of numbers whichever they were given in
  return { kind: "leaf", rank, type: element, of: rank === 0 ? "number[]" : of };
}

function requireWhole(place: LeafPlace, x: number): void {
  if (x === Math.trunc(x) && Math.abs(x) < 2 ** 31) return;
  throw new DownhillError(
    "range",
    `${place.path} sets a size, a bound or a place, so it must be a whole number below 2^31, got ${x}.`,
  );
}

type Rows = ArrayLike<unknown>;

/** Arrays and typed arrays of numbers. */
function isRow(value: unknown): value is Rows {
  return (
    Array.isArray(value) ||
    value instanceof Float64Array ||
    value instanceof Float32Array ||
    value instanceof Int32Array
  );
}

/** The sizes along the first rows. */
function sizesOf(type: PlainType, value: unknown, rank: number, place: LeafPlace): number[] {
  const dims: number[] = [];
  let level: unknown = value;
  while (dims.length < rank) {
    if (!isRow(level)) {
      if (dims.length > 0 && level === undefined) break; // no rows: the others are of length 0 too
      throw wrong(place, type, value);
    }
    dims.push(level.length);
    level = level[0];
  }
  while (dims.length < rank) dims.push(0);
  return dims;
}

/** Copies a nest of rows, and says what its innermost rows are. */
function fill(
  data: Elements,
  type: PlainType,
  value: unknown,
  dims: readonly number[],
  place: LeafPlace,
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
    if (!Array.isArray(level)) of = level.constructor.name as RowKind;
    for (let i = 0; i < level.length; i++) {
      const x: unknown = level[i];
      if (typeof x !== expected) throw wrongElement(place, x, i);
      if (data instanceof Int32Array && expected === "number") requireWhole(place, x as number);
      data[next++] = Number(x);
    }
  };
  visit(value, 0);
  return of;
}

function wrongElement(place: Place, x: unknown, i: number): DownhillError {
  const hint = x instanceof Tensor ? " Give one tensor for the whole array: stack([x, y])." : "";
  return new DownhillError("tree", `${place.path}: element ${i} is ${describe(x)}, not a number.${hint}`);
}

function uneven(
  place: LeafPlace,
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
  place: LeafPlace,
  leaves: Leaf[],
): Template {
  if (!Array.isArray(value)) throw wrong(place, type, value);
  const elements = Array.from({ length: countLeaves(type.item) }, () => types.next().value as RegionType);
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
  const items: Leaf[][] = [];
  const templates: Template[] = [];
  for (let i = 0; i < value.length; i++) {
    const own: Leaf[] = [];
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

/** Whether something in a value may be absent. */
export function mayLack(type: PlainType): boolean {
  switch (type.kind) {
    case "number":
    case "boolean":
    case "array":
    case "matrix":
      return false;
    case "list":
      return mayLack(type.item);
    case "record":
      return type.fields.some((field) => mayLack(field.type));
    case "tuple":
      return type.items.some(mayLack);
    case "optional":
      return true;
    default:
      return assertNever(type, "mayLack");
  }
}

/** Leaves of the same sizes as one, along an axis in front. */
function stack(items: readonly Leaf[], dims: readonly number[], element: RegionType, place: LeafPlace): Leaf {
  const size = sizeOf(dims);
  const data = new makers[element](items.length * size);
  // a tangent of an absent number is 0, and the number itself NaN
  const [missing] = items.flatMap((leaf) => (leaf.isAbsent === true ? [leaf.data] : []));
  if (typeof missing === "number") data.fill(missing);
  items.forEach((leaf, i) => {
    if (leaf.isAbsent === true) return;
    if (leaf.dims.some((n, axis) => n !== dims[axis])) {
      throw new DownhillError(
        "shape",
        `${place.path}: the arrays of all items must be of equal length; in item ${i} there is one of ${leaf.dims.join(" × ")} beside one of ${dims.join(" × ")}.`,
      );
    }
    if (typeof leaf.data === "number") data[i] = leaf.data;
    else data.set(leaf.data, i * size);
  });
  return { data, dims: [items.length, ...dims] };
}

/** How many axes each leaf of a value has, depth first: a list gives those of its items one more. */
export function leafRanks(type: PlainType): readonly number[] {
  switch (type.kind) {
    case "number":
    case "boolean":
    case "array":
    case "matrix":
      return [rankOf[type.kind]];
    case "list":
      return leafRanks(type.item).map((rank) => rank + 1);
    case "record":
      return type.fields.flatMap((field) => leafRanks(field.type));
    case "tuple":
      return type.items.flatMap(leafRanks);
    case "optional":
      return [0, ...leafRanks(type.type)];
    default:
      return assertNever(type, "leafRanks");
  }
}

/** How many parameters or results of a region a value stands for. */
export function countLeaves(type: PlainType): number {
  return leafRanks(type).length;
}

/** How a value of which only the type is known is put together. */
export function templateOf(type: PlainType, types: Iterator<RegionType>): Template {
  switch (type.kind) {
    case "number":
    case "boolean":
    case "matrix":
      return {
        kind: "leaf",
        rank: rankOf[type.kind],
        type: types.next().value as RegionType,
        of: "number[]",
      };
    case "array": {
      const of = type.of === "any" ? "number[]" : type.of;
      return { kind: "leaf", rank: 1, type: types.next().value as RegionType, of };
    }
    case "list":
      return { kind: "list", item: templateOf(type.item, types) };
    case "record":
      return {
        kind: "record",
        fields: type.fields.map((field) => ({ name: field.name, type: templateOf(field.type, types) })),
      };
    case "tuple":
      return { kind: "tuple", items: type.items.map((item) => templateOf(item, types)) };
    case "optional": {
      types.next();
      const own = Array.from({ length: countLeaves(type.type) }, () => types.next().value as RegionType);
      return { kind: "optional", item: templateOf(type.type, own.values()), types: own };
    }
    default:
      return assertNever(type, "templateOf");
  }
}

/** How many leaves a template takes. */
export function leavesOf(template: Template): number {
  switch (template.kind) {
    case "leaf":
      return 1;
    case "list":
    case "batch":
      return leavesOf(template.item);
    case "record":
      return template.fields.reduce((n, field) => n + leavesOf(field.type), 0);
    case "tuple":
      return template.items.reduce((n, item) => n + leavesOf(item), 0);
    case "optional":
      return 1 + template.types.length;
    case "absent":
      return template.types.length;
    case "jacobian":
      return leavesOf(template.out) * leavesOf(template.in);
    default:
      return assertNever(template, "leavesOf");
  }
}

/** What stands at a leaf: made of as many operands as stand there, which have `lead` axes more in front than the template says. */
type Finish = (
  leaf: Template & { readonly kind: "leaf" },
  group: readonly Leaf[],
  lead: number,
  of: RowKind,
) => unknown;

/** Puts a plain value together from its leaves. */
export function putTogether(template: Template, leaves: readonly Leaf[]): unknown {
  return build(template, leaves, 0, undefined, finishPlain);
}

const finishPlain: Finish = ({ type }, group, _, of) => plainLeaf(group[0]!, type, of);

function build(
  template: Template,
  leaves: readonly Leaf[],
  lead: number,
  outerKind: RowKind | undefined,
  finish: Finish,
): unknown {
  // a leaf of the template takes this many
  const each = leaves.length / leavesOf(template);
  switch (template.kind) {
    case "leaf": {
      const of = template.rank > 0 ? template.of : (outerKind ?? template.of);
      return finish(template, leaves, lead, of);
    }
    case "list": {
      const n = leaves[0]?.dims[lead] ?? 0;
      const shape =
        finish === finishPlain && lead === 0 && template.items === undefined
          ? shapeOfTemplate(template.item)
          : undefined;
      if (shape !== undefined) return itemsOf(shape, leaves, n);
      return Array.from({ length: n }, (_, i) =>
        build(
          template.items?.[i] ?? template.item,
          leaves.map((leaf) => itemOf(leaf, lead, i)),
          lead,
          outerKind,
          finish,
        ),
      );
    }
    case "record": {
      let next = 0;
      const entries = template.fields.flatMap(({ name, type }) => {
        const own = leaves.slice(next, (next += leavesOf(type) * each));
        return type.kind === "absent" ? [] : [[name, build(type, own, lead, outerKind, finish)] as const];
      });
      return Object.fromEntries(entries);
    }
    case "tuple": {
      let next = 0;
      return template.items.map((item) =>
        build(item, leaves.slice(next, (next += leavesOf(item) * each)), lead, outerKind, finish),
      );
    }
    case "absent":
      return undefined;
    case "optional":
      throw internalError("an argument that may be absent is no result");
    case "batch":
      return build(template.item, leaves, lead + 1, outerKind, finish);
    case "jacobian":
      return build(template.out, leaves, lead, outerKind, (leaf, group, before, of) =>
        build(template.in, group, before + leaf.rank, leaf.rank > 0 ? of : outerKind, finish),
      );
    default:
      return assertNever(template, "build");
  }
}

/** The part of a leaf at place `i` of an axis. */
function itemOf({ data, dims }: Leaf, axis: number, i: number): Leaf {
  if (typeof data === "number") return { data, dims };
  const inner = sizeOf(dims.slice(axis + 1));
  const n = dims[axis]!;
  const outer = sizeOf(dims.slice(0, axis));
  const rest = dims.toSpliced(axis, 1);
  if (rest.length === 0) return { data: data[i]!, dims: rest };
  const part = data.slice(0, outer * inner);
  for (let o = 0; o < outer; o++)
    part.set(data.subarray((o * n + i) * inner, (o * n + i + 1) * inner), o * inner);
  return { data: part, dims: rest };
}

/** What stands at a leaf of a template that is given as numbers, rows of the kind `of`. */
export function plainLeaf({ data, dims }: Leaf, type: RegionType, of: RowKind): unknown {
  if (typeof data === "number") return type === "bool" ? data !== 0 : data;
  if (dims.length === 1) return rowOf(data, 0, dims[0]!, of);
  if (dims.length === 0) return type === "bool" ? data[0] !== 0 : data[0];
  if (dims.length === 2 && of === "number[]") return numberRows(data, dims[0]!, dims[1]!);
  let next = 0;
  const visit = (depth: number): unknown => {
    const n = dims[depth]!;
    if (depth < dims.length - 1) return Array.from({ length: n }, () => visit(depth + 1));
    return rowOf(data, next, (next += n), of);
  };
  return visit(0);
}

function rowOf(data: Elements, from: number, to: number, of: RowKind): unknown {
  if (of === "number[]") return numbersOf(data, from, to);
  // an array that is the result as a whole is handed over as it is
  if (data.constructor.name === of) return from === 0 && to === data.length ? data : data.slice(from, to);
  const part = data.subarray(from, to);
  return of === "Float64Array"
    ? Float64Array.from(part)
    : of === "Float32Array"
      ? Float32Array.from(part)
      : Int32Array.from(part);
}

/** Rows of numbers. Short ones are literals, which engines make at once, with room for numbers of float64. */
function numberRows(data: Elements, n: number, width: number): number[][] {
  const rows = new Array<number[]>(n);
  for (let i = 0, k = 0; i < n; i++, k += width) {
    if (width === 2) rows[i] = [data[k]!, data[k + 1]!];
    else if (width === 3) rows[i] = [data[k]!, data[k + 1]!, data[k + 2]!];
    else if (width === 4) rows[i] = [data[k]!, data[k + 1]!, data[k + 2]!, data[k + 3]!];
    else rows[i] = numbersOf(data, k, k + width);
  }
  return rows;
}

/** Elements as an array of numbers. (`Array.from` takes ten times as long.) */
function numbersOf(data: Elements, from: number, to: number): number[] {
  const numbers = new Array<number>(to - from);
  for (let i = from; i < to; i++) numbers[i - from] = data[i]!;
  return numbers;
}

/** Whether arrays of records or tuples are in a template. */
export function holdsList(template: Template): boolean {
  switch (template.kind) {
    case "leaf":
      return false;
    case "list":
      return true;
    case "record":
      return template.fields.some((field) => holdsList(field.type));
    case "tuple":
      return template.items.some(holdsList);
    case "optional":
      return template.item !== undefined && holdsList(template.item);
    case "absent":
      return false;
    case "batch":
      return holdsList(template.item);
    case "jacobian":
      return holdsList(template.out) || holdsList(template.in);
    default:
      return assertNever(template, "holdsList");
  }
}

/**
 * Takes apart what has the structure of a result.
 *
 * @throws DownhillError as `takeApart`, and `tree` where the result is made of Jacobians.
 */
export function takeLike(template: Template, value: unknown, path: string): Leaf[] {
  const leaves: Leaf[] = [];
  const take = (part: Template, given: unknown, place: Place): void => {
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
      case "optional":
        throw internalError("what may be absent is no result");
      case "leaf":
      case "list":
      case "record":
      case "tuple":
        takeApart(plainTypeOf(part), given, typesIn(part).values(), place, leaves);
        return;
      default:
        assertNever(part, "takeLike");
    }
  };
  take(template, value, { path, lead: 0 });
  return leaves;
}

/**
 * The structure of the derivative in an argument: values that are present without their booleans, and nothing for those that are
 * absent.
 */
export function derivativeOf(template: Template): Template {
  switch (template.kind) {
    case "leaf":
    case "absent":
      return template;
    case "optional":
      return template.item === undefined
        ? { kind: "absent", types: template.types.filter(isFloating) }
        : derivativeOf(template.item);
    case "list":
      return {
        kind: "list",
        item: derivativeOf(template.item),
        ...(template.items && { items: template.items.map(derivativeOf) }),
      };
    case "batch":
      return { kind: "batch", item: derivativeOf(template.item) };
    case "record":
      return {
        kind: "record",
        fields: template.fields.map(({ name, type }) => ({ name, type: derivativeOf(type) })),
      };
    case "tuple":
      return { kind: "tuple", items: template.items.map(derivativeOf) };
    case "jacobian":
      return { kind: "jacobian", out: derivativeOf(template.out), in: derivativeOf(template.in) };
    default:
      return assertNever(template, "derivativeOf");
  }
}

/** The types of the leaves that a template takes. */
export function typesIn(template: Template): RegionType[] {
  switch (template.kind) {
    case "leaf":
      return [template.type];
    case "list":
    case "batch":
      return typesIn(template.item);
    case "record":
      return template.fields.flatMap((field) => typesIn(field.type));
    case "tuple":
      return template.items.flatMap(typesIn);
    case "optional":
      return ["bool", ...template.types];
    case "absent":
      return [...template.types];
    case "jacobian":
      return typesIn(template.out).flatMap((type) => typesIn(template.in).map(() => type));
    default:
      return assertNever(template, "typesIn");
  }
}

/** The type of the values that a template makes. */
function plainTypeOf(template: Template): PlainType {
  switch (template.kind) {
    case "leaf":
      if (template.rank === 0) return { kind: template.type === "bool" ? "boolean" : "number" };
      return template.rank === 1 ? { kind: "array", of: "any" } : { kind: "matrix" };
    case "list":
      return { kind: "list", item: plainTypeOf(template.item) };
    case "record":
      return {
        kind: "record",
        fields: template.fields.map(({ name, type }) => ({ name, type: plainTypeOf(type) })),
      };
    case "tuple":
      return { kind: "tuple", items: template.items.map(plainTypeOf) };
    case "optional":
    case "absent":
    case "batch":
    case "jacobian":
      throw new DownhillError(
        "tree",
        "a batch, Jacobian or absent value inside of a result must be given in tensors.",
      );
    default:
      return assertNever(template, "plainTypeOf");
  }
}
