import { inspect } from "node:util";
import { launchVariables } from "./launched.ts";
import type { Mpi } from "./mpi.ts";
import type { RankProgress } from "./progress.ts";

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
 * than 0 while the others do not, and, with any exit code, one that others wait for in a call which it has not made.
 */
export function endWithProcess(mpi: Mpi, progress: RankProgress): void {
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
      const waiting = progress.waiting();
      const isOver = code !== 0 && performance.now() - start > patience;
      if (waiting !== undefined || isOver) {
        process.exitCode = code || 1;
        abortWith(mpi, leftAlone(code, waiting), code || 1);
        return; // the library may return from it before the launcher ends the process
      }
      Atomics.wait(sleeper, 0, 0, sleep);
    }
    mpi.finalize();
    progress.end();
  });
}

function leftAlone(code: number, waiting: number | undefined): string {
  if (waiting === undefined)
    return `ended with exit code ${code} while other ranks went on; they are ended too.`;
  return (
    `ended with exit code ${code} while other ranks went on; they are ended too. Rank ${waiting} waits for it in a call that it has not made: ` +
    "all ranks must make the same calls in the same order."
  );
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
