import { assertNever } from "../../engine/util/assert-never.ts";
import type { PlainType } from "./form.ts";

/** How many parameters or results of a region a plain value is. */
export function countLeaves(type: PlainType): number {
  switch (type.kind) {
    case "number":
    case "boolean":
    case "array":
    case "matrix":
      return 1;
    case "list":
      return countLeaves(type.item);
    case "record":
      return type.fields.reduce((n, field) => n + countLeaves(field.type), 0);
    case "tuple":
      return type.items.reduce((n, item) => n + countLeaves(item), 0);
    default:
      return assertNever(type, "countLeaves");
  }
}
