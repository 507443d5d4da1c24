import { DownhillError } from "../errors/index.ts";
import { Tensor } from "../ir/tensor.ts";

/** Maximum depth of nested arguments. Recursion to this depth does not exhaust the stack of any engine. */
export const deepestNesting: number = 1000; // levels

/**
 * Maximum number of elements of a nested array. A nested array that contains one row object many times can have more
 * elements than an array can hold.
 */
export const mostElements: number = 2 ** 32;

/**
 * Returns the sizes along the first elements of a nested array, and the first element that is not an array.
 *
 * @throws DownhillError `tree` for a cyclic or too deep array, `shape` for an array with more elements than an
 * array can hold. The message names `operation` and the path.
 */
export function firstPath(
  nest: unknown,
  operation: string,
): { readonly shape: number[]; readonly end: unknown } {
  const shape: number[] = [];
  let elements = 1;
  let end = nest;
  while (Array.isArray(end)) {
    if (shape.length === deepestNesting) throw tooDeep(nest, operation);
    shape.push(end.length);
    elements *= end.length;
    end = end[0];
  }
  if (elements <= mostElements) return { shape, end };
  const sizes = shape.length > 8 ? `${shape.slice(0, 8).join()},…` : shape.join();
  throw new DownhillError(
    "shape",
    `${operation}: a nested array of shape [${sizes}] is larger than any array can be.`,
  );
}

/**
 * Error for a value that is nested too deeply: it is cyclic, or its path is too long. The message contains the
 * path.
 */
export function tooDeep(root: unknown, operation: string): DownhillError {
  const { path, again } = endlessPath(root, [], []) ?? { path: [], again: undefined };
  const what =
    again === undefined
      ? `it is nested more than ${deepestNesting} deep, at ${showPath(path)}. Put what lies that deep in a list`
      : `${showPath(path)} is ${showPath(path.slice(0, again))} again, so that it has no end. Leave the reference out`;
  return new DownhillError("tree", `${operation}: ${what}.`);
}

interface EndlessPath {
  /** Keys, outermost first. */
  readonly path: readonly (string | number)[];
  /**
   * Number of leading keys of the path that lead to the same value as the whole path; `undefined` if the path is
   * not cyclic but only too long.
   */
  readonly again: number | undefined;
}

/** First path that is cyclic or too long, if any. */
function endlessPath(
  value: unknown,
  path: readonly (string | number)[],
  above: readonly unknown[],
): EndlessPath | undefined {
  if (typeof value !== "object" || value === null || value instanceof Tensor || ArrayBuffer.isView(value)) {
    return undefined;
  }
  const again = above.indexOf(value);
  if (again >= 0) return { path, again };
  if (path.length > deepestNesting) return { path, again: undefined };
  const isList = Array.isArray(value);
  for (const [key, item] of Object.entries(value) as [string, unknown][]) {
    const found = endlessPath(item, [...path, isList ? Number(key) : key], [...above, value]);
    if (found !== undefined) return found;
  }
  return undefined;
}

const mostShown = 12; // keys of a path in a message

/** Text of a path for messages: `the argument`, `layers[0].next`, `a.a.a…`. */
function showPath(path: readonly (string | number)[]): string {
  if (path.length === 0) return "the argument";
  const text = path.slice(0, mostShown).map(showKey).join("");
  return `${text.replace(/^\./, "")}${path.length > mostShown ? "…" : ""}`;
}

function showKey(key: string | number): string {
  const isName = typeof key === "string" && /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key);
  return isName ? `.${key}` : `[${JSON.stringify(key)}]`;
}
