import type { BooleanLike, NestedBooleans, NestedNumbers, Tensor, TensorLike } from "../ir/tensor.ts";
import type { TypedArray } from "../kernel/executable.ts";

export type { BooleanLike, NestedNumbers, TensorLike };

/**
 * `P` with every tensor replaced by the types that can represent one; other types stay. `D` is an additional
 * representation: a plain boolean, where booleans are data.
 */
// For a type parameter this is the parameter itself: the checker treats it as `any` when it evaluates the condition,
// so `<T>(p: T) => grad(loss)(p)` needs no cast.
export type Like<P, D = never> = [IsKnown<P>] extends [true] ? LikeKnown<P, D> : P;

/** A value of type `P`, or its `as const` form with read-only lists. */
export type OrConstant<P> = P | ([IsKnown<P>] extends [true] ? Constant<P> : P);

type Constant<P> = P extends readonly unknown[]
  ? { readonly [K in keyof P]: Constant<P[K]> }
  : P extends Tensor | TypedArray
    ? P
    : P extends object
      ? IsInstance<P> extends true
        ? P
        : { readonly [K in keyof P]: Constant<P[K]> }
      : P;

/** Applies `Like` to each of a list of argument types. */
export type LikeAll<R extends readonly unknown[], D = never> = { readonly [K in keyof R]: Like<R[K], D> };

/** Like `LikeAll`, except that the arguments at the indices `S` keep their types. */
export type LikeOthers<R extends readonly unknown[], S extends number | readonly number[]> = {
  readonly [K in keyof R]: K extends `${S extends readonly number[] ? S[number] : S & number}`
    ? R[K]
    : Like<R[K]>;
};

/** False for `any` and `unknown`. */
type IsKnown<P> = [unknown] extends [P] ? false : true;

type LikeKnown<P, D> = [Tensor] extends [P]
  ? TensorLike | D | Exclude<P, TensorLike>
  : P extends string | null | undefined
    ? P
    : P extends boolean
      ? [D] extends [never]
        ? P
        : BooleanInLoop
      : P extends number | TypedArray
        ? NumberInTransform
        : P extends readonly unknown[]
          ? LikeList<P, D>
          : P extends object
            ? IsInstance<P> extends true
              ? P
              : { readonly [K in keyof P]: Like<P[K], D> }
            : P;

/**
 * Result type of a function for an argument of type `P`: tensors, even if the argument may be a representation of
 * a tensor, as for compiled functions. For a type parameter it is the parameter itself, like `Like`.
 */
// An intersection, so that the checker knows for type parameters too that this is a `P`.
export type TensorsOf<P> = [IsKnown<P>] extends [true]
  ? [P] extends [InTensors<P>]
    ? P
    : P & InTensors<P>
  : P;

type InTensors<P> = [Tensor] extends [P]
  ? Tensor | Exclude<P, TensorLike>
  : P extends readonly unknown[]
    ? { [K in keyof P]: InTensors<P[K]> }
    : P extends TypedArray | ((...args: never[]) => unknown)
      ? P
      : P extends object
        ? IsInstance<P> extends true
          ? P
          : { [K in keyof P]: InTensors<P[K]> }
        : P;

/**
 * Type-only key of the tree type of a class instance, for classes whose fields do not determine it. No such field
 * exists.
 */
export declare const treeOfInstance: unique symbol;

/** True for a type with methods, which is a class instance and keeps its type. */
export type IsInstance<P> = true extends { [K in keyof P]: IsMethod<P[K]> }[keyof P] ? true : false;

type IsMethod<M> = [M] extends [(...args: never[]) => unknown] ? ([M] extends [never] ? false : true) : false;

type LikeList<P extends readonly unknown[], D> = [AreAllLeaves<P>] extends [true]
  ? [Extract<P[number], Tensor>] extends [never]
    ? NumberInTransform
    : MixedList<P, D>
  : { readonly [K in keyof P]: Like<P[K], D> };

/**
 * True if each member of a list may be a number, boolean or tensor. If all of them are numbers, the list is one vector
 * instead of a tree.
 */
type AreAllLeaves<P extends readonly unknown[]> = false extends { [K in keyof P]: MayBeLeaf<P[K]> }[number]
  ? false
  : true;

type MayBeLeaf<E> = [unknown] extends [E]
  ? false
  : [Extract<E, Tensor | number | boolean>] extends [never]
    ? false
    : true;

/** List with at least one member that is not a number. */
type MixedList<P extends readonly unknown[], D> = number extends P["length"]
  ? | readonly (NotNumber<P[number], D> | OneVector)[]
    | readonly [NotNumber<P[number], D> | OneVector, ...Like<P[number], D>[]]
    | readonly [...Like<P[number], D>[], NotNumber<P[number], D> | OneVector]
  : {
      [K in keyof P]: {
        readonly [J in keyof P]: J extends K ? NotNumber<P[J], D> | OneVector : Like<P[J], D>;
      };
    }[number];

type NotNumber<E, D> = Exclude<Like<E, D>, number | boolean | NestedNumbers | NestedBooleans>;

// Texts instead of types: the checker shows them if an argument does not fit.
type OneVector = "a list of numbers alone is one tensor: write [tensor(1), tensor(2)]";

type NumberInTransform =
  "a number is a Tensor inside a transformed function: declare it Tensor; to keep it plain, close over it or name its argument in staticArgnums of jit";

type BooleanInLoop = "a boolean is a Tensor inside a loop or branch: declare it Tensor, or close over it";
