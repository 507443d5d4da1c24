// Arrays of records and tuples of numbers. Each number of an item has one array, so that an item needs no template and
// no leaves.
import type { RegionType } from "../../../engine/region/form/region.ts";
import { assertNever } from "../../../engine/util/assert-never.ts";
import { canGenerateCode } from "../../../engine/util/generate-code.ts";
import { makeLru } from "../../../engine/util/lru.ts";
import type { PlainType } from "../form/form.ts";
import { makeItems as makeItemsOf, readItems as readItemsOf } from "./item-loops.ts";
import { type LeafElements, type ValueLeaf, makers, type Template } from "./templates.ts";

/** Number of axes of nested arrays of booleans; `undefined` for arrays of anything else. */
export function axesOfBooleans(type: PlainType): number | undefined {
  if (type.kind === "boolean") return 0;
  const inner = type.kind === "list" ? axesOfBooleans(type.item) : undefined;
  return inner === undefined ? undefined : inner + 1;
}

/** Shape of the items of a list: a number, or a record or tuple of such shapes. */
export type ItemShape =
  | { readonly kind: "number" | "boolean"; readonly element: RegionType }
  | { readonly kind: "record"; readonly names: readonly string[]; readonly parts: readonly ItemShape[] }
  | { readonly kind: "tuple"; readonly parts: readonly ItemShape[] };

/**
 * Copies the numbers of items into arrays. Returns false if an item has another structure; the contents of the arrays
 * are then undefined.
 */
export type ItemReader = (items: readonly unknown[], arrays: readonly LeafElements[]) => boolean;

/** Creates `n` items from arrays of their numbers. */
export type ItemBuilder = (n: number, arrays: readonly ArrayLike<number>[]) => unknown[];

/**
 * Shape of an item that consists of numbers in records and tuples; `undefined` for other items. Consumes the types of
 * the item's leaves from `elements`.
 */
export function shapeOfType(type: PlainType, elements: Iterator<RegionType>): ItemShape | undefined {
  const parts = (types: readonly PlainType[]): readonly ItemShape[] | undefined => {
    const own = types.map((part) => shapeOfType(part, elements));
    return own.every((part) => part !== undefined) ? own : undefined;
  };
  switch (type.kind) {
    case "number":
    case "boolean":
      return { kind: type.kind, element: elements.next().value as RegionType };
    case "record": {
      const own = parts(type.fields.map((field) => field.type));
      return own && { kind: "record", names: type.fields.map((field) => field.name), parts: own };
    }
    case "tuple": {
      const own = parts(type.items);
      return own && { kind: "tuple", parts: own };
    }
    case "array":
    case "matrix":
    case "list":
    case "optional":
      return undefined;
    default:
      return assertNever(type, "shapeOfType");
  }
}

/**
 * The shape of an item with this template; `undefined` if the item consists of anything except numbers in records and
 * tuples.
 */
export function shapeOfTemplate(template: Template): ItemShape | undefined {
  const parts = (templates: readonly Template[]): readonly ItemShape[] | undefined => {
    const own = templates.map(shapeOfTemplate);
    return own.every((part) => part !== undefined) ? own : undefined;
  };
  switch (template.kind) {
    case "leaf":
      if (template.rank !== 0) return undefined;
      return { kind: template.type === "bool" ? "boolean" : "number", element: template.type };
    case "record": {
      const own = parts(template.fields.map((field) => field.type));
      return own && { kind: "record", names: template.fields.map((field) => field.name), parts: own };
    }
    case "tuple": {
      const own = parts(template.items);
      return own && { kind: "tuple", parts: own };
    }
    case "list":
    case "batch":
    case "jacobian":
    case "optional":
    case "absent":
      return undefined;
    default:
      return assertNever(template, "shapeOfTemplate");
  }
}

/** The element types of the numbers of an item, in order. */
export function elementsOf(shape: ItemShape): RegionType[] {
  return shape.kind === "record" || shape.kind === "tuple"
    ? shape.parts.flatMap(elementsOf)
    : [shape.element];
}

/** Number of structures for which compiled loops are cached. */
const mostShapes = 64;
const readers = /* @__PURE__ */ makeLru<string, ItemReader>(mostShapes);
const builders = /* @__PURE__ */ makeLru<string, ItemBuilder>(mostShapes);

/** Returns the loop that reads items of a shape. */
export function readItems(shape: ItemShape): ItemReader {
  return kept(readers, shape, (own) => readItemsOf(own, canGenerateCode()));
}

/** Returns the loop that creates items of a shape. */
export function makeItems(shape: ItemShape): ItemBuilder {
  return kept(builders, shape, (own) => makeItemsOf(own, canGenerateCode()));
}

function kept<F>(
  loops: ReturnType<typeof makeLru<string, F>>,
  shape: ItemShape,
  make: (shape: ItemShape) => F,
): F {
  const key = JSON.stringify(shape);
  const found = loops.get(key);
  if (found !== undefined) return found;
  const made = make(shape);
  loops.set(key, made);
  return made;
}

/**
 * Reads the numbers of a list of items into one array per number of an item. `undefined` if items contain arrays, if
 * there are no items, or if an item has another structure. The caller's general code then handles the list or reports
 * the error.
 */
export function takeNumbers(
  type: PlainType,
  items: readonly unknown[],
  elements: readonly RegionType[],
): readonly LeafElements[] | undefined {
  if (items.length === 0) return undefined;
  const shape = shapeOfType(type, elements.values());
  if (shape === undefined) return undefined;
  const arrays = elements.map((element) => new makers[element](items.length));
  return readItems(shape)(items, arrays) ? arrays : undefined;
}

/** Creates the `n` items of a list from leaves, one for each number of an item. */
export function itemsOf(shape: ItemShape, leaves: readonly ValueLeaf[], n: number): unknown[] {
  const arrays = leaves.map(({ data }) =>
    typeof data === "number" ? new Array<number>(n).fill(data) : data,
  );
  return makeItems(shape)(n, arrays);
}
