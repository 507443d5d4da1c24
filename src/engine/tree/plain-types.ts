import type { Tensor } from "../ir/tensor.ts";
import type { StaticValue } from "./static-value.ts";
import type { TensorLike } from "./types.ts";

/** Floating-point arrays that a function of plain numbers accepts. */
type Floats = Float64Array | Float32Array;
type NumberArray = Floats | Int32Array;

/**
 * `unknown` if all arguments `A` consist of numbers, booleans, strings, arrays and records of these; otherwise `never`. A
 * function of tensors, or with untyped parameters, thus does not count as a function of plain numbers.
 */
export type OnlyPlain<A> = [IsPlain<A>] extends [true] ? unknown : never;

// `undefined` of an optional parameter is ignored. Strings must be literals or members of an enum.
type IsPlain<P> = [unknown] extends [P]
  ? false
  : string extends Extract<P, string>
    ? false
    : [P] extends [number | boolean | string | NumberArray | null | undefined]
      ? true
      : [Extract<P, Tensor>] extends [never]
        ? ArePlain<Exclude<P, number | boolean | string | NumberArray | null | undefined>>
        : false;

type ArePlain<P> = P extends readonly unknown[]
  ? number extends P["length"]
    ? IsPlain<P[number]>
    : AllTrue<{ [K in keyof P]-?: IsPlain<P[K]> }[number]>
  : P extends ((...args: never[]) => unknown) | StaticValue
    ? false
    : P extends object
      ? AllTrue<{ [K in keyof P]-?: IsPlain<P[K]> }[keyof P]>
      : false;

type AllTrue<T> = [T] extends [true] ? true : false;

/**
 * Type `P` with literal types widened: `number` for every number, `boolean` for every boolean, and the class of each
 * typed array. It is the type of a result or a derivative with the structure of `P`.
 */
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

/**
 * Derivatives with respect to the arguments at the indices `N`. Differentiating an omitted optional argument is an
 * error.
 */
export type PlainSelectedArguments<A extends readonly unknown[], N> = N extends readonly number[]
  ? { -readonly [K in keyof N]: Plain<Exclude<A[N[K] & keyof A], undefined>> }
  : Plain<Exclude<A[N & keyof A], undefined>>;

/** True for a number, an array of numbers or a matrix; false for a tuple, whose items are separate. */
type IsLeaf<T> = T extends number | NumberArray
  ? true
  : T extends readonly unknown[]
    ? number extends T["length"]
      ? T[number] extends number | readonly number[]
        ? true
        : false
      : false
    : false;

/**
 * Derivative of every number of `T` with respect to every number of `P`: shape of the result, then shape of the
 * argument.
 */
export type PlainJacobian<P, T> =
  IsLeaf<T> extends true ? JacobianOf<T, Exclude<P, undefined>> : { [K in keyof T]: PlainJacobian<P, T[K]> };

/** Jacobian for an argument or field. If the argument or field is optional, its derivative is optional too. */
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

/** Batch of values of type `P`, or, for an argument that all items share, one such value. */
export type PlainBatch<P> =
  | P
  | (P extends number
      ? readonly number[] | Floats | Int32Array
      : P extends boolean
        ? readonly boolean[]
        : IsLeaf<P> extends true
          ? readonly P[]
          : { [K in keyof P]: PlainBatch<P[K]> });

/** Type of the results of a batch, for a function that returns a `T`. */
export type PlainBatchResult<T> = T extends number
  ? number[]
  : T extends boolean
    ? boolean[]
    : IsLeaf<T> extends true
      ? Plain<T>[]
      : { [K in keyof T]: PlainBatchResult<T[K]> };

/** True for numbers in arrays and tuples of any depth, which one tensor can represent. */
type IsNest<T> = T extends number | boolean | NumberArray
  ? true
  : T extends readonly unknown[]
    ? IsNest<T[number]>
    : false;

/**
 * Type of an argument when a function of plain numbers is applied to tensors. `P` is the type of the plain argument,
 * which may be optional.
 */
export type OverTensors<P> = P extends undefined ? P : OverTensorsOf<P>;

type OverTensorsOf<P> =
  IsLeaf<P> extends true
    ? TensorLike
    : P extends boolean
      ? boolean | Tensor
      : { readonly [K in keyof P]: OverTensors<P[K]> } | (IsNest<P> extends true ? Tensor : never);

/** Type of the result when a function of plain numbers that returns a `T` is applied to tensors. */
export type AsTensors<T> =
  IsLeaf<T> extends true ? Tensor : T extends boolean ? Tensor : { [K in keyof T]: AsTensors<T[K]> };
