import type { BooleanLike, NestedBooleans, NestedNumbers, Tensor, TensorLike } from "../ir/tensor.ts";
import type { TypedArray } from "../kernel/executable.ts";

export type { BooleanLike, NestedNumbers, TensorLike };

/**
 * The type of `P` with every tensor replaced by what may stand for one; what stands for one already stays. `D` is what
 * else does: a plain boolean, where booleans are data.
 */
// Of a type parameter this is the parameter itself: the checker takes it as `any` when it asks whether the condition can
// hold, so that `<T>(p: T) => grad(loss)(p)` needs no cast.
export type Like<P, D = never> = [IsKnown<P>] extends [true] ? LikeKnown<P, D> : P;

/** A value of type `P`, or what `as const` makes of one: its lists are read-only. */
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

/** `Like` for each of a list of arguments. */
export type LikeAll<R extends readonly unknown[], D = never> = { readonly [K in keyof R]: Like<R[K], D> };

/** `LikeAll` but for the members at the places `S`, which are given as they are. */
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
 * The type of what a function gives for an argument of type `P`: tensors, also where the argument may be anything that stands for
 * one, as that of a compiled function. Of a type parameter it is the parameter itself, as `Like` is.
 */
// An intersection, so that the checker sees of type parameters too that this is a `P`.
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

/** Names the tree that an instance of a class is made of, where its fields do not tell: there is no such field, only its type. */
export declare const treeOfInstance: unique symbol;

/** What has methods is an instance of a class, which stays of it. */
export type IsInstance<P> = true extends { [K in keyof P]: IsMethod<P[K]> }[keyof P] ? true : false;

type IsMethod<M> = [M] extends [(...args: never[]) => unknown] ? ([M] extends [never] ? false : true) : false;

type LikeList<P extends readonly unknown[], D> = [AreAllLeaves<P>] extends [true]
  ? [Extract<P[number], Tensor>] extends [never]
    ? NumberInTransform
    : MixedList<P, D>
  : { readonly [K in keyof P]: Like<P[K], D> };

/** Whether all members of a list may be given as numbers: a list of numbers alone is one vector. */
type AreAllLeaves<P extends readonly unknown[]> = false extends { [K in keyof P]: MayBeLeaf<P[K]> }[number]
  ? false
  : true;

type MayBeLeaf<E> = [unknown] extends [E]
  ? false
  : [Extract<E, Tensor | number | boolean>] extends [never]
    ? false
    : true;

/** A list of which one member at least is no number. */
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

// Texts in the place of types: the checker shows them where it says that an argument does not fit.
type OneVector = "a list of numbers alone is one tensor: write [tensor(1), tensor(2)]";

type NumberInTransform =
  "a number is a Tensor inside a transformed function: declare it Tensor; to keep it plain, close over it or name its argument in staticArgnums of jit";

type BooleanInLoop = "a boolean is a Tensor inside a loop or branch: declare it Tensor, or close over it";
