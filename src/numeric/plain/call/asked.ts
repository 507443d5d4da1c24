import { DownhillError } from "../../../engine/errors/index.ts";
import { Tensor } from "../../../engine/ir/tensor.ts";
import { isFloating } from "../../../engine/region/form/build.ts";
import type { AnyFunction } from "../../../engine/transforms/plain.ts";
import type { PlainCallable } from "./callable.ts";
import type { Template } from "./values.ts";

/** A request to apply a transform such as `grad` to a plain function. */
export interface TransformRequest<O> {
  /** Name of the transformed function in messages: `grad(loss)`. */
  readonly title: string;
  readonly f: PlainCallable;
  readonly options: O;
  /** The transform for functions over tensors. */
  apply(f: AnyFunction, options?: O): AnyFunction;
  /** Converts a callable to the function that the transform returns, and attaches further properties. */
  give(callable: PlainCallable, extra?: object): AnyFunction;
}

/** Returns all tensors in nested lists, from left to right. */
export function flat(tree: unknown): Tensor[] {
  return tree instanceof Tensor ? [tree] : (tree as readonly unknown[]).flatMap(flat);
}

export const pair = (x: Template, y: Template): Template => ({ kind: "tuple", items: [x, y] });

/**
 * Throws if an argument has no derivative: if it is absent or a string, or contains a boolean or an integer that only
 * determines sizes, bounds and indices.
 */
export function requireFloating(title: string, template: Template, place: number): void {
  if (template.kind === "optional" && template.item === undefined)
    throw new DownhillError(
      "tree",
      `${title}: argument ${place} is ${template.isNull === true ? "null" : "undefined"}, and there is no derivative in a default. Give it a value, or leave it out of argnums.`,
    );
  if (isTexts(template))
    throw new DownhillError(
      "dtype",
      `${title}: argument ${place} is ${template.kind === "leaf" ? "a string" : "an array of strings"}, and has no derivative. Leave it out of argnums.`,
    );
  const whole = wholeIn(template, `argument ${place}`, true);
  if (whole === undefined) return;
  throw new DownhillError(
    "dtype",
    `${title}: ${whole.path} ${whole.isTruth ? "is true or false" : "only sets sizes, bounds and indices"}, and has no derivative. ` +
      `Leave it out of argnums, or let the function read it from outside.`,
  );
}

/** True for a string, and for nested arrays of strings. */
function isTexts(template: Template): boolean {
  if (template.kind === "list") return isTexts(template.item);
  return template.kind === "leaf" && template.isText === true;
}

/**
 * Finds a leaf without a derivative, such as an integer or a boolean; `undefined` if all leaves have one. With
 * `isArgument`, booleans that are fields do not count, because derivatives leave them out.
 */
export function wholeIn(
  template: Template,
  path: string,
  isArgument = false,
): { readonly path: string; readonly isTruth: boolean } | undefined {
  const first = <T>(items: readonly T[], find: (item: T, i: number) => ReturnType<typeof wholeIn>) => {
    for (const [i, item] of items.entries()) {
      const found = find(item, i);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  switch (template.kind) {
    case "leaf":
      return isFloating(template.type) ||
        (template.isText === true && (isArgument || template.type !== "bool"))
        ? undefined
        : { path, isTruth: template.type === "bool" };
    case "list":
    case "batch":
      return wholeIn(template.item, `an item of ${path}`, isArgument);
    case "record":
      return first(template.fields, ({ name, type }) => wholeIn(type, `${path}.${name}`, isArgument));
    case "tuple":
      return first(template.items, (item, i) => wholeIn(item, `${path}[${i}]`, isArgument));
    case "optional":
      return template.item && wholeIn(template.item, path, isArgument);
    case "absent":
      return undefined;
    case "jacobian":
      return wholeIn(template.out, path, isArgument);
  }
}

/** Checks that the result of a function is a single number, so that it has a gradient. */
export function requireNumber(title: string, result: Template): void {
  if (result.kind === "leaf" && result.rank === 0 && isFloating(result.type)) return;
  throw new DownhillError(
    "shape",
    `${title}: a gradient needs a function that returns one number. Use jacrev for all derivatives of several, ` +
      `hasAux where it returns [value, …].`,
  );
}
