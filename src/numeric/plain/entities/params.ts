import type { RegionType } from "../../../engine/region/form/region.ts";
import { local } from "../draft/draft.ts";
import type { ArrayKind, PlainType } from "../form/form.ts";
import type {
  ArrayLayout,
  ValueLayout,
  OptionalEntity,
  PresentEntity,
  ObjectIdentity,
  ArrayStorage,
} from "./entity.ts";
import { optional, scalar } from "./entity.ts";
import type { CompilationUnit } from "./env.ts";

/** Creates region parameters for a value of a type, in the order of its leaves, and returns the entity of the value. */
export function parameterEntity(
  unit: CompilationUnit,
  label: string,
  type: PlainType,
  wanted: string,
  owner?: { readonly root: ObjectIdentity; readonly isTuple: boolean },
): PresentEntity | OptionalEntity {
  const root: ObjectIdentity = { label, readOnly: true, born: unit.rootCount++, written: false };
  switch (type.kind) {
    case "number":
    case "boolean": {
      const kind: RegionType = type.kind === "number" ? "f64" : "bool";
      const name = unit.names.fresh(wanted);
      unit.params.push({ kind: "scalar", name, type: kind });
      const isItem = owner?.isTuple === true;
      return scalar(local(name, kind), { kind: "readOnly", root: owner?.root ?? root, isItem });
    }
    case "array":
    case "matrix":
    case "list": {
      const layout = layoutOf(unit, type, root, wanted, 0) as ArrayLayout;
      return { kind: "array", layout, places: [], root, fresh: false };
    }
    case "record": {
      const fields = type.fields.map(
        (field) =>
          [
            field.name,
            parameterEntity(unit, `${label}.${field.name}`, field.type, `${wanted}_${field.name}`, {
              root,
              isTuple: false,
            }),
          ] as const,
      );
      return { kind: "record", fields: new Map(fields), root, fresh: false };
    }
    case "tuple": {
      const items = type.items.map((item, i) =>
        parameterEntity(unit, `${label}[${i}]`, item, `${wanted}_${i}`, { root, isTuple: true }),
      );
      return { kind: "tuple", items, root, fresh: false };
    }
    case "optional": {
      const name = unit.names.fresh(`${wanted}_isPresent`);
      unit.params.push({ kind: "scalar", name, type: "bool" });
      const value = parameterEntity(unit, label, type.type, wanted, owner) as PresentEntity;
      const present = {
        kind: "readOnly",
        root: owner?.root ?? root,
        isItem: owner?.isTuple === true,
      } as const;
      return optional(scalar(local(name, "bool"), present), value);
    }
  }
}

const elementTypes: Readonly<Record<ArrayKind, RegionType>> = {
  "number[]": "f64",
  Float64Array: "f64",
  Float32Array: "f32",
  Int32Array: "i32",
  any: "f64",
};

function layoutOf(
  unit: CompilationUnit,
  type: PlainType,
  root: ObjectIdentity,
  wanted: string,
  axes: number,
): ValueLayout {
  const storage = (of: RegionType, rank: number, hint = wanted): ArrayStorage => {
    const name = unit.names.fresh(hint);
    unit.params.push({ kind: "array", name, type: of, rank });
    return { name, type: of, dims: undefined, root, blocks: [] };
  };
  const leaf = (of: RegionType, rank: number): ValueLayout => ({
    kind: "element",
    storage: storage(of, rank),
  });
  switch (type.kind) {
    case "number":
      return leaf("f64", axes);
    case "boolean":
      return leaf("bool", axes);
    case "array":
      return { kind: "array", of: type.of, item: leaf(elementTypes[type.of], axes + 1) };
    case "matrix": {
      const row: ValueLayout = { kind: "array", of: "number[]", item: leaf("f64", axes + 2) };
      return { kind: "array", of: "number[]", item: row };
    }
    case "list":
      return { kind: "array", of: "number[]", item: layoutOf(unit, type.item, root, wanted, axes + 1) };
    case "record": {
      const fields = type.fields.map(
        (field) => [field.name, layoutOf(unit, field.type, root, `${wanted}_${field.name}`, axes)] as const,
      );
      return { kind: "record", fields: new Map(fields) };
    }
    case "tuple":
      return {
        kind: "tuple",
        items: type.items.map((item, i) => layoutOf(unit, item, root, `${wanted}_${i}`, axes)),
      };
    case "optional": {
      const present = storage("bool", axes, `${wanted}_isPresent`);
      return { kind: "optional", present, value: layoutOf(unit, type.type, root, wanted, axes) };
    }
  }
}

/**
 * Returns the type with `integer` set on the numbers whose region parameters are i32. Removes the types of the value's
 * leaves from the front of `types`.
 */
export function withIntegers(type: PlainType, types: RegionType[]): PlainType {
  switch (type.kind) {
    case "number":
      return types.shift() === "i32" ? { ...type, integer: true } : type;
    case "boolean":
      types.shift();
      return type;
    case "array":
      return types.shift() === "i32" && type.of !== "Int32Array" ? { ...type, integer: true } : type;
    case "matrix":
      return types.shift() === "i32" ? { ...type, integer: true } : type;
    case "list":
      return { ...type, item: withIntegers(type.item, types) };
    case "record":
      return {
        ...type,
        fields: type.fields.map(({ name, type: field }) => ({ name, type: withIntegers(field, types) })),
      };
    case "tuple":
      return { ...type, items: type.items.map((item) => withIntegers(item, types)) };
    case "optional":
      types.shift();
      return { ...type, type: withIntegers(type.type, types) };
  }
}
