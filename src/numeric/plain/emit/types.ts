import { assertNever } from "../../../engine/util/assert-never.ts";
import type { PlainType } from "../form/form.ts";

/** Prints a type as TypeScript. */
export function typeText(type: PlainType): string {
  switch (type.kind) {
    case "number":
      return type.cases?.map(({ text }) => JSON.stringify(text)).join(" | ") ?? "number";
    case "boolean":
      return "boolean";
    case "array":
      return type.of === "any" ? "number[] | Float64Array" : type.of;
    case "matrix":
      return "number[][]";
    case "list": {
      const item = typeText(type.item);
      return isUnion(type.item) ? `(${item})[]` : `${item}[]`;
    }
    case "record":
      return `{ ${type.fields.map((field) => fieldText(field.name, field.type)).join("; ")} }`;
    case "tuple":
      return `[${type.items.map(typeText).join(", ")}]`;
    case "optional":
      return `${typeText(type.type)} | ${type.absence === "either" ? "null | undefined" : (type.absence ?? "undefined")}`;
    default:
      return assertNever(type, "typeText");
  }
}

function isUnion(type: PlainType): boolean {
  if (type.kind === "array") return type.of === "any";
  return type.kind === "optional" || (type.kind === "number" && (type.cases?.length ?? 1) > 1);
}

/** Prints a field as `name: T`, or `name?: T` if it is optional. */
function fieldText(name: string, type: PlainType): string {
  const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
  if (type.kind !== "optional" || type.absence === "null") return `${key}: ${typeText(type)}`;
  return `${key}?: ${typeText(type.type)}${type.absence === "either" ? " | null" : ""}`;
}

/** Prints the parameters of a function. An optional one has a question mark unless a later one is required. */
export function parametersText(
  params: readonly { readonly name: string; readonly type: PlainType }[],
): string {
  return params
    .map(({ name, type }, i) =>
      params.slice(i).every((later) => later.type.kind === "optional" && later.type.absence !== "null")
        ? fieldText(name, type)
        : `${name}: ${typeText(type)}`,
    )
    .join(", ");
}
