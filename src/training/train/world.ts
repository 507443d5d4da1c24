/** How the elements of an array on all ranks become one. */
export type ReduceOperation = "sum" | "max" | "min";

/** Numbers that can be reduced over ranks. */
export type ReducibleArray = Float32Array | Float64Array | Int32Array;

/**
 * The processes of one run, its *ranks*, which execute the same program and talk by messages: what `openMpi` of
 * `downhill/distributed` gives.
 *
 * Every method but `abort` is collective: all ranks that take part must call it, in the same order and with arrays of the
 * same length, and each call blocks until its part is done. Arrays are read and written where they are; none is kept.
 */
export interface World {
  /** Number of this process, from 0. */
  readonly rank: number;
  /** Number of processes, 1 or more. */
  readonly size: number;
  /**
   * Sends bytes to another rank and receives what it sends at the same time into `into`, which may be longer than that.
   * Both must call it. Gives the number of bytes received.
   */
  readonly exchange: (peer: number, bytes: Uint8Array, into: Uint8Array) => number;
  /** Replaces an array by its reduction over all ranks, in an order that the transport chooses. Default `"sum"`. */
  readonly allReduce: (array: ReducibleArray, operation?: ReduceOperation) => void;
  /** Replaces an array by that of rank `root`. Default 0. */
  readonly broadcast: (array: Uint8Array | ReducibleArray, root?: number) => void;
  /** Waits until all ranks are here. */
  readonly barrier: () => void;
  /** Ends all ranks with a message on standard error, and exit code 1. */
  readonly abort: (message: string) => never;
}
