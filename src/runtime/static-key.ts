import { DownhillError } from "../errors/index.ts";
import { Tensor } from "../ir/tensor.ts";

/** A static argument as text: equal data have equal keys. */
export function staticKey(operation: string, value: unknown): string {
  const prototype: unknown = typeof value === "object" && value !== null && Object.getPrototypeOf(value);
  if (typeof value === "function" || (prototype && prototype !== Object.prototype && !Array.isArray(value))) {
    const what =
      value instanceof Tensor ? "tensor" : typeof value === "function" ? "function" : "class instance";
    throw new DownhillError(
      "tree",
      `${operation}: a static argument must be plain data (a number, a string, an object of such), not a ${what}.`,
    );
  }
  if (Array.isArray(value)) return `[${value.map((item) => staticKey(operation, item)).join()}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(
      ([key, item]) => `${JSON.stringify(key)}:${staticKey(operation, item)}`,
    );
    return `{${entries.join()}}`;
  }
  if (typeof value === "string") return JSON.stringify(value);
  return Object.is(value, -0) ? "-0" : `${typeof value} ${String(value)}`;
}
