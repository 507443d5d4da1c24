import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { launchVariables } from "../../training/distributed/launched.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { findMpirun, startBy, type Mpirun, type LauncherCommand } from "./mpirun.ts";
import { newestFile } from "./newest.ts";
import { endRun } from "./processes.ts";
import { stopOnSignals, type StopSignals } from "./stop.ts";
import { watched, watchOpening } from "./watch.ts";
import { describeOutcome, readOutcome, tellingLength, type LaunchOutcome } from "./outcome.ts";

/** Arguments of `downhill launch`. */
export interface LaunchRequest {
  readonly program: string;
  /** The arguments of the program. */
  readonly words: readonly string[];
  readonly ranks: number;
  readonly restarts: number;
  /** A folder in which a new file permits a restart. */
  readonly checkpoint: string | undefined;
  readonly mpirun: string | undefined;
  readonly allowRunAsRoot: boolean;
  /** Seconds between a signal and the forced end of ranks that ignore it. */
  readonly grace: number;
}

/** Milliseconds to wait before the first restart. The wait doubles for each later one, up to `longestWait`. */
const firstWait = 250;
const longestWait = 5000;

/** Folder in which Linux keeps files in memory. */
const memoryFolder = "/dev/shm";

/**
 * Milliseconds to wait for the end of the output after a signal has ended the MPI launcher: its remaining children may
 * keep the output open.
 */
const outputWithin = 1000;

/**
 * Starts the ranks of a run on this machine, restarts them if that may help, and returns the exit code of the last
 * attempt.
 *
 * @throws DownhillError `option` if run as root without permission, or without mpirun; `file` without a program.
 */
export async function launch(request: LaunchRequest): Promise<number> {
  const { program, words, ranks, restarts, checkpoint, allowRunAsRoot } = request;
  if (process.getuid?.() === 0 && !allowRunAsRoot)
    throw new DownhillError(
      "option",
      "launch: refuses to start programs as root, who may damage the whole machine. Use another account, or, in a container, " +
        "give --allow-run-as-root.",
    );
  if (!existsSync(program)) throw new DownhillError("file", `launch: there is no program ${program}.`);
  const mpirun = findMpirun(request.mpirun);
  const cores = availableParallelism();
  if (ranks > cores)
    tell(`${ranks} ranks share ${cores} ${cores === 1 ? "core" : "cores"}; ranks that wait yield to others.`);
  const command = [process.execPath, ...watched.words, ...process.execArgv, program, ...words];
  const inMemory = existsSync(memoryFolder);
  const running = mkdtempSync(join(inMemory ? memoryFolder : tmpdir(), "downhill-launch-"));
  const sharedMemory = inMemory ? running : undefined;
  const started = startBy(mpirun, { ranks, allowRunAsRoot, sharedMemory, command });
  const stop = stopOnSignals(request.grace * 1000, tell);
  try {
    for (let restart = 0; ; restart++) {
      if (stop.by() !== undefined) return stop.exitCode();
      const before = checkpoint === undefined ? -Infinity : newestFile(checkpoint);
      const { outcome, isMidLine } = await tryOnce(mpirun, started, stop, running);
      if (outcome.code === 0) return 0;
      const isNewer = checkpoint !== undefined && newestFile(checkpoint) > before;
      const circumstances = { stoppedBy: stop.by(), isNewer, restart, restarts };
      const { isAgain, next } = decide(outcome, circumstances);
      tell(`${describeOutcome(outcome)}${next}.`, isMidLine);
      if (!isAgain) return outcome.code;
      await sleep(Math.min(firstWait * 2 ** restart, longestWait), undefined, { signal: stop.signal }).catch(
        () => {}, // a signal ends the wait and the run
      );
    }
  } finally {
    stop.dispose();
    rmSync(running, { recursive: true, force: true });
  }
}

interface RestartContext {
  readonly stoppedBy: string | undefined;
  /** True if this attempt has written a checkpoint. */
  readonly isNewer: boolean;
  /** The number of restarts so far, and the maximum. */
  readonly restart: number;
  readonly restarts: number;
}

/**
 * Decides if another attempt may succeed. `next` is the rest of the message about the last attempt, which explains the
 * decision.
 */
function decide(
  { signal }: LaunchOutcome,
  { stoppedBy, isNewer, restart, restarts }: RestartContext,
): { readonly isAgain: boolean; readonly next: string } {
  if (stoppedBy !== undefined) return { isAgain: false, next: `, stopped by ${stoppedBy}` };
  const mayHelp = signal !== undefined || isNewer;
  if (mayHelp && restart < restarts)
    return { isAgain: true, next: `; starting again (restart ${restart + 1} of ${restarts})` };
  if (mayHelp) return { isAgain: false, next: "; no restart is left (see --restarts)" };
  const same = restarts > 0 ? "; not restarted, because it would end in the same way" : "";
  return { isAgain: false, next: same };
}

interface LaunchAttempt {
  readonly outcome: LaunchOutcome;
  /** True if its output to standard error ends in the middle of a line. */
  readonly isMidLine: boolean;
}

/** Starts the ranks and waits for their end. The folder `running` holds a file for each rank that has not ended. */
async function tryOnce(
  { path }: Mpirun,
  started: LauncherCommand,
  stop: StopSignals,
  running: string,
): Promise<LaunchAttempt> {
  for (const name of readdirSync(running)) rmSync(join(running, name), { recursive: true });
  const child = spawn(path, started.args, {
    // in its own process group, because a terminal would send it Ctrl-C too; from there it cannot read the terminal
    detached: true,
    stdio: [process.stdin.isTTY ? "ignore" : "inherit", "pipe", "pipe"],
    env: {
      ...started.env,
      ...outputVariables(),
      ...process.env,
      ...watched.env,
      [launchVariables.running]: running,
    },
  });
  stop.guard(child, started, running);
  let isStuck = false;
  const unwatch = watchOpening(running, (text) => {
    isStuck = true;
    stop.end(text);
  });
  const readStdout = passOn(child.stdout, process.stdout); // MPICH reports a dead rank here
  const readStderr = passOn(child.stderr, process.stderr);
  return await new Promise<LaunchAttempt>((resolve, reject) => {
    child.on("error", (cause) => {
      unwatch();
      reject(new DownhillError("option", `launch: ${path} cannot be started: ${cause.message}.`, { cause }));
    });
    child.on("exit", (_, signal) => {
      unwatch();
      if (signal === null && stop.by() === undefined && !isStuck) return; // the ranks ended before it
      endRun(child.pid!, running);
      setTimeout(() => {
        for (const stream of [child.stdout, child.stderr]) stream.destroy();
      }, outputWithin).unref();
    });
    child.on("close", (code, signal) => {
      const stderr = readStderr();
      const isMidLine = stderr !== "" && !stderr.endsWith("\n");
      const left = (): number[] => readdirSync(running).filter(isRank).map(Number);
      const outcome = readOutcome(code, signal, `${readStdout()}\n${stderr}`, left);
      // the signal is ours, so that another try would end in the same way
      resolve({
        outcome: isStuck ? { code: code || 1, rank: undefined, signal: undefined } : outcome,
        isMidLine,
      });
    });
  });
}

/**
 * Returns environment variables that make ranks format their output for a file if it goes to a file. They are needed
 * because mpirun of Open MPI gives ranks a terminal.
 */
function outputVariables(): NodeJS.ProcessEnv {
  if (process.stdout.isTTY) return {};
  return {
    [launchVariables.noTerminal]: "1",
    ...(process.env["FORCE_COLOR"] === undefined ? { NO_COLOR: "1" } : {}),
  };
}

/** True if the file name is the number of a rank. */
function isRank(name: string): boolean {
  return /^\d+$/.test(name);
}

/** Forwards the output of a child process. The returned function returns the last part of this output. */
function passOn(from: Readable, to: Writable): () => string {
  let told = "";
  from.pipe(to, { end: false });
  from.on("data", (bytes: Buffer) => (told = (told + bytes.toString()).slice(-tellingLength)));
  return () => told;
}

function tell(text: string, isMidLine = false): void {
  process.stderr.write(`${isMidLine ? "\n" : ""}downhill launch: ${text}\n`);
}
