import type { RegionType } from "../../../engine/region/form/region.ts";
import { convert, local } from "../draft/draft.ts";
import type { ArrayKind, PlainType } from "../form/form.ts";
import { isIntegerArray } from "../form/form.ts";
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
import { codeOf } from "./env.ts";

/** Returns a type in which each string literal has its integer code of the compilation unit. */
export function withCodes<T extends PlainType>(unit: CompilationUnit, type: T): T;
export function withCodes(unit: CompilationUnit, type: PlainType): PlainType {
  switch (type.kind) {
    case "number":
      return type.cases === undefined
        ? type
        : { ...type, cases: type.cases.map(({ text }) => ({ text, code: codeOf(unit, text) })) };
    case "boolean":
    case "array":
    case "matrix":
      return type;
    case "list":
      return { ...type, item: withCodes(unit, type.item) };
    case "record":
      return {
        ...type,
        fields: type.fields.map((field) => ({ ...field, type: withCodes(unit, field.type) })),
      };
    case "tuple":
      return { ...type, items: type.items.map((item) => withCodes(unit, item)) };
    case "optional":
      return { ...type, type: withCodes(unit, type.type) };
  }
}

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
      const isText = type.kind === "number" && type.cases !== undefined;
      const kind: RegionType = type.kind === "boolean" ? "bool" : isText ? "i32" : "f64";
      const name = unit.names.fresh(wanted);
      unit.params.push({ kind: "scalar", name, type: kind });
      const isItem = owner?.isTuple === true;
      const target = { kind: "readOnly", root: owner?.root ?? root, isItem } as const;
      if (isText) {
        unit.textNames.add(name);
        const code = scalar(convert("f64", local(name, kind)), target);
        return { kind: "text", code, cases: type.cases?.map((one) => one.code) };
      }
      return scalar(local(name, kind), target);
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
      return optional(scalar(local(name, "bool"), present), value, type);
    }
  }
}

const elementTypes: Readonly<Record<ArrayKind, RegionType>> = {
  "number[]": "f64",
  Float64Array: "f64",
  Float32Array: "f32",
  Int32Array: "i32",
  Uint8Array: "i32",
  any: "f64",
};

function layoutOf(
  unit: CompilationUnit,
  type: PlainType,
  root: ObjectIdentity,
  wanted: string,
  axes: number,
): ValueLayout {
  const isBytes = type.kind === "array" && type.of === "Uint8Array";
  const storage = (of: RegionType, rank: number, hint = wanted): ArrayStorage => {
    const name = unit.names.fresh(hint);
    unit.params.push({ kind: "array", name, type: of, rank });
    return { name, type: of, dims: undefined, root, blocks: [], isBytes };
  };
  const textStorage = (): ArrayStorage => {
    const made = storage("i32", axes);
    unit.textNames.add(made.name);
    return made;
  };
  const leaf = (of: RegionType, rank: number): ValueLayout => ({
    kind: "element",
    storage: storage(of, rank),
  });
  switch (type.kind) {
    case "number":
      return type.cases === undefined
        ? leaf("f64", axes)
        : { kind: "text", storage: textStorage(), cases: type.cases.map(({ code }) => code) };
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
      return {
        kind: "optional",
        present,
        value: layoutOf(unit, type.type, root, wanted, axes),
        absence: type.absence,
        isMember: type.isMember,
      };
    }
  }
}

/**
 * Returns the type with `integer` set on the numbers whose region parameters are i32. Consumes the parameter types of
 * the value from the front of `types`.
 */
export function withIntegers(type: PlainType, types: RegionType[]): PlainType {
  switch (type.kind) {
    case "number":
      return types.shift() === "i32" ? { ...type, integer: true } : type;
    case "boolean":
      types.shift();
      return type;
    case "array":
      return types.shift() === "i32" && !isIntegerArray(type.of) ? { ...type, integer: true } : type;
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
