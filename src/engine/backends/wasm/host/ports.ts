import { internalError } from "../../../errors/index.ts";
import type { CallSizes } from "../../../kernel/call-sizes.ts";
import type { BufferView, TypedArray } from "../../../kernel/executable.ts";
import { bytesPerElement } from "../../../kernel/executable.ts";
import type { Buffer, Routine } from "../../../kernel/scalar.ts";
import { isConstant } from "../../../kernel/sizes.ts";
import { must } from "../../../util/assert-never.ts";
import { usesOfBlock } from "../../../kernel/uses.ts";
import { mostSmallCopy } from "./tuning.ts";

/** Where a buffer of a routine lies during a call. */
export interface PortBinding {
  readonly buffer: Buffer;
  /** Its place among the routine's inputs or outputs, and among the arguments of the code. */
  readonly slot: number;
  readonly argument: number;
  /** How many elements it has in the call in hand. */
  readonly extent: { readonly size: number };
  /** Memory to copy to where the caller's array lies elsewhere; 0 while there is none. */
  staging: number;
  /** Memory that is kept for that between calls, and its bytes; 0 while there is none. */
  kept: number;
  room: number;
  /** The array over it, for as long as it stays. */
  view: TypedArray | undefined;
  viewAddress: number;
  /** Whether the routine changes it: a donated input, which must be copied back. */
  readonly isWritten: boolean;
}

/** Ports of inputs and of outputs. */
export interface PortLists {
  readonly ins: readonly PortBinding[];
  readonly outs: readonly PortBinding[];
}

/** The ports of a routine: its buffers in the order of the arguments of its code, inputs with their scalars in between first. */
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

/** Whether a buffer is copied at every call, wherever it lies. */
export function isSmallPort(port: PortBinding): boolean {
  const bytes = bytesOf(port);
  return isConstant(port.buffer.size) && bytes > 0 && bytes <= mostSmallCopy;
}

/** How many bytes a buffer has in the call in hand. */
export function bytesOf({ buffer, extent }: PortBinding): number {
  return extent.size * bytesPerElement[buffer.type];
}

/** An array that is too short for its buffer. */
export function misfit({ buffer, extent: { size } }: PortBinding, { array, offset }: BufferView): Error {
  return internalError(
    `buffer "${buffer.name}" needs ${size} elements of ${buffer.type}, got ` +
      `${array.constructor.name} of ${array.length} at ${offset}`,
  );
}
