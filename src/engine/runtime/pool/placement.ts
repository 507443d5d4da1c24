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

/**
 * Minimum size in bytes of results that are always allocated in kernel memory, where kernels access them without a
 * copy.
 */
const residentFrom = 65_536;
/**
 * Minimum size in bytes of results that are allocated in kernel memory if earlier results of the program were released
 * explicitly, as in training steps. The next results then reuse their memory. Without such releases, results of this
 * size would have to move out one by one, which is slower than allocating them outside.
 */
const givenResidentFrom = 4096;
/**
 * Minimum size in bytes of operands that move into kernel memory if they are read repeatedly, such as weights or a
 * small data set.
 */
const readResidentFrom = 16_384;
/**
 * Number of earlier reads after which an operand of at least `residentFrom` bytes moves into kernel memory. A single
 * read may be the only one.
 */
const readsOfLarge = 1;
/** Number of reads by kernels after which an operand of medium size moves into kernel memory. */
const readsOfMiddling = 3;

/** True if an array is large enough that releasing its memory explicitly saves time. */
export function isWorthGiving(type: ScalarType, n: number): boolean {
  return n * bytesPerElement[type] >= givenResidentFrom;
}

/**
 * Moves an operand into kernel memory once it was read more than `enough` times. `isChanged` marks an operand that
 * kernels will overwrite.
 */
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
 * Creates the placement of one routine's operands and results in the memory that WebAssembly kernels share. `given`
 * marks inputs whose memory results may reuse.
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

/** Returns a storage as a storage in host memory. All storages of the processor are. */
function onHost(storage: TensorStorage): HostStorage {
  return storage as HostStorage;
}
