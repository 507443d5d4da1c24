import type { HostStorage, ResultMaker } from "../../ir/host-memory.ts";
import type { TensorStorage } from "../../ir/storage.ts";
import { bytesPerElement } from "../../kernel/executable.ts";
import { outputsInPlace } from "../../kernel/in-place.ts";
import type { Routine, ScalarType } from "../../kernel/scalar.ts";
import { constantSize } from "../../kernel/sizes.ts";
import { resultPool } from "../choices.ts";
import type { Placement } from "../device.ts";
import { makeOwner } from "./owner.ts";
import { allocate } from "./small-results.ts";

/** Results rest where kernels reach them without a copy from this many bytes on, whatever becomes of them. */
const residentFrom = 65_536;
/**
 * Where a program's results are given back, as those of a step of training are, from this many bytes on: the next ones lie in
 * their places. Others as small would have to move out one by one, which takes longer than to be made outside.
 */
const givenResidentFrom = 4096;
/** Operands of so many bytes come to rest there too if they are read again and again: weights, all of a small data set. */
const readResidentFrom = 16_384;
/** An operand that large results lie beside moves in when it is read the second time, since once may have been all. */
const readsOfLarge = 1;
/** One below that moves in when it is read the fourth time. */
const readsOfMiddling = 3;

/** Whether an array is worth to be given back when it has served. */
export function isWorthGiving(type: ScalarType, n: number): boolean {
  return n * bytesPerElement[type] >= givenResidentFrom;
}

/** Moves an operand near the kernels once it was read so many times; `isChanged` says that they will write to it. */
function moveNear(
  storage: HostStorage,
  type: ScalarType,
  n: number,
  isChanged: boolean,
  enough: number,
): void {
  if (storage.maker === "caller") return;
  const pool = resultPool();
  if (pool === undefined) return;
  if (storage.isOutside || !pool.touch(storage)) {
    if (pool.noteRead(storage) > enough || pool.wasReusedTooEarly(storage)) pool.moveIn(storage, type, n);
  }
  if (isChanged) pool.change(storage);
}

/**
 * Where the operands and results of one routine lie in the memory that WebAssembly kernels share; `given` marks inputs whose
 * memory results may take.
 */
export function makePlacement(routine: Routine, given: readonly boolean[]): Placement {
  const maker: ResultMaker = { isGivenBack: false };
  const isResident = (bytes: number): boolean =>
    bytes >= residentFrom || (maker.isGivenBack && bytes >= givenResidentFrom);
  return {
    begin: () => resultPool()?.begin(),
    allocatorOf(type, n) {
      if (!isWorthGiving(type, n)) return () => allocate(type, n);
      const bytes = n * bytesPerElement[type];
      const owner = makeOwner();
      return () =>
        (isResident(bytes) ? resultPool()?.allocate(type, n, owner) : undefined) ?? allocate(type, n, maker);
    },
    inPlace: outputsInPlace(routine, given),
    canTakeOver: (operand) => !operand.isShared && resultPool()?.holds(onHost(operand)) === true,
    takeOver: (operand) => resultPool()?.takeOver(onHost(operand)),
    undoTakeOver: (result, operand) => resultPool()?.undoTakeOver(onHost(result), onHost(operand)),
    largeInputs(inputs, aliases) {
      return inputs.flatMap((input, slot) => {
        if (input.kind === "scalar") return [];
        const { type } = input.buffer;
        const size = constantSize(input.buffer.size);
        if (size === undefined || !isWorthGiving(type, size)) return [];
        return [{ slot, type, size, isChanged: aliases.includes(slot) }];
      });
    },
    keep(operand, type, n, isChanged) {
      const bytes = n * bytesPerElement[type];
      if (isResident(bytes)) moveNear(onHost(operand), type, n, isChanged, readsOfLarge);
      else if (bytes >= readResidentFrom) moveNear(onHost(operand), type, n, isChanged, readsOfMiddling);
    },
  };
}

/** A storage of the memory that the kernels of the processor reach. */
function onHost(storage: TensorStorage): HostStorage {
  return storage as HostStorage;
}
