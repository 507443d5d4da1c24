/** Constants from the C header of an MPI library, named as in the standard without `MPI_`. */
export interface MpiConstants {
  /** Name of the implementation. */
  readonly make: "Open MPI" | "MPICH";
  /** C type of handles of communicators, types and operations. */
  readonly handle: "void *" | "int";
  /** Handles: numbers, or names of variables whose addresses are the handles. */
  readonly handles: Readonly<Record<HandleName, string | number>>;
  /** Address passed as send buffer if the receive buffer also holds the data to send (`MPI_IN_PLACE`). */
  readonly inPlace: bigint;
  readonly commTypeShared: number;
}

export type HandleName =
  "COMM_WORLD" | "ERRORS_RETURN" | "INFO_NULL" | "BYTE" | "FLOAT" | "DOUBLE" | "INT" | "SUM" | "MAX" | "MIN";

/**
 * Constants of Open MPI, from the mpi.h of version 5; version 4 has the same ones. Handles are addresses of variables
 * of the library.
 */
export const openMpiConstants: MpiConstants = {
  make: "Open MPI",
  handle: "void *",
  handles: {
    COMM_WORLD: "ompi_mpi_comm_world",
    ERRORS_RETURN: "ompi_mpi_errors_return",
    INFO_NULL: "ompi_mpi_info_null",
    BYTE: "ompi_mpi_byte",
    FLOAT: "ompi_mpi_float",
    DOUBLE: "ompi_mpi_double",
    INT: "ompi_mpi_int",
    SUM: "ompi_mpi_op_sum",
    MAX: "ompi_mpi_op_max",
    MIN: "ompi_mpi_op_min",
  },
  inPlace: 1n,
  commTypeShared: 0,
};

/** Constants of MPICH and its derivatives, which share an ABI, from the mpi.h of version 4. Handles are numbers. */
export const mpichConstants: MpiConstants = {
  make: "MPICH",
  handle: "int",
  handles: {
    COMM_WORLD: 0x44000000,
    ERRORS_RETURN: 0x54000001,
    INFO_NULL: 0x1c000000,
    BYTE: 0x4c00010d,
    FLOAT: 0x4c00040a,
    DOUBLE: 0x4c00080b,
    INT: 0x4c000405,
    SUM: 0x58000003,
    MAX: 0x58000001,
    MIN: 0x58000002,
  },
  inPlace: 0xffffffffffffffffn, // -1
  commTypeShared: 1,
};

/** `MPI_THREAD_FUNNELED`: the process has threads, but only the thread that initialised MPI calls it. */
export const threadFunneled = 1;

/** Size in bytes of a buffer for the longest string of the libraries (`MPI_MAX_LIBRARY_VERSION_STRING` of MPICH). */
export const longestText = 8192;
export const statusBytes = 64; // for any `MPI_Status`: 24 in Open MPI, 20 in MPICH
