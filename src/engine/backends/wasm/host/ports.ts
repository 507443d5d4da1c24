import { internalError } from "../../../errors/index.ts";
import type { CallSizes } from "../../../kernel/call-sizes.ts";
import type { BufferView, TypedArray } from "../../../kernel/executable.ts";
import { bytesPerElement } from "../../../kernel/executable.ts";
import type { Buffer, Routine } from "../../../kernel/scalar.ts";
import { isConstant } from "../../../kernel/sizes.ts";
import { must } from "../../../util/assert-never.ts";
import { usesOfBlock } from "../../../kernel/uses.ts";
import { mostSmallCopy } from "./tuning.ts";

/** Memory of a routine's buffer during a call. */
export interface PortBinding {
  readonly buffer: Buffer;
  /**
   * Index of the buffer among the routine's inputs or outputs. `argument` is its index among the arguments of the code.
   */
  readonly slot: number;
  readonly argument: number;
  /** Number of elements in the current call. */
  readonly extent: { readonly size: number };
  /** Address of memory for a copy during a call, if the caller's array is outside of the memory; otherwise 0. */
  staging: number;
  /**
   * Address of memory for a copy that is kept between calls, and the size of this memory in bytes; 0 if there is none.
   */
  kept: number;
  room: number;
  /** Array over the kernel's copy of the elements, while the copy is valid. */
  view: TypedArray | undefined;
  viewAddress: number;
  /** True if the routine changes the buffer, which is a donated input. It must be copied back. */
  readonly isWritten: boolean;
}

/** Ports of inputs and of outputs. */
export interface PortLists {
  readonly ins: readonly PortBinding[];
  readonly outs: readonly PortBinding[];
}

/**
 * Ports of a routine's buffers, in the order of the arguments of its code: inputs (interleaved with scalars), then
 * outputs.
 */
export function portsOf(routine: Routine, sizes: CallSizes): PortLists {
  const { stored } = usesOfBlock(routine.body);
  const port = (buffer: Buffer, slot: number, argument: number): PortBinding => {
    const extent = must(sizes.extents.get(buffer.name), `the size of "${buffer.name}"`);
    return {
      buffer,
      slot,
      argument,
      extent,
      staging: 0,
      kept: 0,
      room: 0,
      view: undefined,
      viewAddress: 0,
      isWritten: stored.has(buffer.name),
    };
  };
  const outs = routine.outputs.flatMap((output, slot) =>
    output.kind === "buffer" ? [{ buffer: output.buffer, slot }] : [],
  );
  return {
    ins: routine.inputs.flatMap((input, k) => (input.kind === "buffer" ? [port(input.buffer, k, k)] : [])),
    outs: outs.map(({ buffer, slot }, k) => port(buffer, slot, routine.inputs.length + k)),
  };
}

/** True if a buffer is copied in every call, wherever its array is. */
export function isSmallPort(port: PortBinding): boolean {
  const bytes = bytesOf(port);
  return isConstant(port.buffer.size) && bytes > 0 && bytes <= mostSmallCopy;
}

/** Bytes of a buffer in the current call. */
export function bytesOf({ buffer, extent }: PortBinding): number {
  return extent.size * bytesPerElement[buffer.type];
}

/** Error for an array that is too short for its buffer. */
export function misfit({ buffer, extent: { size } }: PortBinding, { array, offset }: BufferView): Error {
  return internalError(
    `buffer "${buffer.name}" needs ${size} elements of ${buffer.type}, got ` +
      `${array.constructor.name} of ${array.length} at ${offset}`,
  );
}
