import { spawnSync } from "node:child_process";
import { interruptStandIn, launchVariables } from "../../training/distributed/launched.ts";
import { DownhillError } from "../../engine/errors/index.ts";

/** An MPI launcher found on this machine. */
export interface Mpirun {
  readonly path: string;
  readonly make: "Open MPI" | "MPICH";
  readonly major: number;
}

const usual = ["mpirun", "mpirun.openmpi", "mpirun.mpich", "mpiexec"];

/**
 * Finds the launcher at a path, or the first one under its usual names.
 *
 * @throws DownhillError `option` if there is none, or it belongs to another MPI implementation.
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

/** The ranks to start, and the program that they run. */
export interface LaunchPlan {
  readonly ranks: number;
  readonly allowRunAsRoot: boolean;
  /** The folder of the memory that Open MPI shares between ranks. Leftovers of killed ranks are deleted with it. */
  readonly sharedMemory: string | undefined;
  /** The program and its arguments as a list, which no shell parses. */
  readonly command: readonly string[];
}

/** The command that starts the ranks on this machine, and the signals that end it. */
export interface LauncherCommand {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Signal that asks the ranks to end; the launcher forwards it. */
  readonly request: NodeJS.Signals;
  /** Signal that makes the launcher end the ranks at once. */
  readonly end: NodeJS.Signals;
}

/**
 * Returns the command that starts the ranks. Ranks of one machine communicate only through shared memory, so that they
 * open no port.
 */
export function startBy({ make, major }: Mpirun, start: LaunchPlan): LauncherCommand {
  const { ranks, allowRunAsRoot, sharedMemory, command } = start;
  const n = ["-n", String(ranks)];
  if (make === "MPICH") {
    // ranks that wait yield to others by default
    return {
      args: [...n, "-hosts", "localhost", ...command],
      env: { UCX_TLS: "self,sm" },
      request: "SIGINT",
      end: "SIGINT", // the second signal ends it
    };
  }
  const transport = major >= 5 ? "sm" : "vader";
  const parameters = {
    pml: "ob1",
    btl: `self,${transport}`,
    ...(sharedMemory === undefined ? {} : { [`btl_${transport}_backing_directory`]: sharedMemory }),
    // waiting ranks yield the core to other programs, such as the rank they wait for. This cut the time of two ranks on
    // two busy cores to a quarter; on idle cores it costs less than 1 µs per message
    mpi_yield_when_idle: "1",
  };
  return {
    args: [
      ...n,
      "--host",
      `localhost:${ranks}`, // as many slots as ranks, whatever the number of cores
      "--bind-to",
      "none",
      ...(allowRunAsRoot ? ["--allow-run-as-root"] : []),
      ...Object.entries(parameters).flatMap(([name, value]) => ["--mca", name, value]),
      ...command,
    ],
    env: {
      PMIX_MCA_ptl_tcp_if_include: "127.0.0.0/8", // addresses by which ranks and mpirun find each other
      [launchVariables.interrupt]: interruptStandIn,
    },
    request: interruptStandIn,
    end: "SIGTERM",
  };
}
