import { expect, test } from "vitest";
import { startBy } from "./mpirun.ts";

const start = {
  ranks: 3,
  allowRunAsRoot: false,
  sharedMemory: "/dev/shm/run",
  command: ["/usr/bin/node", "a b.mjs", "$(rm x)"],
};
const valueOf = (args: readonly string[], name: string): string | undefined => args[args.indexOf(name) + 1];

test("the program and its arguments are passed on unchanged", () => {
  for (const make of ["Open MPI", "MPICH"] as const)
    expect(startBy({ path: "mpirun", make, major: 5 }, start).args.slice(-3)).toEqual(start.command);
});

test.each([
  [4, "self,vader", "btl_vader_backing_directory"],
  [5, "self,sm", "btl_sm_backing_directory"],
])("ranks of Open MPI %i communicate only through memory", (major, btl, folder) => {
  const { args, env } = startBy({ path: "mpirun", make: "Open MPI", major }, start);
  expect(valueOf(args, "btl")).toBe(btl);
  expect(valueOf(args, "pml")).toBe("ob1");
  expect(valueOf(args, folder)).toBe("/dev/shm/run");
  expect(env).toMatchObject({ PMIX_MCA_ptl_tcp_if_include: "127.0.0.0/8" });
});

test("ranks of MPICH do so too", () => {
  expect(startBy({ path: "mpirun", make: "MPICH", major: 4 }, start).env).toEqual({ UCX_TLS: "self,sm" });
});

test("waiting ranks yield to others; starting as root needs permission", () => {
  const openMpi = { path: "mpirun", make: "Open MPI", major: 5 } as const;
  const { args } = startBy(openMpi, start);
  expect(valueOf(args, "mpi_yield_when_idle")).toBe("1");
  expect(args).not.toContain("--allow-run-as-root");
  expect(startBy(openMpi, { ...start, allowRunAsRoot: true }).args).toContain("--allow-run-as-root");
});
