import { afterEach, expect, test, vi } from "vitest";
import { openMpi } from "./open-mpi.ts";

afterEach(() => {
  vi.doUnmock("koffi");
});

test("says what to install where koffi is missing", async () => {
  vi.doMock("koffi", () => {
    throw new Error("Cannot find package 'koffi'");
  });
  await expect(openMpi()).rejects.toThrow(
    "openMpi: MPI is called through koffi, which is not installed or does not run here. Write npm install koffi.",
  );
});

test("refuses options that it does not know", async () => {
  await expect(openMpi({ libary: "libmpi.so" } as never)).rejects.toThrow(
    'openMpi: unknown option "libary". Did you mean "library"?',
  );
});
