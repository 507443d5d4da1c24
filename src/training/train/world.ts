/** Operation that combines the elements of an array over all ranks. */
export type ReduceOperation = "sum" | "max" | "min";

/** Array that can be reduced over ranks. */
export type ReducibleArray = Float32Array | Float64Array | Int32Array;

/**
 * The processes of one run, its *ranks*, which execute the same program and communicate by messages; returned by
 * `openMpi` of `downhill/distributed`.
 *
 * Every method except `abort` is collective: all participating ranks must call it, in the same order and with arrays of
 * the same length. Each call blocks until its part is done. Arrays are read and written in place and not retained.
 */
export interface World {
  /** Number of this process, counted from 0. */
  readonly rank: number;
  /** Number of processes, 1 or more. */
  readonly size: number;
  /**
   * Sends `bytes` to rank `peer`, and at the same time receives the bytes that `peer` sends. The received bytes are
   * written to the beginning of `into`, which may be longer. Both ranks must call it. Returns the number of bytes
   * received.
   */
  readonly exchange: (peer: number, bytes: Uint8Array, into: Uint8Array) => number;
  /** Replaces an array by its reduction over all ranks, in an order that the transport chooses. Default `"sum"`. */
  readonly allReduce: (array: ReducibleArray, operation?: ReduceOperation) => void;
  /** Copies the array of rank `root` (default 0) into the arrays of all other ranks. */
  readonly broadcast: (array: Uint8Array | ReducibleArray, root?: number) => void;
  /** Waits until all ranks have called it. */
  readonly barrier: () => void;
  /** Ends all ranks with a message on standard error and exit code 1. */
  readonly abort: (message: string) => never;
}
