import { DownhillError } from "../errors/index.ts";
import { Tensor } from "../ir/tensor.ts";

/** How deep arguments may be nested: within it, recursion over them does not exhaust the stack of any engine. */
export const deepestNesting: number = 1000; // levels

/** More elements than an array can have: a nest that shares its rows may stand for as many. */
export const mostElements: number = 2 ** 32;

/**
 * The sizes along the first elements of a nest of arrays, and what is at their end.
 *
 * @throws DownhillError `tree` for a nest that holds itself or is too deep, `shape` for one that stands for more elements
 * than an array can have; `operation` and the path name it.
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

/** What is wrong with a value that is nested too deep: it holds itself, or its path is too long; the message has the path. */
export function tooDeep(root: unknown, operation: string): DownhillError {
  const { path, again } = endlessPath(root, [], []) ?? { path: [], again: undefined };
  const what =
    again === undefined
      ? `it is nested more than ${deepestNesting} deep, at ${showPath(path)}. Put what lies that deep in a list`
      : `${showPath(path)} is ${showPath(path.slice(0, again))} again, so that it has no end. Leave the reference out`;
  return new DownhillError("tree", `${operation}: ${what}.`);
}

interface EndlessPath {
  /** Keys from the outside in. */
  readonly path: readonly (string | number)[];
  /** How many of them lead to the same value as all; `undefined` where the path is only too long. */
  readonly again: number | undefined;
}

/** The first path that comes back to itself or is too long, if there is one. */
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

const mostShown = 12; // keys of a path

/** `the argument`, `layers[0].next`, `a.a.a…`. */
function showPath(path: readonly (string | number)[]): string {
  if (path.length === 0) return "the argument";
  const text = path.slice(0, mostShown).map(showKey).join("");
  return `${text.replace(/^\./, "")}${path.length > mostShown ? "…" : ""}`;
}

function showKey(key: string | number): string {
  const isName = typeof key === "string" && /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key);
  return isName ? `.${key}` : `[${JSON.stringify(key)}]`;
}
