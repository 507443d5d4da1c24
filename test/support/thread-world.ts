import type { ReducibleArray, ReduceOperation, World } from "../../src/training/train/world.ts";

/** Memory through which ranks that are threads of one process talk: a box for each pair of them, in each direction. */
export interface ThreadMemory {
  readonly size: number;
  readonly boxes: SharedArrayBuffer;
}

/** The longest message, in bytes. */
const boxBytes = 2 ** 20;
const controlBytes = 8; // whether the box is full, and how long its message is

export function threadMemory(size: number): ThreadMemory {
  return { size, boxes: new SharedArrayBuffer(size * size * (controlBytes + boxBytes)) };
}

/** The world of a thread. Waiting blocks it, as MPI does. */
export function threadWorld({ size, boxes }: ThreadMemory, rank: number): World {
  const box = (from: number, to: number): { readonly control: Int32Array; readonly bytes: Uint8Array } => {
    const at = (from * size + to) * (controlBytes + boxBytes);
    return {
      control: new Int32Array(boxes, at, 2),
      bytes: new Uint8Array(boxes, at + controlBytes, boxBytes),
    };
  };
  const await_ = (control: Int32Array, state: number): void => {
    while (Atomics.load(control, 0) !== state) Atomics.wait(control, 0, 1 - state);
  };
  const send = (to: number, message: Uint8Array): void => {
    const { control, bytes } = box(rank, to);
    if (message.length > boxBytes) throw new RangeError(`a message of ${message.length} bytes`);
    await_(control, 0);
    bytes.set(message);
    control[1] = message.length;
    Atomics.store(control, 0, 1);
    Atomics.notify(control, 0);
  };
  const receive = (from: number, into: Uint8Array): number => {
    const { control, bytes } = box(from, rank);
    await_(control, 1);
    const length = control[1]!;
    if (length > into.length) throw new RangeError(`${length} bytes do not fit into ${into.length}`);
    into.set(bytes.subarray(0, length));
    Atomics.store(control, 0, 0);
    Atomics.notify(control, 0);
    return length;
  };
  const bytesOf = (array: Uint8Array | ReducibleArray): Uint8Array =>
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const broadcast: World["broadcast"] = (array, root = 0) => {
    if (rank !== root) receive(root, bytesOf(array));
    else for (let to = 0; to < size; to++) if (to !== rank) send(to, bytesOf(array));
  };
  return {
    rank,
    size,
    exchange(peer, bytes, into) {
      send(peer, bytes);
      return receive(peer, into);
    },
    /** One rank after the other: another order than the tree. */
    allReduce(array, operation: ReduceOperation = "sum") {
      const merge = { sum: (a: number, b: number) => a + b, max: Math.max, min: Math.min }[operation];
      if (rank > 0) send(0, bytesOf(array));
      else {
        const other = array.slice();
        for (let from = 1; from < size; from++) {
          receive(from, bytesOf(other));
          for (let i = 0; i < array.length; i++) array[i] = merge(array[i]!, other[i]!);
        }
      }
      broadcast(array);
    },
    broadcast,
    barrier: () => broadcast(new Uint8Array(0)),
    abort(message) {
      throw new Error(message);
    },
  };
}
