import { afterEach, expect, test, vi } from "vitest";
import { openMpi } from "./open-mpi.ts";

afterEach(() => {
  vi.doUnmock("koffi");
});

test("names the package to install if koffi is missing", async () => {
  vi.doMock("koffi", () => {
    throw new Error("Cannot find package 'koffi'");
  });
  await expect(openMpi()).rejects.toThrow(
    "openMpi: MPI is called through koffi, which is not installed or does not run here. Write npm install koffi.",
  );
});

test("refuses unknown options", async () => {
  await expect(openMpi({ libary: "libmpi.so" } as never)).rejects.toThrow(
    'openMpi: unknown option "libary". Did you mean "library"?',
  );
});
