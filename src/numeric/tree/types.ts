import type { Tensor } from "../../engine/ir/tensor.ts";
import type { IsInstance, treeOfInstance } from "../../engine/tree/index.ts";
import type { TypedArray } from "../../engine/kernel/executable.ts";

/** A nested list of numbers, or of booleans, which is a single leaf. */
type NestedLeaf = readonly (number | NestedLeaf)[] | readonly (boolean | NestedLeaf)[];

type Methods = (...args: never[]) => unknown;

/** The type of the leaves of a tree of type `P`. */
export type Leaf<P> = [unknown] extends [P]
  ? Tensor
  : P extends Tensor | number | TypedArray | NestedLeaf
    ? P
    : P extends string | boolean | null | undefined | Methods
      ? never
      : P extends readonly unknown[]
        ? Leaf<P[number]>
        : P extends object
          ? Leaf<NodeChildren<P>>
          : never;

/** The children of an object: its fields, or for registered instances the type declared by `treeOfInstance`. */
type NodeChildren<P> = typeof treeOfInstance extends keyof P
  ? NonNullable<P[typeof treeOfInstance & keyof P]>
  : P[keyof P];

/** The type of a tree of type `P` with each leaf replaced by an `R`; instances of classes keep their class. */
export type Mapped<P, R> = [unknown] extends [P]
  ? P
  : P extends Tensor | number | TypedArray | NestedLeaf
    ? R
    : P extends string | boolean | null | undefined
      ? P
      : P extends readonly unknown[]
        ? { [K in keyof P]: Mapped<P[K], R> }
        : IsInstance<P> extends true
          ? P
          : { [K in keyof P]: Mapped<P[K], R> };
