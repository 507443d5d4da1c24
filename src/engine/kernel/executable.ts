import type { Procedure, Routine, ScalarType } from "./scalar.ts";
import { assertNever } from "../util/assert-never.ts";
import { withRoom } from "./reclaim.ts";

/** The arrays that hold elements: one class a scalar type. */
export type TypedArray = Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array;

/**
 * A place in memory, as kernels are given it: `array[offset]` is its first element. Several may share one array, and whoever
 * manages memory may move the elements to another place: look both up anew whenever they are needed.
 */
export interface BufferView {
  readonly array: TypedArray;
  readonly offset: number;
  /** Whether the array is known not to lie in a memory of kernels: to ask the array takes long. */
  readonly isOutside?: boolean;
  /** Whether all elements are known to be 0 before the call: an output that is may be left as it is where the routine clears it. */
  readonly isZero?: boolean;
  /** The elements of an input, where the array does not hold them: given only to what takes numbers (`Compiled.takesNumbers`). */
  readonly numbers?: ArrayLike<number>;
}

/** A scalar, or a place in memory. */
export type KernelValue = number | BufferView;

/**
 * A routine that can be run. `inputs` follow the routine's inputs. `outputs` follow its outputs: for a buffer the caller
 * gives the cell to write to, whose elements are undefined where the routine writes none; for a scalar the routine puts
 * the number there.
 */
export interface CompiledRoutine {
  (inputs: readonly KernelValue[], outputs: KernelValue[]): void;
  /** Whether it copies inputs to where it computes, and so may be given the elements as numbers that no array holds. */
  readonly takesNumbers?: boolean;
  /** What the code is made of, where the backend counts it. */
  readonly size?: CodeSize;
  /** Gives back memory that no garbage collector watches over; it cannot be called afterwards. */
  readonly release?: () => void;
}

/** How large compiled code is. */
export interface CodeSize {
  /** Functions that loops became; 0 for backends that make one of all. */
  readonly kernels: number;
  /** How many pieces of work several threads may share. */
  readonly shared?: number;
  /** Of a module, or of a text; 0 for what is interpreted. */
  readonly codeBytes: number;
  /** Memory that it holds between calls. */
  readonly memoryBytes: number;
  /** The most that it will hold between calls of memory that no other routine uses too. */
  readonly ownBytes: number;
}

/** A procedure that can be called with numbers. */
export type CompiledProcedure = (...args: number[]) => number;

/** What turns kernels into something that runs. */
export interface Backend {
  readonly name: string;
  /** Whether its kernels work in a memory of their own, to which operands must be copied that lie elsewhere. */
  readonly usesKernelMemory?: boolean;
  readonly compile: (routine: Routine) => CompiledRoutine;
  /** The code that a routine becomes, where it becomes text. */
  readonly show?: (routine: Routine) => string;
  /** The same as a WebAssembly module, where it becomes one. */
  readonly moduleOf?: (routine: Routine) => Uint8Array<ArrayBuffer>;
  readonly compileProcedure: (procedure: Procedure) => CompiledProcedure;
}

/** Bytes of one element. */
export const bytesPerElement: Readonly<Record<ScalarType, number>> = {
  f64: 8,
  f32: 4,
  i32: 4,
  u32: 4,
  bool: 1,
};

/**
 * A new zeroed array of `n` elements.
 *
 * @throws DownhillError `oom` where the engine has no memory for it.
 */
export function makeArray(type: ScalarType, n: number): TypedArray {
  return withRoom(
    () => `an array of ${n} elements`,
    n * bytesPerElement[type],
    () => newArray(type, n),
  );
}

/** A new array over `n` elements of a block of memory, from a byte on. */
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
