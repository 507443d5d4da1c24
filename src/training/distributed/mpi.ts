import { DownhillError } from "../../engine/errors/index.ts";
import type { ReducibleArray, ReduceOperation } from "../train/world.ts";
import type { HandleName } from "./constants.ts";
import { longestText, statusBytes, threadFunneled } from "./constants.ts";
import type { ForeignFunction } from "./koffi.ts";
import { textOf, type MpiLibrary } from "./library.ts";

/** A handle of MPI: an address or a number, as the library has it. */
type Handle = unknown;

/** The functions of MPI that are used here, on arrays where they are; each throws what the library calls an error. */
export interface Mpi {
  readonly rank: number;
  readonly size: number;
  readonly exchange: (peer: number, bytes: Uint8Array, into: Uint8Array) => number;
  readonly allReduce: (array: ReducibleArray, operation: ReduceOperation) => void;
  readonly broadcast: (array: Uint8Array | ReducibleArray, root: number) => void;
  readonly barrier: () => void;
  /** The processes that share memory with this one, itself among them: how many, and flags that any of them has set. */
  readonly amongNeighbours: (flags: Int32Array) => number;
  /** Begins to wait for all ranks, apart from all other calls; the function that it gives tells whether they are there. */
  readonly arrive: () => () => boolean;
  readonly finalize: () => void;
  /** Ends all ranks. */
  readonly abort: (code: number) => void;
}

const tag = 0x646f; // any number: nothing else sends on this communicator
const mostElements = 2 ** 31 - 1; // counts are int in MPI

const operations: Readonly<Record<ReduceOperation, HandleName>> = { sum: "SUM", max: "MAX", min: "MIN" };
const types: Readonly<Record<string, HandleName>> = {
  Uint8Array: "BYTE",
  Float32Array: "FLOAT",
  Float64Array: "DOUBLE",
  Int32Array: "INT",
};

/**
 * Initialises MPI in this process.
 *
 * @throws DownhillError `option` if it is initialised already, or serves no process with several threads.
 */
export function initialise({ library, constants, version }: MpiLibrary): Mpi {
  const { handle, inPlace } = constants;
  const status = new Uint8Array(statusBytes);
  const number = new Int32Array(1);
  const bind = (name: string, parameters: string): ForeignFunction =>
    library.func(`int MPI_${name}(${parameters.replaceAll("handle", handle)})`);
  const errorText = bind("Error_string", "int, void *, void *");
  const call = (name: string, parameters: string): ((...args: unknown[]) => void) => {
    const f = bind(name, parameters);
    return (...args) => {
      const code = f(...args);
      if (code !== 0) throw failed(name, code);
    };
  };
  const failed = (name: string, code: number): DownhillError => {
    const text = new Uint8Array(longestText);
    errorText(code, text, number);
    return new DownhillError(
      "aborted",
      `MPI_${name} failed: ${textOf(text).trim()} (${version}). All ranks must make the same calls in the same order, with ` +
        "arrays of the same length.",
    );
  };
  const handles = Object.fromEntries(
    Object.entries(constants.handles).map(([name, value]) => [
      name,
      typeof value === "string" ? library.symbol(value, "void *") : value,
    ]),
  ) as Record<HandleName, Handle>;

  call("Initialized", "void *")(number);
  if (number[0] !== 0)
    throw new DownhillError(
      "option",
      "openMpi: MPI is initialised already in this process, by another copy of downhill or another module.",
    );
  call("Init_thread", "void *, void *, int, void *")(null, null, threadFunneled, number);
  if (number[0]! < threadFunneled)
    throw new DownhillError(
      "option",
      `openMpi: ${version} was built without support for threads (MPI_THREAD_FUNNELED), which JavaScript has. Install one with it.`,
    );
  const world = handles.COMM_WORLD;
  // else the library ends the process itself
  call("Comm_set_errhandler", "handle, handle")(world, handles.ERRORS_RETURN);
  const readNumber = (name: string): number => {
    call(name, "handle, void *")(world, number);
    return number[0]!;
  };
  const readHandle = (bytes: Uint8Array): Handle =>
    handle === "int"
      ? new DataView(bytes.buffer).getInt32(0, true)
      : new DataView(bytes.buffer).getBigUint64(0, true);
  const [rank, size] = [readNumber("Comm_rank"), readNumber("Comm_size")];

  const sendReceive = call(
    "Sendrecv",
    "void *, int, handle, int, int, void *, int, handle, int, int, handle, void *",
  );
  const getCount = call("Get_count", "void *, handle, void *");
  const allReduce = call("Allreduce", "void *, void *, int, handle, handle, handle");
  const broadcast = call("Bcast", "void *, int, handle, int, handle");
  const barrier = call("Barrier", "handle");
  const finalize = call("Finalize", "");
  const abort = bind("Abort", "handle, int");
  // of its own, so that who leaves is not taken for who takes part in something else
  const parting = new Uint8Array(8);
  call("Comm_dup", "handle, void *")(world, parting);

  return {
    rank,
    size,
    exchange(peer, bytes, into) {
      requireCount("exchange", bytes.length);
      requireCount("exchange", into.length);
      const { BYTE } = handles;
      sendReceive(bytes, bytes.length, BYTE, peer, tag, into, into.length, BYTE, peer, tag, world, status);
      getCount(status, BYTE, number);
      return number[0]!;
    },
    allReduce(array, operation) {
      requireCount("allReduce", array.length);
      const type = handles[typeOf("allReduce", array)];
      allReduce(inPlace, array, array.length, type, handles[operations[operation]], world);
    },
    broadcast(array, root) {
      requireCount("broadcast", array.length);
      broadcast(array, array.length, handles[typeOf("broadcast", array)], root, world);
    },
    barrier: () => barrier(world),
    amongNeighbours(flags) {
      const made = new Uint8Array(8);
      const split = call("Comm_split_type", "handle, int, int, handle, void *");
      split(world, constants.commTypeShared, rank, handles.INFO_NULL, made);
      const neighbours = readHandle(made);
      allReduce(inPlace, flags, flags.length, handles.INT, handles.MAX, neighbours);
      call("Comm_size", "handle, void *")(neighbours, number);
      const count = number[0]!;
      call("Comm_free", "void *")(made);
      return count;
    },
    arrive() {
      const request = new Uint8Array(8);
      call("Ibarrier", "handle, void *")(readHandle(parting), request);
      const test = call("Test", "void *, void *, void *");
      return () => {
        test(request, number, status);
        return number[0] !== 0;
      };
    },
    finalize: () => finalize(),
    abort: (code) => void abort(world, code),
  };
}

function typeOf(operation: string, array: Uint8Array | ReducibleArray): HandleName {
  const type = types[array[Symbol.toStringTag]];
  if (type !== undefined) return type;
  throw new DownhillError(
    "dtype",
    `${operation}: takes a Float32Array, Float64Array or Int32Array; got ${String(array[Symbol.toStringTag])}.`,
  );
}

function requireCount(operation: string, count: number): void {
  if (count <= mostElements) return;
  throw new DownhillError(
    "range",
    `${operation}: ${count} elements are more than MPI sends at once (2^31 − 1). Send parts, as by subarray(…).`,
  );
}
