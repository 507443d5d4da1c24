import { inspect } from "node:util";
import { launchVariables } from "./launched.ts";
import type { Mpi } from "./mpi.ts";

/**
 * How long a rank that ends with an exit code other than 0 waits for the others before it ends them, in milliseconds: they
 * may be on their way to the same end, and are at most some steps and a checkpoint away from it.
 */
const usualPatience = 10_000;

/** How long it sleeps between two looks, in milliseconds: so long that waiting takes no time from ranks on the same cores. */
const longestSleep = 20;

/**
 * Has MPI end with the process, however that ends. All ranks wait for one another first, since the library would wait
 * too, and for ever. A rank with an uncaught error tells it and ends the others; so does one that ends with another exit code
 * than 0 while the others do not. `then` is called when it ends in order.
 */
export function endWithProcess(mpi: Mpi, then: () => void): void {
  const patience = Number(process.env[launchVariables.patience] ?? usualPatience);
  let uncaught: { readonly error: unknown } | undefined;
  process.on("uncaughtExceptionMonitor", (error) => {
    if (process.listenerCount("uncaughtException") === 0) uncaught = { error };
  });
  process.on("exit", (code) => {
    if (uncaught !== undefined && mpi.size > 1) {
      // Node itself would print it after this, and there is no after
      abortWith(mpi, `ended by an error that nothing caught:\n${inspect(uncaught.error)}`);
    }
    const areThere = mpi.arrive();
    const start = performance.now();
    for (let sleep = 1; !areThere(); sleep = Math.min(2 * sleep, longestSleep)) {
      if (code !== 0 && performance.now() - start > patience)
        abortWith(mpi, `ended with exit code ${code} while other ranks went on; they are ended too.`, code);
      Atomics.wait(sleeper, 0, 0, sleep);
    }
    mpi.finalize();
    then();
  });
}

/**
 * How long a message has for its way to mpirun before the ranks are ended, in milliseconds: the end takes another way, and
 * what mpirun says of it would come first.
 */
const headStart = 100;

const sleeper = /* @__PURE__ */ new Int32Array(new SharedArrayBuffer(4));

/** Writes a message and ends all ranks. */
export function abortWith(mpi: Mpi, message: string, code = 1): void {
  process.stderr.write(`downhill: rank ${mpi.rank} of ${mpi.size}: ${message}\n`);
  Atomics.wait(sleeper, 0, 0, headStart);
  mpi.abort(code);
}
