import { scalarTypeOf } from "../ir/types.ts";
import type { Cell, CellMaker } from "../kernel/executable.ts";
import { bytesPerElement } from "../kernel/executable.ts";
import type { ScalarType } from "../kernel/scalar.ts";
import { constantSize } from "../kernel/sizes.ts";
import { residentHeap } from "./device.ts";
import { makeLine } from "./line.ts";
import { allocate } from "./memory.ts";
import type { Residence } from "./run.ts";

/** Results rest where kernels reach them without a copy from this many bytes on, whatever becomes of them. */
const residentFrom = 65_536;
/**
 * Where a program's results are given back, as those of a step of training are, from this many on: the next ones lie in
 * their places. Others as small would have to move out one by one, which takes longer than to be made outside.
 */
const givenResidentFrom = 4096;
/** Operands of so many bytes come to rest there too if they are read again and again: weights, all of a small data set. */
const readResidentFrom = 16_384;

/** Whether an array is worth to be given back when it has served. */
export function isWorthGiving(type: ScalarType, n: number): boolean {
  return n * bytesPerElement[type] >= givenResidentFrom;
}

/**
 * Moves an operand near the kernels once it was read so many times: that may have been all. `isChanged` says that they will
 * write to it.
 */
function keepResident(cell: Cell, type: ScalarType, n: number, isChanged: boolean, enough: number): void {
  if (cell.borrowed === true) return;
  const heap = residentHeap();
  if (heap === undefined) return;
  if (cell.isOutside === true || !heap.touch(cell)) {
    const reads = cell.reads ?? 0;
    if (reads >= enough || heap.hasLeft(cell)) heap.adopt(cell, type, n);
    else cell.reads = reads + 1;
  }
  if (isChanged) heap.change(cell);
}

/**
 * Where the operands and results of one program lie in the memory that WebAssembly kernels share; `inPlace` names for results
 * the input whose memory they may take.
 */
export function makeResidence(inPlace: readonly (number | undefined)[]): Residence {
  const maker: CellMaker = { isGivenBack: false };
  const isResident = (bytes: number): boolean =>
    bytes >= residentFrom || (maker.isGivenBack && bytes >= givenResidentFrom);
  return {
    begin: () => residentHeap()?.begin(),
    allocatorOf(dtype, n) {
      const type = scalarTypeOf(dtype);
      if (!isWorthGiving(type, n)) return () => allocate(dtype, n);
      const bytes = n * bytesPerElement[type];
      const line = makeLine();
      return () =>
        (isResident(bytes) ? residentHeap()?.allocate(type, n, line) : undefined) ??
        allocate(dtype, n, maker);
    },
    inPlace,
    canInherit: (cell) => cell.shared !== true && residentHeap()?.holds(cell) === true,
    inherit: (cell) => residentHeap()?.inherit(cell),
    bequeath: (heir, cell) => residentHeap()?.bequeath(heir, cell),
    largeInputs(inputs, aliases) {
      return inputs.flatMap((input, slot) => {
        if (input.kind === "scalar") return [];
        const { type } = input.buffer;
        const size = constantSize(input.buffer.size);
        if (size === undefined || !isWorthGiving(type, size)) return [];
        return [{ slot, type, size, isChanged: aliases.includes(slot) }];
      });
    },
    keep(cell, type, n, isChanged) {
      const bytes = n * bytesPerElement[type];
      if (isResident(bytes)) keepResident(cell, type, n, isChanged, 1);
      else if (bytes >= readResidentFrom) keepResident(cell, type, n, isChanged, 3);
    },
  };
}
