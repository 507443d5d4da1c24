import { expect, test } from "vitest";
import { readLauncher } from "./launcher.ts";

test.each([
  ["no launcher", {}, undefined],
  // sbatch without srun: one process
  ["a batch script", { SLURM_NTASKS: "4", SLURM_JOB_ID: "1" }, undefined],
  [
    "mpirun of Open MPI",
    { OMPI_COMM_WORLD_SIZE: "4", OMPI_COMM_WORLD_RANK: "2", PMIX_RANK: "2" },
    { make: "Open MPI", size: 4, rank: 2 },
  ],
  // srun starts its helpers, one per machine
  [
    "mpirun of Open MPI in an allocation of Slurm",
    { OMPI_COMM_WORLD_SIZE: "8", OMPI_COMM_WORLD_RANK: "5", SLURM_STEP_NUM_TASKS: "2", SLURM_PROCID: "1" },
    { make: "Open MPI", size: 8, rank: 5 },
  ],
  ["mpirun of MPICH", { PMI_SIZE: "2", PMI_RANK: "0" }, { make: "MPICH", size: 2, rank: 0 }],
  [
    "srun --mpi=pmix",
    { SLURM_STEP_NUM_TASKS: "6", SLURM_PROCID: "3", PMIX_RANK: "3", SLURM_NTASKS: "12" },
    { make: undefined, size: 6, rank: 3 },
  ],
  ["another launcher", { PMIX_RANK: "1" }, { make: undefined, size: undefined, rank: 1 }],
  ["nonsense", { OMPI_COMM_WORLD_SIZE: "many" }, undefined],
])("%s is recognised by its variables", (_, env, expected) => {
  const found = readLauncher(env);
  if (expected === undefined) expect(found).toBeUndefined();
  else expect(found).toMatchObject(expected);
});
