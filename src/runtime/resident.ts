import type { DType } from "../ir/types.ts";
import { scalarTypeOf } from "../ir/types.ts";
import type { Cell } from "../kernel/executable.ts";
import type { Routine, ScalarType } from "../kernel/scalar.ts";
import { residentHeap } from "./device.ts";
import { makeLine } from "./line.ts";
import { allocate } from "./memory.ts";
import type { LargeInput, Residence } from "./run.ts";

/** Large results rest where kernels reach them without a copy, from this many bytes on. */
const residentFrom = 65_536;
const bytesPerElement: Readonly<Record<ScalarType, number>> = { f64: 8, f32: 4, i32: 4, u32: 4, bool: 1 };

/** Whether an array is worth a place in the memory of kernels. */
export function isLarge(type: ScalarType, n: number): boolean {
  return n * bytesPerElement[type] >= residentFrom;
}

/** Memory for the results that a program gives in one place: near the kernels where they are many. */
function allocatorOf(dtype: DType, n: number): () => Cell {
  const type = scalarTypeOf(dtype);
  if (!isLarge(type, n)) return () => allocate(dtype, n);
  const line = makeLine();
  return () => residentHeap()?.allocate(type, n, line) ?? allocate(dtype, n);
}

const readBefore = /* @__PURE__ */ new WeakSet<Cell>();

/**
 * Moves a large operand near the kernels when it is read for the second time: once may be all. `isChanged` says that they
 * will write to it.
 */
function keepResident(cell: Cell, type: ScalarType, n: number, isChanged: boolean): void {
  if (cell.borrowed === true) return;
  const heap = residentHeap();
  if (heap === undefined) return;
  if (!heap.touch(cell)) {
    if (heap.hasLeft(cell) || readBefore.has(cell)) heap.adopt(cell, type, n);
    else readBefore.add(cell);
  }
  if (isChanged) heap.change(cell);
}

/** The inputs that are worth keeping where kernels reach them. */
function largeInputs(routine: Routine, aliases: readonly (number | undefined)[]): readonly LargeInput[] {
  return routine.inputs.flatMap((input, slot) => {
    if (input.kind === "scalar" || !isLarge(input.buffer.type, input.buffer.size)) return [];
    return [{ slot, type: input.buffer.type, size: input.buffer.size, isChanged: aliases.includes(slot) }];
  });
}

/** The memory that WebAssembly kernels share. */
export const kernelMemory: Residence = {
  begin: () => residentHeap()?.begin(),
  allocatorOf,
  largeInputs,
  keep: keepResident,
};
