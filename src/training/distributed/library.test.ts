import { expect, test } from "vitest";
import type { ForeignLibrary, Koffi } from "./koffi.ts";
import { loadLibrary } from "./library.ts";

/** A koffi with libraries of these names and versions, and the names that were tried. */
function koffiWith(versions: Readonly<Record<string, string>>): { koffi: Koffi; tried: string[] } {
  const tried: string[] = [];
  const library = (version: string): ForeignLibrary => ({
    symbol: () => 0,
    func: () => (text) => {
      new TextEncoder().encodeInto(`${version}\0rest`, text as Uint8Array);
      return 0;
    },
  });
  const load = (path: string): ForeignLibrary => {
    tried.push(path);
    if (versions[path] === undefined) throw new Error(`${path}: cannot open shared object file.`);
    return library(versions[path]);
  };
  return { koffi: { load }, tried };
}

const openMpi = "Open MPI v5.0.7, package: Debian OpenMPI, ident: 5.0.7";
const mpich = "MPICH Version:      4.2.1\nMPICH Release date: Wed";

test("the implementation of the launcher is searched for first", () => {
  const { koffi } = koffiWith({ "libmpi.so.40": openMpi, "libmpich.so.12": mpich });
  expect(loadLibrary(koffi, undefined).constants.make).toBe("Open MPI");
  const found = loadLibrary(koffi, undefined, "MPICH");
  expect([found.constants.make, found.path, found.version]).toEqual([
    "MPICH",
    "libmpich.so.12",
    "MPICH Version: 4.2.1",
  ]);
});

test.each([
  [openMpi, "Open MPI"],
  [mpich, "MPICH"],
  ["Intel(R) MPI Library 2021.13 for Linux* OS", "MPICH"],
  ["MVAPICH Version : 3.0", "MPICH"],
])("%j is %s, whatever its name", (version, make) => {
  const { koffi, tried } = koffiWith({ "/opt/lib/libmine.so": version });
  expect(loadLibrary(koffi, "/opt/lib/libmine.so").constants.make).toBe(make);
  expect(tried).toEqual(["/opt/lib/libmine.so"]);
});

test("if there is none, the error names the tried files and the package to install", () => {
  const { koffi, tried } = koffiWith({});
  expect(() => loadLibrary(koffi, undefined)).toThrow(
    `openMpi: no MPI library was found: ${["libmpi.so.40", "libmpi.40.dylib", "libmpi.so.12"].join(", ")}`,
  );
  expect(tried).toContain("libmpich.so.12");
  expect(() => loadLibrary(koffi, undefined)).toThrow(
    "Install Open MPI (Debian: apt-get install openmpi-bin libopenmpi40) or MPICH (apt-get install mpich), or name the file",
  );
  expect(() => loadLibrary(koffi, "libgone.so")).toThrow(
    "openMpi: the library libgone.so cannot be loaded (libgone.so: cannot open shared object file).",
  );
});

test("an implementation with unknown constants is refused", () => {
  const { koffi } = koffiWith({ "libmpi.so.40": "HPE MPT 2.30" });
  expect(() => loadLibrary(koffi, undefined)).toThrow(
    'openMpi: libmpi.so.40 is neither Open MPI nor compatible with MPICH; its version is "HPE MPT 2.30".',
  );
});
