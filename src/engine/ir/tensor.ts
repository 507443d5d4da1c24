/// <reference lib="esnext.disposable" preserve="true" />
import { DownhillError } from "../errors/index.ts";
import type { TypedArray } from "../kernel/executable.ts";
import type { ArrayType, DType } from "./types.ts";
import type { Primitive } from "./primitive.ts";
import type { ConcreteValue } from "./storage.ts";
import type { Shape } from "../util/shape.ts";
import { sizeOf } from "../util/shape.ts";

/** Rectangular nested arrays of numbers: `[1, 2, 3]`, `[[1, 2], [3, 4]]`. */
export type NestedNumbers = readonly (number | NestedNumbers)[];

/** Rectangular nested arrays of booleans. */
export type NestedBooleans = readonly (boolean | NestedBooleans)[];

/**
 * Any value accepted where a tensor is expected. Plain `true` and `false` are not accepted: as leaves of nested values
 * they stay booleans.
 */
export type TensorLike = Tensor | number | NestedNumbers | NestedBooleans | TypedArray;

/** Any value accepted where a bool tensor is expected, plain booleans included. */
export type BooleanLike = TensorLike | boolean;

/**
 * Indices along an axis from `start` to `end` (exclusive) in steps of `step`, as Python's `start:end:step`. Negative
 * bounds count from the end.
 */
export interface AxisSlice {
  /** Default: the first index; with a negative step, the last. */
  readonly start?: number | undefined;
  /** Default: past the last index; with a negative step, before the first. */
  readonly end?: number | undefined;
  /** Default 1; negative steps run backward. */
  readonly step?: number | undefined;
}

/**
 * Selects elements of an axis (see `at`): an integer, a range, `null` for the whole axis, a list of indices (a tensor,
 * a list, a typed array), or a boolean mask, which may span several axes. `"new"` inserts a new axis, and `"..."`
 * stands for all remaining axes.
 */
export type AxisSelector =
  number | AxisSlice | null | "new" | "..." | Tensor | NestedNumbers | NestedBooleans | TypedArray;

/**
 * Options of reductions. `axis` is the axis, or several axes, along which to reduce. Default: all. Negative axes count
 * from the last.
 */
export interface ReduceOptions {
  readonly axis?: number | readonly number[];
  /** Whether to keep the reduced axes, with size 1. Default false. */
  readonly keepdims?: boolean;
}

/**
 * Options of a reduction that a mask can restrict to some elements. The other elements affect neither the result nor
 * its derivative.
 */
export interface MaskedReduceOptions extends ReduceOptions {
  /** Bool mask of the elements to include; its shape broadcasts to that of the array. Default: all. */
  readonly where?: BooleanLike;
}

/** Options of standard deviations and variances. */
export interface DeviationOptions extends MaskedReduceOptions {
  /**
   * Delta degrees of freedom: the sum of squares is divided by the number of elements minus `ddof`. Default 0, as in
   * NumPy; PyTorch's default is 1.
   */
  readonly ddof?: number;
}

/** One or several axes to reduce, as the first argument of methods: `x.sum([0, 1])`. */
export type Axes = number | readonly number[];

/** Options of `argmax` and `argmin`. */
export interface ArgmaxOptions {
  /** Axis to search. Default: all axes, flattened. */
  readonly axis?: number;
  /** Whether to keep the searched axis, with size 1. Default false. */
  readonly keepdims?: boolean;
}

/** Options for reading the elements of a tensor. */
export interface ReadOptions {
  /**
   * True to donate the tensor: later results reuse its memory, and reading it afterwards is an error. Default false.
   */
  readonly donate?: boolean;
}

/**
 * One level of tracing, which processes each primitive whose operands belong to it. Levels nest like the transforms
 * that opened them: the innermost has the highest number, and level 0 is plain evaluation.
 */
export interface Trace {
  readonly kind: string;
  readonly level: number;
  /** False once the function that it traces has returned. */
  alive: boolean;
  process(prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[];
}

/** Stand-in for a value inside a trace; each kind of trace adds its own fields. */
export interface Tracer {
  readonly trace: Trace;
}

const notByNew =
  "Tensor: tensors are created by functions such as tensor([1, 2]) or zeros([2, 3]), not by new.";

/**
 * An immutable array of numbers with a dtype and a shape. It holds its elements or, while a function is being
 * transformed, a tracer. Its methods are attached by `array/methods`.
 */
export class Tensor {
  readonly type: ArrayType;
  /** The value of a concrete tensor; `undefined` for a traced one. Read elements by `ir/elements.ts`. */
  readonly slot: ConcreteValue | undefined;
  readonly tracer: Tracer | undefined;
  /**
   * True if the owner of the tensor holds the only reference and releases it, so that the next operation may overwrite
   * the elements.
   */
  exclusive = false;

  constructor(type: ArrayType, slot: ConcreteValue | undefined, tracer: Tracer | undefined) {
    if (slot === undefined && tracer === undefined) throw new DownhillError("option", notByNew);
    this.type = type;
    this.slot = slot;
    this.tracer = tracer;
  }

  /** Sizes of the axes, outermost first; `[]` for a scalar. Frozen: tensors share it. */
  get shape(): Shape {
    // frozen on first access, because most types are created and dropped without being inspected
    return Object.freeze(this.type.shape);
  }

  /** Element type. */
  get dtype(): DType {
    return this.type.dtype;
  }

  /** Number of axes. */
  get ndim(): number {
    return this.type.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.type.shape);
  }
}

/** True for a tensor created by another loaded copy of the library, which has its own `Tensor` class. */
export function isOfAnotherCopy(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    !(value instanceof Tensor) &&
    ["type", "slot", "tracer", "dtype", "shape"].every((key) => key in value)
  );
}

/** Advice at the end of the error for a tensor of another copy of the library. */
export const anotherCopyHint: string =
  " Two copies of downhill are loaded, and each rejects tensors of the other. Load one: `npm ls downhill` lists the copies, bundlers have an option " +
  "such as resolve.dedupe. To pass only the elements, write tensor(x.data(), { shape: x.shape }).";

/** Declares the methods of `TensorMethods`. `downhill/methods` attaches further methods and extends this interface. */
export interface Tensor extends TensorMethods {}

/** Methods of a tensor: the common functions of the array module, with the tensor as first argument. */
export interface TensorMethods {
  add(y: TensorLike): Tensor;
  sub(y: TensorLike): Tensor;
  mul(y: TensorLike): Tensor;
  div(y: TensorLike): Tensor;
  pow(y: TensorLike): Tensor;
  neg(): Tensor;
  abs(): Tensor;
  square(): Tensor;
  sqrt(): Tensor;
  exp(): Tensor;
  log(): Tensor;
  sin(): Tensor;
  cos(): Tensor;
  tanh(): Tensor;
  /**
   * Sum of the elements. Reductions accept the axes as their first argument too, `x.sum(0)`, followed by options,
   * `x.sum([0, 1], { keepdims: true })`.
   */
  sum(axis?: Axes | MaskedReduceOptions, options?: MaskedReduceOptions): Tensor;
  mean(axis?: Axes | MaskedReduceOptions, options?: MaskedReduceOptions): Tensor;
  std(axis?: Axes | DeviationOptions, options?: DeviationOptions): Tensor;
  /** Variance. As a function it is called `variance`, because `var` is a reserved word. */
  var(axis?: Axes | DeviationOptions, options?: DeviationOptions): Tensor;
  max(axis?: Axes | MaskedReduceOptions, options?: MaskedReduceOptions): Tensor;
  min(axis?: Axes | MaskedReduceOptions, options?: MaskedReduceOptions): Tensor;
  argmax(axis?: number | ArgmaxOptions, options?: ArgmaxOptions): Tensor;
  /**
   * True where an element is less than that of `y`. Comparisons return bool tensors; use `where` on them instead of
   * `if`.
   */
  less(y: TensorLike): Tensor;
  greater(y: TensorLike): Tensor;
  equal(y: BooleanLike): Tensor;
  /**
   * Returns the elements of this tensor where the condition is true, and those of `y` elsewhere. Equals
   * `where(condition, x, y)`.
   */
  where(condition: BooleanLike, y: BooleanLike): Tensor;
  matmul(y: TensorLike): Tensor;
  dot(y: TensorLike): Tensor;
  /** The tensor with its axes reversed. */
  readonly T: Tensor;
  reshape(shape: readonly number[]): Tensor;
  transpose(axes?: readonly number[]): Tensor;
  /** Selects elements by one selector per leading axis: an element of a matrix is `x.at(0, 1)`; see `at`. */
  at(...places: readonly AxisSelector[]): Tensor;
  slice(start: number, end?: number): Tensor;
  astype(dtype: DType): Tensor;
  /** The number of a scalar or a one-element array; booleans as 0 and 1. */
  item(): number;
  /** The elements as nested arrays, or the number of a scalar. Booleans as 0 and 1. */
  tolist(): NestedNumbers | number;
  /**
   * A copy of the elements in row-major order, booleans as 0 and 1 in a `Uint8Array`. With `donate: true` the tensor is
   * donated: the next result reuses its memory, which is faster when compiled functions are called repeatedly, and
   * reading the tensor afterwards is an error. Other tensors that share the memory, such as results of `reshape`, are
   * unaffected.
   */
  data(options?: ReadOptions): TypedArray;
  /** Like `data`, but returns a promise, for devices that compute asynchronously. */
  read(options?: ReadOptions): Promise<TypedArray>;
  /**
   * Releases the tensor: `using g = gradient(x);` does so at the end of the block. Memory is garbage-collected in any
   * case. Releasing a large tensor lets the next result reuse its memory at once, like `data({ donate: true })`, and
   * reading it afterwards is an error. Has no effect on numbers, traced values, or released tensors.
   */
  [Symbol.dispose](): void;
  /** Formats the elements as NumPy does, with booleans as `true` and `false`. */
  toString(): string;
  toJSON(): NestedNumbers | number;
}
