/// <reference lib="esnext.disposable" preserve="true" />
import { DownhillError } from "../errors/index.ts";
import type { TypedArray } from "../kernel/executable.ts";
import type { ArrayType, DType } from "./types.ts";
import type { Primitive } from "./primitive.ts";
import type { ConcreteValue } from "./storage.ts";
import type { Shape } from "../util/shape.ts";

/** A rectangular nest of numbers: `[1, 2, 3]`, `[[1, 2], [3, 4]]`. */
export type NestedNumbers = readonly (number | NestedNumbers)[];

/** A rectangular nest of booleans. */
export type NestedBooleans = readonly (boolean | NestedBooleans)[];

/** Whatever stands for a tensor in an argument. A plain boolean does not: it stays a boolean. */
export type TensorLike = Tensor | number | NestedNumbers | NestedBooleans | TypedArray;

/** What stands for a tensor of dtype bool, where a function asks for one: a plain boolean too. */
export type BooleanLike = TensorLike | boolean;

/** Every `step`-th place along an axis from `start` to `end` (exclusive), as Python's `start:end:step`; negative bounds count from the end. */
export interface AxisSlice {
  /** Default the first place; with a negative step the last. */
  readonly start?: number | undefined;
  /** Default behind the last place; with a negative step before the first. */
  readonly end?: number | undefined;
  /** Default 1; a negative one goes backwards. */
  readonly step?: number | undefined;
}

/**
 * What is chosen of an axis (see `at`): an integer, a range, `null` for all of it, integers (a tensor, a list, a typed array), or a mask
 * of booleans, which may be of several axes. `"new"` is a new axis, and `"..."` all axes that are left.
 */
export type AxisSelector =
  number | AxisSlice | null | "new" | "..." | Tensor | NestedNumbers | NestedBooleans | TypedArray;

/** Axes of a reduction: one, several, or all where left out. Negative ones count from the last. */
export interface ReduceOptions {
  readonly axis?: number | readonly number[];
  /** Keep the reduced axes with size 1. Default false. */
  readonly keepdims?: boolean;
}

/** A reduction of the elements that a mask chooses: the others have no part in the result, nor in its derivative. */
export interface MaskedReduceOptions extends ReduceOptions {
  /** Which elements count, as bool: of the shape of the array, or repeated to it. Default all. */
  readonly where?: BooleanLike;
}

/** Options of standard deviations and variances. */
export interface DeviationOptions extends MaskedReduceOptions {
  /** What the sum of squares is divided by: the number of elements less this. Default 0, as in NumPy; PyTorch's is 1. */
  readonly ddof?: number;
}

/** Axes by themselves, as a first argument of methods. */
export type Axes = number | readonly number[];

/** Options of `argmax` and `argmin`. */
export interface ArgmaxOptions {
  /** Default all axes as one. */
  readonly axis?: number;
  /** Keep the axis with size 1. Default false. */
  readonly keepdims?: boolean;
}

/** What reading the elements of a tensor may do. */
export interface ReadOptions {
  /**
   * Whether the tensor is given up: its memory is used again for later results, and reading it afterwards is an error.
   * Default false.
   */
  readonly donate?: boolean;
}

/**
 * One level of tracing: what happens to a primitive whose operands belong to it. Levels nest like the transforms that
 * opened them; the innermost has the highest number, and level 0 is plain evaluation.
 */
export interface Trace {
  readonly kind: string;
  readonly level: number;
  /** False once the function that it traces has returned. */
  alive: boolean;
  process(prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[];
}

/** What stands for a value inside a trace; each kind of trace adds what it must know. */
export interface Tracer {
  readonly trace: Trace;
}

const notByNew = "Tensor: tensors are made by functions: write tensor([1, 2]), zeros([2, 3]) and the like.";

/**
 * An immutable array of numbers: dtype, shape, and either its elements or, while a function is being transformed, what
 * stands for them. Its methods are attached by `array/methods`.
 */
export class Tensor {
  readonly type: ArrayType;
  /** What it holds; nothing for a traced value. To look at elements ask `ir/elements.ts`. */
  readonly slot: ConcreteValue | undefined;
  readonly tracer: Tracer | undefined;
  /** Set where the holder gives its only reference away, so that the next operation may write in place. */
  exclusive = false;

  constructor(type: ArrayType, slot: ConcreteValue | undefined, tracer: Tracer | undefined) {
    if (slot === undefined && tracer === undefined) throw new DownhillError("option", notByNew);
    this.type = type;
    this.slot = slot;
    this.tracer = tracer;
  }

  /** Sizes of the axes, outermost first; `[]` for a scalar. Frozen: tensors share it. */
  get shape(): Shape {
    // when it is asked for, since most types are made and left without anybody looking
    return Object.freeze(this.type.shape);
  }

  /** Kind of elements. */
  get dtype(): DType {
    return this.type.dtype;
  }

  /** Number of axes. */
  get ndim(): number {
    return this.type.shape.length;
  }
}

/**
 * True for a tensor that another copy of the library made, loaded side by side with this one: each copy has a class of its own.
 */
export function isOfAnotherCopy(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    !(value instanceof Tensor) &&
    ["type", "slot", "tracer", "dtype", "shape"].every((key) => key in value)
  );
}

/** How to repair that. */
export const anotherCopyHint: string =
  " Two copies of downhill are loaded, and tensors of one are unknown to the other. Load one: `npm ls downhill` lists them, bundlers have an option " +
  "such as resolve.dedupe. Elements alone may be handed over: tensor(x.data(), { shape: x.shape }).";

/** Besides these, `downhill/methods` gives it others, and adds to this interface. */
export interface Tensor extends TensorMethods {}

/** The methods of a tensor: the common functions of the array module, with the tensor as first argument. */
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
  /** Reductions take the axes by themselves too, `x.sum(0)`, and options behind them, `x.sum([0, 1], { keepdims: true })`. */
  sum(axis?: Axes | MaskedReduceOptions, options?: MaskedReduceOptions): Tensor;
  mean(axis?: Axes | MaskedReduceOptions, options?: MaskedReduceOptions): Tensor;
  std(axis?: Axes | DeviationOptions, options?: DeviationOptions): Tensor;
  /** The function is called `variance`, since `var` is a word of JavaScript. */
  var(axis?: Axes | DeviationOptions, options?: DeviationOptions): Tensor;
  max(axis?: Axes | MaskedReduceOptions, options?: MaskedReduceOptions): Tensor;
  min(axis?: Axes | MaskedReduceOptions, options?: MaskedReduceOptions): Tensor;
  argmax(axis?: number | ArgmaxOptions, options?: ArgmaxOptions): Tensor;
  /** Comparisons give bool. Not for `if`: use `where`. */
  less(y: TensorLike): Tensor;
  greater(y: TensorLike): Tensor;
  equal(y: BooleanLike): Tensor;
  /** Its elements where the condition holds, else those of y: `where(condition, x, y)`. */
  where(condition: BooleanLike, y: BooleanLike): Tensor;
  matmul(y: TensorLike): Tensor;
  dot(y: TensorLike): Tensor;
  /** Its axes in the reverse order. */
  readonly T: Tensor;
  reshape(shape: readonly number[]): Tensor;
  transpose(axes?: readonly number[]): Tensor;
  /** The part at places, one for each of the first axes: an item of a matrix is `x.at(0, 1)`; see `at`. */
  at(...places: readonly AxisSelector[]): Tensor;
  slice(start: number, end?: number): Tensor;
  astype(dtype: DType): Tensor;
  /** The number of a scalar (or of an array of one element); booleans as 0 and 1. */
  item(): number;
  /** The elements as nested arrays; of a scalar, its number. Booleans as 0 and 1. */
  tolist(): NestedNumbers | number;
  /**
   * A copy of the elements in row-major order, booleans as 0 and 1 in a `Uint8Array`. With `donate: true` the tensor is given up for it: the next result uses
   * its memory, which is quicker where compiled functions are called from array to array, and reading the tensor
   * afterwards is an error. Other tensors that share the memory, as those that `reshape` makes do, are left whole.
   */
  data(options?: ReadOptions): TypedArray;
  /** The elements, once they are there: like `data`, for devices that compute asynchronously. */
  read(options?: ReadOptions): Promise<TypedArray>;
  /**
   * Gives the tensor up: `using g = gradient(x);` does so at the end of the block. Memory is collected in any case; this
   * lets the next result use that of a large one at once, as `data({ donate: true })` does, and reading the tensor
   * afterwards is an error. Nothing happens to numbers and traced values, nor a second time.
   */
  [Symbol.dispose](): void;
  /** The elements as NumPy would show them, booleans as `true` and `false`. */
  toString(): string;
  toJSON(): NestedNumbers | number;
}
