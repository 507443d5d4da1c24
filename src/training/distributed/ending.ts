import { inspect } from "node:util";
import { launchVariables } from "./launched.ts";
import type { Mpi } from "./mpi.ts";
import type { RankProgress } from "./progress.ts";

/**
 * Time in milliseconds for which a rank that ends with a non-zero exit code waits for the other ranks before it ends
 * them. They may be about to end as well, at most some steps and a checkpoint later.
 */
const usualPatience = 10_000;

/**
 * Longest sleep between two checks, in milliseconds: long enough that waiting takes no time from ranks on the same
 * cores.
 */
const longestSleep = 20;

/**
 * Finalises MPI when the process ends, for whatever reason. All ranks first wait for one another, because the library
 * would otherwise wait without limit. A rank ends the others in three cases. It has an uncaught error, which it prints.
 * It ends with a non-zero exit code while the others continue. Another rank waits for it in a call that it has not
 * made.
 */
export function endWithProcess(mpi: Mpi, progress: RankProgress): void {
  const patience = Number(process.env[launchVariables.patience] ?? usualPatience);
  let uncaught: { readonly error: unknown } | undefined;
  process.on("uncaughtExceptionMonitor", (error) => {
    if (process.listenerCount("uncaughtException") === 0) uncaught = { error };
  });
  process.on("exit", (code) => {
    if (uncaught !== undefined && mpi.size > 1) {
      // Node would print it only after this handler, which never returns.
      abortWith(mpi, `ended by an uncaught error:\n${inspect(uncaught.error)}`);
    }
    const areThere = mpi.arrive();
    const start = performance.now();
    for (let sleep = 1; !areThere(); sleep = Math.min(2 * sleep, longestSleep)) {
      const waiting = progress.waiting();
      const isOver = code !== 0 && performance.now() - start > patience;
      if (waiting !== undefined || isOver) {
        process.exitCode = code || 1;
        abortWith(mpi, leftAlone(code, waiting), code || 1);
        return; // the library may return before the launcher ends the process
      }
      Atomics.wait(sleeper, 0, 0, sleep);
    }
    mpi.finalize();
    progress.end();
  });
}

function leftAlone(code: number, waiting: number | undefined): string {
  if (waiting === undefined)
    return `ended with exit code ${code} while other ranks continued; they are ended too.`;
  return (
    `ended with exit code ${code} while other ranks continued; they are ended too. Rank ${waiting} waits for it in a call that it has not made: ` +
    "all ranks must make the same calls in the same order."
  );
}

/**
 * Time in milliseconds by which a message to mpirun precedes the end of the ranks. The end is reported through another
 * channel, so without it the output of mpirun about the end would come first.
 */
const headStart = 100;

const sleeper = /* @__PURE__ */ new Int32Array(new SharedArrayBuffer(4));

/** Writes a message and ends all ranks. */
export function abortWith(mpi: Mpi, message: string, code = 1): void {
  process.stderr.write(`downhill: rank ${mpi.rank} of ${mpi.size}: ${message}\n`);
  Atomics.wait(sleeper, 0, 0, headStart);
  mpi.abort(code);
}
