import type { WorkerData } from "./worker-script.ts";
import { workerScript } from "./worker-script.ts";
import { addressesPerThread } from "../tuning.ts";

/** A thread from outside. */
export interface ThreadHandle {
  /** Ends it wherever it is. */
  readonly terminate: () => void;
}

/**
 * Starts a thread that shares work: a worker of `node:worker_threads`, which does not keep the program alive, or one of
 * browsers, whose script is a blob. `onEnd` is called when it has ended, or could not start after all.
 *
 * @throws where there are no workers, or none may be started.
 */
export function startThread(data: WorkerData, onEnd: () => void): ThreadHandle {
  const name = "downhill";
  // asked for at run time, so that bundles for browsers hold no import of node:
  const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
  if (threads !== undefined) {
    // neither what the program was started with nor its environment is of use in there
    const worker = new threads.Worker(workerScript(), {
      eval: true,
      name,
      workerData: data,
      execArgv: [],
      env: {},
    });
    worker.unref();
    worker.on("error", onEnd);
    worker.on("exit", onEnd);
    return { terminate: () => void worker.terminate() };
  }
  const address = URL.createObjectURL(new Blob([workerScript()], { type: "text/javascript" }));
  const worker = new Worker(address, { name, type: "module" });
  worker.addEventListener("message", () => URL.revokeObjectURL(address));
  worker.addEventListener("error", (event) => {
    URL.revokeObjectURL(address);
    event.preventDefault(); // a policy that forbids workers is no fault of the page: one thread does everything
    onEnd();
  });
  worker.postMessage(data, []);
  return { terminate: () => worker.terminate() };
}

/**
 * How many of so many threads the process has addresses for, where it may only have so many (`ulimit -v`): V8 ends it where it
 * gets too few for one. Only Linux tells.
 */
export function affordableThreads(wanted: number): number {
  const { process, Deno, Bun } = globalThis as { process?: NodeJS.Process; Deno?: unknown; Bun?: unknown };
  if (Deno !== undefined || Bun !== undefined) return wanted; // Deno would ask its user whether it may read
  try {
    const read = (file: string): string => process!.getBuiltinModule("node:fs").readFileSync(file, "utf8");
    const limit = /^Max address space +(\d+)/m.exec(read("/proc/self/limits"))?.[1];
    if (limit === undefined) return wanted;
    const inUse = /^VmSize:\s+(\d+) kB/m.exec(read("/proc/self/status"))?.[1];
    const left = Number(limit) / 1024 - Number(inUse);
    return Math.max(0, Math.min(wanted, Math.floor(left / addressesPerThread)));
  } catch {
    return wanted;
  }
}
