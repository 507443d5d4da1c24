import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType, DType } from "../ir/types.ts";
import { arrayType, isDType } from "../ir/types.ts";
import { asTensor } from "../prims/lift.ts";
import { traceProgram } from "../trace/staging.ts";
import type { TreeDef } from "../tree/tree.ts";
import { flatten, unflatten } from "../tree/tree.ts";
import type { Like, TensorLike } from "../tree/types.ts";
import type { Shape } from "../util/shape.ts";
import { flattenResult, requireFunction, unflattenArguments } from "./arguments.ts";

/** Shape and dtype of a tensor. */
export interface ShapeDtype {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** `T` with every tensor replaced by its shape and dtype. */
export type Shapes<T> = T extends Tensor
  ? ShapeDtype
  : T extends object
    ? { readonly [K in keyof T]: Shapes<T[K]> }
    : T;

/** Argument of type `P`, or a description of it, when only its shapes and dtypes are used. */
export type LikeShapes<P> = P extends Tensor
  ? TensorLike | ShapeDtype
  : P extends object
    ? { readonly [K in keyof P]: LikeShapes<P[K]> } | Like<P>
    : P;

/**
 * Shapes and dtypes of the results of a function for arguments like these. The function is traced, and nothing is
 * computed. `{ shape, dtype }` may replace a tensor, so that large tensors need not be created.
 *
 * @throws DownhillError like f for such arguments, `tree` for values that are not arguments.
 * @example
 * evalShape((x, y) => ({ product: matmul(x, y) }), { shape: [8, 1000], dtype: "float32" }, { shape: [1000, 5], dtype: "float32" });
 * // { product: { shape: [8, 5], dtype: "float32" } }
 */
export function evalShape<A extends readonly unknown[], T>(
  f: (...args: A) => T,
  ...args: { readonly [K in keyof A]: LikeShapes<A[K]> }
): Shapes<T> {
  requireFunction("evalShape", f, "evalShape((x) => …, x)");
  const types: ArrayType[] = [];
  const defs = args.map((arg) => {
    const flat = flatten(arg, "evalShape");
    let next = 0;
    return readShapes(flat.def, () => flat.leaves[next++], types);
  });
  let outDef: TreeDef = { kind: "leaf" };
  const { program } = traceProgram(f.name === "" ? "f" : f.name, types, (...xs) => {
    const { leaves, def } = flattenResult(f(...(unflattenArguments(defs, xs) as unknown as A)), "evalShape");
    outDef = def;
    return leaves;
  });
  return unflatten(
    outDef,
    program.outs.map(({ type: { shape, dtype } }): ShapeDtype => ({ shape, dtype })),
  ) as Shapes<T>;
}

/**
 * Reads the structure of an argument in which `{ shape, dtype }` counts as one leaf. Appends the types of the leaves to
 * `types`.
 */
function readShapes(def: TreeDef, next: () => unknown, types: ArrayType[]): TreeDef {
  switch (def.kind) {
    case "leaf":
      types.push(asTensor(next(), "evalShape").type);
      return def;
    case "object": {
      const shape = shapeIn(def, next);
      if (shape === undefined)
        return { ...def, children: def.children.map((child) => readShapes(child, next, types)) };
      types.push(shape);
      return { kind: "leaf" };
    }
    case "array":
      return { ...def, children: def.children.map((child) => readShapes(child, next, types)) };
    case "instance":
      return { ...def, children: [readShapes(def.children[0], next, types)] };
    case "static":
      return def;
  }
}

/** Type that an object `{ shape, dtype }` describes; `undefined` for other objects. */
function shapeIn(def: TreeDef & { readonly kind: "object" }, next: () => unknown): ArrayType | undefined {
  const { keys, children } = def;
  const [shape, dtype] = [children[keys.indexOf("shape")], children[keys.indexOf("dtype")]];
  if (keys.length !== 2 || dtype?.kind !== "static" || !isDType(dtype.value)) return undefined;
  if (shape?.kind === "leaf") return arrayType(dtype.value, [...(next() as readonly number[])]);
  return shape?.kind === "array" && shape.children.length === 0 ? arrayType(dtype.value, []) : undefined; // a scalar
}
