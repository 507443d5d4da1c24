import type { Slot } from "../kernel/executable.ts";
import type { ArrayType, DType } from "./types.ts";
import type { Primitive } from "./primitive.ts";
import type { Shape } from "../util/shape.ts";

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

/**
 * An immutable array of numbers: dtype, shape, and either its elements or, while a function is being transformed, what
 * stands for them. Its methods are attached by `array/methods`.
 */
export class Tensor {
  readonly type: ArrayType;
  /** Elements: a number for a scalar, a place in memory for an array, nothing for a traced value. */
  readonly slot: Slot | undefined;
  readonly tracer: Tracer | undefined;
  /** Set where the holder gives its only reference away, so that the next operation may write in place. */
  exclusive = false;

  constructor(type: ArrayType, slot: Slot | undefined, tracer: Tracer | undefined) {
    this.type = type;
    this.slot = slot;
    this.tracer = tracer;
  }

  /** Sizes of the axes, outermost first; `[]` for a scalar. */
  get shape(): Shape {
    return this.type.shape;
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
