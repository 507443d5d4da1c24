import type { MpiConstants } from "./constants.ts";

/** What a launcher told its processes. */
export interface LaunchInfo {
  /** What started this process, as users know it. */
  readonly name: string;
  /** The make of MPI that it belongs to, where that is only one. */
  readonly make: MpiConstants["make"] | undefined;
  readonly size: number | undefined;
  readonly rank: number | undefined;
}

/**
 * What the variables say that launchers set, nearest launcher first: within an allocation of Slurm `mpirun` starts its
 * helpers by `srun`, whose variables reach the ranks too. `SLURM_NTASKS` is left alone: a batch script has it too, and what runs
 * there is one process.
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
