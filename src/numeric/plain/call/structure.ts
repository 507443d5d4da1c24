import { DownhillError } from "../../../engine/errors/index.ts";
import { isFloating } from "../../../engine/region/form/build.ts";
import type { RegionType } from "../../../engine/region/form/region.ts";
import { assertNever } from "../../../engine/util/assert-never.ts";
import type { PlainType } from "../form/form.ts";
import type { Template } from "./templates.ts";

// The leaves of types and templates.

export const rankOf = { number: 0, boolean: 0, array: 1, matrix: 2 } as const;

/** True if a value of an optional type is absent: `undefined`, or `null` if the type says so. */
export function isAbsent({ absence }: PlainType & { readonly kind: "optional" }, value: unknown): boolean {
  return (value === undefined && absence !== "null") || (value === null && absence !== undefined);
}

/** True if a part of a value may be absent. */
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

/** Number of axes of each leaf of a value, depth first. A list adds one axis to the leaves of its items. */
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

/** Number of parameters or results that a region has for a value of this type. */
export function countLeaves(type: PlainType): number {
  return leafRanks(type).length;
}

/** Template of a value when only its type is known. */
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
        ...(type.kind === "number" && type.cases !== undefined && { isText: true }),
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
        fields: type.fields.map((field) => ({
          name: field.name,
          type: asField(templateOf(field.type, types)),
        })),
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

/**
 * Template of a field. Derivatives leave out a boolean, because it may select a member of a union, and arrays of
 * booleans.
 */
export function asField(template: Template): Template {
  if (template.kind === "optional" && template.item !== undefined)
    return { ...template, item: asField(template.item) };
  if (template.kind === "list")
    return {
      ...template,
      item: asField(template.item),
      ...(template.items && { items: template.items.map(asField) }),
    };
  return template.kind === "leaf" && template.type === "bool" && template.rank === 0
    ? { ...template, isText: true }
    : template;
}

/** Number of leaves of a template. */
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

/** True if a template contains arrays of records or tuples. */
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

/** True if a record or tuple, or one within it, has a part without values. */
export function holdsAbsent(template: Template): boolean {
  if (template.kind === "record") return template.fields.some(({ type }) => holdsAbsent(type));
  if (template.kind === "tuple") return template.items.some(holdsAbsent);
  return template.kind === "absent";
}

/**
 * Template of the derivative with respect to an argument: without the booleans of optional values, and with `absent`
 * for values that are absent.
 */
export function derivativeOf(template: Template): Template {
  switch (template.kind) {
    case "leaf":
      return template.isText === true ? { kind: "absent", types: [] } : template;
    case "absent":
      return template;
    case "optional":
      return template.item === undefined
        ? {
            kind: "absent",
            types: template.types.filter(isFloating),
            ...(template.isNull === true && { isNull: true }),
          }
        : derivativeOf(template.item);
    case "list": {
      const item = derivativeOf(template.item);
      // arrays of strings or booleans
      if (item.kind === "absent" && item.types.length === 0) return { kind: "absent", types: [] };
      return {
        kind: "list",
        item,
        ...(template.items && { items: template.items.map(derivativeOf) }),
      };
    }
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

/** The types of the leaves of a template. */
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

/** The plain type of the values that a template describes. */
export function plainTypeOf(template: Template): PlainType {
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
