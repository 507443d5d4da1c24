// Types that are made of other types.
import type { PlainType } from "../form/form.ts";

export type TypedField = { readonly name: string; readonly type: PlainType };

/** Type of a value that has one of the given types; `undefined` if none describes all of them. */
export function union(types: readonly PlainType[]): PlainType | undefined {
  const [first] = types;
  if (first !== undefined && types.every((type) => JSON.stringify(type) === JSON.stringify(first)))
    return first;
  if (types.every(({ kind }) => kind === "array")) return { kind: "array", of: "any" };
  const cases = types.map((type) => (type.kind === "number" ? type.cases : undefined));
  if (cases.every((part) => part !== undefined)) return textType(cases.flat().map(({ text }) => text));
  if (cases.some((part) => part !== undefined)) return undefined;
  const records = types.map((type) => (type.kind === "record" ? type.fields : undefined));
  if (records.every((fields) => fields !== undefined)) return unionOfRecords(records);
  return undefined;
}

/** Type of a string that is one of the given texts. */
export function textType(texts: readonly string[]): PlainType {
  return { kind: "number", cases: [...new Set(texts)].map((text, code) => ({ text, code })) };
}

/**
 * Type of a value that is one of several records. A field that some of them lack may be absent. `undefined` if no
 * type fits all values of a field.
 */
function unionOfRecords(records: readonly (readonly TypedField[])[]): PlainType | undefined {
  const names = new Set(records.flatMap((fields) => fields.map(({ name }) => name)));
  const fields = [...names].map((name) => {
    const found = records.flatMap((own) =>
      own.filter((field) => field.name === name).map(({ type }) => type),
    );
    const present = found.map((type) => (type.kind === "optional" ? type.type : type));
    const isSame = present.every((type) => JSON.stringify(type) === JSON.stringify(present[0]));
    const type = isSame ? present[0] : union(present);
    const isOptional = found.some((one) => one.kind === "optional" && one.isMember !== true);
    const mayLack = found.length < records.length || found.some(({ kind }) => kind === "optional");
    const own = type && mayLack ? optionalType(type) : type;
    return own && { name, type: mayLack && !isOptional ? { ...own, isMember: true as const } : own };
  });
  return fields.every((field) => field !== undefined) ? { kind: "record", fields } : undefined;
}

/** The type of a value that may be `undefined`. */
export function optionalType(type: PlainType): PlainType {
  if (type.kind !== "optional") return { kind: "optional", type };
  return type.absence === "null" ? { ...type, absence: "either" } : type;
}

/** The type of a value that may be `null`; with `isBoth`, also `undefined`. */
export function nullableType(type: PlainType, isBoth: boolean): PlainType {
  if (type.kind !== "optional") return { kind: "optional", type, absence: isBoth ? "either" : "null" };
  return type.absence === "null" && !isBoth ? type : { ...type, absence: "either" };
}

/** Returns the type of an array with the given items. */
export function arrayOf(item: PlainType): PlainType {
  if (item.kind === "number" && item.cases === undefined) return { kind: "array", of: "number[]" };
  if (item.kind === "array" && item.of === "number[]") return { kind: "matrix" };
  return { kind: "list", item };
}
