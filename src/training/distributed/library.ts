import { DownhillError } from "../../engine/errors/index.ts";
import type { MpiConstants } from "./constants.ts";
import { longestText, mpichConstants, openMpiConstants } from "./constants.ts";
import type { ForeignLibrary, Koffi } from "./koffi.ts";

/** A loaded MPI library, and the constants of its header. */
export interface MpiLibrary {
  readonly library: ForeignLibrary;
  readonly constants: MpiConstants;
  /** Name or path under which the library was found. */
  readonly path: string;
  /** Version of the library, as it describes itself, in one line. */
  readonly version: string;
}

const names: Readonly<Record<MpiConstants["make"], readonly string[]>> = {
  "Open MPI": ["libmpi.so.40", "libmpi.40.dylib"],
  // the ABI that MPICH shares with Intel MPI, MVAPICH and Cray; then Debian's name
  MPICH: ["libmpi.so.12", "libmpich.so.12", "libmpi.12.dylib"],
};

/** Further names of the library: without a version number, and paths that the system does not search. */
const otherNames = [
  "libmpi.so",
  "libmpi.dylib",
  "/opt/homebrew/lib/libmpi.dylib",
  "/usr/local/lib/libmpi.dylib",
];

const install =
  "Install Open MPI (Debian: apt-get install openmpi-bin libopenmpi40) or MPICH (apt-get install mpich)";

/**
 * Loads the MPI library at a path, or the first that is found under the usual names, those of the implementation
 * `preferred` first.
 *
 * @throws DownhillError `option` if there is none, or its implementation is unknown.
 */
export function loadLibrary(
  koffi: Koffi,
  given: string | undefined,
  preferred: MpiConstants["make"] = "Open MPI",
): MpiLibrary {
  const usual = [...names[preferred], ...names[preferred === "MPICH" ? "Open MPI" : "MPICH"], ...otherNames];
  let problem: unknown;
  for (const path of given === undefined ? usual : [given]) {
    let library: ForeignLibrary;
    try {
      // global, because Open MPI's plug-ins use the symbols of the library that loads them
      library = koffi.load(path, { global: true });
    } catch (cause) {
      problem = cause;
      continue;
    }
    return { library, path, ...recognise(library, path) };
  }
  const tried =
    given === undefined
      ? `no MPI library was found: ${usual.join(", ")} cannot be loaded. ${install}, or name the file: ` +
        "openMpi({ library: … }) or the variable DOWNHILL_MPI."
      : `the library ${given} cannot be loaded (${reasonOf(problem)}). ${install}, or name another file as library or in DOWNHILL_MPI.`;
  throw new DownhillError("option", `openMpi: ${tried}`, { cause: problem });
}

function recognise(library: ForeignLibrary, path: string): Pick<MpiLibrary, "constants" | "version"> {
  const text = new Uint8Array(longestText);
  try {
    library.func("int MPI_Get_library_version(void *, void *)")(text, new Int32Array(1));
  } catch (cause) {
    throw new DownhillError(
      "option",
      `openMpi: ${path} is not an MPI library: it has no MPI_Get_library_version.`,
      {
        cause,
      },
    );
  }
  // The first part of the text: Open MPI continues with package and date, MPICH with build settings.
  const version = textOf(text).split(/[,\n]/, 1)[0]!.replaceAll(/\s+/g, " ").trim();
  if (/open mpi/i.test(version)) return { constants: openMpiConstants, version };
  if (/mpich|mvapich|intel\(r\) mpi|cray/i.test(version)) return { constants: mpichConstants, version };
  throw new DownhillError(
    "option",
    `openMpi: ${path} is neither Open MPI nor compatible with MPICH; its version is ${JSON.stringify(version)}. ${install}.`,
  );
}

/** Decodes a C string, which ends with a zero byte. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function reasonOf(problem: unknown): string {
  const text = problem instanceof Error ? problem.message : String(problem);
  return text.split("\n", 1)[0]!.replace(/\.$/, "");
}
