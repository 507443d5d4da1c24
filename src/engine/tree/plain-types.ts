import type { Tensor } from "../ir/tensor.ts";
import type { TensorLike } from "./types.ts";

/** Typed arrays that a function of plain numbers takes. */
type Floats = Float64Array | Float32Array;
type NumberArray = Floats | Int32Array;

/**
 * `unknown` where all of `A` is made of numbers, booleans, arrays and records of these; else `never`, so that a function over
 * tensors, or one whose parameters have no types, is not taken for a function of plain numbers.
 */
export type OnlyPlain<A> = [IsPlain<A>] extends [true] ? unknown : never;

// What an optional parameter may be besides, `undefined`, is left out: it is then as if it were not there.
type IsPlain<P> = [unknown] extends [P]
  ? false
  : [P] extends [number | boolean | NumberArray | null | undefined]
    ? true
    : [Extract<P, Tensor>] extends [never]
      ? ArePlain<Exclude<P, number | boolean | NumberArray | null | undefined>>
      : false;

type ArePlain<P> = P extends readonly unknown[]
  ? number extends P["length"]
    ? IsPlain<P[number]>
    : AllTrue<{ [K in keyof P]-?: IsPlain<P[K]> }[number]>
  : P extends (...args: never[]) => unknown
    ? false
    : P extends object
      ? AllTrue<{ [K in keyof P]-?: IsPlain<P[K]> }[keyof P]>
      : false;

type AllTrue<T> = [T] extends [true] ? true : false;

/** A value or derivative of this type: numbers for numbers, arrays of the kind given. */
export type Plain<P> = P extends number
  ? number
  : P extends boolean
    ? boolean
    : P extends Float64Array
      ? Float64Array
      : P extends Float32Array
        ? Float32Array
        : P extends Int32Array
          ? Int32Array
          : { [K in keyof P]: Plain<P[K]> };

/** The derivatives in the arguments at the indices `N`. There are none in an optional argument that is left out: that is an error. */
export type PlainSelectedArguments<A extends readonly unknown[], N> = N extends readonly number[]
  ? { -readonly [K in keyof N]: Plain<Exclude<A[N[K] & keyof A], undefined>> }
  : Plain<Exclude<A[N & keyof A], undefined>>;

/** One array of numbers, or a matrix: no tuple, whose items count each for itself. */
type IsLeaf<T> = T extends number | NumberArray
  ? true
  : T extends readonly unknown[]
    ? number extends T["length"]
      ? T[number] extends number | readonly number[]
        ? true
        : false
      : false
    : false;

/** The derivative of every number of `T` in every number of `P`: shape of the result, then that of the argument. */
export type PlainJacobian<P, T> =
  IsLeaf<T> extends true ? JacobianOf<T, Exclude<P, undefined>> : { [K in keyof T]: PlainJacobian<P, T[K]> };

/** Of an optional field the derivative is optional too. */
type JacobianOf<O, P> = P extends undefined ? P : JacobianOfPresent<O, P>;

type JacobianOfPresent<O, P> =
  IsLeaf<P> extends true
    ? P extends number
      ? Plain<O>
      : O extends number
        ? Plain<P>
        : O extends readonly (readonly number[])[]
          ? Plain<P>[][]
          : Plain<P>[]
    : { [K in keyof P]: JacobianOf<O, P[K]> };

/** A batch of what is of type `P`, or, for an argument that all items share, that itself. */
export type PlainBatch<P> =
  | P
  | (P extends number
      ? readonly number[] | Floats | Int32Array
      : P extends boolean
        ? readonly boolean[]
        : IsLeaf<P> extends true
          ? readonly P[]
          : { [K in keyof P]: PlainBatch<P[K]> });

/** The results of a batch. */
export type PlainBatchResult<T> = T extends number
  ? number[]
  : T extends boolean
    ? boolean[]
    : IsLeaf<T> extends true
      ? Plain<T>[]
      : { [K in keyof T]: PlainBatchResult<T[K]> };

/** Numbers, in arrays and tuples, however nested: what one tensor may stand for. */
type IsNest<T> = T extends number | boolean | NumberArray
  ? true
  : T extends readonly unknown[]
    ? IsNest<T[number]>
    : false;

/** What is given over tensors for an argument of type `P`, which may be optional. */
export type OverTensors<P> = P extends undefined ? P : OverTensorsOf<P>;

type OverTensorsOf<P> =
  IsLeaf<P> extends true
    ? TensorLike
    : P extends boolean
      ? boolean | Tensor
      : { readonly [K in keyof P]: OverTensors<P[K]> } | (IsNest<P> extends true ? Tensor : never);

/** What is computed over tensors where a plain call gives a `T`. */
export type AsTensors<T> =
  IsLeaf<T> extends true ? Tensor : T extends boolean ? Tensor : { [K in keyof T]: AsTensors<T[K]> };
