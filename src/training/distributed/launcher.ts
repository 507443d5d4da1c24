import type { MpiConstants } from "./constants.ts";

/** Data that a launcher passed to its processes. */
export interface LaunchInfo {
  /** Name of the launcher. */
  readonly name: string;
  /** MPI implementation of the launcher, if it is unique. */
  readonly make: MpiConstants["make"] | undefined;
  readonly size: number | undefined;
  readonly rank: number | undefined;
}

/**
 * Reads the environment variables of launchers, the innermost launcher first: within a Slurm allocation `mpirun` starts
 * its helpers by `srun`, whose variables reach the ranks too. `undefined` for a process that no launcher started.
 * `SLURM_NTASKS` is ignored because batch scripts, which run as one process, have it too.
 */
export function readLauncher(env: Readonly<Record<string, string | undefined>>): LaunchInfo | undefined {
  const number = (name: string): number | undefined =>
    /^\d+$/.test(env[name] ?? "") ? Number(env[name]) : undefined;
  const launches: readonly LaunchInfo[] = [
    {
      name: "mpirun of Open MPI",
      make: "Open MPI",
      size: number("OMPI_COMM_WORLD_SIZE"),
      rank: number("OMPI_COMM_WORLD_RANK"),
    },
    {
      name: "mpirun of MPICH, or srun --mpi=pmi2",
      make: "MPICH",
      size: number("PMI_SIZE"),
      rank: number("PMI_RANK"),
    },
    {
      name: "srun or another launcher",
      make: undefined,
      size: number("SLURM_STEP_NUM_TASKS"),
      rank: number("PMIX_RANK") ?? number("SLURM_PROCID"),
    },
  ];
  return launches.find(({ size, rank }) => size !== undefined || rank !== undefined);
}
