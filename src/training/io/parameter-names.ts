import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { convert } from "../../engine/prims/linear.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import type { TreeDef } from "../../engine/tree/index.ts";
import { flatten, unflatten } from "../../engine/tree/index.ts";
import { sameShape } from "../../engine/util/shape.ts";
import { type NamedValues, namedEntries } from "../../engine/util/by-name.ts";
import { chosenNames } from "./names.ts";
import { isShapedArray, type ShapedArray, tensorOfShaped } from "./shaped.ts";

/**
 * Returns the tensors of nested parameters by name: the keys of the path joined by points, as in PyTorch:
 * `layers.0.weight`.
 *
 * @throws DownhillError `tree` for values that are neither leaf nor node, and for duplicate names.
 */
export function namedTensors(operation: string, tree: unknown): Map<string, Tensor> {
  const { leaves, def } = flatten(tree, operation);
  const names = namesOf(def, []);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new DownhillError(
      "tree",
      `${operation}: two tensors have the name ${JSON.stringify(twice)}. Remove points from the keys.`,
    );
  return new Map(leaves.map((leaf, i) => [names[i]!, asTensor(leaf, operation)]));
}

/**
 * Rebuilds nested parameters from tensors by name (a Map or a record), as `readSafetensors` returns them for nested
 * parameters written by `writeSafetensors`. The result has the structure of `like`, including its strings and plain
 * booleans. Shapes and dtypes must match, except that float32 is converted to float64 if `like` has that.
 *
 * @throws DownhillError `data` for a tensor that is missing or that `like` does not have, `shape` and `dtype` for one
 *   that does not match.
 * @example
 * const params = { layers: [{ w: tensor([[1, 2]]), b: tensor([3]) }] };
 * const { tensors } = readSafetensors(writeSafetensors(params));
 * [...tensors.keys()];             // ["layers.0.w", "layers.0.b"]
 * fromNamedTensors(tensors, params); // { layers: [{ w: f64[1,2] [[1, 2]], b: f64[1] [3] }] }
 */
export function fromNamedTensors<P>(named: NamedValues<Tensor | ShapedArray>, like: P): P {
  if (arguments.length > 2) refuseExtra("fromNamedTensors", arguments, 2);
  const tensors = tensorsOf(named);
  if (tensors === undefined)
    throw new DownhillError(
      "data",
      "fromNamedTensors: expected tensors by name, as in (await readSafetensorsFile(path)).tensors.",
    );
  const { leaves, def } = flatten(like, "fromNamedTensors");
  const names = namesOf(def, []);
  chosenNames([...tensors.keys()], names, "tensor", "fromNamedTensors");
  chosenNames(names, [...tensors.keys()], "parameter", "fromNamedTensors");
  const read = names.map((name, i): unknown => {
    const x = tensors.get(name)!;
    const leaf = leaves[i];
    const { shape, dtype } = asTensor(leaf, "fromNamedTensors").type;
    const isWidened = x.dtype === "float32" && dtype === "float64";
    if (!sameShape(shape, x.shape) || (dtype !== x.dtype && !isWidened)) throw misfit(name, x, leaf);
    return convert(x, dtype);
  });
  return unflatten(def, read) as P;
}

/** Converts named tensors to a Map; `undefined` for any other value. */
function tensorsOf(named: unknown): ReadonlyMap<string, Tensor> | undefined {
  if (typeof named !== "object" || named === null || Array.isArray(named) || named instanceof Tensor)
    return undefined;
  const tensors = new Map<string, Tensor>();
  for (const [name, value] of namedEntries(named as NamedValues<unknown>)) {
    if (value instanceof Tensor) tensors.set(name, value);
    else if (isShapedArray(value)) tensors.set(name, tensorOfShaped(value, `fromNamedTensors: ${name}`));
    else return undefined;
  }
  return tensors;
}

function misfit(name: string, x: Tensor, leaf: unknown): DownhillError {
  const { type } = asTensor(leaf, "fromNamedTensors");
  const isShape = !sameShape(type.shape, x.shape);
  const repair = isShape ? "" : ` Convert it first, as in x.astype("${type.dtype}").`;
  return new DownhillError(
    isShape ? "shape" : "dtype",
    `fromNamedTensors: ${name} is ${showType(x.type)}, but ${showType(type)} is expected.${repair}`,
  );
}

/** Returns the names of the leaves of a structure. */
function namesOf(def: TreeDef, path: readonly (string | number)[]): string[] {
  switch (def.kind) {
    case "leaf":
      return [path.join(".")];
    case "array":
      return def.children.flatMap((child, i) => namesOf(child, [...path, i]));
    case "object":
      return def.children.flatMap((child, i) => namesOf(child, [...path, def.keys[i]!]));
    case "instance":
      return namesOf(def.children[0], path);
    case "static":
      return [];
  }
}
