import { isMainThread } from "node:worker_threads";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import { limitThreads } from "../../engine/runtime/index.ts";
import type { World } from "../train/world.ts";
import { coresPerRank } from "./cores.ts";
import { abortWith, endWithProcess } from "./ending.ts";
import { loadKoffi } from "./koffi.ts";
import { announceOpening, heedLauncher } from "./launched.ts";
import type { LaunchInfo } from "./launcher.ts";
import { readLauncher } from "./launcher.ts";
import { loadLibrary, type MpiLibrary } from "./library.ts";
import { initialise, type Mpi } from "./mpi.ts";
import { counted } from "./progress.ts";

/** Options of `openMpi`. */
export interface OpenMpiOptions {
  /**
   * File of the library, a name or a path. Default: the variable `DOWNHILL_MPI`, otherwise the first file found among
   * `libmpi.so.40` (Open MPI), `libmpi.so.12`, `libmpich.so.12` (MPICH and its derivatives) and similar names,
   * beginning with those of the launcher.
   */
  readonly library?: string;
}

/**
 * Settings that keep UCX from interfering with the JavaScript engine. MPICH sends through UCX, and Open MPI does
 * between some machines.
 */
const ucxSettings: Readonly<Record<string, string>> = {
  UCX_ERROR_SIGNALS: "", // The engine has its own handler, for accesses beyond WebAssembly memory.
  // UCX rewrites brk and mmap while threads of the engine run, which corrupted the heap in one of 60 processes.
  UCX_MEM_EVENTS: "n",
  UCX_MEM_MMAP_HOOK_MODE: "none",
};

let opened: Promise<World> | undefined;

/**
 * Opens MPI (Open MPI 4 and 5, MPICH 3 and 4) and returns the ranks of this run, which a launcher started:
 * `downhill launch -n 4`, `mpirun` or `srun`. Without a launcher there is one rank. Further calls return the same
 * promise.
 *
 * MPI is closed when the process ends. A rank that ends by an uncaught error writes it to standard error and ends the
 * others. By default the number of threads of each rank is the number of processors per rank on its machine;
 * `configure({ threads })` overrides it.
 *
 * @throws DownhillError `option` if koffi or MPI is not installed, if launcher and library do not match, and in a
 *   worker.
 */
export function openMpi(options: OpenMpiOptions = {}): Promise<World> {
  if (arguments.length > 1) refuseExtra("openMpi", arguments, 1);
  return (opened ??= open(options).catch((error: unknown) => {
    opened = undefined;
    throw error;
  }));
}

async function open(options: OpenMpiOptions): Promise<World> {
  checkOptions("openMpi", options, ["library"]);
  const given = options.library ?? process.env["DOWNHILL_MPI"];
  if (!isMainThread)
    throw new DownhillError(
      "option",
      "openMpi: a worker cannot open MPI, only the program's main thread can. Open it there.",
    );
  const koffi = await loadKoffi();
  for (const [name, value] of Object.entries(ucxSettings)) process.env[name] ??= value;
  const launch = readLauncher(process.env);
  const library = loadLibrary(koffi, given === "" ? undefined : given, launch?.make);
  const endOpening = announceOpening(launch?.rank);
  let plain: Mpi;
  try {
    plain = initialise(library);
  } finally {
    endOpening();
  }
  const progress = heedLauncher(launch?.rank ?? plain.rank, plain.size);
  const mpi = counted(plain, progress);
  endWithProcess(mpi, progress);
  requireMatch(mpi, library, launch);
  limitThreads(coresPerRank(mpi));
  return worldOf(mpi);
}

/**
 * Throws if rank and size differ between launcher and library. A library that does not know its launcher creates a
 * world of one rank in each process, and all would write the same files.
 */
function requireMatch(mpi: Mpi, { path, version }: MpiLibrary, launch: LaunchInfo | undefined): void {
  if (launch === undefined) return;
  const { name, size = mpi.size, rank = mpi.rank } = launch;
  if (size === mpi.size && rank === mpi.rank) return;
  throw new DownhillError(
    "option",
    `openMpi: launcher and library do not match: this is rank ${rank}${launch.size === undefined ? "" : ` of ${size}`} for ` +
      `${name}, and rank ${mpi.rank} of ${mpi.size} for ${path} (${version}). Start it with the mpirun of that library, or name the ` +
      "launcher's library: openMpi({ library: … }) or the variable DOWNHILL_MPI.",
  );
}

function worldOf(mpi: Mpi): World {
  const { rank, size } = mpi;
  return {
    rank,
    size,
    exchange(peer, bytes, into) {
      requireRank("exchange", "peer", peer, size);
      return mpi.exchange(peer, bytes, into);
    },
    allReduce(array, operation = "sum") {
      checkChoice("allReduce", "operation", operation, ["sum", "max", "min"]);
      mpi.allReduce(array, operation);
    },
    broadcast(array, root = 0) {
      requireRank("broadcast", "root", root, size);
      mpi.broadcast(array, root);
    },
    barrier: mpi.barrier,
    abort(message) {
      abortWith(mpi, message);
      return process.exit(1);
    },
  };
}

function requireRank(operation: string, option: string, rank: number, size: number): void {
  if (Number.isInteger(rank) && rank >= 0 && rank < size) return;
  throw new DownhillError(
    "range",
    `${operation}: ${option} must be a rank, from 0 to ${size - 1}, not ${String(rank)}.`,
  );
}
