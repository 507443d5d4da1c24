import type { WorkerData } from "./worker-script.ts";
import { workerScript } from "./worker-script.ts";
import { addressesPerThread } from "../tuning.ts";

/** Handle of a thread. */
export interface ThreadHandle {
  /** Ends the thread at once, whatever it is doing. */
  readonly terminate: () => void;
}

/**
 * Starts a thread that shares work: a worker of `node:worker_threads`, which does not keep the program alive, or a
 * browser worker with a blob as its script. `onEnd` is called when it has ended or failed to start.
 * @throws if there are no workers, or none may be started.
 */
export function startThread(data: WorkerData, onEnd: () => void): ThreadHandle {
  const name = "downhill";
  // loaded at run time, so that bundles for browsers contain no import of node:
  const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
  if (threads !== undefined) {
    // the worker needs neither the program's flags nor its environment
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
    event.preventDefault(); // a policy that forbids workers is no error of the page: one thread does everything
    onEnd();
  });
  worker.postMessage(data, []);
  return { terminate: () => worker.terminate() };
}

/**
 * Number of threads, at most `wanted`, for which the process has enough address space (`ulimit -v`). V8 aborts the
 * process if a thread gets too little. Only Linux reports the limit.
 */
export function affordableThreads(wanted: number): number {
  const { process, Deno, Bun } = globalThis as { process?: NodeJS.Process; Deno?: unknown; Bun?: unknown };
  if (Deno !== undefined || Bun !== undefined) return wanted; // Deno would ask its user for permission to read
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
