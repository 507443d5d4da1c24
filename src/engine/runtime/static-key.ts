import { DownhillError } from "../errors/index.ts";
import { Tensor } from "../ir/tensor.ts";
import { deepestNesting, tooDeep } from "../tree/nesting.ts";

/** Serialises a static argument to a string; equal data have equal keys. */
export function staticKey(operation: string, value: unknown): string {
  return keyAt(operation, value, value, 0);
}

function keyAt(operation: string, root: unknown, value: unknown, depth: number): string {
  if (depth > deepestNesting) throw tooDeep(root, operation);
  const prototype: unknown = typeof value === "object" && value !== null && Object.getPrototypeOf(value);
  if (typeof value === "function" || (prototype && prototype !== Object.prototype && !Array.isArray(value))) {
    const what =
      value instanceof Tensor ? "tensor" : typeof value === "function" ? "function" : "class instance";
    throw new DownhillError(
      "tree",
      `${operation}: a static argument must be plain data (a number, a string, an object of these), not a ${what}.`,
    );
  }
  if (Array.isArray(value)) return `[${value.map((item) => keyAt(operation, root, item, depth + 1)).join()}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(
      ([key, item]) => `${JSON.stringify(key)}:${keyAt(operation, root, item, depth + 1)}`,
    );
    return `{${entries.join()}}`;
  }
  if (typeof value === "string") return JSON.stringify(value);
  return Object.is(value, -0) ? "-0" : `${typeof value} ${String(value)}`;
}
