import { DownhillError } from "../../engine/errors/index.ts";
import type { ReducibleArray, ReduceOperation } from "../train/world.ts";
import type { HandleName } from "./constants.ts";
import { longestText, statusBytes, threadFunneled } from "./constants.ts";
import type { ForeignFunction } from "./koffi.ts";
import { textOf, type MpiLibrary } from "./library.ts";

/** An MPI handle: an address or a number, depending on the library. */
type Handle = unknown;

/** The MPI functions that are used here. They work on arrays in place and throw the errors that the library returns. */
export interface Mpi {
  readonly rank: number;
  readonly size: number;
  readonly exchange: (peer: number, bytes: Uint8Array, into: Uint8Array) => number;
  readonly allReduce: (array: ReducibleArray, operation: ReduceOperation) => void;
  readonly broadcast: (array: Uint8Array | ReducibleArray, root: number) => void;
  readonly barrier: () => void;
  /**
   * Combines flags by maximum over the processes that share memory with this one. Returns the number of these
   * processes.
   */
  readonly amongNeighbours: (flags: Int32Array) => number;
  /**
   * Begins to wait for all ranks, without affecting other calls. Returns a function that reports if all ranks have
   * arrived.
   */
  readonly arrive: () => () => boolean;
  readonly finalize: () => void;
  /** Ends all ranks. */
  readonly abort: (code: number) => void;
}

const tag = 0x646f; // arbitrary: nothing else sends on this communicator
const mostElements = 2 ** 31 - 1; // counts are int in MPI

const operations: Readonly<Record<ReduceOperation, HandleName>> = { sum: "SUM", max: "MAX", min: "MIN" };
const types: Readonly<Record<string, HandleName>> = {
  Uint8Array: "BYTE",
  Float32Array: "FLOAT",
  Float64Array: "DOUBLE",
  Int32Array: "INT",
};

/**
 * Binds functions of the library, given by their MPI name without `MPI_` and their parameter types. In these, `handle`
 * stands for the handle type of the library.
 */
interface MpiFunctions {
  /** Returns a JavaScript function that calls the MPI function and returns its error code. */
  readonly bind: (name: string, parameters: string) => ForeignFunction;
  /** Returns a JavaScript function that calls the MPI function, and throws if it returns an error code. */
  readonly call: (name: string, parameters: string) => (...args: unknown[]) => void;
}

/** The functions and handles of an MPI library after its initialisation. */
interface Session extends MpiFunctions {
  readonly handles: Readonly<Record<HandleName, Handle>>;
  /** Buffer into which the MPI library writes single numbers. */
  readonly number: Int32Array;
  readonly readNumber: (name: string, communicator: Handle) => number;
  readonly readHandle: (bytes: Uint8Array) => Handle;
}

/**
 * Initialises MPI in this process.
 *
 * @throws DownhillError `option` if it is already initialised, or does not support processes with several threads.
 */
export function initialise(mpi: MpiLibrary): Mpi {
  const { inPlace } = mpi.constants;
  const session = begin(mpi);
  const { bind, call, handles, number, readNumber } = session;
  const world = handles.COMM_WORLD;
  const [rank, size] = [readNumber("Comm_rank", world), readNumber("Comm_size", world)];
  const status = new Uint8Array(statusBytes);
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
      split(world, mpi.constants.commTypeShared, rank, handles.INFO_NULL, made);
      const neighbours = session.readHandle(made);
      allReduce(inPlace, flags, flags.length, handles.INT, handles.MAX, neighbours);
      const count = readNumber("Comm_size", neighbours);
      call("Comm_free", "void *")(made);
      return count;
    },
    arrive: parting(session, status),
    finalize: () => finalize(),
    abort: (code) => void abort(world, code),
  };
}

/** Initialises the library such that it returns errors instead of ending the process. */
function begin({ library, constants, version }: MpiLibrary): Session {
  const number = new Int32Array(1);
  const { bind, call } = functionsOf(library, constants.handle, version);
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
      "openMpi: MPI is already initialised in this process, by another copy of downhill or another module.",
    );
  call("Init_thread", "void *, void *, int, void *")(null, null, threadFunneled, number);
  if (number[0] < threadFunneled)
    throw new DownhillError(
      "option",
      `openMpi: ${version} was built without support for threads (MPI_THREAD_FUNNELED), which Node uses. Install a build with thread support.`,
    );
  // otherwise the library ends the process itself
  call("Comm_set_errhandler", "handle, handle")(handles.COMM_WORLD, handles.ERRORS_RETURN);
  return {
    bind,
    call,
    handles,
    number,
    readNumber(name, communicator) {
      call(name, "handle, void *")(communicator, number);
      return number[0]!;
    },
    readHandle(bytes) {
      const view = new DataView(bytes.buffer);
      return constants.handle === "int" ? view.getInt32(0, true) : view.getBigUint64(0, true);
    },
  };
}

function functionsOf(library: MpiLibrary["library"], handle: string, version: string): MpiFunctions {
  const bind = (name: string, parameters: string): ForeignFunction =>
    library.func(`int MPI_${name}(${parameters.replaceAll("handle", handle)})`);
  const errorText = bind("Error_string", "int, void *, void *");
  const failed = (name: string, code: number): DownhillError => {
    const text = new Uint8Array(longestText);
    errorText(code, text, new Int32Array(1)); // length of the text, which is not needed
    return new DownhillError(
      "aborted",
      `MPI_${name} failed: ${textOf(text).trim()} (${version}). All ranks must make the same calls in the same order, with ` +
        "arrays of the same length.",
    );
  };
  return {
    bind,
    call(name, parameters) {
      const f = bind(name, parameters);
      return (...args) => {
        const code = f(...args);
        if (code !== 0) throw failed(name, code);
      };
    },
  };
}

/** Implements `arrive` with its own communicator, so that a leaving rank does not match other collective calls. */
function parting({ call, handles, number, readHandle }: Session, status: Uint8Array): Mpi["arrive"] {
  const communicator = new Uint8Array(8);
  call("Comm_dup", "handle, void *")(handles.COMM_WORLD, communicator);
  return () => {
    const request = new Uint8Array(8);
    call("Ibarrier", "handle, void *")(readHandle(communicator), request);
    const test = call("Test", "void *, void *, void *");
    return () => {
      test(request, number, status);
      return number[0] !== 0;
    };
  };
}

function typeOf(operation: string, array: Uint8Array | ReducibleArray): HandleName {
  const type = types[array[Symbol.toStringTag]];
  if (type !== undefined) return type;
  throw new DownhillError(
    "dtype",
    `${operation}: takes a Float32Array, Float64Array or Int32Array; got ${array[Symbol.toStringTag]}.`,
  );
}

function requireCount(operation: string, count: number): void {
  if (count <= mostElements) return;
  throw new DownhillError(
    "range",
    `${operation}: ${count} elements are more than MPI sends at once (2^31 − 1). Send parts, for example with subarray(…).`,
  );
}
