import type { Procedure, Routine, ScalarType } from "./scalar.ts";
import { assertNever } from "../util/assert-never.ts";
import { withRoom } from "./reclaim.ts";

/** Array classes that hold elements, one per scalar type. */
export type TypedArray = Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array;

/**
 * Buffer argument of a kernel; its first element is `array[offset]`. Several views may share an array, and the memory
 * manager may move elements, so both fields must be read anew on each use.
 */
export interface BufferView {
  readonly array: TypedArray;
  readonly offset: number;
  /** True if the array is known not to be in kernel memory; checking the array itself is slow. */
  readonly isOutside?: boolean;
  /** True if all elements are known to be 0 before the call, so that a routine need not clear this output. */
  readonly isZero?: boolean;
  /**
   * Elements of an input that are passed as plain numbers instead of in `array`; only for routines with `takesNumbers`.
   */
  readonly numbers?: ArrayLike<number>;
}

/** Scalar, or a view of elements in memory. */
export type KernelValue = number | BufferView;

/**
 * Executable routine. `inputs` and `outputs` have the order of the routine's ports. For a buffer output the caller
 * passes the view to write to; elements that the routine does not write are undefined. For a scalar output the routine
 * stores the number in `outputs`.
 */
export interface CompiledRoutine {
  (inputs: readonly KernelValue[], outputs: KernelValue[]): void;
  /**
   * True if the routine copies inputs to its own memory, so that elements may be passed as numbers
   * (`BufferView.numbers`).
   */
  readonly takesNumbers?: boolean;
  /** Code size, if the backend measures it. */
  readonly size?: CodeSize;
  /** Frees memory that is not garbage-collected. The routine cannot be called afterwards. */
  readonly release?: () => void;
}

/** Size of compiled code. */
export interface CodeSize {
  /** Number of loops that became functions; 0 for backends that generate a single function. */
  readonly kernels: number;
  /** Number of pieces of work that several threads may share. */
  readonly shared?: number;
  /** Bytes of the module or text; 0 for interpreted code. */
  readonly codeBytes: number;
  /** Bytes that the code holds between calls. */
  readonly memoryBytes: number;
  /** Maximum bytes that the code holds between calls and shares with no other routine. */
  readonly ownBytes: number;
}

/** A compiled procedure: takes and returns numbers. */
export type CompiledProcedure = (...args: number[]) => number;

/** A compiler from routines to executables. */
export interface Backend {
  readonly name: string;
  /** True if the backend's kernels have their own memory, to which operands outside of it must be copied. */
  readonly usesKernelMemory?: boolean;
  readonly compile: (routine: Routine) => CompiledRoutine;
  /** Returns the generated code of a routine, for backends that generate text. */
  readonly show?: (routine: Routine) => string;
  /** Returns the WebAssembly module of a routine, for backends that generate one. */
  readonly moduleOf?: (routine: Routine) => Uint8Array<ArrayBuffer>;
  readonly compileProcedure: (procedure: Procedure) => CompiledProcedure;
}

/** Bytes per element. */
export const bytesPerElement: Readonly<Record<ScalarType, number>> = {
  f64: 8,
  f32: 4,
  i32: 4,
  u32: 4,
  bool: 1,
};

/**
 * Creates a zeroed array of `n` elements.
 * @throws DownhillError `oom` if the engine has no memory for it.
 */
export function makeArray(type: ScalarType, n: number): TypedArray {
  return withRoom(
    () => `an array of ${n} elements`,
    n * bytesPerElement[type],
    () => newArray(type, n),
  );
}

/** Creates an array over `n` elements of a block of memory, from a byte offset on. */
export function viewOf(type: ScalarType, block: ArrayBufferLike, offset: number, n: number): TypedArray {
  switch (type) {
    case "f64":
      return new Float64Array(block, offset, n);
    case "f32":
      return new Float32Array(block, offset, n);
    case "i32":
      return new Int32Array(block, offset, n);
    case "u32":
      return new Uint32Array(block, offset, n);
    case "bool":
      return new Uint8Array(block, offset, n);
    default:
      return assertNever(type, "viewOf");
  }
}

function newArray(type: ScalarType, n: number): TypedArray {
  switch (type) {
    case "f64":
      return new Float64Array(n);
    case "f32":
      return new Float32Array(n);
    case "i32":
      return new Int32Array(n);
    case "u32":
      return new Uint32Array(n);
    case "bool":
      return new Uint8Array(n);
    default:
      return assertNever(type, "makeArray");
  }
}
