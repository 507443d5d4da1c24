import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import type { LauncherCommand } from "./mpirun.ts";
import { endRun } from "./processes.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Milliseconds that an MPI launcher has to end its ranks itself: it sends them SIGTERM first. */
const endedWithin = 5000;

/** Handles the signals that ask a run to end. */
export interface StopSignals {
  readonly signal: AbortSignal;
  /** Returns the first signal that was received; `undefined` if there was none. */
  readonly by: () => string | undefined;
  /** Returns the exit code of a run that a signal ended before its start. */
  readonly exitCode: () => number;
  /** Makes later signals end this child process. `running` is the folder of the run. */
  readonly guard: (child: ChildProcess, started: LauncherCommand, running: string) => void;
  /** Reports `why` to the user and makes the guarded launcher end its ranks at once. */
  readonly end: (why: string) => void;
  readonly dispose: () => void;
}

/**
 * Handles signals at any time. The first one is forwarded to the ranks as a request to end. After the grace time, or on
 * the second signal, the MPI launcher must end them. 5 s later, or on the third signal, all processes of the run are
 * killed.
 *
 * @param grace in milliseconds
 */
export function stopOnSignals(grace: number, tell: (text: string) => void): StopSignals {
  const controller = new AbortController();
  const came: NodeJS.Signals[] = [];
  let reason = "";
  let stage = 0; // the last action taken: request, end, kill
  let timer: NodeJS.Timeout | undefined;
  let child:
    | { readonly process: ChildProcess; readonly started: LauncherCommand; readonly running: string }
    | undefined;

  const advance = (to: number): void => {
    clearTimeout(timer);
    if (child === undefined || hasEnded(child.process)) return;
    const { process: launcher, started, running } = child;
    if (stage >= to) return;
    while (stage < to) {
      stage++;
      if (stage === 1) launcher.kill(started.request);
      else if (stage === 2)
        launcher.kill(started.end); // MPICH ends on the same signal, sent twice
      else endRun(launcher.pid!, running);
    }
    if (stage >= 3) return;
    const wait = stage === 1 ? grace : endedWithin;
    timer = setTimeout(() => {
      tell(
        `the ranks did not end within ${wait / 1000} s of ${reason}; ${stage === 1 ? "they are ended" : "they are killed"}.`,
      );
      advance(stage + 1);
    }, wait);
  };
  const handle = (name: NodeJS.Signals): void => {
    came.push(name);
    reason = came[0]!;
    controller.abort();
    advance(Math.min(stage + 1, 3));
  };
  for (const name of signals) process.on(name, handle);
  return {
    signal: controller.signal,
    by: () => came[0],
    exitCode: () => 128 + constants.signals[came[0]!],
    guard(launcher, started, running) {
      stage = 0;
      child = { process: launcher, started, running };
      if (came.length > 0) advance(Math.min(came.length, 3)); // a signal arrived while it was being started
    },
    end(why) {
      tell(why);
      reason = "that";
      advance(2);
    },
    dispose() {
      clearTimeout(timer);
      for (const name of signals) process.off(name, handle);
    },
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
