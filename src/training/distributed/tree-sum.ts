import type { ReducibleArray, World } from "../train/world.ts";

/**
 * Bytes per exchange: few enough to stay in the cache until they are added, and large compared with the cost of a
 * message.
 */
const pieceBytes = 2 ** 19;

/**
 * Replaces an array by its sum over all ranks. If their number is a power of two, the sum uses a binary tree in the
 * order of the ranks, with equal bits on all ranks and in every run. Otherwise the transport chooses the order.
 */
export function sumOverRanks(array: ReducibleArray, world: World): void {
  const { rank, size } = world;
  if (size === 1 || array.length === 0) return;
  if ((size & (size - 1)) !== 0) return world.allReduce(array);
  const piece = Math.min(array.length, pieceBytes / array.BYTES_PER_ELEMENT);
  const received = new Uint8Array(piece * array.BYTES_PER_ELEMENT);
  const others = sameKind(array, received.buffer);
  for (let from = 0; from < array.length; from += piece) {
    const part = array.subarray(from, from + piece);
    const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
    for (let step = 1; step < size; step *= 2) {
      world.exchange(rank ^ step, bytes, received);
      // Addition of two numbers is commutative to the last bit, so both ranks of a pair get equal sums.
      for (let i = 0; i < part.length; i++) part[i]! += others[i]!;
    }
  }
}

function sameKind(array: ReducibleArray, buffer: ArrayBuffer): ReducibleArray {
  if (array instanceof Float64Array) return new Float64Array(buffer);
  return array instanceof Float32Array ? new Float32Array(buffer) : new Int32Array(buffer);
}
