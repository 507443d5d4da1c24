// Lists of records and tuples of numbers, which need no template and no leaves for each item.
import { internalError } from "../../../engine/errors/index.ts";
import type { RegionType } from "../../../engine/region/region.ts";
import type { PlainType } from "../form/form.ts";
import { type Elements, type Leaf, makers, type Template } from "./templates.ts";

/** How many axes an array of booleans has, of arrays of them, and so on; `undefined` for lists of anything else. */
export function axesOfBooleans(type: PlainType): number | undefined {
  if (type.kind === "boolean") return 0;
  const inner = type.kind === "list" ? axesOfBooleans(type.item) : undefined;
  return inner === undefined ? undefined : inner + 1;
}

/**
 * The numbers of a list, an array for each number of its items; `undefined` where items hold arrays, there are none, or one is not
 * what it must be: then the long way finds their kinds, or says what is wrong.
 */
export function takeNumbers(
  type: PlainType,
  items: readonly unknown[],
  elements: readonly RegionType[],
): readonly Elements[] | undefined {
  if (items.length === 0) return undefined;
  const arrays = elements.map((element) => new makers[element](items.length));
  let next = 0;
  const take = (part: PlainType, value: unknown, i: number): boolean => {
    switch (part.kind) {
      case "number":
      case "boolean": {
        if (typeof value !== part.kind) return false;
        const array = arrays[next++]!;
        const x = Number(value);
        array[i] = x;
        return !(array instanceof Int32Array) || array[i] === x;
      }
      case "record":
        if (typeof value !== "object" || value === null) return false;
        for (const field of part.fields)
          if (!take(field.type, (value as Readonly<Record<string, unknown>>)[field.name], i)) return false;
        return true;
      case "tuple":
        if (!Array.isArray(value) || value.length !== part.items.length) return false;
        for (let k = 0; k < part.items.length; k++) if (!take(part.items[k]!, value[k], i)) return false;
        return true;
      case "array":
      case "matrix":
      case "list":
      case "optional":
        return false;
    }
  };
  for (let i = 0; i < items.length; i++) {
    next = 0;
    if (!take(type, items[i], i)) return undefined;
  }
  return arrays;
}

/** Whether a value consists of numbers, in records and tuples. */
export function isFlat(template: Template): boolean {
  switch (template.kind) {
    case "leaf":
      return template.rank === 0;
    case "record":
      return template.fields.every((field) => isFlat(field.type));
    case "tuple":
      return template.items.every(isFlat);
    case "list":
    case "batch":
    case "jacobian":
    case "optional":
    case "absent":
      return false;
  }
}

/** The items of a list whose numbers lie in these leaves, one for each number of an item. */
export function itemsOf(template: Template, leaves: readonly Leaf[], n: number): unknown[] {
  let next = 0;
  const item = (part: Template, i: number): unknown => {
    switch (part.kind) {
      case "leaf": {
        const { data } = leaves[next++]!;
        const x = typeof data === "number" ? data : data[i]!;
        return part.type === "bool" ? x !== 0 : x;
      }
      case "record": {
        const object: Record<string, unknown> = {};
        for (const { name, type } of part.fields) object[name] = item(type, i);
        return object;
      }
      case "tuple":
        return part.items.map((one) => item(one, i));
      case "list":
      case "batch":
      case "jacobian":
      case "optional":
      case "absent":
        throw internalError("an item of a list that is not flat");
    }
  };
  return Array.from({ length: n }, (_, i) => {
    next = 0;
    return item(template, i);
  });
}
