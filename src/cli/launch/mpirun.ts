import { spawnSync } from "node:child_process";
import { interruptStandIn, launchVariables } from "../../training/distributed/launched.ts";
import { DownhillError } from "../../engine/errors/index.ts";

/** A launcher of MPI that was found. */
export interface Mpirun {
  readonly path: string;
  readonly make: "Open MPI" | "MPICH";
  readonly major: number;
}

const usual = ["mpirun", "mpirun.openmpi", "mpirun.mpich", "mpiexec"];

/**
 * The launcher at a path, or the first that is found by its usual names.
 *
 * @throws DownhillError `option` if there is none, or it is of another make.
 */
export function findMpirun(given?: string): Mpirun {
  const names = given === undefined ? usual : [given];
  for (const path of names) {
    const { error, stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
    if (error !== undefined) continue;
    const major = Number(/(?:Open MPI\)|Version:)\s+(\d+)/.exec(stdout)?.[1] ?? NaN);
    if (/Open MPI/.test(stdout)) return { path, make: "Open MPI", major };
    if (/HYDRA|MPICH/i.test(stdout)) return { path, make: "MPICH", major };
    throw new DownhillError(
      "option",
      `launch: ${path} is neither mpirun of Open MPI nor of MPICH; ${path} --version begins ${JSON.stringify(stdout.split("\n", 1)[0])}.`,
    );
  }
  throw new DownhillError(
    "option",
    `launch: there is no ${names.join(", ")} to run. Install Open MPI (Debian: apt-get install openmpi-bin) or MPICH ` +
      "(apt-get install mpich), or give --mpirun.",
  );
}

/** What is to be started. */
export interface LaunchPlan {
  readonly ranks: number;
  readonly allowRunAsRoot: boolean;
  /** Where Open MPI keeps the memory that ranks share: what ranks that are killed leave there is deleted with it. */
  readonly sharedMemory: string | undefined;
  /** The program and its arguments, as a list: no shell sees them. */
  readonly command: readonly string[];
}

/** How a launcher starts the ranks on this machine, and how it is told to end. */
export interface LauncherCommand {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What it hands on to the ranks as a request to end. */
  readonly request: NodeJS.Signals;
  /** What makes it end the ranks at once. */
  readonly end: NodeJS.Signals;
}

/** Ranks of one machine talk through its memory alone, so that they listen on no port. */
export function startBy({ make, major }: Mpirun, start: LaunchPlan): LauncherCommand {
  const { ranks, allowRunAsRoot, sharedMemory, command } = start;
  const n = ["-n", String(ranks)];
  if (make === "MPICH") {
    // ranks that wait let others run by default
    return {
      args: [...n, "-hosts", "localhost", ...command],
      env: { UCX_TLS: "self,sm" },
      request: "SIGINT",
      end: "SIGINT", // the second one ends
    };
  }
  const transport = major >= 5 ? "sm" : "vader";
  const parameters = {
    pml: "ob1",
    btl: `self,${transport}`,
    ...(sharedMemory === undefined ? {} : { [`btl_${transport}_backing_directory`]: sharedMemory }),
    // ranks that wait let others run: a machine has other programs too, for which the other rank may be waiting. Two ranks on
    // two busy cores took a quarter of the time by it; where nothing else runs it costs less than 1 µs a message
    mpi_yield_when_idle: "1",
  };
  return {
    args: [
      ...n,
      "--host",
      `localhost:${ranks}`, // as many places as ranks, whatever the cores
      "--bind-to",
      "none",
      ...(allowRunAsRoot ? ["--allow-run-as-root"] : []),
      ...Object.entries(parameters).flatMap(([name, value]) => ["--mca", name, value]),
      ...command,
    ],
    env: {
      PMIX_MCA_ptl_tcp_if_include: "127.0.0.0/8", // how ranks and mpirun find one another
      [launchVariables.interrupt]: interruptStandIn,
    },
    request: interruptStandIn,
    end: "SIGTERM",
  };
}
