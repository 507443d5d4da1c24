import { assertNever } from "../../../engine/util/assert-never.ts";
import type { PlainType } from "../form/form.ts";

/** A type as TypeScript. */
export function typeText(type: PlainType): string {
  switch (type.kind) {
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "array":
      return type.of === "any" ? "number[] | Float64Array" : type.of;
    case "matrix":
      return "number[][]";
    case "list": {
      const item = typeText(type.item);
      return /[^\w{}[\]; :]/.test(item) ? `(${item})[]` : `${item}[]`;
    }
    case "record":
      return `{ ${type.fields.map(({ name, type: field }) => `${/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)}: ${typeText(field)}`).join("; ")} }`;
    case "tuple":
      return `[${type.items.map(typeText).join(", ")}]`;
    default:
      return assertNever(type, "typeText");
  }
}
